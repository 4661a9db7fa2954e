import Base
import Fetch
import Postgres
import Reactor
import Sandbox
import TestDesk
import Testing
import Views

@testable import BotRuntime
@testable import Postbacks
@testable import Telegram

/// Somebody's phone in the simulated Telegram, with the bot of a test desk in it.
final class BotPhone: Sendable {
    /// Whose phone it is, and their chat with the bot.
    static let owner: Int64 = 700_100
    static let group: Int64 = -1_009_999_999_999

    let desk: TestDesk
    let sandbox: TelegramSandbox
    let people: BotPeople
    let store: PostbackDeskStore
    private let client: TelegramClient
    private let fetch: Fetch
    private let runtime: BotRuntime
    private let sender: TelegramSender

    static let words: @Sendable (Language) -> Words = {
        var sources: [Language: [UInt8]] = [:]
        for language in Language.allCases {
            sources[language] = try? FileSystem.read(
                "\(TestPlaces.templates)/words/\(language.rawValue).json", limit: 1 << 20)
        }
        let book = (try? WordBook(sources: sources)) ?? .empty
        return { Words(book, $0) }
    }()

    init(_ desk: TestDesk, base: String?) throws {
        self.desk = desk
        let loop = desk.loop
        let token = "5001:a-token-of-the-tests"
        sandbox = TelegramSandbox(
            bots: [token: "desk_bot"],
            chats: [
                SimulatedChat(Self.owner, "Olena", kind: "private"),
                SimulatedChat(Self.group, "Team", kind: "supergroup", topics: [.init(5, "Sales")]),
            ], hasLimits: false, loop: loop)
        let url = "http://127.0.0.1:\(try sandbox.start(port: 0, log: .silent))"
        fetch = Fetch(loops: [loop])
        client = TelegramClient(fetch: fetch, token: Secret(token), url: url)
        people = BotPeople(database: desk.database, administrators: [])
        let vault = PostbackVault(SecretKey(Secret("a secret of the tests alone")))
        store = PostbackDeskStore(database: desk.database, vault: vault)
        runtime = BotRuntime(
            database: desk.database, sessions: desk.database, client: client, people: people,
            menus: [
                PostbackBotMenu(database: desk.database, vault: vault, base: base, intake: desk.receiving)
            ], words: Self.words,
            queue: TelegramQueue(database: desk.database, bot: client.botID, migrations: []), mended: {}, loop: loop,
            log: .silent)
        var settings = TelegramSender.Settings()
        settings.poll = .milliseconds(10)
        settings.pace.chatInterval = .milliseconds(1)
        settings.pace.botInterval = .milliseconds(1)
        sender = TelegramSender(
            database: desk.database, client: client,
            kinds: [PostbackKind(database: desk.database, base: nil).kind],
            migrations: [PostbackKind.migration], loop: loop, log: .silent, settings: settings)
        runtime.start()
        sender.start()
    }

    func stop() async {
        await runtime.stop()
        await sender.stop()
        await fetch.close()
        await sandbox.stop()
    }

    /// An account with this role, and the phone in the hands of its person, whose Telegram is linked to it.
    func link(_ telegramID: Int64, name: String, role: String = "buyer") async throws -> Int64 {
        let user: Int64 = try await desk.database.one(
            "INSERT INTO users (name, role) VALUES (\(name), \(role)) RETURNING id"
        ).get("id")
        try await desk.database.execute(
            "INSERT INTO telegram_people (telegram_id, user_id, name) VALUES (\(telegramID), \(user), \(name))")
        await sandbox.handPhone(to: telegramID, name: name)
        return user
    }

    // MARK: What one does

    /// Presses the newest button that says this, once it is there.
    func press(_ data: String, in chat: Int64 = BotPhone.owner) async throws {
        _ = try await press(beginning: data, isWhole: true, in: chat)
    }

    @discardableResult
    func press(beginning data: String, isWhole: Bool = false, in chat: Int64 = BotPhone.owner) async throws -> String {
        func found() async -> (message: Int64, data: String)? {
            for message in (await sandbox.chat(chat)?.messages ?? []).reversed() {
                for button in message.buttons {
                    let own = button.data
                    if isWhole ? own == data : own.hasPrefix(data) { return (message.id, own) }
                }
            }
            return nil
        }
        let isThere = try await eventually(desk.loop, within: .seconds(60)) { await found() != nil }
        let texts = await texts(in: chat)
        #expect(isThere, "no button \(data): \(texts.last ?? "")")
        guard let button = await found() else { throw TestFailure("no button \(data)") }
        await checkButtons(in: chat)
        await sandbox.press(button.data, message: button.message, in: chat)
        return button.data
    }

    func say(_ text: String, in chat: Int64 = BotPhone.owner) async { await sandbox.say(text, in: chat) }

    // MARK: What one sees

    func texts(in chat: Int64 = BotPhone.owner) async -> [String] {
        await sandbox.chat(chat)?.messages.filter(\.isFromBot).map(\.text.plain) ?? []
    }

    /// Waits for a message of the bot with this text in it.
    @discardableResult
    func sees(_ text: String, in chat: Int64 = BotPhone.owner) async throws -> SimulatedMessage? {
        func found() async -> SimulatedMessage? {
            await sandbox.chat(chat)?.messages.last { $0.isFromBot && $0.text.plain.contains(text) }
        }
        let isThere = try await eventually(desk.loop, within: .seconds(60)) { await found() != nil }
        let texts = await texts(in: chat)
        #expect(isThere, "not \(text): \(texts)")
        await checkButtons(in: chat)
        return await found()
    }

    func seesWord(_ word: String, in chat: Int64 = BotPhone.owner) async throws {
        try await sees(Self.words(.uk)(word), in: chat)
    }

    /// Waits for a box over the chat with these words.
    func seesToast(_ word: String, in chat: Int64 = BotPhone.owner) async throws {
        let text = Self.words(.uk)(word)
        let isThere = try await eventually(desk.loop, within: .seconds(60)) {
            await sandbox.chat(chat)?.toast?.text == String(text.prefix(200))
        }
        let toast = await sandbox.chat(chat)?.toast?.text
        #expect(isThere, "\(toast ?? "none") instead of \(text)")
    }

    private func checkButtons(in chat: Int64) async {
        for message in await sandbox.chat(chat)?.messages ?? [] {
            for button in message.buttons { #expect(button.data.utf8.count <= 64) }
        }
    }
}

func withBotPhone(
    base: String? = "https://desk.example", _ body: @escaping @Sendable (BotPhone) async throws -> Void
) async throws {
    try await withDesk { desk in
        // The longest numbers there can be, so that buttons are as long as they get.
        try await desk.database.execute("ALTER TABLE keitaro_profiles ALTER COLUMN id RESTART WITH 4611686018427387904")
        try await desk.database.execute("ALTER TABLE keitaro_routes ALTER COLUMN id RESTART WITH 4611686018427387904")
        let phone = try BotPhone(desk, base: base)
        let outcome: Result<Void, any Error>
        do {
            outcome = .success(try await body(phone))
        } catch {
            outcome = .failure(error)
        }
        await phone.stop()
        try outcome.get()
    }
}
