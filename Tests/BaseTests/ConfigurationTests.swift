import Base
import Testing

@Suite struct ConfigurationTests {
    private let machine = Machine(isRoot: false, cores: 4, workingDirectory: "/srv/desk")

    private func read(
        _ environment: [String: String] = [:], demo: Bool = false, machine: Machine? = nil
    ) throws(ConfigurationProblems) -> Configuration {
        try Configuration.read(environment: environment, demo: demo, machine: machine ?? self.machine)
    }

    private func problems(_ environment: [String: String]) -> [String] {
        do {
            _ = try read(environment)
            return []
        } catch {
            return error.problems.map(\.description)
        }
    }

    @Test func `an empty environment is a whole configuration`() throws {
        let configuration = try read()
        #expect(!configuration.demo)
        #expect(configuration.port == 8_080)
        #expect(configuration.host == "0.0.0.0")
        #expect(configuration.publicURL == nil)
        #expect(configuration.allowedHosts == [])
        #expect(configuration.databaseURL == nil)
        #expect(configuration.dataDirectory == "/srv/desk/.data")
        #expect(configuration.secretKey == nil)
        #expect(configuration.loops == 4)
        #expect(configuration.trustedProxies.isEmpty)
        #expect(configuration.keitaroURL == nil)
        #expect(configuration.httpsProxy == nil)
        #expect(configuration.logLevel == .info)
        #expect(configuration.templatesDirectory == "/srv/desk/Templates")
        #expect(configuration.publicDirectory == "/srv/desk/Public")
        #expect(configuration.migrationsDirectory == "/srv/desk/Migrations")
    }

    @Test func `a variable set to nothing is absent`() throws {
        let names = [
            "PORT", "HOST", "PUBLIC_URL", "WEBHOOK_DOMAIN", "ALLOWED_HOSTS", "DATABASE_URL", "POSTGRES_HOST",
            "POSTGRES_PORT",
            "DATA_DIR", "SECRET_KEY", "LOOPS", "TRUSTED_PROXIES", "KEITARO_URL", "HTTPS_PROXY", "LOG_LEVEL",
            "ASSETS_DIR", "TELEGRAM_BOT_TOKEN", "ADMIN_BOT_TOKEN", "ADMIN_IDS", "TELEGRAM_API_URL",
        ]
        let configuration = try read(Dictionary(uniqueKeysWithValues: names.map { ($0, " ") }))
        #expect(configuration.port == 8_080)
        #expect(configuration.databaseURL == nil)
    }

    @Test func `the demo keeps to itself`() throws {
        let environment = [
            "DATABASE_URL": "postgresql://prod/db", "POSTGRES_HOST": "prod", "POSTGRES_PORT": "bad",
            "DATA_DIR": "/prod",
            "KEITARO_URL": "https://prod.example.com", "TELEGRAM_BOT_TOKEN": "1:aaaaaaaaaaaaaaaaaaaaaaaa",
            "ADMIN_BOT_TOKEN": "2:aaaaaaaaaaaaaaaaaaaaaaaa",
        ]
        let demo = try read(environment, demo: true)
        #expect(demo.demo)
        #expect(demo.host == "127.0.0.1")
        #expect(demo.databaseURL == nil)
        #expect(demo.keitaroURL == nil && demo.telegramBotToken == nil && demo.adminBotToken == nil)
        #expect(demo.dataDirectory == "/srv/desk/.data-demo")
        #expect(try read(["DEMO_DATA_DIR": "/d", "HOST": "0.0.0.0"], demo: true).dataDirectory == "/d")
        #expect(try read(["DEMO_DATA_DIR": "/d", "HOST": "0.0.0.0"], demo: true).host == "0.0.0.0")
        #expect(try read(["DEMO_DATA_DIR": "/d"]).dataDirectory == "/srv/desk/.data")
    }

    @Test func `root's data lies in the system's place`() throws {
        let root = Machine(isRoot: true, cores: 200, workingDirectory: "/app")
        #expect(try read(machine: root).dataDirectory == "/var/lib/sluice")
        #expect(try read(demo: true, machine: root).dataDirectory == "/var/lib/sluice-demo")
        #expect(try read(["DATA_DIR": "data/"], machine: root).dataDirectory == "/app/data")
        #expect(try read(machine: root).loops == 64)
        #expect(try read(machine: Machine(isRoot: true, cores: -1, workingDirectory: "")).loops == 1)
    }

