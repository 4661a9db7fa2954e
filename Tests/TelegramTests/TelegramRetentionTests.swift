import Base
import Postgres
import TestDesk
import Testing

@testable import Telegram

@Suite(.timeLimit(.minutes(10))) struct TelegramRetentionTests {
    @Test func `each rule is known, and removes what it no longer keeps`() async throws {
        try await withTestDatabase { database, _ in
            let removals = TelegramRetention(database: database).removals
            let rules = try await database.query("SELECT name FROM retention_rules WHERE name ~ '^telegram_'")
            #expect(try Set(rules.map { try $0.get("name", String.self) }) == Set(removals.keys))
            for age in [0, 50] {
                let at = Timestamp.now().adding(.seconds(-age * 86_400))
                try await database.execute(
                    """
                    INSERT INTO telegram_messages (chat_id, kind, state, settled_at) VALUES (1, 'test', 'sent', \(at))
                    """)
                try await database.execute(
                    "INSERT INTO telegram_updates (bot, update_id, at) VALUES ('b', \(Int64(age)), \(at))")
                try await database.execute(
                    """
                    INSERT INTO telegram_dialogs (bot, chat_id, person_id, step, updated_at)
                    VALUES ('b', 1, \(Int64(age)), 'menu:step', \(at))
                    """)
            }
            // What waits is never too old.
            try await database.execute("INSERT INTO telegram_messages (chat_id, kind) VALUES (1, 'test')")
            for (name, removal) in removals {
                let removed = [try await removal(40), try await removal(40)]
                #expect(removed == [1, 0], "\(name)")
            }
        }
    }
}
