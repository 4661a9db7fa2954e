import Base
import Postgres
import Sandbox
import TestDesk
import Testing

@testable import BotRuntime
@testable import Postbacks

/// Lists that are too long for one message of the bot.
@Suite(.timeLimit(.minutes(10))) struct BotPagesTests {
    @Test func `pages hold all, each once, and lead to each other`() {
        for count in [0, 1, 20, 21, 40, 45] {
            let all = Array(0..<count)
            var seen: [Int] = []
            var number: Int64? = 0
            while let now = number {
                let page = BotPage(all, now) { "l:\($0)" }
                seen += page.items
                let turns = page.turns.compactMap { $0.callback(menu: "kn") }
                #expect(turns.contains("kn:l:\(now - 1)") == (now > 0))
                number = turns.contains("kn:l:\(now + 1)") ? now + 1 : nil
            }
            #expect(seen == all)
        }
        // What was there when the button was shown may be gone.
        #expect(BotPage(Array(0..<21), 7) { "l:\($0)" }.items == [20])
        #expect(BotPage(Array(0..<21), .min) { "l:\($0)" }.items.first == 0)
    }

    @Test func `each of many profiles and routes is found`() async throws {
        try await withBotPhone { phone in
            let user = try await phone.link(BotPhone.owner, name: "Olena")
            try await phone.desk.database.execute(
                """
                INSERT INTO keitaro_profiles (name, user_id, secret_lookup, secret_cipher)
                SELECT 'Profile ' || to_char(number, 'FM000'), \(user), int4send(number), int4send(number)
                FROM generate_series(1, 45) number
                """)
            // The longest there can be.
            try await phone.desk.database.execute(
                """
                INSERT INTO keitaro_routes (profile_id, name, priority, match_kind, match_value, chat_id)
                SELECT id, repeat('ї', 80), number, 'source', repeat('<', 200), -5 FROM generate_series(1, 90) number,
                    (SELECT max(id) AS id FROM keitaro_profiles) AS profile
                """)
            let profiles = try await phone.store.profiles(for: .everything)
            let profile = try #require(profiles.last?.profile)
            await phone.say("/menu")
            try await phone.press("kn:")
            try await phone.press("kn:l:1")
            try await phone.press("kn:l:2")
            try await phone.press("kn:p:\(profile.id)")
            try await phone.press("kn:r:\(profile.id)")
            for page in 1...4 { try await phone.press("kn:r:\(profile.id):\(page)") }
            try await phone.press("kn:o:\(try #require(profile.routes.last).id)")
            try await phone.sees(String(repeating: "ї", count: 80))
        }
    }
}
