import Accounts
import Admin
import Base
import BotRuntime
import DataKeeping
import Fetch
import FlowEditor
import Frame
import HTTP
import Keitaro
import Mirror
import Outbox
import Postbacks
import Postgres
import Reactor
import Sandbox
import StoredObjects
import Synchronization

package final class TestBotName: Sendable {
    private let state = Mutex<BotName>(.known("desk_bot"))

    package var name: BotName {
        get { state.withLock { $0 } }
        set { state.withLock { $0 = newValue } }
    }
}

/// A whole desk on one loop: its own database, a simulated Keitaro and a server, both on loopback.
package final class TestDesk: Sendable {
    package let loop: EventLoop
    package let database: Database
    package let accounts: AccountStore
    package let fetch: Fetch
    package let port: UInt16
    package let keitaro: SimulatedKeitaro
    package let tracker: Tracker
    package let outbox: OutboxWorker
    package let receiving: PostbackIntake
    /// What the desk knows of its bot, which nobody asks.
    package let bot = TestBotName()
    private let rows: RowIntake
    private let folder: TemporaryFolder
    private let server: Server
    private let application: Application
    private let metrics = MetricSources()
    /// Holds every answer against what its route describes.
    package let contract = AnswerContract()

    /// Templates are read once for all desks.
    private static let frame = Result {
        try Frame(
            templatesDirectory: TestPlaces.templates, assetVersion: "test", demoKeys: nil, publicURL: nil,
            serverName: "desk.example")
    }

    init(database: Database, loop: EventLoop, deadlines: KeitaroClient.Deadlines) async throws {
        self.loop = loop
        self.database = database
        keitaro = try SimulatedKeitaro(loop: loop)
        let secretKey = SecretKey(Secret("a secret of the tests alone"))
        let accounts = AccountStore(database: database, vault: KeyVault(secretKey))
        self.accounts = accounts
        tracker = try await accounts.moveTracker(name: "trk-test", to: keitaro.url)
        fetch = keitaro.fetch
        let trackers = KeitaroTrackers(fetch: fetch, log: .silent, deadlines: deadlines)
        let outbox = OutboxWorker(
            database: database,
            handlers: [
                FlowEditorRoutes.outboxHandler(
                    database: database, accounts: accounts, trackers: trackers, log: .silent),
                InstallationWorker(
                    store: InstallationStore(database: database, vault: PostbackVault(secretKey)), accounts: accounts,
                    trackers: trackers, log: .silent
                ).handler,
            ],
            loop: loop, log: .silent)
        self.outbox = outbox
        let frame = try Self.frame.get()
        let proxies = AddressList([AddressRange("127.0.0.1")].compactMap { $0 })
        let login = AccountRoutes(
            store: accounts, trackers: trackers, frame: frame, secretKey: secretKey,
            proxies: proxies, log: .silent)
        let editor = FlowEditorRoutes(
            database: database, accounts: accounts, trackers: trackers, frame: frame, currency: "USD",
            ordered: { outbox.poke() })
        folder = try TemporaryFolder("rows")
        rows = try await RowIntake.open(
            database, dataDirectory: folder.path, loop: loop, log: .silent)
        let receiving = PostbackIntake(
            book: ProfileBook(
                database: database, vault: PostbackVault(secretKey), directory: nil, loop: loop, log: .silent),
            rows: rows.accept(), refusals: Refusals(database: database, loop: loop, log: .silent), proxies: proxies,
            committed: {})
        self.receiving = receiving
        rows.start()
        let betweenTrackers = TrackerRoutes(
            database: database, vault: PostbackVault(secretKey), accounts: accounts, trackers: trackers, frame: frame,
            publicURL: "https://desk.example", ordered: { outbox.poke() })
        let postbackDesk = PostbackDeskRoutes(
            database: database, vault: PostbackVault(secretKey), frame: frame, publicURL: nil,
            intake: receiving)
        let admin = AdminRoutes(database: database, things: Self.things, frame: frame, publicURL: nil)
        let bot = bot
        let telegramLink = TelegramLinkRoutes(database: database, frame: frame, bot: { bot.name })
        let reference = ReferenceRoutes(
            besides: login.routes + telegramLink.routes + editor.routes + betweenTrackers.routes + receiving.routes
                + postbackDesk.routes + admin.routes
                + DataRoutes(database: database, frame: frame).routes
                + [MetricsRoute.route(metrics)], frame: frame, version: "0.0.0", server: nil)
        application = Application(
            routes: reference.routes,
            middleware: [
                contract.middleware, SecurityHeaders.middleware,
                Guard(store: accounts, proxies: proxies, log: .silent).middleware,
            ],
            log: .silent,
            readError: { error, request in Self.read(error, request, frame) },
            renderProblem: { error, request in frame.render(error, request) })
        contract.publish(OpenAPIDocument(reference.routes, title: "Sluice", version: "0.0.0").json)
        let application = application
        metrics.add { application.metrics }
        metrics.add { await database.poolState().families }
        server = try Server(host: "127.0.0.1", port: 0, loops: [loop], application: application, log: .silent)
        port = server.port
        outbox.start()
    }

    package static let things =
        AccountThings.storedThings + MirrorThings.storedThings + FlowEditorThings.storedThings
        + OutboxThings.storedThings + PostbackThings.storedThings

    /// As the executable reads them.
    private static func read(_ error: any Error, _ request: Request, _ frame: Frame) -> HTTPError? {
        switch error {
        case let problem as Problem: frame.httpError(problem, request)
        case let failure as KeitaroFailure: frame.httpError(frame.problem(failure), request)
        case let error as PostgresError: HTTPError(error)
        default: nil
        }
    }

    func stop() async {
        await server.stop(within: .seconds(1))
        await rows.close()
        folder.remove()
        await outbox.stop(within: .seconds(1))
        await fetch.close()
        await keitaro.stop()
    }

    /// A profile of postbacks with this secret; its id.
    package func addPostbackProfile(secret: String, chat: Int64? = nil) async throws -> Int64 {
        let vault = PostbackVault(SecretKey(Secret("a secret of the tests alone")))
        let lookup = vault.lookup(Secret(secret))
        let cipher = try vault.seal(Secret(secret))
        return try await database.one(
            """
            INSERT INTO keitaro_profiles (name, secret_lookup, secret_cipher, chat_id)
            VALUES ('Profile', \(lookup), \(cipher), \(chat)) RETURNING id
            """
        ).get("id")
    }

    /// What a process does when it is told that profiles changed.
    package func readProfiles() async -> (any Error)? { await receiving.book.read() }

    // MARK: Visitors

    package var routes: [Route] { application.routes }

    package func stranger(accepting types: String) -> Visitor { visitor(["Accept": types]) }

    private func visitor(_ headers: FetchHeaders) -> Visitor {
        Visitor(fetch: fetch, base: "http://127.0.0.1:\(port)", headers: headers)
    }

    package var stranger: Visitor { visitor(["Accept": "application/json"]) }

    package func program(token: String) -> Visitor { stranger.with("Authorization", "Bearer \(token)") }

    /// A program whose token has the Keitaro key given; nil: none.
    package func program(
        _ role: Role = .buyer, key: String? = KeitaroWorld.adminKey, name: String = "program"
    ) async throws -> Visitor {
        let token = try await accounts.createToken(name: name, role: role)
        let visitor = program(token: token)
        if let key {
            let answer = try await visitor.post("/users/login/", ["api_key": .string(key)])
            guard answer.status == 200 else { throw TestCluster.Failure(description: answer.text) }
        }
        return visitor
    }

    /// Somebody with a browser and a session, made by way of the login form.
    package func browser(key: String = KeitaroWorld.adminKey) async throws -> Visitor {
        let form = try await loginForm()
        let answer = try await form.visitor.postForm(
            "/users/login/", [("api_key", key), ("csrf_token", form.token), ("next", "/campaigns/")])
        guard answer.status == 303, let session = Self.cookie("sluice_session", in: answer) else {
            throw TestCluster.Failure(description: answer.text)
        }
        var visitor = self.visitor(["Accept": "text/html", "Cookie": "sluice_session=\(session)"])
        let page = try await visitor.get("/users/logout/")
        guard let token = Self.text(after: "name=\"csrf-token\" content=\"", in: page.text) else {
            throw TestCluster.Failure(description: page.text)
        }
        visitor.csrfToken = token
        return visitor
    }

    /// The login page's cookie and token, in the hands of a browser without a session.
    package func loginForm() async throws -> (visitor: Visitor, token: String) {
        let visitor = self.visitor(["Accept": "text/html"])
        let page = try await visitor.get("/users/login/")
        guard let nonce = Self.cookie("sluice_login", in: page),
            let token = Self.text(after: "name=\"csrf_token\" value=\"", in: page.text)
        else { throw TestCluster.Failure(description: page.text) }
        return (visitor.with("Cookie", "sluice_login=\(nonce)"), token)
    }

    package static func cookie(_ name: String, in answer: Visitor.Answer) -> String? {
        answer.headers.all("set-cookie").first { $0.hasPrefix("\(name)=") }
            .map { String($0.dropFirst(name.count + 1).prefix { $0 != ";" }) }
    }

    private static func text(after start: String, in page: String) -> String? {
        page.firstRange(of: start).map { String(page[$0.upperBound...].prefix { $0 != "\"" }) }
    }

    // MARK: Time

    /// Lets nothing in the outbox wait for its next attempt, so that retries need no time.
    package func retryAtOnce() async throws {
        try await database.execute(
            """
            CREATE FUNCTION no_pause() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN NEW.run_at = now(); RETURN NEW; END'
            """)
        try await database.execute(
            """
            CREATE TRIGGER no_pause BEFORE UPDATE ON outbox FOR EACH ROW WHEN (NEW.state = 'waiting')
            EXECUTE FUNCTION no_pause()
            """)
    }
}

