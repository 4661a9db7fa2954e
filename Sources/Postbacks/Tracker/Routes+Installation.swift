import Accounts
import Audit
import Base
import Frame
import HTTP
import Keitaro
import Postgres
import Reactor
import Views

/// Putting a profile's URL into Keitaro: what would change is shown first, and ordered as it was shown.
extension TrackerRoutes {
    /// How long the asker waits for Keitaro; after it the order goes on by itself (DESIGN, rule 4).
    private static let patience = Duration.seconds(15)

    /// What was asked for, in a query or in the content.
    private struct Wanted {
        let kind: InstalledPostbacks.Kind
        let id: Int64
        let method: String
        let statuses: [String]
    }

    @Sendable func showInstallation(_ request: Request) async throws -> Response {
        let profile = try await profile(try request.int("id"), request)
        let key = try key(request, for: profile)
        let query = try request.query()
        let client = trackers.client(at: key.tracker.url)
        var plan: ShownPlan?
        var json = JSONObject()
        for (name, value) in query.pairs {
            json[name] = name == "statuses" ? .array(query.all("statuses").map { .string($0) }) : .string(value)
        }
        if query["target"].map({ !$0.trimmingSpaces().isEmpty }) ?? false {
            plan = try await self.plan(try wanted(.object(json)), profile, key, client, request)
        }
        let places = try await installations.places(ofProfile: profile.id)
        guard request.wantsPage else { return .json(ReconciliationJSON.installation(places, plan)) }
        let sources: [KeitaroTrafficSource]
        do throws(KeitaroFailure) {
            sources = try await client.trafficSources(key.secret)
        } catch {
            guard case .noPermission = error.error else { throw error }
            sources = []
        }
        return try pages.installation(
            profile, places, plan, sources: sources, campaigns: try await installations.campaigns(keyID: key.id),
            asked: (query["kind"] ?? "campaign", query["target"] ?? ""), done: query["done"], to: request)
    }

    /// A plan with what it is for.
    struct ShownPlan {
        let kind: InstalledPostbacks.Kind
        let id: Int64
        let name: String
        let method: String
        let statuses: [String]
        let plan: PostbackInstallation
    }

    private func plan(
        _ wanted: Wanted, _ profile: PostbackProfile, _ key: KeitaroKey, _ client: KeitaroClient, _ request: Request
    ) async throws -> ShownPlan {
        guard let secrets = try await installations.secrets(ofProfile: profile.id) else { throw Self.notFound }
        let now = try await InstallationTarget(kind: wanted.kind, id: wanted.id, client: client, key: key.secret).read()
        let url = PostbackURL.make(base: publicURL ?? frame.base(request), secret: secrets.secret.reveal())
        return ShownPlan(
            kind: wanted.kind, id: wanted.id, name: now.name, method: wanted.method, statuses: wanted.statuses,
            plan: PostbackInstallation(
                at: now.place, url: url, method: wanted.method, statuses: wanted.statuses, isOwn: secrets.isOwn))
    }

    @Sendable func install(_ request: Request) async throws -> Response {
        let profile = try await profile(try request.int("id"), request)
        let key = try key(request, for: profile)
        let json = try request.settings()
        let wanted = try wanted(json)
        guard let revision = json["revision"]?.stringValue, !revision.isEmpty else {
            throw Problem(.unprocessable, Word("installation.no_revision"), field: "revision")
        }
        let shown = try await plan(wanted, profile, key, trackers.client(at: key.tracker.url), request)
        guard shown.plan.deed != .taken else {
            throw Problem(.conflict, Word("installation.taken"), type: "/problems/postback-taken")
        }
        guard shown.plan.revision == revision || shown.plan.deed == .nothing else { throw Self.changed }
        let id = try await installations.order(
            InstallationStore.Wish(
                profileID: profile.id, kind: wanted.kind, keitaroID: wanted.id, method: wanted.method,
                statuses: wanted.statuses, base: publicURL ?? frame.base(request), revision: shown.plan.revision,
                keyID: key.id),
            name: shown.name, by: try request.auditActor())
        ordered()
        return try await settled(id, shown, profile, request)
    }