    @Test func `the seeds' names are read too, ours first`() throws {
        #expect(try read(["KEITARO_WEBHOOK_PORT": "9000"]).port == 9_000)
        #expect(try read(["KEITARO_WEBHOOK_PORT": "9000", "PORT": "0"]).port == 0)
        #expect(try read(["WEBHOOK_DOMAIN": "Desk.Example.com"]).publicURL == "https://desk.example.com")
        #expect(try read(["WEBHOOK_DOMAIN": "http://a.example/x/"]).publicURL == "http://a.example/x")
        #expect(
            try read(["WEBHOOK_DOMAIN": "a.example", "PUBLIC_URL": "http://b.example:81/"]).publicURL
                == "http://b.example:81")
    }

    @Test(
        arguments: [
            (["DATABASE_URL": "postgresql://u:p@h/d"], "postgresql://u:p@h/d"),
            (["DATABASE_URL": "postgres://h/d"], "postgresql://h/d"),
            (["DATABASE_URL": "postgresql+asyncpg://h/d"], "postgresql://h/d"),
            (["DATABASE_URL": "postgresql://h/d", "POSTGRES_HOST": "other"], "postgresql://h/d"),
            (["POSTGRES_HOST": "db"], "postgresql://postgres@db:5432/postgres"),
            (["POSTGRES_HOST": "", "POSTGRES_USER": "u"], nil),
            (
                [
                    "POSTGRES_HOST": "db", "POSTGRES_PORT": "6432", "POSTGRES_USER": "us er",
                    "POSTGRES_PASSWORD": "p@ss:/?#é%",
                    "POSTGRES_DB": "a/b",
                ], "postgresql://us%20er:p%40ss%3a%2f%3f%23%c3%a9%25@db:6432/a%2fb"
            ),
            (["POSTGRES_HOST": "/run/postgresql", "POSTGRES_USER": "u"], "postgresql://u@%2frun%2fpostgresql:5432/u"),
            (["POSTGRES_HOST": "::1", "POSTGRES_USER": "u"], "postgresql://u@[::1]:5432/u"),
        ] as [([String: String], String?)])
    func `a database address is taken or made`(_ environment: [String: String], _ expected: String?) throws {
        #expect(try read(environment).databaseURL?.reveal() == expected)
    }

    @Test(
        arguments: [
            ("https://t.example.com", "https://t.example.com"), ("https://T.example.com/", "https://t.example.com"),
            ("HTTP://127.0.0.1:8081//", "http://127.0.0.1:8081"),
            ("https://t.example.com/admin_api/v1", "https://t.example.com"),
            ("https://t.example.com/admin_api/v1/", "https://t.example.com"),
            ("https://t.example.com/Sub/", "https://t.example.com/Sub"),
            ("https://t.example.com/sub//admin_api/v1", "https://t.example.com/sub"),
            ("http://[::1]:8081", "http://[::1]:8081"),
            ("t.example.com", nil), ("ftp://t.example.com", nil), ("https://", nil), ("https:///x", nil),
            ("https://a b", nil),
            ("https://t.example.com?x=1", nil), ("https://t.example.com/#x", nil), ("https://u:p@t.example.com", nil),
            ("https://t.example.com:0", nil), ("https://t.example.com:99999", nil), ("https://t.example.com:", nil),
            ("https://[::1", nil),
            ("https://[::1]x", nil), ("https://..", nil), ("https://t_x.example.com", "https://t_x.example.com"),
            ("://", nil),
            ("https://é.example.com", nil),
        ] as [(String, String?)])
    func `a tracker's address is brought to its root`(_ text: String, _ expected: String?) {
        #expect((try? read(["KEITARO_URL": text]))?.keitaroURL == expected)
    }

    @Test func `good values are taken`() throws {
        let configuration = try read([
            "PORT": " 65535 ", "HOST": "localhost", "ALLOWED_HOSTS": "LocalHost, 127.0.0.1,[::1],",
            "SECRET_KEY": "0123456789abcdef", "TLS_CERTIFICATE": "/etc/tls/chain.pem", "TLS_KEY": "key.pem",
            "LOOPS": "64", "TRUSTED_PROXIES": "10.0.0.0/8,::1", "HTTPS_PROXY": "http://u:p@ss@Proxy:3128/",
            "LOG_LEVEL": "DEBUG",
            "ASSETS_DIR": "assets", "DATA_DIR": "/data//", "PUBLIC_URL": "https://desk.example.com/",
        ])
        #expect(configuration.port == 65_535)
        #expect(configuration.host == "127.0.0.1")
        #expect(configuration.allowedHosts == ["localhost", "127.0.0.1", "[::1]"])
        #expect(configuration.secretKey == Secret("0123456789abcdef"))
        #expect(configuration.loops == 64)
        #expect(configuration.tls?.certificate == "/etc/tls/chain.pem")
        #expect(configuration.tls?.key == "/srv/desk/key.pem")
        #expect(configuration.trustedProxies.ranges.count == 2)
        #expect(configuration.httpsProxy?.reveal() == "http://u:p@ss@proxy:3128")
        #expect(configuration.logLevel == .debug)
        #expect(configuration.assetsDirectory == "/srv/desk/assets")
        #expect(configuration.dataDirectory == "/data")
        #expect(try read(["https_proxy": "proxy:3128"]).httpsProxy?.reveal() == "http://proxy:3128")
        #expect(try read(["HOST": "::"]).host == "::")
    }

    @Test func `limits have defaults, and each is taken from its own variable`() throws {
        let usual = try read([:]).limits
        #expect(usual.connections == 16_384 && usual.requestsPerMinute == 3_000 && usual.heldMegabytes == 256)
        let limits = try read([
            "LIMIT_CONNECTIONS": "101", "LIMIT_CONNECTIONS_PER_ADDRESS": "102", "LIMIT_REQUESTS_IN_WORK": "103",
            "LIMIT_REQUESTS_PER_MINUTE": "0", "LIMIT_TOKEN_REQUESTS_PER_MINUTE": "105", "LIMIT_REQUEST_LINE": "1066",
            "LIMIT_HEADERS": "10700", "LIMIT_BODY": "108000", "LIMIT_HELD_MEGABYTES": "109",
            "LIMIT_HEADER_SECONDS": "110", "LIMIT_BODY_SECONDS": "111", "LIMIT_IDLE_SECONDS": "112",
            "LIMIT_WRITE_SECONDS": "113",
        ]).limits
        #expect(limits.connections == 101 && limits.connectionsPerAddress == 102 && limits.requestsInWork == 103)
        #expect(limits.requestsPerMinute == 0 && limits.tokenRequestsPerMinute == 105)
        #expect(limits.requestLine == 1_066 && limits.headers == 10_700 && limits.body == 108_000)
        #expect(limits.heldMegabytes == 109 && limits.headerSeconds == 110 && limits.bodySeconds == 111)
        #expect(limits.idleSeconds == 112 && limits.writeSeconds == 113)
    }

    @Test func `a certificate and its key come together`() {
        #expect(problems(["TLS_KEY": "key.pem"]) == ["TLS_CERTIFICATE must be set when TLS_KEY is."])
        #expect(problems(["TLS_CERTIFICATE": "chain.pem"]) == ["TLS_KEY must be set when TLS_CERTIFICATE is."])
    }

    @Test(
        arguments: [
            ("PORT", ["-1", "65536", "80a", "+80", "8 0", "0x50", "99999999999999999999"]),
            ("LOOPS", ["0", "65", "two"]), ("LIMIT_CONNECTIONS", ["15", "many"]),
            ("LIMIT_CONNECTIONS_PER_ADDRESS", ["0"]), ("LIMIT_REQUESTS_IN_WORK", ["0"]),
            ("LIMIT_REQUESTS_PER_MINUTE", ["-1"]), ("LIMIT_TOKEN_REQUESTS_PER_MINUTE", ["-1"]),
            ("LIMIT_REQUEST_LINE", ["80", "8k"]), ("LIMIT_HEADERS", ["100"]), ("LIMIT_BODY", ["1"]),
            ("LIMIT_HELD_MEGABYTES", ["1"]), ("LIMIT_HEADER_SECONDS", ["0"]), ("LIMIT_BODY_SECONDS", ["0"]),
            ("LIMIT_IDLE_SECONDS", ["0", "3601"]), ("LIMIT_WRITE_SECONDS", ["0"]),
            ("HOST", ["desk.example.com", "1.2.3", "::1%lo"]),
            ("PUBLIC_URL", ["desk.example.com", "https://u:p@h", "javascript:1"]),
            ("WEBHOOK_DOMAIN", ["a b", "ftp://a", "-"]), ("ALLOWED_HOSTS", ["a:80", "a/b", "*", ".."]),
            ("DATABASE_URL", ["mysql://h/d", "h", "postgresqlx://h", "://", "postgresql://a b"]),
            ("SECRET_KEY", ["short", "123456789012345", "your-secret-key-here-change-in-production"]),
            ("TRUSTED_PROXIES", ["proxy", "10.0.0.0/99"]), ("HTTPS_PROXY", ["ftp://p", "http://"]),
            ("LOG_LEVEL", ["loud"]),
        ] as [(String, [String])])
    func `a bad value is named in one sentence and never shown`(_ name: String, _ values: [String]) {
        for value in values {
            let found = problems([name: value])
            #expect(found.count == 1)
            #expect(found.first?.hasPrefix(name + " must ") == true)
            #expect(found.first?.hasSuffix(".") == true)
        }
    }

    @Test func `Telegram's settings are read`() throws {
        let configuration = try read([
            "TELEGRAM_BOT_TOKEN": "123:AAE_-bcdefghijklmnopqrstu", "ADMIN_IDS": "17, 18;19",
            "TELEGRAM_API_URL": "http://127.0.0.1:8081/",
        ])
        #expect(configuration.telegramBotToken?.reveal() == "123:AAE_-bcdefghijklmnopqrstu")
        #expect(configuration.adminBotToken == nil && configuration.adminIDs == [17, 18, 19])
        #expect(configuration.telegramURL == "http://127.0.0.1:8081")
        #expect(try read().telegramURL == "https://api.telegram.org")
    }

    @Test func `reports every problem at once`() {
        let found = problems([
            "PORT": "hunter2", "HOST": "hunter2.example", "PUBLIC_URL": "hunter2", "ALLOWED_HOSTS": "hunter2/",
            "POSTGRES_HOST": "db",
            "POSTGRES_PORT": "hunter2", "SECRET_KEY": "hunter2", "LOOPS": "hunter2", "TRUSTED_PROXIES": "hunter2",
            "KEITARO_URL": "hunter2", "HTTPS_PROXY": "hunter2://x", "LOG_LEVEL": "hunter2",
            "TELEGRAM_BOT_TOKEN": "1:hunter2", "ADMIN_BOT_TOKEN": "hunter2:aaaaaaaaaaaaaaaaaaaaaaaa",
            "ADMIN_IDS": "1,hunter2", "TELEGRAM_API_URL": "hunter2",
        ])
        #expect(
            found.map { $0.prefix { $0 != " " } } == [
                "PORT", "HOST", "PUBLIC_URL", "ALLOWED_HOSTS", "POSTGRES_PORT", "SECRET_KEY", "LOOPS",
                "TRUSTED_PROXIES",
                "KEITARO_URL", "TELEGRAM_BOT_TOKEN", "ADMIN_BOT_TOKEN", "ADMIN_IDS", "TELEGRAM_API_URL", "HTTPS_PROXY",
                "LOG_LEVEL",
            ])
        #expect(!found.joined().contains("hunter2"))
    }

    @Test func `a printed configuration shows no secret`() throws {
        let configuration = try read([
            "DATABASE_URL": "postgresql://u:hunter2@h/d", "SECRET_KEY": "hunter2hunter2hunter2",
            "HTTPS_PROXY": "http://u:hunter2@p",
        ])
        var dumped = ""
        dump(configuration, to: &dumped)
        #expect(!"\(configuration) \(dumped)".contains("hunter2"))
    }

    @Test func `this machine is somewhere`() {
        let machine = Machine.current()
        #expect(machine.cores >= 1)
        #expect(machine.workingDirectory.isEmpty || machine.workingDirectory.hasPrefix("/"))
    }
}
