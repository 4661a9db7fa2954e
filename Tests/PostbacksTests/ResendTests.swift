import Accounts
import Base
import Postgres
import TestDesk
import Testing

/// An event's messages, sent again.
@Suite(.timeLimit(.minutes(10))) struct ResendTests {
    private static func scene(_ desk: TestDesk) async throws -> (admin: Visitor, profile: Int64) {
        let admin = try await desk.program(.admin, name: "admin")
        let profile = try await PostbackScene.profile(admin, "A")
        return (admin, profile["id"]?.intValue ?? 0)
    }

    @Test func `sending again tries what failed, and repeats what was told when nothing failed`() async throws {
        try await withDesk { desk in
            let (admin, profile) = try await Self.scene(desk)
            let event = try await PostbackScene.event(desk.database, profile: profile)
            let path = "/postbacks/events/\(event)/resend/"
            #expect(try await admin.post(path).json["messages"] == 0)
            try await PostbackScene.message(
                desk.database, event: event, profile: profile, chat: -1, state: "failed", error: "no")
            try await PostbackScene.message(desk.database, event: event, profile: profile, chat: -2, state: "sent")
            #expect(try await admin.post(path).json["messages"] == 1)
            let states = try await desk.database.query(
                "SELECT state, error FROM telegram_messages WHERE event_id = \(event)::uuid ORDER BY id")
            #expect(try states.map { try $0.get("state", String.self) } == ["waiting", "sent"])
            #expect(try states[0].get("error", String?.self) == nil)
            // The first waits still: nobody else is told again by a second press.
            #expect(try await admin.post(path).json["messages"] == 0)
            try await desk.database.execute(
                "UPDATE telegram_messages SET state = 'sent', settled_at = now() WHERE chat_id = -1")
            #expect(try await admin.post(path).json["messages"] == 2)
            #expect(
                try await desk.database.one("SELECT count(*) AS n FROM telegram_messages").get("n", Int64.self) == 4)
        }
    }

    @Test func `sending again takes a message out of the digest that failed`() async throws {
        try await withDesk { desk in
            let (admin, profile) = try await Self.scene(desk)
            let event = try await PostbackScene.event(desk.database, profile: profile)
            try await PostbackScene.message(
                desk.database, event: event, profile: profile, chat: -1, state: "failed", error: "no")
            try await desk.database.execute(
                "UPDATE telegram_messages SET digest_id = 900, parts_sent = 1, attempts = 4, is_held = true")
            #expect(try await admin.post("/postbacks/events/\(event)/resend/").json["messages"] == 1)
            // As a sender looks for what is due.
            let row = try await desk.database.first(
                """
                SELECT parts_sent, attempts FROM telegram_messages
                WHERE state = 'waiting' AND digest_id IS NULL AND run_at <= now() AND NOT is_held
                """)
            #expect(try row?.get("parts_sent", Int.self) == 0)
            #expect(try row?.get("attempts", Int.self) == 0)
        }
    }

    @Test func `two presses at once tell everybody once`() async throws {
        try await withDesk { desk in
            let (admin, profile) = try await Self.scene(desk)
            let event = try await PostbackScene.event(desk.database, profile: profile)
            for chat in [-1, -2] as [Int64] {
                try await PostbackScene.message(
                    desk.database, event: event, profile: profile, chat: chat, state: "sent")
            }
            // What waits for a chat that is closed is no reason.
            try await PostbackScene.message(desk.database, event: event, profile: profile, chat: -3)
            try await desk.database.execute("UPDATE telegram_chats SET problem = 'blocked' WHERE chat_id = -3")
            let path = "/postbacks/events/\(event)/resend/"
            let answers = try await withThrowingTaskGroup(of: Visitor.Answer.self) { group in
                for _ in 0..<4 { group.addTask { try await admin.post(path) } }
                return try await group.reduce(into: [Visitor.Answer]()) { $0.append($1) }
            }
            #expect(answers.map { $0.json["messages"]?.intValue ?? -1 }.sorted() == [0, 0, 0, 2])
            let again = try await desk.database.one("SELECT count(*) FROM telegram_messages WHERE state = 'waiting'")
            #expect(try again.get(0, Int.self) == 3)
        }
    }
}
