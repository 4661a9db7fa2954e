import Accounts
import Audit
import Base
import Frame
import HTTP
import Keitaro
import Outbox
import Postgres
import Views

/// Between a profile and its tracker: the URL put into Keitaro, and Keitaro's log beside ours. Everything a page does a program can.
package struct TrackerRoutes: Sendable {
    let store: ReconciliationStore
    let installations: InstallationStore
    let accounts: AccountStore
    let trackers: KeitaroTrackers
    let frame: Frame
    let pages: TrackerPages
    /// As the outside sees this server, such as `https://desk.example`; nil: as the asker does.
    let publicURL: String?
    /// Tells the outbox worker of new items.
    let ordered: @Sendable () -> Void

    package init(
        database: Database, vault: PostbackVault, accounts: AccountStore, trackers: KeitaroTrackers, frame: Frame,
        publicURL: String?, ordered: @escaping @Sendable () -> Void
    ) {
        store = ReconciliationStore(database: database)
        installations = InstallationStore(database: database, vault: vault)
        self.accounts = accounts
        self.trackers = trackers
        self.frame = frame
        self.publicURL = publicURL
        self.ordered = ordered
        pages = TrackerPages(frame: frame)
    }

    package var routes: [Route] {
        [
            route(.get, "/postbacks/reconciliation/", "Keitaro's log beside ours", access: .flowReaders, show),
            route(.post, "/postbacks/reconciliation/run/", "Compare now", access: .flowWriters, runNow),
            route(
                .get, "/postbacks/profiles/{id:int}/installation/",
                "Where the URL stands, and what putting it there changes", access: .flowWriters, showInstallation),
            route(
                .post, "/postbacks/profiles/{id:int}/installation/", "Put the URL into Keitaro", access: .flowWriters,
                effect: .pushes, install),
        ]
    }

    private func route(
        _ method: HTTP.Method, _ pattern: String, _ summary: String, access: Access, effect: Effect? = nil,
        _ handler: @escaping Handler
    ) -> Route {
        Route(method, pattern, access: access, effect: effect, summary: summary) { request in
            do {
                var response = try await handler(request)
                response.set("Vary", "Accept")
                return response
            } catch let failure as KeitaroFailure {
                if failure.error == .keyRefused { try await accounts.markRefused(keyID: try request.keitaroKey().id) }
                throw frame.problem(failure)
            }
        }.described(in: Self.descriptions)
    }

    static let notFound = HTTPError(.notFound)

    func reader(_ request: Request) throws -> PostbackReader { PostbackReader(try request.person().user) }

    func profile(_ id: Int64, _ request: Request) async throws -> PostbackProfile {
        guard let profile = try await store.profile(id),
            PostbackReader(try request.person().user).sees(profile)
        else { throw Self.notFound }
        return profile
    }

    // MARK: Reconciliation

    private static let pageSize = 100

    @Sendable private func show(_ request: Request) async throws -> Response {
        let query = try request.query()
        let profileID = query["profile"].flatMap { Int64($0) }
        let kind = query["kind"].flatMap { ConversionDifference.Kind(rawValue: $0)?.rawValue }
        let day = query["day"].flatMap(Self.day)
        let reader = try reader(request)
        let silences = try await store.silences(for: reader, profileID: profileID)
        let days = try await store.days(for: reader, profileID: profileID)
        let found = try await store.differences(
            for: reader, profileID: profileID, day: day, kind: kind, before: query["before"].flatMap { Int64($0) },
            limit: Self.pageSize + 1)
        let shown = Array(found.prefix(Self.pageSize))
        let narrowed = [
            profileID.map { "profile=\($0)" }, day.map { "day=\($0)" }, kind.map { "kind=\($0)" },
        ].compactMap { $0 }
        let older =
            found.count > Self.pageSize
            ? shown.last.map { "/postbacks/reconciliation/?" + (narrowed + ["before=\($0.id)"]).joined(separator: "&") }
            : nil
        guard request.wantsPage else { return .json(ReconciliationJSON.page(silences, days, shown, older: older)) }
        let canRun = try request.person().user.role.reaches(.flowWriters)
        return try pages.reconciliation(
            silences, days, shown, comparable: canRun ? try await store.comparable(for: reader) : [], older: older,
            narrowed: !narrowed.isEmpty, wasOrdered: query["done"] != nil,
            to: request)
    }

    /// `2026-11-21`; nil for what is no day.
    private static func day(_ text: String) -> String? {
        guard text.utf8.count == 10, let time = Timestamp(iso8601: text, offsetWhenAbsent: 0), time.hasCommonYear
        else { return nil }
        return ReconciliationStore.text(time.date)
    }

    @Sendable private func runNow(_ request: Request) async throws -> Response {
        guard let id = try request.settings()["profile_id"]?.lenientInt else {
            throw Problem(.unprocessable, Word("reconciliation.no_profile"), field: "profile_id")
        }
        let profile = try await profile(id, request)
        guard profile.keyID != nil else {
            throw Problem(.unprocessable, Word("reconciliation.no_key"), field: "profile_id")
        }
        let actor = try request.auditActor()
        try await store.database.transaction { transaction in
            try await ReconciliationStore.order(profile: id, in: transaction)
            try await actor.record("postback profile \(profile.name)", in: transaction)
        }
        ordered()
        if request.wantsPage { return .redirect(to: "/postbacks/reconciliation/?profile=\(id)&done=ordered") }
        return .json(
            ["message": .string(frame.words(for: request)("reconciliation.ordered"))], status: .accepted)
    }
}
