import Accounts
import Base
import BotRuntime
import Fetch
import Keitaro
import Postbacks
import Postgres
import Reactor
import Sandbox
import Telegram

/// The demo's own outside world: a simulated Keitaro on loopback, and an account that knows its key.
final class Demo: Sendable {
    static let seed: UInt64 = 2026
    static let trackerName = "trk-demo"

    let keitaro: KeitaroSandbox
    let keitaroURL: String
    let telegram: TelegramSandbox
    let telegramURL: String

    /// - Throws: `SystemError` when no port is free.
    init(configuration: Configuration, loop: EventLoop, log: Logger) throws {
        keitaro = KeitaroSandbox(
            seed: Self.seed, loop: loop, file: "\(configuration.dataDirectory)/sandbox-keitaro.json",
            log: log.component("sandbox"))
        let port = try keitaro.start(port: 0, log: log.component("sandbox"))
        keitaroURL = "http://127.0.0.1:\(port)"
        telegram = TelegramSandbox(
            bots: [TelegramDemo.token: TelegramDemo.bot], chats: TelegramDemo.chats, loop: loop)
        telegramURL = "http://127.0.0.1:\(try telegram.start(port: 0, log: log.component("sandbox")))"
    }

    func stop() async {
        await keitaro.stop()
        await telegram.stop()
    }

    /// The phone belongs to the demo's administrator, and the bot is in its chats.
    func seedTelegram(_ storage: Storage) async throws {
        try await BotPeople(database: storage.database, administrators: [])
            .adopt(TelegramDemo.owner, name: "Олена", byFirstOf: "admin")
        let fetch = Fetch(loops: storage.database.loops)
        let client = TelegramClient(fetch: fetch, token: Secret(TelegramDemo.token), url: telegramURL)
        for chat in TelegramDemo.chats {
            if let known = try? await client.getChat(chat.id) {
                try await ChatBook(database: storage.database).note(known)
            }
        }
        await fetch.close()
    }

    func seedProfiles(_ storage: Storage) async throws {
        let store = PostbackDeskStore(database: storage.database, vault: PostbackVault(storage.secretKey))
        try await DemoProfiles(store: store, database: storage.database).seed()
    }

    /// Nobody has to log in before a token can act: the demo's administrator is there from the first start.
    func seedAccounts(_ accounts: AccountStore) async throws {
        let tracker = try await accounts.moveTracker(name: Self.trackerName, to: keitaroURL)
        try await accounts.seedUser(
            name: "Demo", role: .admin, key: Secret(KeitaroWorld.adminKey), tracker: tracker)
    }

    /// Conversions of the simulated tracker come to this desk, as it is reached on this machine.
    func startTraffic(
        _ configuration: Configuration, port: UInt16, storage: Storage, trackers: KeitaroTrackers, fetch: Fetch,
        log: Logger
    ) async {
        let own = "\(configuration.scheme)://127.0.0.1:\(port)"
        let log = log.component("sandbox")
        await DemoTraffic(
            database: storage.database, vault: PostbackVault(storage.secretKey), trackers: trackers,
            trackerURL: keitaroURL, publicURL: configuration.publicURL ?? own, log: log
        ).install()
        keitaro.startPosting(
            through: fetch,
            receiver: configuration.publicURL.map { KeitaroPostbackSender.Receiver(publicURL: $0, loopbackURL: own) },
            log: log)
    }
}
