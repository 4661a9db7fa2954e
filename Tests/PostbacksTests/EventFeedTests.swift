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
        let stream: AsyncStream<EventFeed.Look>
        let continuation: AsyncStream<EventFeed.Look>.Continuation
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
            let question = try EventQuestion(FormFields())
            let feed = Self.feed(desk)
            let following = desk.loop.spawn {
                try? await feed.follow(
                    question, for: .everything, after: EventQuestion.Place(at: seen, id: old)
                ) { sent.continuation.yield($0) }
            }
            var batches = sent.stream.makeAsyncIterator()
            let bell = EventBell(database: database, loop: desk.loop, log: .silent)
            // It may have changed since the client saw it.
            let first = try #require(await batches.next())
            #expect(first.events.map(\.clickID) == ["old"] && first.wholeFrom == .first)
            try await PostbackScene.event(database, profile: profile, click: "new")
            bell.ring()
            #expect(try #require(await batches.next()).events.map(\.clickID) == ["new"])
            // As a journal brings it: made before what was told already.
            try await PostbackScene.event(
                database, profile: profile, at: seen.adding(.seconds(-5)), click: "late")
            bell.ring()
            #expect(try #require(await batches.next()).events.map(\.clickID) == ["late"])
            try await PostbackScene.message(database, event: old, profile: profile, chat: -1, state: "sent")
            bell.ring()
            let delivered = try #require(await batches.next())
            #expect(delivered.events.map(\.clickID) == ["old"])
            #expect(delivered.events.first?.delivery.kind == .delivered)
            // Whoever comes back from here has seen what is newer.
            #expect(try #require(delivered.newest).at > seen)
            following.cancel()
            await following.value
        }
    }

    private static func feed(_ desk: TestDesk, longest: Duration = EventFeed.longest) -> EventFeed {
        let store = PostbackDeskStore(
            database: desk.database, vault: PostbackVault(SecretKey(Secret("a secret of the tests alone"))))
        return EventFeed(store: store, loop: desk.loop, longest: longest)
    }

    @Test func `a live log tells what fits no more`() async throws {
        try await withDesk { desk in
            let admin = try await desk.program(.admin, name: "admin")
            let profile = try await PostbackScene.profile(admin, "A")["id"]?.intValue ?? 0
            let database = desk.database
            var ids: [String] = []
            for chat in [-1, -2] as [Int64] {
                let event = try await PostbackScene.event(database, profile: profile)
                try await PostbackScene.message(database, event: event, profile: profile, chat: chat)
                ids.append(event)
            }
            let sent = Sent()
            let question = try EventQuestion(FormFields(decoding: "delivery=waiting".utf8) ?? FormFields())
            let feed = Self.feed(desk)
            let following = desk.loop.spawn {
                try? await feed.follow(question, for: .everything, after: nil) { sent.continuation.yield($0) }
            }
            var looks = sent.stream.makeAsyncIterator()
            #expect(try #require(await looks.next()).events.map(\.id) == ids)
            try await database.execute(
                "UPDATE telegram_messages SET state = 'sent', settled_at = now() WHERE chat_id = -1")
            EventBell(database: database, loop: desk.loop, log: .silent).ring()
            let look = try #require(await looks.next())
            #expect(look.gone == Array(ids.prefix(1)) && look.events.isEmpty)
            following.cancel()
            await following.value
        }
    }

    @Test func `what newer ones push out of what is watched has not gone`() async throws {
        try await withDesk { desk in
            let admin = try await desk.program(.admin, name: "admin")
            let profile = try await PostbackScene.profile(admin, "A")["id"]?.intValue ?? 0
            let first = Timestamp.now().adding(.seconds(-600))
            try await PostbackScene.event(desk.database, profile: profile, at: first)
            try await desk.database.execute(
                """
                INSERT INTO postback_events
                SELECT (jsonb_populate_record(event, jsonb_build_object('id', gen_random_uuid(),
                    'created_at', event.created_at + number * interval '1 second'))).*
                FROM postback_events event, generate_series(1, \(EventFeed.watched - 1)) number
                """)
            let sent = Sent()
            let feed = Self.feed(desk)
            let question = try EventQuestion(FormFields())
            let following = desk.loop.spawn {
                try? await feed.follow(question, for: .everything, after: nil) { sent.continuation.yield($0) }
            }
            var looks = sent.stream.makeAsyncIterator()
            let look = try #require(await looks.next())
            #expect(look.events.count == EventFeed.watched && look.wholeFrom == look.events.first?.place)
            try await PostbackScene.event(desk.database, profile: profile, click: "new")
            EventBell(database: desk.database, loop: desk.loop, log: .silent).ring()
            let next = try #require(await looks.next())
            #expect(next.events.map(\.clickID) == ["new"] && next.gone.isEmpty)
            following.cancel()
            await following.value
        }
    }

    @Test func `a line ends by itself, so that rights are looked at again`() async throws {
        try await withDesk { desk in
            let question = try EventQuestion(FormFields())
            let sent = Sent()
            try await Self.feed(desk, longest: .milliseconds(20)).follow(question, for: .everything, after: nil) {
                sent.continuation.yield($0)
            }
            // Not before its first look.
            sent.continuation.finish()
            #expect(await sent.stream.reduce(0) { count, _ in count + 1 } == 1)
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
