import Base
import BotRuntime
import Fetch
import Postgres
import Reactor
import Sandbox
import Synchronization
import Telegram
import Views

/// The bots of this process: the one that sends, and those whose updates are read. Without a token there is none, and what is to be
/// sent waits.
final class TelegramDesk: Sendable {
    let sender: TelegramSender
    /// Of the bot that has the menus.
    let address: BotAddress
    private let runtimes: [BotRuntime]
    private let sessions: Database

    /// What the features bring.
    struct Parts {
        var kinds: [TelegramKind] = []
        var migrations: [ChatMigration] = []
        var menus: [any BotMenu] = []
        /// Whether older messages are still on their way into the queue.
        var isHeldBack: @Sendable () -> Bool = { false }
        /// Rung after each message that was sent or given up.
        var settled: @Sendable () -> Void = {}
    }

    private init(
        _ configuration: Configuration, _ bots: Bots, parts: Parts, storage: Storage, fetch: Fetch, loop: EventLoop,
        log: Logger
    ) throws {
        var settings = Database.Settings()
        settings.connectionsPerLoop = 2
        sessions = try Database(
            url: storage.databaseURL, loops: [loop], settings: settings, log: log.component("postgres"))
        let book = try Self.words(configuration)
        func client(_ token: Secret) -> TelegramClient { TelegramClient(fetch: fetch, token: token, url: bots.url) }
        let main = client(bots.sending)
        address = BotAddress(client(bots.asking))
        let sender = TelegramSender(
            database: storage.database, client: main, kinds: parts.kinds, migrations: parts.migrations, loop: loop,
            log: log, isHeldBack: parts.isHeldBack, settled: parts.settled)
        self.sender = sender
        let queue = TelegramQueue(database: storage.database, bot: main.botID, migrations: parts.migrations)
        let sessions = sessions
        runtimes = bots.all.map { token in
            BotRuntime(
                database: storage.database, sessions: sessions, client: client(token),
                isSending: token == bots.sending,
                people: BotPeople(database: storage.database, administrators: bots.administrators),
                // Of two bots one has the menus; where the other is, it tells.
                menus: token == bots.asking ? parts.menus : [],
                words: { Words(book, $0) }, queue: queue, mended: { sender.poke() }, loop: loop, log: log)
        }
    }

    /// Nil: no token is set.
    static func make(
        _ configuration: Configuration, demo: Demo?, parts: Parts, storage: Storage, fetch: Fetch, loop: EventLoop,
        log: Logger
    ) throws -> TelegramDesk? {
        guard let bots = Bots(configuration, demo: demo) else { return nil }
        return try TelegramDesk(
            configuration, bots, parts: parts, storage: storage, fetch: fetch, loop: loop, log: log)
    }

    private static func words(_ configuration: Configuration) throws -> WordBook {
        var sources: [Language: [UInt8]] = [:]
        for language in Language.allCases {
            sources[language] = try FileSystem.read(
                "\(configuration.templatesDirectory)/words/\(language.rawValue).json", limit: 1 << 20)
        }
        return try WordBook(sources: sources)
    }

    func start() {
        sender.start()
        for runtime in runtimes { runtime.start() }
    }

    func stop(within deadline: Duration) async {
        await withTaskGroup { group in
            for runtime in runtimes { group.addTask { await runtime.stop(within: deadline) } }
            group.addTask { await self.sender.stop(within: deadline) }
        }
        await sessions.close()
    }
}

/// Which tokens do what.
struct Bots: Sendable {
    let url: String
    /// Tells postbacks.
    let sending: Secret
    /// Has the menus: the administrators' bot, where there is one of its own.
    let asking: Secret
    let administrators: Set<Int64>

    var all: [Secret] { sending == asking ? [sending] : [sending, asking] }

    init?(_ configuration: Configuration, demo: Demo?) {
        if let demo {
            url = demo.telegramURL
            sending = Secret(TelegramDemo.token)
            asking = sending
            administrators = [TelegramDemo.owner]
            return
        }
        guard let first = configuration.telegramBotToken ?? configuration.adminBotToken else { return nil }
        url = configuration.telegramURL
        sending = first
        asking = configuration.adminBotToken ?? first
        administrators = configuration.adminIDs
    }
}
