import Audit
import Accounts
import Base
import Frame
import HTTP
import Keitaro
import Views

/// Handlers of one campaign and its flows.
extension FlowEditorRoutes {
    // MARK: Campaign

    @Sendable func campaign(_ request: Request) async throws -> Response {
        if request.wantsPage, let refused = try refusedKeyPage(request) { return refused }
        let id = try request.int("id")
        let key = try key(request)
        guard let campaign = try await store.campaignWithFlows(id: id, keyID: key.id) else {
            // Whoever comes back to a page with a new key is shown where to sync, not that the page is gone.
            if request.wantsPage, try await !store.hasSynced(keyID: key.id) { return .redirect(to: "/campaigns/") }
            throw FlowEditing.notFound
        }
        if request.wantsPage { return try pages.campaign(campaign, to: request) }
        return .json([
            "campaign": FlowJSON.campaign(campaign.summary),
            "fetched_at": campaign.streamsFetchedAt.map { .string($0.iso8601) } ?? .null,
            "flows": .array(campaign.flows.map(FlowJSON.flow)),
        ])
    }

    @Sendable func fetchStreams(_ request: Request) async throws -> Response {
        let key = try key(request)
        let id = try request.int("id")
        guard let campaign = try await store.campaign(id: id, keyID: key.id) else { throw FlowEditing.notFound }
        let readAt = Timestamp.now()
        let streams = try await trackers.client(at: key.tracker.url)
            .streams(ofCampaign: campaign.summary.keitaroID, key.secret)
        // A deleted stream is what its absence will be.
        let present = streams.filter { $0.state != .deleted }
        let outcome = try await store.writeFetched(
            present, campaignID: id, keyID: key.id, readAt: readAt, by: try request.auditActor())
        let words = frame.words(for: request)
        var said = [words("toast.fetched", ["count": .integer(Int64(outcome.flows))])]
        if outcome.drafts > 0 {
            said.append(words("toast.fetched_drafts_kept", ["count": .integer(Int64(outcome.drafts))]))
        }
        guard let fetched = try await store.campaignWithFlows(id: id, keyID: key.id) else { throw FlowEditing.notFound }
        var answer: JSON = [
            "message": .string(said.joined(separator: " ")), "flows": .array(fetched.flows.map(FlowJSON.flow)),
            "drafts": .integer(Int64(outcome.drafts)), "conflicts": .integer(Int64(outcome.conflicts)),
        ]
        if request.header("sluice-fragment") != nil {
            let html = try frame.fragment("flows", pages.campaignContext(fetched, request), to: request)
            answer["html"] = .string(String(decoding: html, as: UTF8.self))
        }
        return .json(answer)
    }

    /// Reads Keitaro and touches nothing.
    @Sendable func checkSync(_ request: Request) async throws -> Response {
        let key = try key(request)
        let id = try request.int("id")
        guard let campaign = try await store.campaignWithFlows(id: id, keyID: key.id) else {
            throw FlowEditing.notFound
        }
        let streams = try await trackers.client(at: key.tracker.url)
            .streams(ofCampaign: campaign.summary.keitaroID, key.secret)
        let drift = CampaignDrift(
            stored: campaign.flows, streams: streams.filter { $0.state != .deleted }, checkedAt: .now())
        var answer: JSON = [
            "in_sync": .bool(drift.isSame), "checked_at": .string(drift.checkedAt.iso8601), "flows": drift.json,
        ]
        if wantsFragment(request, "sync") {
            answer["html"] = .string(try pages.drift(drift, to: request))
        }
        return .json(answer)
    }

    // MARK: Edits

    @Sendable func flow(_ request: Request) async throws -> Response {
        guard let flow = try await store.flow(id: try request.int("id"), keyID: try key(request).id) else {
            throw FlowEditing.notFound
        }
        return try answer(flow, request)
    }

    @Sendable func addOffer(_ request: Request) async throws -> Response {
        guard let offerID = try body(request)["offer_id"]?.lenientInt else {
            throw HTTPError.field("offer_id", "offer_id is missing: Keitaro's number of the offer.")
        }
        return try answer(
            try await editing.add(offerID: offerID, to: try request.int("id"), by: try editor(request)), request)
    }

    @Sendable func removeOffer(_ request: Request) async throws -> Response {
        try answer(try await editing.remove(row: try request.int("id"), by: try editor(request)), request)
    }

    @Sendable func bringBack(_ request: Request) async throws -> Response {
        try answer(try await editing.bringBack(row: try request.int("id"), by: try editor(request)), request)
    }

    @Sendable func updateShare(_ request: Request) async throws -> Response {
        let given = try body(request)["share"]
        guard let share = given?.lenientInt, (0...1_000_000).contains(share) else {
            throw Problem(.unprocessable, Word("refused.share_not_whole"), field: "share")
        }
        return try answer(
            try await editing.setShare(row: try request.int("id"), to: Int(share), by: try editor(request)), request)
    }

    @Sendable func pin(_ request: Request) async throws -> Response {
        let given = try body(request)["pinned"]
        guard let isPinned = given?.boolValue ?? given?.stringValue.flatMap({ Bool($0) }) else {
            throw HTTPError.field("pinned", "pinned is true or false.")
        }
        return try answer(
            try await editing.setPinned(row: try request.int("id"), isPinned, by: try editor(request)), request)
    }

    @Sendable func cancel(_ request: Request) async throws -> Response {
        let flow = try await editing.cancel(try request.int("id"), by: try editor(request))
        let words = frame.words(for: request)
        return try answer(
            flow, request, message: words("toast.cancelled", number(flow)),
            undo: (words("toast.undo"), "/campaigns/flow/\(flow.id)/restore-draft/"))
    }

    @Sendable func restoreDraft(_ request: Request) async throws -> Response {
        let flow = try await editing.restoreCancelled(try request.int("id"), by: try editor(request))
        return try answer(flow, request, message: frame.words(for: request)("toast.restored", number(flow)))
    }

    @Sendable func resolve(_ request: Request) async throws -> Response {
        let use = try body(request)["use"]?.stringValue
        guard let resolution = use.flatMap({ FlowEditing.Resolution(rawValue: $0) }) else {
            throw HTTPError.field("use", "use is keitaro or mine.")
        }
        let flow = try await editing.resolve(try request.int("id"), resolution, by: try editor(request))
        let words = frame.words(for: request)
        let message =
            resolution == .keitaro
            ? words("toast.resolved_keitaro", number(flow)) : words("toast.resolved_mine", number(flow))
        return try answer(flow, request, message: message)
    }

    func number(_ flow: Flow) -> ViewObject { ["number": .integer(Int64(flow.number))] }

    func answer(
        _ flow: Flow, _ request: Request, message: String? = nil, undo: (label: String, url: String)? = nil,
        status: Status = .ok, push: JSON? = nil
    ) throws -> Response {
        var answer: JSON = [
            "message": message.map { .string($0) } ?? .null, "flow": FlowJSON.flow(flow),
            "undo": undo.map { ["label": .string($0.label), "url": .string($0.url)] } ?? .null,
        ]
        if let push { answer["push"] = push }
        if wantsFragment(request, "flow") { answer["html"] = .string(try card(flow, request)) }
        return .json(answer, status: status)
    }

    func card(_ flow: Flow, _ request: Request) throws -> String {
        var context = pages.flow(
            flow, frame.words(for: request), canEdit: FlowEditorPages.canEdit(request))
        if case .object(var values) = context {
            values["keitaro_url"] = .null
            context = .object(values)
        }
        return String(decoding: try frame.fragment("flow", context, to: request), as: UTF8.self)
    }
}
