import Accounts
import Base
import Fetch
import Postgres
import TestDesk
import Testing

@testable import BotRuntime
@testable import Telegram

/// `/users/telegram/`: the page that makes an account of Telegram a person's.
@Suite(.timeLimit(.minutes(10))) struct TelegramLinkTests {
    private static let olena = TelegramUser(["id": 4_100, "first_name": "Olena", "username": "olena_tg"])

    @Test func `a link is made, works once, shows whose it is and is taken back`() async throws {
        try await withDesk { desk in
            let browser = try await desk.browser()
            let script = browser.accepting("application/json")
            let people = BotPeople(database: desk.database, administrators: [])
            let olena = try #require(Self.olena)
            let before = try await script.get("/users/telegram/").json
            #expect(before == ["bot": "desk_bot", "state": "ready", "accounts": []])
            let earlier = try await script.post("/users/telegram/").json["command"]?.stringValue ?? ""
            let made = try await script.post("/users/telegram/")
            let command = try #require(made.json["command"]?.stringValue)
            let word = String(command.dropFirst("/start ".count))
            #expect(made.json["url"] == .string("https://t.me/desk_bot?start=\(word)"))
            #expect(word.utf8.count <= 64 && made.headers["cache-control"] == "no-store")
            // The later link ends the earlier.
            let isEarlier = try await people.link(olena, code: String(earlier.dropFirst("/start ".count)))
            #expect(!isEarlier)
            let isLinked = try await people.link(olena, code: word)
            let isTwice = try await people.link(olena, code: word)
            #expect(isLinked && !isTwice)
            let account = try await script.get("/users/telegram/").json["accounts"]?[0]
            #expect(account?["id"] == 4_100 && account?["username"] == "olena_tg")
            let page = try await browser.get("/users/telegram/").text
            #expect(page.contains("@olena_tg") && page.contains("/users/telegram/4100/unlink/"))
            #expect(try await browser.get("/users/logout/").text.contains("href=\"/users/telegram/\""))
            #expect(try await script.post("/users/telegram/4101/unlink/").status == 404)
            #expect(try await browser.postForm("/users/telegram/4100/unlink/", []).status == 303)
            #expect(try await script.get("/users/telegram/").json["accounts"] == [])
            let lines: [String] = try await desk.database.query("SELECT object FROM audit_log ORDER BY id").map {
                try $0.get("object")
            }
            #expect(lines.filter { $0 == "Telegram account Olena" }.count == 2)
            #expect(lines.filter { $0 == "link to Telegram" }.count == 2)
        }
    }

    @Test func `an old link does nothing, and another's account can't be unlinked`() async throws {
        try await withDesk { desk in
            let script = try await desk.browser().accepting("application/json")
            let people = BotPeople(database: desk.database, administrators: [])
            let olena = try #require(Self.olena)
            let made = try await script.post("/users/telegram/").json["command"]?.stringValue ?? ""
            let word = String(made.dropFirst("/start ".count))
            try await desk.database.execute("UPDATE telegram_link_codes SET expires_at = now() - interval '1 second'")
            let isLinked = try await people.link(olena, code: word)
            #expect(!isLinked)
            let other: Int64 = try await desk.database.one(
                "INSERT INTO users (name, role) VALUES ('Other', 'buyer') RETURNING id"
            ).get("id")
            try await desk.database.execute(
                "INSERT INTO telegram_people (telegram_id, user_id, name) VALUES (4100, \(other), 'Other')")
            #expect(try await script.post("/users/telegram/4100/unlink/").status == 404)
            let left = try await people.accounts(of: other)
            #expect(left.map(\.id) == [4_100])
        }
    }

    @Test func `a page says what to set when there is no bot, and tokens make no links`() async throws {
        try await withDesk { desk in
            let browser = try await desk.browser()
            let made = try await browser.postForm("/users/telegram/", [])
            #expect(made.text.contains("https://t.me/desk_bot?start=link_"))
            let program = try await desk.program(.admin, name: "program")
            #expect(try await program.post("/users/telegram/").status == 403)
            desk.bot.name = .missing
            let page = try await browser.get("/users/telegram/")
            #expect(page.status == 200 && page.text.contains("TELEGRAM_BOT_TOKEN"))
            #expect(try await browser.postForm("/users/telegram/", []).status == 409)
            desk.bot.name = .away
            #expect(try await browser.accepting("application/json").post("/users/telegram/").status == 503)
            #expect(try await program.get("/users/telegram/").json["state"] == "away")
        }
    }
}
