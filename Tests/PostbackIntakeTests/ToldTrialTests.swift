import Base
import Postgres
import TestDesk
import Testing

@testable import Postbacks

/// A trial of the settings as they are, beside what was told under them.
@Suite(.timeLimit(.minutes(10))) struct ToldTrialTests {
    private struct Draw {
        var state: UInt64

        mutating func below(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
    }

    static let policies: [[String: ConversionPolicy]] = [
        [:], ["registration": .ignore, "deposit": .ignoreSameEvent],
        ["registration": .newRepeated, "deposit": .ignore, "rejected": .ignore, "rebill": .new],
    ]

    @Test(arguments: policies)
    func `counts what was really told of the same stored postbacks`(policies: [String: ConversionPolicy]) async throws {
        try await withTestDatabase { database, _ in
            let profile = Scene.profile(policies: policies)
            let now = Timestamp.now()
            var draw = Draw(state: 20)
            // Over three days, of which the last is tried; nothing near its beginning.
            var moments = (0..<500).map { _ in Int64(draw.below(3 * 86_400)) }
            moments = moments.filter { abs($0 - 86_400) > 1_800 && $0 > 60 }.sorted(by: >)
            var told = 0
            for ago in moments {
                let status = ["lead", "sale", "sale", "rejected", "rebill"][draw.below(5)]
                let transaction = ["", "1", "2"][draw.below(3)]
                let words =
                    "status=\(status)&subid=\(["", "a", "b", "c:d", "e"][draw.below(5)])&tid=\(transaction)&revenue=5&event_id=e\(draw.below(3))"
                let postback = PostbackReading.read(PostbackFields(query: words.utf8), for: profile)
                let at = now.adding(.seconds(-ago))
                var row = PostbackRow(postback, of: profile, origin: .keitaro, at: at)
                if draw.below(10) == 0 {
                    let took = at.adding(.seconds(-Int64(draw.below(2)) * 90_000 - 10))
                    let theirs = try #require(RecoveredPostback(["at": .string(took.iso8601)]))
                    row = PostbackRow(
                        postback, of: profile, origin: .recovered, at: at, happenedAt: took, raw: theirs.raw,
                        isTold: theirs.isTold(at: at))
                }
                let outcome = try await Scene.store([row], in: database)
                if ago < 86_400, outcome == [.accepted] || outcome == [.unmapped] { told += row.destinations.count }
            }
            let messages = try await database.one(
                "SELECT count(*) FROM telegram_messages WHERE ordered_at > now() - interval '1 day'")
            #expect(try messages.get(0, Int.self) == told)
            var trial = RouteTrial(before: profile, after: profile)
            let store = PostbackDeskStore(
                database: database, vault: PostbackVault(SecretKey(Secret("a secret of the tests alone"))))
            #expect(try await store.feed(&trial, ofProfile: profile.id, days: 1) == nil)
            let result = trial.result(in: try #require(ZoneClock.named("UTC")))
            #expect(result.messages.before == told && result.messages.after == told)
            #expect(told > 20 && told < result.read)
            #expect((result.ignored.before > 5) == !policies.isEmpty)
            #expect(result.duplicates.before > 0)
            // The newest alone, and it says from where.
            var newest = RouteTrial(before: profile, after: profile)
            let cut = try await store.feed(&newest, ofProfile: profile.id, days: 1, atMost: 10)
            #expect(try #require(cut) > Timestamp.now().adding(.seconds(-86_400)))
            #expect(newest.result(in: try #require(ZoneClock.named("UTC"))).read == 10)
        }
    }
}
