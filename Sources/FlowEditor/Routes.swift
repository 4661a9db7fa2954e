import Audit
import Accounts
import Base
import Frame
import HTTP
import Keitaro
import Mirror
import Outbox
import Postgres
import Reactor
import Views

/// The flow editor's URLs (seed 1). Each answers a page to browsers and JSON to programs.
package struct FlowEditorRoutes: Sendable {
    let store: FlowEditorStore
    let accounts: AccountStore
    let editing: FlowEditing
    let statistics: Statistics
    let sync: MirrorSync
    let trackers: KeitaroTrackers
    let pages: FlowEditorPages
    let frame: Frame
    /// Tells the outbox worker that a push was ordered.
    let ordered: @Sendable () -> Void

    package init(
        database: Database, accounts: AccountStore, trackers: KeitaroTrackers, frame: Frame, currency: String,
        ordered: @escaping @Sendable () -> Void
    ) {
        store = FlowEditorStore(database: database)
        self.accounts = accounts
        self.trackers = trackers
        self.frame = frame
        self.ordered = ordered
        editing = FlowEditing(store: store)
        statistics = Statistics(
            store: store, accounts: accounts, trackers: trackers, frame: frame, currency: currency)
        sync = MirrorSync(database: database, trackers: trackers)
        pages = FlowEditorPages(frame: frame)
    }

    /// What performs pushes from the outbox.
    package static func outboxHandler(
        database: Database, accounts: AccountStore, trackers: KeitaroTrackers, log: Logger
    ) -> OutboxHandler {
        PushWorker(store: FlowEditorStore(database: database), accounts: accounts, trackers: trackers, log: log).handler
    }

    package var routes: [Route] {
        [
            Route(.get, "/", access: .signedIn, summary: "The first desk", handler: home)
                .described(in: Self.descriptions),
            route(.get, "/campaigns/", "Campaign list", list),
            route(
                .post, "/campaigns/sync-campaigns/", "Sync campaigns and offers from Keitaro", access: .flowReaders,
                syncCampaigns),
            route(
                .post, "/campaigns/stats/", "Statistics per campaign or offer", access: .flowReaders, effect: .reads,
                stats),
            route(.get, "/campaigns/offers/autocomplete/", "Offers by name or id", autocomplete),
            route(.get, "/campaigns/{id:int}/", "A campaign with its flows", campaign),
            route(
                .post, "/campaigns/{id:int}/fetch-streams/", "Fetch the campaign's flows from Keitaro",
                access: .flowReaders, fetchStreams),
            route(.get, "/campaigns/{id:int}/check-sync/", "Differences with Keitaro", checkSync),
            route(.get, "/campaigns/flow/{id:int}/", "One flow", flow),
            route(.post, "/campaigns/flow/{id:int}/add-offer/", "Add an offer to the draft", addOffer),
            route(.post, "/campaigns/flow/{id:int}/cancel/", "Drop the draft", cancel),
            route(.post, "/campaigns/flow/{id:int}/restore-draft/", "Bring the dropped draft back", restoreDraft),
            route(.post, "/campaigns/flow/{id:int}/resolve/", "End a conflict", resolve),
            route(.post, "/campaigns/flow/{id:int}/push/", "Push the draft to Keitaro", effect: .pushes, push),
            route(.post, "/campaigns/flow-offer/{id:int}/remove/", "Remove an offer in the draft", removeOffer),
            route(.post, "/campaigns/flow-offer/{id:int}/bring-back/", "Undo a removal", bringBack),
            route(.post, "/campaigns/flow-offer/{id:int}/update-share/", "Change a share", updateShare),
            route(.post, "/campaigns/flow-offer/{id:int}/pin/", "Pin or unpin a share", pin),
            route(.get, "/campaigns/pushes/", "History of pushes", pushes),
            route(.get, "/campaigns/pushes/{id:int}/", "One push", pushState),
            route(.post, "/campaigns/pushes/{id:int}/undo/", "Make the earlier shares a draft", undoPush),
        ]
    }

    /// Reading is open to analysts; they may also copy from Keitaro what it holds. Writing is not.
    private func route(
        _ method: HTTP.Method, _ pattern: String, _ summary: String, access: Access? = nil,
        effect: Effect? = nil, _ handler: @escaping Handler
    ) -> Route {
        let access = access ?? (method.isSafe ? .flowReaders : .flowWriters)
        return Route(method, pattern, access: access, effect: effect, summary: summary) { request in
            do {
                var response = try await handler(request)
                // One address answers with a page, a piece of it, or JSON: none may be shown for another.
                response.set("Vary", "Accept, Sluice-Fragment")
                return response
            } catch let failure as KeitaroFailure {
                if failure.error == .keyRefused { try await accounts.markRefused(keyID: try request.keitaroKey().id) }
                throw frame.problem(failure)
            }
        }.described(in: Self.descriptions)
    }

    // MARK: What every handler needs

    /// The key whose view is shown. A key that Keitaro refuses no longer opens anything but the page that asks for a new one.
    func key(_ request: Request) throws -> KeitaroKey {
        let key = try request.keitaroKey()
        if key.isRefused {
            throw Problem(.forbidden, Word("error.keitaro.refused_key"), type: "/problems/keitaro-key-refused")
        }
        return key
    }

    func editor(_ request: Request) throws -> FlowEditing.Editor {
        FlowEditing.Editor(
            userID: try request.person().user.id, keyID: try key(request).id, actor: try request.auditActor())
    }

    /// The JSON of a request, or the fields of a form as an object, so that both kinds of clients are served.
    func body(_ request: Request) throws -> JSON {
        if request.body.isEmpty { return [:] }
        if request.hasJSONContent {
            let json = try request.json()
            guard json.objectValue != nil else {
                throw HTTPError(.badRequest, detail: "The content is not a JSON object.")
            }
            return json
        }
        var object = JSONObject()
        for (name, value) in try request.form().pairs { object[name] = .string(value) }
        return .object(object)
    }

    func wantsFragment(_ request: Request, _ name: String) -> Bool { request.header("sluice-fragment") == name }

    // MARK: Lists

    @Sendable private func home(_ request: Request) async throws -> Response {
        let role = try request.person().user.role
        return .redirect(to: role.reaches(.flowReaders) ? "/campaigns/" : "/users/settings/login/", .found)
    }

    @Sendable private func list(_ request: Request) async throws -> Response {
        if request.wantsPage, let refused = try refusedKeyPage(request) { return refused }
        let filter = CampaignFilter(try request.query())
        let overview = try await store.overview(keyID: try key(request).id)
        if wantsFragment(request, "rows") {
            return .html(
                try frame.fragment("campaign_rows", pages.campaignsContext(overview, filter, request), to: request))
        }
        if request.wantsPage { return try pages.campaigns(overview, filter, to: request) }
        let shown = filter.apply(to: overview.campaigns)
        return .json([
            "total": .integer(Int64(shown.count)), "synced_at": overview.syncedAt.map { .string($0.iso8601) } ?? .null,
            "campaigns": .array(shown.map(FlowJSON.campaign)),
        ])
    }

    /// Nil while the key works. Else a page that asks for a key: the old one is refused, or the person has none.
    func refusedKeyPage(_ request: Request) throws -> Response? {
        let key = try request.person().key
        if let key, !key.isRefused { return nil }
        let words = frame.words(for: request)
        let context: ViewValue = [
            "csrf_token": .string(request[Viewer.self]?.csrfToken ?? ""), "is_missing": .bool(key == nil),
            "tracker_key": ViewValue(key?.tracker.id), "tracker_name": ViewValue(key?.tracker.name),
            "tracker_host": ViewValue(key?.tracker.host == key?.tracker.name ? nil : key?.tracker.host),
            "person_name": .string(try request.person().user.name),
            "next": .string(request.rawPath),
        ]
        return try frame.page(
            "no_key", context, title: words("no_key.page_title"), at: .elsewhere, to: request, status: .forbidden)
    }

    @Sendable private func syncCampaigns(_ request: Request) async throws -> Response {
        let key = try key(request)
        let actor = try request.auditActor()
        let result = try await sync.run(
            key: key.secret, keyID: key.id, trackerID: key.tracker.id, trackerURL: key.tracker.url
        ) { result, transaction in
            try await actor.record(
                "tracker \(key.tracker.name)",
                after: "\(result.campaigns) campaigns, \(result.new) new, \(result.offers) offers", in: transaction)
        }
        let words = frame.words(for: request)
        var said = [
            words("toast.synced"), words("toast.synced_campaigns", ["count": .integer(Int64(result.campaigns))]),
        ]
        if result.new > 0 { said.append(words("toast.synced_new", ["count": .integer(Int64(result.new))])) }
        if result.archived > 0 {
            said.append(words("toast.synced_archived", ["count": .integer(Int64(result.archived))]))
        }
        return .json([
            "message": .string(said.joined(separator: " ")), "campaigns": .integer(Int64(result.campaigns)),
            "new": .integer(Int64(result.new)), "archived": .integer(Int64(result.archived)),
            "offers": .integer(Int64(result.offers)),
        ])
    }

    @Sendable private func stats(_ request: Request) async throws -> Response {
        let question: StatisticsQuestion
        do {
            question = try StatisticsQuestion(try body(request))
        } catch let refusal as StatisticsQuestion.Refusal {
            switch refusal {
            case .period: throw Problem(.unprocessable, Word("error.stats.period"), field: "from")
            case .timezone(let zone):
                throw Problem(
                    .unprocessable, Word("error.stats.timezone", ["zone": .string(zone)]), field: "timezone")
            case .field(let name, let detail): throw HTTPError.field(name, detail)
            }
        }
        return .json(try await statistics.answer(question, key: try key(request), request: request))
    }

    @Sendable private func autocomplete(_ request: Request) async throws -> Response {
        let query = try request.query()
        let text = String((query["q"] ?? "").prefix(100))
        let matches = try await store.offers(
            matching: text, flowID: query["flow"].flatMap { Int64($0) }, keyID: try key(request).id)
        let numbers = frame.words(for: request).numbers
        return .json([
            "total": .integer(matches.total),
            "offers": .array(
                matches.offers.map { offer in
                    let payout = offer.payout.flatMap { DecimalNumber(text: $0) }
                    return [
                        "offer_id": .integer(offer.offerID), "name": .string(offer.name),
                        "network": offer.network.map { .string($0) } ?? .null,
                        "payout": payout.map { .string(numbers.money($0, offer.currency ?? "", places: 2)) } ?? .null,
                        "in_flow": .bool(offer.isInFlow),
                    ]
                }),
        ])
    }
}