    private static let changed = Problem(.conflict, Word("installation.changed"), type: "/problems/stale")

    private func settled(
        _ id: Int64, _ shown: ShownPlan, _ profile: PostbackProfile, _ request: Request
    ) async throws -> Response {
        let words = frame.words(for: request)
        let deadline = MonotonicTime.now() + Self.patience
        var pause = Duration.milliseconds(20)
        while true {
            guard let order = try await installations.order(id) else { throw Self.notFound }
            let place = "/postbacks/profiles/\(profile.id)/installation/"
            switch order.state {
            case .installed:
                if request.wantsPage { return .redirect(to: "\(place)?done=installed") }
                return .json([
                    "message": .string(words("installation.installed", ["name": .string(shown.name)])),
                    "state": "installed",
                ])
            case .changed: throw Self.changed
            case .failed:
                throw Problem(
                    .badGateway, Word("installation.failed", ["reason": .string(reason(order, words))]),
                    type: "/problems/keitaro",
                    members: [
                        ("keitaro", order.problem?["kind"] ?? .null), ("facts", order.problem?["facts"] ?? .null),
                    ])
            case .waiting: break
            }
            guard MonotonicTime.now() < deadline, let loop = request.loop else {
                if request.wantsPage { return .redirect(to: "\(place)?done=waiting") }
                return .json(
                    ["message": .string(words("installation.waits")), "state": "waiting"], status: .accepted)
            }
            await loop.sleep(for: pause)
            pause = min(pause * 2, .milliseconds(200))
        }
    }

    private func reason(_ order: InstallationStore.Order, _ words: Words) -> String {
        switch order.problem?["kind"]?.stringValue {
        case "mismatch": words("installation.mismatch")
        case "key_refused": words("error.keitaro.refused_key")
        default: order.problem?["text"]?.stringValue ?? ""
        }
    }

    // MARK: What is asked for

    private func wanted(_ json: JSON) throws -> Wanted {
        guard let kind = InstalledPostbacks.Kind(rawValue: json["kind"]?.stringValue ?? "campaign") else {
            throw Problem(.unprocessable, Word("installation.bad_kind"), field: "kind")
        }
        // "2107 · Name", as the field suggests it.
        let written = (json["target"]?.lenientString ?? "").trimmingSpaces().prefix { ("0"..."9").contains($0) }
        guard let id = Int64(written), id > 0 else {
            throw Problem(.unprocessable, Word("installation.bad_target"), field: "target")
        }
        let method = json["method"]?.stringValue ?? "GET"
        guard ["GET", "POST"].contains(method) else {
            throw Problem(.unprocessable, Word("installation.bad_method"), field: "method")
        }
        let given =
            json["statuses"]?.arrayValue?.compactMap(\.stringValue) ?? json["statuses"]?.stringValue.map { [$0] }
        let statuses = given.map { given in PostbackInstallation.statuses.filter { given.contains($0) } }
        if let given, given.isEmpty || statuses?.count != Set(given).count {
            throw Problem(.unprocessable, Word("installation.bad_statuses"), field: "statuses")
        }
        return Wanted(kind: kind, id: id, method: method, statuses: statuses ?? PostbackInstallation.statuses)
    }

    /// The asker's own key, at the profile's tracker: it writes into Keitaro what its owner may.
    private func key(_ request: Request, for profile: PostbackProfile) throws -> KeitaroKey {
        let key = try request.keitaroKey()
        if key.isRefused {
            throw Problem(.forbidden, Word("error.keitaro.refused_key"), type: "/problems/keitaro-key-refused")
        }
        guard profile.trackerID == nil || profile.trackerID == key.tracker.id else {
            throw Problem(.conflict, Word("installation.other_tracker"), type: "/problems/other-tracker")
        }
        return key
    }
}
