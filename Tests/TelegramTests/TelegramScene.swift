import Base
import Fetch
import Postgres
import Reactor
import Sandbox
import Telegram
import TestDesk
import Testing

/// A database, a simulated Telegram and as many senders as a test wants.
final class TelegramScene: Sendable {
    static let token = "5001:a-token-of-the-tests"

    let database: Database
    let loop: EventLoop
    let sandbox: TelegramSandbox
    let url: String
    let fetch: Fetch

    init(_ database: Database, _ loop: EventLoop, hasLimits: Bool) throws {
        self.database = database
        self.loop = loop
        sandbox = TelegramSandbox(
            bots: [Self.token: "desk_bot"],
            chats: [
                SimulatedChat(11, "Olena", kind: "private"), SimulatedChat(12, "Ivan", kind: "private"),
                SimulatedChat(-21, "Deposits", kind: "group"),
                SimulatedChat(-1_000_031, "Forum", kind: "supergroup", topics: [.init(5, "Sales"), .init(6, "Leads")]),
            ], hasLimits: hasLimits, loop: loop)
        url = "http://127.0.0.1:\(try sandbox.start(port: 0, log: .silent))"
        fetch = Fetch(loops: [loop])
    }

    var client: TelegramClient { TelegramClient(fetch: fetch, token: Secret(Self.token), url: url) }

    static var quick: TelegramSender.Settings {
        var settings = TelegramSender.Settings()
        settings.poll = .milliseconds(10)
        settings.pace.chatInterval = .milliseconds(1)
        settings.pace.botInterval = .milliseconds(1)
        return settings
    }

    func sender(
        kinds: [TelegramKind] = [], migrations: [ChatMigration] = [], token: String = TelegramScene.token,
        settings: TelegramSender.Settings = TelegramScene.quick,
        isHeldBack: @escaping @Sendable () -> Bool = { false }
    ) -> TelegramSender {
        TelegramSender(
            database: database, client: TelegramClient(fetch: fetch, token: Secret(token), url: url), kinds: kinds,
            migrations: migrations, loop: loop, log: .silent, settings: settings, isHeldBack: isHeldBack)
    }

    @discardableResult
    func put(_ texts: [String], to chat: Int64, topic: Int64? = nil, heldUntil: Timestamp? = nil) async throws
        -> [Int64]
    {
        try await TelegramMessages.put(
            texts.map { text in
                var message = TelegramMessage.written(text, to: chat, topic: topic)
                message.heldUntil = heldUntil
                return message
            }, in: database)
    }

    /// What the chat shows.
    func texts(in chat: Int64) async -> [String] {
        await sandbox.chat(chat)?.messages.map(\.text.plain) ?? []
    }

    func states() async throws -> [String] {
        try await database.query("SELECT state FROM telegram_messages ORDER BY id").map { try $0.get("state") }
    }

    /// Runs a sender until every message is in one of the states.
    func send(
        _ sender: TelegramSender, until settled: Set<String> = ["sent", "digested", "failed"]
    ) async throws {
        sender.start()
        let isDone = try await eventually(loop, within: .seconds(60)) {
            try await states().allSatisfy(settled.contains)
        }
        await sender.stop()
        let left = try await states()
        #expect(isDone, "\(left)")
    }
}

func withTelegram<Value: Sendable>(
    limits: Bool = false, _ body: @escaping @Sendable (TelegramScene) async throws -> Value
) async throws -> Value {
    try await withTestDatabase { database, loop in
        let scene = try TelegramScene(database, loop, hasLimits: limits)
        let outcome: Result<Value, any Error>
        do {
            outcome = .success(try await body(scene))
        } catch {
            outcome = .failure(error)
        }
        await scene.fetch.close()
        await scene.sandbox.stop()
        return try outcome.get()
    }
}
