import Accounts
import Base
import Postgres
import TestDesk
import Testing

/// What the log says of messages that Telegram did not take yet: the queue leaves them waiting and holds their chat.
@Suite(.timeLimit(.minutes(10))) struct RetryingTests {
    private static func delivery(_ desk: TestDesk, _ admin: Visitor, of event: String) async throws -> JSON? {
        try await admin.get("/postbacks/events/\(event)/").json["event"]?["delivery"]
    }

    /// An event with a message that was tried once in vain, in a chat that is held for ten minutes.
    private static func tried(_ desk: TestDesk, _ profile: Int64, chat: Int64) async throws -> String {
        let event = try await PostbackScene.event(desk.database, profile: profile)
        try await PostbackScene.message(
            desk.database, event: event, profile: profile, chat: chat, error: "Telegram can't be reached: 502")
        try await desk.database.execute("UPDATE telegram_messages SET attempts = 1 WHERE event_id = \(event)::uuid")
        try await desk.database.execute(
            "UPDATE telegram_chats SET next_at = now() + interval '10 minutes' WHERE chat_id = \(chat)")
        return event
    }

    @Test func `a message that failed once says when its chat is tried again, and why`() async throws {
        try await withDesk { desk in
            let admin = try await desk.program(.admin, name: "admin")
            let profile = try await PostbackScene.profile(admin)["id"]?.intValue ?? 0
            let event = try await Self.tried(desk, profile, chat: -1)
            // Another of its messages has its turn in a chat where nothing is wrong.
            try await PostbackScene.message(desk.database, event: event, profile: profile, chat: -2)
            let delivery = try await Self.delivery(desk, admin, of: event)
            #expect(delivery?["state"] == "retrying" && delivery?["problem"] == "Telegram can't be reached: 502")
            let until = try #require(delivery?["until"]?.stringValue.flatMap { Timestamp(iso8601: $0) })
            #expect(until > Timestamp.now().adding(.seconds(500)))
            let browser = try await desk.browser()
            try await desk.database.execute(
                "UPDATE keitaro_profiles SET user_id = (SELECT id FROM users ORDER BY id DESC LIMIT 1)")
            let page = try await browser.with("Accept-Language", "en").get("/postbacks/")
            #expect(page.text.contains("retry in"))
            try await desk.database.execute("UPDATE telegram_chats SET next_at = now()")
            let due = try await Self.delivery(desk, admin, of: event)
            #expect(due?["state"] == "queued")
        }
    }

    @Test func `what waits in a digest that failed is tried again with it`() async throws {
        try await withDesk { desk in
            let admin = try await desk.program(.admin, name: "admin")
            let profile = try await PostbackScene.profile(admin)["id"]?.intValue ?? 0
            let event = try await Self.tried(desk, profile, chat: -1)
            try await desk.database.execute(
                """
                WITH digest AS (
                    INSERT INTO telegram_messages (chat_id, kind, digest_of, attempts, error)
                    VALUES (-1, 'postback', 'queueTooLong', 3, 'Telegram can''t be reached: 504') RETURNING id
                )
                UPDATE telegram_messages SET digest_id = digest.id, attempts = 0, error = NULL FROM digest
                """)
            let delivery = try await Self.delivery(desk, admin, of: event)
            #expect(delivery?["state"] == "retrying" && delivery?["problem"] == "Telegram can't be reached: 504")
        }
    }
}
