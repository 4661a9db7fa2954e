import Accounts
import Base
@testable import Postbacks
import HTTP
import Postgres
import Reactor
import TestDesk
import Testing

/// The stream behind a live log.
@Suite(.timeLimit(.minutes(10))) struct EventFeedTests {
    /// What a feed has sent so far, for somebody who waits for more.
    private final class Sent: Sendable {
        let stream: AsyncStream<[LoggedEvent]>
        let continuation: AsyncStream<[LoggedEvent]>.Continuation
        init() { (stream, continuation) = AsyncStream.makeStream() }
    }

    @Test func `a live log tells what comes, what is late and what is delivered`() async throws {
        try await withDesk { desk in
            let admin = try await desk.program(.admin, name: "admin")
            let profile = try await PostbackScene.profile(admin, "A")["id"]?.intValue ?? 0
            let database = desk.database
            let old = try await PostbackScene.event(database, profile: profile, click: "old")
            let seen = try await desk.database.one("SELECT created_at FROM postback_events").get(
                "created_at", Timestamp.self)
            let sent = Sent()
            let store = PostbackDeskStore(
                database: database, vault: PostbackVault(SecretKey(Secret("a secret of the tests alone"))))
            let question = try EventQuestion(FormFields())
            let feed = EventFeed(store: store, loop: desk.loop)
            let following = desk.loop.spawn {
                try? await feed.follow(
                    question, for: .everything, after: EventQuestion.Place(at: seen, id: old)
                ) { events, _ in sent.continuation.yield(events) }
            }
            var batches = sent.stream.makeAsyncIterator()
            let bell = EventBell(database: database, loop: desk.loop, log: .silent)
            try await PostbackScene.event(database, profile: profile, click: "new")
            bell.ring()
            var clicks: [String] = []
            while clicks.isEmpty { clicks += try #require(await batches.next()).map(\.clickID) }
            #expect(clicks == ["new"])
            // As a journal brings it: made before what was told already.
            try await PostbackScene.event(
                database, profile: profile, at: seen.adding(.seconds(-5)), click: "late")
            bell.ring()
            #expect(try #require(await batches.next()).map(\.clickID) == ["late"])
            try await PostbackScene.message(database, event: old, profile: profile, chat: -1, state: "sent")
            bell.ring()
            let delivered = try #require(await batches.next())
            #expect(delivered.map(\.clickID) == ["old"])
            #expect(delivered.first?.delivery.kind == .delivered)
            following.cancel()
            await following.value
        }
    }

    @Test func `what comes too fast to be shown is counted`() async throws {
        try await withDesk { desk in
            let admin = try await desk.program(.admin, name: "admin")
            let profile = try await PostbackScene.profile(admin, "A")["id"]?.intValue ?? 0
            let first = Timestamp.now().adding(.seconds(-600))
            let id = try await PostbackScene.event(desk.database, profile: profile, at: first)
            let place = EventQuestion.Place(at: first, id: id).text
            try await desk.database.execute(
                """
                INSERT INTO postback_events
                SELECT (jsonb_populate_record(event, jsonb_build_object('id', gen_random_uuid(),
                    'created_at', event.created_at + number * interval '1 second'))).*
                FROM postback_events event, generate_series(1, 250) number
                """)
            let many = try await admin.get("/postbacks/live/?once=1&after=\(place)").text
            #expect(many.contains(#""skipped":150"#))
            let other = try await admin.get("/postbacks/live/?once=1&after=\(place)&status=rebill").text
            #expect(other.contains(#""skipped":0"#))
        }
    }

    @Test func `however often the bell is rung, few are told`() async throws {
        try await withDesk { desk in
            let notices = try desk.database.notifications(on: PostbackChannel.events)
            #expect(await notices.next() == .mayHaveMissed)
            let bell = EventBell(database: desk.database, loop: desk.loop, log: .silent)
            for _ in 0..<10_000 { bell.ring() }
            #expect(await notices.next() == .said(""))
            bell.ring()
            #expect(await notices.next() == .said(""))
        }
    }
}
