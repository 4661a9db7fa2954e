import Base
import Postgres
import TestDesk
import Testing

@testable import Postbacks

/// The journal's copy of a row is the row.
@Suite(.timeLimit(.minutes(10))) struct JournaledPostbackTests {
    private static var full: PostbackRow {
        var profile = Scene.profile(7, policies: ["deposit": .ignoreSameEvent], tracker: 3)
        profile.routes = [
            PostbackRoute(
                id: 4, match: .any, chatID: -1_001_234, topicID: 9, language: "uk",
                quiet: QuietHours(from: 0, until: 1439, zone: "Europe/Kyiv", mode: .digest), continues: true)
        ]
        let sent = Scene.row(
            "status=sale&subid=клік&tid=t&campaign_id=1&campaign_name=\"Ім'я\"&offer_id=2&landing_id=3&country=UA&source=s"
                + "&creative_id=cr&sub_id_1=a&sub_id_2=b&revenue=12,50&payout=3&currency=EUR&event_id=e&own=x%0Ay",
            profile)
        return PostbackRow(
            sent.postback, of: profile, origin: .keitaro, at: sent.createdAt,
            happenedAt: Scene.noon.adding(.seconds(-86_400)), replayOf: TimeOrderedID.make(), countedIn: "7:клік:t",
            raw: sent.raw)
    }

    @Test(arguments: [
        full, Scene.row(""), Scene.row("subid=c&status=trash&comment=no"), Scene.row("tid=1", origin: .test),
    ])
    func `a row comes back from the journal as it was`(row: PostbackRow) throws {
        let read = try #require(PostbackRow(journaled: row.journaled))
        #expect(read == row)
        #expect(read.key == row.key)
    }

    @Test func `what is no row is none, and rows of earlier versions are read`() {
        for text in ["", "{}", "[1]", #"{"id": "x", "created": 1, "profile": 2, "origin": "nowhere", "status": "s"}"#] {
            #expect(PostbackRow(journaled: Array(text.utf8)) == nil)
        }
        let early = #"{"id": "i", "created": 5, "profile": 2, "origin": "keitaro", "status": "deposit"}"#
        #expect(PostbackRow(journaled: Array(early.utf8))?.happenedAt == Timestamp(microseconds: 5))
    }

    @Test func `a replay commits what a commit would have`() async throws {
        try await withTestDatabase { database, _ in
            let rows = [Self.full, Scene.row("subid=c&status=lead"), Scene.row("status=sale")]
            for _ in 0..<2 {
                for row in rows {
                    let read = try #require(PostbackRow(journaled: row.journaled))
                    try await Scene.store([read], in: database)
                }
            }
            #expect(try await database.one("SELECT count(*) FROM postback_events").get(0, Int.self) == 3)
            let message = try await database.one("SELECT * FROM telegram_messages WHERE chat_id = -1001234")
            #expect(try message.get("topic_id", Int64.self) == 9)
            #expect(try message.get("language", String.self) == "uk")
            #expect(try message.get("is_held", Bool.self))
            let event = try await database.one("SELECT * FROM postback_events WHERE profile_id = 7")
            #expect(try event.get("fields", JSON.self)["own"] == "x\ny")
            #expect(try event.get("revenue", String.self) == "12.5")
        }
    }

    @Test func `ids are in the order of their times`() {
        let ids = (0..<50).map { TimeOrderedID.make(at: Scene.noon.adding(.milliseconds($0))) }
        #expect(ids == ids.sorted())
        #expect(ids.allSatisfy { $0.utf8.count == 36 && Array($0.utf8)[14] == UInt8(ascii: "7") })
        #expect(ids.allSatisfy { "89ab".utf8.contains(Array($0.utf8)[19]) })
        #expect(Set((0..<1_000).map { _ in TimeOrderedID.make(at: Scene.noon) }).count == 1_000)
    }
}
