import Accounts
import Admin
import Base
import BotRuntime
import DataKeeping
import FlowEditor
import Frame
import Glibc
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

/// Every URL of the process and what stands before it.
struct Mounts {
    let configuration: Configuration
    let storage: Storage
    let trackers: KeitaroTrackers
    let log: Logger
    let readiness: ReadinessFlag
    let loops: [EventLoop]
    /// Tells the outbox worker of new items.
    let ordered: @Sendable () -> Void
    let metrics: MetricSources
    let receiving: PostbackParts
    /// Nil: no bot is set.
    var telegram: BotAddress?
    /// The demo's; nil elsewhere.
    var telegramSandbox: TelegramSandbox?

    private static let fonts = "/usr/share/fonts/opentype/inter"

    func application() throws -> Application {
        let files = try StaticFiles(
            folders: [("", configuration.publicDirectory)], fonts: [("fonts/", Self.fonts, Self.fontNames)])
        let frame = try Frame(
            templatesDirectory: configuration.templatesDirectory, assetVersion: files.version,
            demoKeys: configuration.demo ? [KeitaroWorld.adminKey] : nil, publicURL: configuration.publicURL,
            servesTLS: configuration.tls != nil,
            serverName: Self.hostName())
        let accounts = AccountRoutes(
            store: storage.accounts, trackers: trackers, frame: frame, secretKey: storage.secretKey,
            proxies: configuration.trustedProxies, log: log.component("login"))
        let flowEditor = FlowEditorRoutes(
            database: storage.database, accounts: storage.accounts, trackers: trackers, frame: frame,
            currency: configuration.reportingCurrency, ordered: ordered)
        let postbackDesk = PostbackDeskRoutes(
            database: storage.database, vault: PostbackVault(storage.secretKey), frame: frame,
            publicURL: configuration.publicURL, intake: receiving.intake)
        let admin = AdminRoutes(
            database: storage.database, things: Self.storedThings, frame: frame, publicURL: configuration.publicURL)
        let betweenTrackers = TrackerRoutes(
            database: storage.database, vault: PostbackVault(storage.secretKey), accounts: storage.accounts,
            trackers: trackers, frame: frame, publicURL: configuration.publicURL, ordered: ordered)
        let telegram = telegram
        let telegramLink = TelegramLinkRoutes(
            database: storage.database, frame: frame,
            bot: {
                guard let telegram else { return .missing }
                return await telegram.username().map { .known($0) } ?? .away
            }, phone: telegramSandbox.map { _ in "\(DemoPhone.path)/?chat=\(TelegramDemo.owner)" })
        let reference = ReferenceRoutes(
            besides: probes + [MetricsRoute.route(metrics), staticRoute(files)] + accounts.routes + flowEditor.routes
                + telegramLink.routes + receiving.intake.routes + betweenTrackers.routes + postbackDesk.routes
                + admin.routes
                + DataRoutes(database: storage.database, frame: frame).routes
                + (telegramSandbox.map { DemoPhone.routes($0, frame: frame) } ?? []),
            frame: frame,
            version: Desk.version, server: configuration.publicURL)
        let application = Application(
            routes: reference.routes,
            middleware: [
                SecurityHeaders.middleware, RequestLog.middleware(log.component("http")), allowedHosts.middleware,
                requestLimiter.middleware,
                Guard(store: storage.accounts, proxies: configuration.trustedProxies, log: log.component("audit"))
                    .middleware,
            ],
            log: log.component("http"), readError: { error, request in Self.read(error, request, frame) },
            renderProblem: { error, request in frame.render(error, request) })
        metrics.add { application.metrics }
        return application
    }

    /// What `/admin/` shows: each floor and feature names its own.
    static let storedThings =
        AccountThings.storedThings + MirrorThings.storedThings + FlowEditorThings.storedThings
        + OutboxThings.storedThings + PostbackThings.storedThings

    /// With ALLOWED_HOSTS set, its names and the one of PUBLIC_URL.
    private var allowedHosts: AllowedHosts {
        let listed = configuration.allowedHosts
        let own = configuration.publicURL.flatMap { Frame.host($0) }.map { AllowedHosts.name(of: $0) }
        return AllowedHosts(listed.isEmpty ? [] : listed + [own].compactMap { $0 })
    }

    private var requestLimiter: RequestLimiter {
        RequestLimiter(
            perAddress: configuration.limits.requestsPerMinute, perToken: configuration.limits.tokenRequestsPerMinute,
            proxies: configuration.trustedProxies, counts: RequestCounts(database: storage.database), loops: loops,
            log: log.component("limits"))
    }

    /// The three weights that the stylesheet names; the package has thirty.
    private static let fontNames: Set<String> = ["Inter-Regular.otf", "Inter-Medium.otf", "Inter-SemiBold.otf"]

    private var probes: [Route] {
        let alive = Response.json(["status": "ok"]).prepared()
        let database = DatabaseProbe(storage.database)
        let readiness = readiness
        return [
            Route(.get, "/health", access: .anyone, summary: "The process answers", isBare: true) { _ in alive },
            Route(.get, "/ready", access: .anyone, summary: "The process takes work", isBare: true) { _ in
                let isOpen = readiness.isReady.load(ordering: .relaxed)
                let hasDatabase = isOpen ? await database.isReady() : false
                return .json(
                    [
                        "status": isOpen && hasDatabase ? "ready" : "not ready",
                        "database": .string(hasDatabase ? "ok" : isOpen ? "away" : "not asked"),
                        "stopping": .bool(!isOpen),
                    ], status: isOpen && hasDatabase ? .ok : .serviceUnavailable)
            },
        ].map { $0.described(in: ProbeDescriptions.byName) }
    }

    private func staticRoute(_ files: StaticFiles) -> Route {
        Route(.get, "/static/{path*}", access: .anyone, summary: "Styles, scripts, fonts") { request in
            try files.respond(to: request, path: try request.text("path"))
        }
    }

    /// What failures mean to the asker.
    private static func read(_ error: any Error, _ request: Request, _ frame: Frame) -> HTTPError? {
        switch error {
        case let problem as Problem: frame.httpError(problem, request)
        case let failure as KeitaroFailure: frame.httpError(frame.problem(failure), request)
        case let error as PostgresError: HTTPError(error)
        default: nil
        }
    }

    private static func hostName() -> String {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, 255) == 0 else { return "this server" }
        return name.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "this server" }
    }
}