/// Runs `body` on its loop with a desk that is stopped afterwards.
///
/// The desk's own deadlines apply to Keitaro; the shorter ones of a test make its timeouts short.
@discardableResult
package func withDesk<Value: Sendable>(
    deadlines: KeitaroClient.Deadlines = KeitaroClient.Deadlines(),
    _ body: @escaping @Sendable (TestDesk) async throws -> Value
) async throws -> Value {
    try await withTestDatabase { database, loop in
        let desk = try await TestDesk(database: database, loop: loop, deadlines: deadlines)
        do {
            let value = try await body(desk)
            await desk.stop()
            try desk.contract.check()
            return value
        } catch {
            await desk.stop()
            throw error
        }
    }
}

/// As `withDesk`, with the two programs of ``SyncedTemplate`` already there.
@discardableResult
package func withSyncedDesk<Value: Sendable>(
    deadlines: KeitaroClient.Deadlines = KeitaroClient.Deadlines(),
    _ body: @escaping @Sendable (TestDesk, _ admin: Visitor, _ buyer: Visitor) async throws -> Value
) async throws -> Value {
    let ready = try await SyncedTemplate.ready()
    return try await withTestDatabase(like: SyncedTemplate.name) { database, loop in
        let desk = try await TestDesk(database: database, loop: loop, deadlines: deadlines)
        do {
            let value = try await body(
                desk, desk.program(token: ready.adminToken), desk.program(token: ready.buyerToken))
            await desk.stop()
            try desk.contract.check()
            return value
        } catch {
            await desk.stop()
            throw error
        }
    }
}
