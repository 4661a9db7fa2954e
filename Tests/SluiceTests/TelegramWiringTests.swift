import Base
import Fetch
import Glibc
import Reactor
import Sandbox
import TestDesk
import Testing
import TestGround

/// Telegram in the program itself: the demo's phone, and what `doctor` says.
@Suite(.timeLimit(.minutes(10))) struct TelegramWiringTests {
    @Test func `the demo's phone shows what the bot sends, and takes what a person writes and presses`() async throws {
        let folder = try TemporaryFolder("phone")
        defer { folder.remove() }
        let settings = ["DEMO_DATA_DIR": folder.path]
        let (desk, address) = try ProgramProcess.serve(settings, ["--demo", "serve"])
        let token = try ProgramProcess.answer(["--demo", "token", "create", "--admin", "--name", "tests"], settings)
        try await onLoop { loop in
            let fetch = Fetch(loops: [loop])
            let person = Visitor(
                fetch: fetch, base: address,
                headers: ["Accept": "application/json", "Authorization": "Bearer \(token)"])
            let path = "/sandbox/telegram/"
            let page = try await person.accepting("text/html").get(path)
            #expect(page.status == 200 && page.text.contains("class=\"phone-messages\""), "\(page.text.prefix(300))")
            for file in ["/static/js/telegram_phone.js", "/static/telegram_phone.css"] {
                #expect(page.text.contains(file))
                #expect(try await person.get(file).status == 200)
            }
            let chats = try await person.get(path + "chats/").json["chats"]?.arrayValue ?? []
            #expect(chats.count == TelegramDemo.chats.count)

            let own = path + "chats/\(TelegramDemo.owner)/"
            /// The newest message of the bot that has a button which begins so; its number and that button's data.
            func button(_ text: String) async throws -> (message: JSON, data: JSON)? {
                let messages = try await person.get(own).json["messages"]?.arrayValue ?? []
                for message in messages.reversed() where message["from_bot"] == true {
                    for button in (message["keyboard"]?.arrayValue ?? []).flatMap({ $0.arrayValue ?? [] })
                    where button["text"]?.stringValue?.contains(text) == true {
                        return (message["id"] ?? .null, button["callback_data"] ?? .null)
                    }
                }
                return nil
            }
            #expect(try await person.post(own + "messages/", ["text": "/menu"]).json["said"] == true)
            #expect(try await eventually(loop, within: .seconds(60)) { try await button("💚") != nil })
            let menu = try #require(try await button("💚"))
            let pressed = try await person.post(own + "presses/", ["message": menu.message, "data": menu.data])
            #expect(pressed.json["pressed"] == true, "\(pressed.text)")
            // The same message is the list of profiles now.
            #expect(
                try await eventually(loop, within: .seconds(60)) {
                    let messages = try await person.get(own).json["messages"]?.arrayValue ?? []
                    return messages.contains { $0["id"] == menu.message && $0["edited"] == true }
                })
            #expect(try await button("➕") != nil)
            let wrong = try await person.post(own + "presses/", ["message": menu.message, "data": "no such"])
            #expect(wrong.status == 422)
            await fetch.close()
        }
        #expect(desk.end(SIGTERM) == 0)
    }

    enum Told: String, CaseIterable, Sendable {
        case well, badToken, badOnlyToken, unreachable
    }

    @Test(arguments: Told.allCases)
    func `doctor says how it stands with Telegram`(_ told: Told) async throws {
        let good = "5001:a-token-of-the-tests"
        let bad = "5001:another-token-than-the-tests-have"
        try await withTestDatabaseURL { url in
            try await onLoop { loop in
                let sandbox = TelegramSandbox(bots: [good: "desk_bot"], chats: [], loop: loop)
                let port = try sandbox.start(port: 0, log: .silent)
                let api = "http://127.0.0.1:\(told == .unreachable ? 9 : port)"
                var settings = [
                    "DATABASE_URL": url.reveal(), "SECRET_KEY": "a secret of the tests alone",
                    "TELEGRAM_API_URL": api,
                ]
                settings[told == .badOnlyToken ? "ADMIN_BOT_TOKEN" : "TELEGRAM_BOT_TOKEN"] =
                    told == .badToken || told == .badOnlyToken ? bad : good
                let line = try await HelperThread(name: "doctor").run { [settings] in
                    Result { try ProgramProcess(sluice: ["doctor"], settings).line(after: "Telegram: ") }
                }.get()
                let expected =
                    switch told {
                    case .well: "TELEGRAM_BOT_TOKEN is @desk_bot's"
                    case .badToken: "\(api) does not know the token. Set TELEGRAM_BOT_TOKEN to"
                    case .badOnlyToken: "\(api) does not know the token. Set ADMIN_BOT_TOKEN to"
                    case .unreachable: "\(api) can't be reached: "
                    }
                #expect(line.hasPrefix(expected), "\(line)")
                #expect(!line.contains("token-"))
                await sandbox.stop()
            }
        }
    }
}
