/// What the operator chose, read once at start from the environment (`DotEnv.merged` puts a `.env` file under it).
package struct Configuration: Sendable {
    /// The demo keeps to itself: it has a database and a tracker of its own and touches no configured one.
    package let demo: Bool
    /// `PORT`, also `KEITARO_WEBHOOK_PORT`; 0 asks for a free one.
    package let port: UInt16
    /// `HOST`: the address to listen on, always a numeric one.
    package let host: String
    /// `PUBLIC_URL`, or `https://` and `WEBHOOK_DOMAIN`: how the world reaches us. No slash at the end.
    package let publicURL: String?
    /// `ALLOWED_HOSTS`: host names in lowercase that a request may name; empty when not set.
    package let allowedHosts: [String]
    /// `DATABASE_URL`, or made of `POSTGRES_*`. Nil: a private cluster in `dataDirectory`; always so in the demo.
    package let databaseURL: Secret?
    /// `DATA_DIR`, in the demo `DEMO_DATA_DIR`. Absolute; need not exist yet.
    package let dataDirectory: String
    /// `SECRET_KEY`. Nil: made once and kept in `dataDirectory` (`SecretKey.load`).
    package let secretKey: Secret?
    /// `LOOPS`: threads that serve, one per core unless set. 1...64.
    package let loops: Int
    /// `TRUSTED_PROXIES`: whose word on a client's address is believed.
    package let trustedProxies: AddressList
    /// `TLS_CERTIFICATE` and `TLS_KEY`: absolute paths of PEM files. Nil: plain HTTP; always so in the demo.
    package let tls: TLSFiles?
    /// `LIMIT_…`: what clients may ask.
    package let limits: ConfigurationLimits
    /// `KEITARO_URL`: the tracker's root, without `/admin_api/v1` and without a slash at the end. Nil in the demo.
    package let keitaroURL: String?
    /// `TELEGRAM_BOT_TOKEN`: the bot that tells postbacks. Nil in the demo.
    package let telegramBotToken: Secret?
    /// `ADMIN_BOT_TOKEN`: the bot that has the menus; nil: the same bot. Nil in the demo.
    package let adminBotToken: Secret?
    /// `ADMIN_IDS`: Telegram ids of people who may do everything in the bot.
    package let adminIDs: Set<Int64>
    /// `TELEGRAM_API_URL`: a Bot API server, `https://api.telegram.org` unless set. No slash at the end.
    package let telegramURL: String
    /// `REPORTING_CURRENCY`: an ISO 4217 code; USD unless set. Keitaro's reports name none.
    package let reportingCurrency: String
    /// `HTTPS_PROXY`: for outgoing calls. A secret, for it may hold a password.
    package let httpsProxy: Secret?
    /// `LOG_LEVEL`: `debug`, `info`, `warning` or `error`.
    package let logLevel: Logger.Level
    /// `ASSETS_DIR`: where `Templates`, `Public` and `Migrations` are; the working directory unless set. Absolute.
    package let assetsDirectory: String

    package var templatesDirectory: String { assetsDirectory + "/Templates" }
    package var publicDirectory: String { assetsDirectory + "/Public" }
    package var migrationsDirectory: String { assetsDirectory + "/Migrations" }

    /// - Throws: every bad value at once. No sentence holds a value.
    package static func read(
        environment: [String: String], demo: Bool, machine: Machine = .current()
    ) throws(ConfigurationProblems) -> Configuration {
        var reader = ConfigurationReader(environment)
        let configuration = Configuration(&reader, demo: demo, machine: machine)
        guard reader.problems.isEmpty else { throw ConfigurationProblems(reader.problems) }
        return configuration
    }

    private init(_ reader: inout ConfigurationReader, demo: Bool, machine: Machine) {
        self.demo = demo
        port = reader.port("PORT", "KEITARO_WEBHOOK_PORT") ?? 8_080
        host = reader.listeningAddress("HOST") ?? (demo ? "127.0.0.1" : "0.0.0.0")
        publicURL = reader.publicURL()
        allowedHosts = reader.hostNames("ALLOWED_HOSTS") ?? []
        databaseURL = demo ? nil : reader.databaseURL()
        dataDirectory =
            reader.directory(demo ? "DEMO_DATA_DIR" : "DATA_DIR", machine) ?? machine.dataDirectory(demo: demo)
        secretKey = reader.secretKey("SECRET_KEY")
        loops = reader.number("LOOPS", 1...64) ?? min(max(machine.cores, 1), 64)
        trustedProxies = reader.addresses("TRUSTED_PROXIES") ?? AddressList()
        tls = demo ? nil : reader.tlsFiles(machine)
        limits = ConfigurationLimits(&reader)
        keitaroURL = demo ? nil : reader.keitaroURL("KEITARO_URL")
        telegramBotToken = demo ? nil : reader.botToken("TELEGRAM_BOT_TOKEN")
        adminBotToken = demo ? nil : reader.botToken("ADMIN_BOT_TOKEN")
        adminIDs = reader.telegramIDs("ADMIN_IDS") ?? []
        telegramURL = reader.apiURL("TELEGRAM_API_URL") ?? "https://api.telegram.org"
        reportingCurrency = reader.currency("REPORTING_CURRENCY") ?? "USD"
        httpsProxy = reader.proxy("HTTPS_PROXY", "https_proxy")
        logLevel = reader.logLevel("LOG_LEVEL") ?? .info
        assetsDirectory = reader.directory("ASSETS_DIR", machine) ?? machine.workingDirectory
    }
}

/// Where a server's certificate, with its chain, and its key are.
package struct TLSFiles: Hashable, Sendable {
    package let certificate: String
    package let key: String
}
