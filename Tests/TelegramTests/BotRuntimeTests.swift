import Audit
import Base
import Fetch
import Postgres
import Reactor
import Sandbox
import Synchronization
import TestDesk
import Testing
import Views

@testable import BotRuntime
@testable import Telegram

/// A bot with one menu, talked to through the simulated Telegram.
@Suite(.timeLimit(.minutes(10))) struct BotRuntimeTests {
    private struct Names: BotMenu {
        let name = "names"
        func title(for turn: BotTurn) -> String? { turn.person.userID == nil ? nil : "Names" }
        func open(_ turn: BotTurn) async throws {
            try await turn.show(BotScreen("<b>Names</b>", buttons: [[.press("Add", "add:1")], [.main("Back")]]))
        }
        func pressed(_ button: String, _ turn: BotTurn) async throws {
            if button == "fail" { throw BotFault.callbackTooLong("") }
            try await turn.ask(BotScreen("Which name?"), step: "name", state: ["from": .string(button)])
        }
        func said(_ text: String, step: String, _ turn: BotTurn) async throws {
            try await turn.finish()
            let from = turn.state["from"]?.stringValue ?? ""
            try await turn.say(
                BotScreen(TelegramHTML.escape("\(step) \(text) after \(from) for \(turn.person.userID ?? 0)")))
        }
    }

    /// For everybody.
    private struct Echo: BotMenu {
        let name = "echo"
        func title(for turn: BotTurn) -> String? { "Echo" }
        func open(_ turn: BotTurn) async throws { try await turn.say(BotScreen("echo")) }
        func pressed(_ button: String, _ turn: BotTurn) async throws { try await turn.show(BotScreen(button)) }
    }

    private static let words: @Sendable (Language) -> Words = {
        var sources: [Language: [UInt8]] = [:]
        for language in Language.allCases {
            sources[language] = try? FileSystem.read(
                "\(TestPlaces.templates)/words/\(language.rawValue).json", limit: 1 << 20)
        }
        let book = (try? WordBook(sources: sources)) ?? .empty
        return { Words(book, $0) }
    }()

    private func withBot(
        processes: Int = 1, isSending: Bool = true, menus: [any BotMenu] = [Names(), Echo()], kept: Int64? = nil,
        pace: TelegramPace = TelegramScene.quick.pace,
        _ body: @escaping @Sendable (TelegramScene, BotPeople) async throws -> Void
    ) async throws {
        try await withTestDatabaseURL { url in
            try await onLoop { loop in
                let database = try Database(url: url, loops: [loop], log: .silent)
                let sessions = try Database(url: url, loops: [loop], log: .silent)
                let scene = try TelegramScene(database, loop, hasLimits: false)
                await scene.sandbox.add(SimulatedChat(700_100, "Olena", kind: "private"))
                let people = BotPeople(database: database, administrators: [])
                let bots = (0..<processes).map { _ in
                    BotRuntime(
                        database: database, sessions: sessions, client: scene.client, isSending: isSending,
                        people: people, menus: menus, words: Self.words,
                        queue: TelegramQueue(database: database, bot: scene.client.botID, pace: pace, migrations: []),
                        mended: {}, loop: loop, log: .silent)
                }
                if let kept {
                    try await database.execute(
                        "INSERT INTO telegram_updates (bot, update_id) VALUES (\(scene.client.botID), \(kept))")
                }
                for bot in bots { bot.start() }
                let outcome: Result<Void, any Error>
                do {
                    try await body(scene, people)
                    outcome = .success(())
                } catch {
                    outcome = .failure(error)
                }
                for bot in bots { await bot.stop() }
                await scene.fetch.close()
                await scene.sandbox.stop()
                await sessions.close()
                await database.close()
                try outcome.get()
            }
        }
    }

    private func last(_ scene: TelegramScene, is text: String, in chat: Int64 = 700_100) async throws
        -> SimulatedMessage?
    {
        let isThere = try await eventually(scene.loop, within: .seconds(60)) {
            await scene.sandbox.chat(chat)?.messages.last?.text.plain == text
        }
        let texts = await scene.texts(in: chat)
        #expect(isThere, "\(texts)")
        return await scene.sandbox.chat(chat)?.messages.last
    }

    /// The bot's answers to so many `/echo`.
    private func echoes(_ count: Int, _ scene: TelegramScene) async throws {
        let isThere = try await eventually(scene.loop, within: .seconds(60)) {
            await scene.texts(in: 700_100).count { $0 == "echo" } == count
        }
        let texts = await scene.texts(in: 700_100)
        #expect(isThere, "\(texts)")
    }

    private struct NotedChat: Equatable {
        let id: Int64
        let title: String
        let problem: String?
    }

    private static func chats(_ database: Database) async throws -> [NotedChat] {
        try await database.query(
            "SELECT chat_id, title, problem FROM telegram_chats WHERE migrated_to IS NULL ORDER BY chat_id"
        ).map {
            NotedChat(id: try $0.get("chat_id"), title: try $0.get("title"), problem: try $0.get("problem"))
        }
    }

    private func makeUser(_ database: Database, role: String = "buyer") async throws -> Int64 {
        try await database.one("INSERT INTO users (name, role) VALUES ('Olena', \(role)) RETURNING id").get("id")
    }

    @Test func `a one-time code makes an account somebody's, once, and the menus open`() async throws {
        try await withBot(menus: [Names()]) { scene, people in
            await scene.sandbox.say("/start", in: 700_100)
            let unknown = Self.words(.uk)("bot.unknown_person", ["id": "700100"])
            _ = try await last(scene, is: unknown)
            let user = try await makeUser(scene.database)
            let code = try await people.makeCode(for: user, by: .commandLine).word
            await scene.sandbox.say("/start \(code)", in: 700_100)
            let main = try #require(try await last(scene, is: Self.words(.uk)("bot.choose")))
            #expect(main.buttons.map(\.text) == ["Names"])
            await scene.sandbox.say("/start \(code)", in: 700_100)
            _ = try await last(scene, is: Self.words(.uk)("bot.link_bad"))
            let accounts = try await people.accounts(of: user)
            #expect(accounts.map(\.id) == [700_100])
            let isGone = try await people.unlink(700_100, of: user, by: .commandLine)
            #expect(isGone == "Олена")
            // A button of the time before does nothing more.
            await scene.sandbox.press("names:", message: main.id, in: 700_100)
            let isRefused = try await eventually(scene.loop, within: .seconds(60)) {
                await scene.sandbox.chat(700_100)?.toast?.isAlert == true
            }
            #expect(isRefused)
        }
    }

    @Test func `a dialog goes from button to question to answer, and /cancel forgets it`() async throws {
        try await withBot(processes: 2) { scene, people in
            let user = try await makeUser(scene.database)
            let code = try await people.makeCode(for: user, by: .commandLine).word
            await scene.sandbox.say("/start \(code)", in: 700_100)
            let main = try #require(try await last(scene, is: Self.words(.uk)("bot.choose")))
            await scene.sandbox.press("names:", message: main.id, in: 700_100)
            let menu = try #require(try await last(scene, is: "Names"))
            #expect(menu.id == main.id && menu.isEdited && menu.buttons.map(\.data) == ["names:add:1", ":"])
            await scene.sandbox.press("names:add:1", message: menu.id, in: 700_100)
            _ = try await last(scene, is: "Which name?")
            await scene.sandbox.say("A <b>", in: 700_100)
            _ = try await last(scene, is: "name A <b> after add:1 for \(user)")
            await scene.sandbox.say("nothing was asked", in: 700_100)
            _ = try await last(scene, is: Self.words(.uk)("bot.choose"))
            await scene.sandbox.say("/echo@desk_bot one two", in: 700_100)
            try await echoes(1, scene)
            let commands = await scene.sandbox.commands()
            #expect(commands == ["menu", "cancel"])
        }
    }

    @Test func `chats are known from what happens in them, and one that mended is told what waits`() async throws {
        try await withBot { scene, _ in
            await scene.sandbox.setState(.kicked, of: -21)
            let isMarked = try await eventually(scene.loop, within: .seconds(60)) {
                try await Self.chats(scene.database)
                    .contains(NotedChat(id: -21, title: "Deposits", problem: "bot_removed"))
            }
            #expect(isMarked)
            await scene.sandbox.setState(.open, of: -21)
            let isMended = try await eventually(scene.loop, within: .seconds(60)) {
                try await Self.chats(scene.database).contains(NotedChat(id: -21, title: "Deposits", problem: nil))
            }
            #expect(isMended)
            let group = try #require(await scene.sandbox.migrate(-21, isAnnounced: true))
            let isFollowed = try await eventually(scene.loop, within: .seconds(60)) {
                try await Self.chats(scene.database).map(\.id).filter { $0 == group || $0 == -21 } == [group]
            }
            #expect(isFollowed)
        }
    }

    @Test func `numbers that begin anew, lower, are read on`() async throws {
        try await withBot { scene, _ in
            await scene.sandbox.say("/echo", in: 700_100)
            try await echoes(1, scene)
            await scene.sandbox.renumberUpdates(from: 500)
            for number in 1...3 {
                await scene.sandbox.say("/echo", in: 700_100)
                try await echoes(1 + number, scene)
            }
        }
    }

    @Test func `a number that can't be Telegram's, once kept, ends nobody`() async throws {
        try await withBot(kept: Int64.max) { scene, _ in
            await scene.sandbox.say("/echo", in: 700_100)
            _ = try await last(scene, is: "echo")
        }
    }

    @Test func `an answer waits as long as Telegram asks, and comes`() async throws {
        try await withBot { scene, _ in
            await scene.sandbox.play(TelegramFault(.rateLimit, method: "sendMessage", times: 2, retryAfter: 1))
            await scene.sandbox.play(TelegramFault(.rateLimit, method: "answerCallbackQuery", retryAfter: 1))
            await scene.sandbox.say("/echo", in: 700_100)
            _ = try await last(scene, is: "echo")
            let flooded = try await scene.database.first(
                "SELECT FROM telegram_sends WHERE chat_id = 700100 AND flooded_until IS NOT NULL")
            #expect(flooded != nil)
            let calls = await scene.sandbox.called().count { $0 == "sendMessage" }
            #expect(calls == 3)
        }
    }

    @Test func `answers take their places among what the queue sends`() async throws {
        try await withBot(pace: TelegramPace()) { scene, _ in
            let sender = scene.sender(settings: TelegramSender.Settings())
            try await scene.put((1...3).map(String.init), to: 700_100)
            sender.start()
            for _ in 1...3 { await scene.sandbox.say("/echo", in: 700_100) }
            let isDone = try await eventually(scene.loop, within: .seconds(60)) {
                await scene.texts(in: 700_100).count == 9
            }
            await sender.stop()
            #expect(isDone)
            let places = try await scene.database.one(
                "SELECT recent FROM telegram_sends WHERE chat_id = 700100"
            ).get("recent", [Timestamp].self)
            #expect(places.count == 6)
            #expect(zip(places, places.dropFirst()).allSatisfy { $1.since($0) >= .seconds(1) })
        }
    }

    @Test func `a slow answer in one chat keeps nobody else waiting`() async throws {
        try await withBot { scene, _ in
            await scene.sandbox.add(SimulatedChat(-77, "Slow", kind: "group"))
            await scene.sandbox.play(
                TelegramFault(.latency, method: "sendMessage", chatID: -77, milliseconds: 100_000))
            await scene.sandbox.say("/echo", in: -77)
            let isBegun = try await eventually(scene.loop, within: .seconds(60)) {
                await scene.sandbox.called().contains("sendMessage")
            }
            #expect(isBegun)
            await scene.sandbox.say("/echo", in: 700_100)
            _ = try await last(scene, is: "echo")
            let slow = await scene.texts(in: -77)
            #expect(slow == ["/echo"])
        }
    }

    @Test func `a bot that doesn't send postbacks says nothing about their chats`() async throws {
        try await withBot(isSending: false) { scene, _ in
            try await scene.database.execute("INSERT INTO telegram_chats (chat_id) VALUES (-21)")
            await scene.sandbox.setState(.kicked, of: -21)
            await scene.sandbox.setState(.open, of: -21)
            await scene.sandbox.setState(.kicked, of: -1_000_031)
            await scene.sandbox.say("/echo", in: -21)
            await scene.sandbox.say("/echo", in: 700_100)
            _ = try await last(scene, is: "echo", in: -21)
            _ = try await last(scene, is: "echo")
            let chats = try await Self.chats(scene.database)
            #expect(chats == [NotedChat(id: -21, title: "Deposits", problem: nil)])
        }
    }

    @Test func `a bot without menus denies nobody it knows`() async throws {
        try await withBot(menus: []) { scene, people in
            let user = try await makeUser(scene.database)
            let code = try await people.makeCode(for: user, by: .commandLine).word
            await scene.sandbox.say("/start \(code)", in: 700_100)
            _ = try await last(scene, is: Self.words(.uk)("bot.no_menu"))
        }
    }

    @Test func `a screen that can't be shown in place of another stays in its topic`() async throws {
        try await withTelegram { scene in
            let chat = BotChat(
                bot: scene.client.botID,
                replies: TelegramReplies(
                    database: scene.database, client: scene.client, pace: TelegramScene.quick.pace, loop: scene.loop),
                dialogs: DialogStore(database: scene.database), address: BotAddress(scene.client))
            try await chat.edit(BotScreen("gone"), menu: "echo", message: 7_777, in: -1_000_031, topic: 5)
            let messages = await scene.sandbox.chat(-1_000_031)?.messages ?? []
            #expect(messages.map(\.text.plain) == ["gone"] && messages.map(\.topicID) == [5])
        }
    }

    @Test func `a keyboard whose data Telegram would refuse is a mistake that is found`() {
        let long = BotScreen("x", buttons: [[.press("y", String(repeating: "z", count: 64))]])
        #expect(throws: BotFault.self) { _ = try BotChat.keyboard(long, menu: "names") }
        #expect(BotDesk.command("/Start@bot  a b")?.name == "start")
        #expect(BotDesk.command("hello") == nil && BotDesk.command("/") == nil)
    }
}
