import Audit
import Base
import Postgres
import TestDesk
import Testing

@testable import Postbacks

@Suite struct SilenceWatchTests {
    private func watch(_ scene: TrackerScene, at now: Timestamp) -> SilenceWatch {
        SilenceWatch(database: scene.database, publicURL: nil, now: { now })
    }

    /// One each hour for three days, the last at the scene's moment.
    private func convert(
        _ scene: TrackerScene, times: Int = 73, after offset: Int64 = 0, origin: PostbackOrigin = .keitaro
    ) async throws {
        let profile = try #require(scene.intake.book.profile(scene.profileID))
        for hour in 0..<times {
            let at = scene.now.adding(.seconds(offset - Int64(times - 1 - hour) * 3600))
            let words = "status=sale&subid=\(offset)-\(hour)"
            // What is filled in is stored when it is found, at the time it had in Keitaro.
            let created = origin == .recovered ? at.adding(.seconds(3600)) : at
            try await scene.intake.add(
                PostbackRow(
                    PostbackReading.read(PostbackFields(query: words.utf8), for: profile), of: profile, origin: origin,
                    at: created, happenedAt: at, isTold: false))
        }
    }

    @Test func `what is filled in afterwards neither ends a silence nor begins another`() async throws {
        try await withScene { scene in
            try await convert(scene)
            let later = scene.now.adding(.seconds(3 * 3600))
            #expect(try await watch(scene, at: later).look() == [scene.profileID])
            // The webhook is dead, Keitaro goes on: each hour the reconciliation finds another.
            for hour in Int64(1)...4 {
                try await convert(scene, times: 1, after: hour * 3600 + 60, origin: .recovered)
                #expect(try await watch(scene, at: later.adding(.seconds(hour * 7200))).look() == [])
            }
            #expect(try await scene.count("SELECT count(*) FROM keitaro_silences WHERE ended_at IS NULL") == 1)
            try await convert(scene, times: 1, after: 20 * 3600)
            #expect(try await watch(scene, at: scene.now.adding(.seconds(20 * 3600 + 60))).look() == [])
            #expect(try await scene.count("SELECT count(*) FROM keitaro_silences WHERE ended_at IS NULL") == 0)
        }
    }

    @Test func `a profile that stopped is announced once, by one of two watchers`() async throws {
        try await withScene { scene in
            try await convert(scene)
            let soon = scene.now.adding(.seconds(4_000))
            #expect(try await watch(scene, at: soon).look() == [])
            let later = scene.now.adding(.seconds(3 * 3600))
            async let first = watch(scene, at: later).look()
            async let second = watch(scene, at: later).look()
            let announced = try await first + second
            #expect(announced == [scene.profileID])
            #expect(try await watch(scene, at: later.adding(.seconds(86_400))).look() == [])
            let texts = try await scene.database.query("SELECT payload->>'text' AS text FROM telegram_messages").map {
                try $0.get("text", String.self)
            }
            #expect(texts.count == 1)
            #expect(texts.first?.hasPrefix("🔕 <b>Main &lt;1&gt;</b>\nNo conversion for 3\u{A0}h, since ") == true)
        }
    }

    @Test func `its next silence is another one`() async throws {
        try await withScene { scene in
            try await convert(scene)
            _ = try await watch(scene, at: scene.now.adding(.seconds(3 * 3600))).look()
            try await convert(scene, times: 1, after: 4 * 3600)
            #expect(try await watch(scene, at: scene.now.adding(.seconds(5 * 3600))).look() == [])
            #expect(try await scene.count("SELECT count(*) FROM keitaro_silences WHERE ended_at IS NOT NULL") == 1)
            #expect(try await watch(scene, at: scene.now.adding(.seconds(40 * 3600))).look() == [scene.profileID])
        }
    }

    @Test(arguments: TrackerScene.hearings)
    func `whoever can hear of it is told`(hearing: TrackerScene.Hearing) async throws {
        try await withScene { scene in
            for setting in hearing.settings { try await scene.database.execute(setting) }
            try await convert(scene)
            let later = scene.now.adding(.seconds(3 * 3600))
            let announced = try await watch(scene, at: later).look()
            #expect(announced == (hearing.told.isEmpty ? [] : [scene.profileID]))
            #expect(try await scene.alarmed() == hearing.told)
        }
    }

    @Test func `what nobody would hear is told when somebody does, and stays on the page until then`() async throws {
        try await withScene { scene in
            try await convert(scene)
            try await scene.database.execute("UPDATE keitaro_profiles SET chat_id = NULL")
            let later = scene.now.adding(.seconds(3 * 3600))
            for _ in 0..<2 { #expect(try await watch(scene, at: later).look() == []) }
            let store = ReconciliationStore(database: scene.database)
            let silences = try await store.silences(for: .everything, profileID: nil)
            #expect(silences.map(\.since) == [scene.now] && silences.allSatisfy { $0.announcedAt == nil })
            try await scene.database.execute("UPDATE keitaro_profiles SET chat_id = 300")
            #expect(try await watch(scene, at: later).look() == [scene.profileID])
            #expect(try await watch(scene, at: later).look() == [])
            #expect(try await scene.alarmed() == ["300"])
            #expect(try await store.silences(for: .everything, profileID: nil).allSatisfy { $0.announcedAt != nil })
        }
    }

    @Test func `a profile that was resumed is looked at anew`() async throws {
        try await withScene { scene in
            try await convert(scene)
            let resumed = scene.now.adding(.seconds(10 * 86_400))
            // Silent before the pause, and said so.
            #expect(try await watch(scene, at: scene.now.adding(.seconds(3 * 3600))).look() == [scene.profileID])
            let desk = PostbackDeskStore(database: scene.database, vault: scene.vault)
            let editor = PostbackDeskStore.Editor(
                userID: nil, reader: .everything, actor: .commandLine)
            for isEnabled in [false, true, true] {
                _ = try await desk.edit(profile: scene.profileID, by: editor) { $0.isEnabled = isEnabled }
            }
            #expect(try await scene.count("SELECT count(*) FROM keitaro_profiles WHERE resumed_at IS NOT NULL") == 1)
            try await scene.database.execute("UPDATE keitaro_profiles SET resumed_at = \(resumed)")
            #expect(try await watch(scene, at: resumed.adding(.seconds(300))).look() == [])
            let store = ReconciliationStore(database: scene.database)
            #expect(try await store.silences(for: .everything, profileID: nil).isEmpty)
            // A few after it are no sample yet, although those before it were many.
            try await convert(scene, times: 3, after: 10 * 86_400 + 3 * 3600)
            #expect(try await watch(scene, at: resumed.adding(.seconds(30 * 3600))).look() == [])
            try await convert(scene, times: 73, after: 14 * 86_400)
            #expect(try await watch(scene, at: resumed.adding(.seconds(6 * 86_400))).look() == [scene.profileID])
        }
    }

    @Test func `few conversions and a paused profile disturb nobody`() async throws {
        try await withScene { scene in
            let later = scene.now.adding(.seconds(30 * 86_400))
            try await convert(scene, times: 5)
            #expect(try await watch(scene, at: later).look() == [])
            try await convert(scene, times: 73, after: 3600)
            try await scene.database.execute("UPDATE keitaro_profiles SET enabled = false")
            #expect(try await watch(scene, at: later).look() == [])
            #expect(try await scene.count("SELECT count(*) FROM telegram_messages") == 0)
        }
    }
}
