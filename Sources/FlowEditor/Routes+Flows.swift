import Accounts
import Base
import Frame
import HTTP
import Keitaro
import Reactor
import Views

/// Handlers of one campaign and its flows.
extension FlowEditorRoutes {
    // MARK: Campaign

    @Sendable func campaign(_ request: Request) async throws -> Response {
        if request.wantsPage, let refused = try refusedKeyPage(request) { return refused }
        let id = try request.int("id")
        guard let campaign = try await store.campaignWithFlows(id: id, keyID: try key(request).id) else {
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
        let streams = try await trackers.client(at: key.tracker.url)
            .streams(ofCampaign: campaign.summary.keitaroID, key.secret)
        // A deleted stream is what its absence will be.
        let present = streams.filter { $0.state != .deleted }
        let outcome = try await store.writeFetched(present, campaignID: id, keyID: key.id)
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

    private func number(_ flow: Flow) -> ViewObject { ["number": .integer(Int64(flow.number))] }

    private func answer(
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

    private func card(_ flow: Flow, _ request: Request) throws -> String {
        var context = pages.flow(flow, frame.words(for: request))
        if case .object(var values) = context {
            values["keitaro_url"] = .null
            context = .object(values)
        }
        return String(decoding: try frame.fragment("flow", context, to: request), as: UTF8.self)
    }

    // MARK: Push

    /// How long the asker waits for Keitaro; after it the page follows the push by itself (DESIGN, rule 4).
    private static let patience = Duration.seconds(15)

    @Sendable func push(_ request: Request) async throws -> Response {
        let revision = try body(request)["revision"]?.lenientInt
        let flowID = try request.int("id")
        let editor = try editor(request)
        let pushID: Int64
        do {
            guard
                let order = try await editing.orderPush(
                    flowID, revision: revision, requestID: request.id, by: editor)
            else { throw FlowEditing.notFound }
            pushID = order.pushID
        } catch let conflict as FlowConflict {
            guard let flow = try await store.flow(id: conflict.flowID, keyID: editor.keyID) else {
                throw FlowEditing.notFound
            }
            throw try conflictProblem(flow, request)
        }
        ordered()
        let deadline = MonotonicTime.now() + Self.patience
        var pause = Duration.milliseconds(20)
        while true {
            guard let listed = try await store.pushes(keyID: editor.keyID, pushID: pushID).first,
                let flow = try await store.flow(id: flowID, keyID: editor.keyID)
            else { throw FlowEditing.notFound }
            if listed.push.state != .waiting { return try settled(listed, flow, request) }
            guard MonotonicTime.now() < deadline, let loop = request.loop else {
                let words = frame.words(for: request)
                return try answer(
                    flow, request, message: words("toast.push_waits", number(flow)), status: .accepted,
                    push: ["id": .integer(pushID), "state": "running"])
            }
            await loop.sleep(for: pause)
            pause = min(pause * 2, .milliseconds(200))
        }
    }

    private func settled(_ listed: FlowEditorStore.ListedPush, _ flow: Flow, _ request: Request) throws -> Response {
        let words = frame.words(for: request)
        switch listed.push.state {
        case .pushed:
            return try answer(
                flow, request, message: pushedMessage(listed, words), undo: undo(listed, words),
                push: ["id": .integer(listed.push.id), "state": "pushed"])
        case .conflict:
            throw try conflictProblem(flow, request)
        case .failed, .waiting:
            let said = PushSentence(
                listed.push.problem ?? PushProblem(kind: "unexpected"), flowNumber: flow.number,
                serverAddress: frame.serverAddress)
            var problem = Problem(
                .badGateway, said.detail, title: said.title, type: "/problems/push-failed",
                members: [
                    ("push_id", .integer(listed.push.id)), ("keitaro", .string(listed.push.problem?.kind ?? "")),
                    ("facts", .string(listed.push.problem?.facts ?? "")),
                    (
                        "steps",
                        .array(
                            said.steps.map { step in
                                .string([words(step.text), step.copied].compactMap { $0 }.joined(separator: " "))
                            })
                    ),
                ])
            if wantsFragment(request, "flow") { problem.members.append(("html", .string(try card(flow, request)))) }
            throw problem
        }
    }

    private func pushedMessage(_ listed: FlowEditorStore.ListedPush, _ words: Words) -> String {
        let count = listed.push.after.count { $0.offer.isActive }
        return words(
            "toast.pushed",
            ["number": .integer(Int64(listed.flowNumber)), "count": .integer(Int64(count))])
    }

    private func undo(_ listed: FlowEditorStore.ListedPush, _ words: Words) -> (label: String, url: String)? {
        listed.canBeUndone ? (words("toast.undo"), "/campaigns/pushes/\(listed.push.id)/undo/") : nil
    }

    /// 409 with both sets, and for the page the dialog that shows them.
    private func conflictProblem(_ flow: Flow, _ request: Request) throws -> Problem {
        let comparison = OfferSetComparison(
            base: flow.draft.baseOffers, now: flow.theirs ?? [], mine: flow.draft.offers)
        func json(_ offer: OfferShare?) -> JSON {
            offer.map { ["share": .integer(Int64($0.share)), "is_active": .bool($0.isActive)] } ?? .null
        }
        var problem = Problem(
            .conflict, Word("conflict.sentence", number(flow)), title: Word("conflict.title", number(flow)),
            type: "/problems/conflict",
            members: [
                (
                    "changes",
                    .array(
                        comparison.rows.filter { $0.outcome != .unchanged }.map { row in
                            [
                                "offer_id": .integer(row.offerID), "base": json(row.base), "keitaro": json(row.now),
                                "mine": json(row.mine),
                            ]
                        })
                )
            ])
        if wantsFragment(request, "flow") {
            problem.members.append(("html", .string(try pages.conflict(flow, to: request))))
        }
        return problem
    }

    // MARK: Pushes

    @Sendable func pushes(_ request: Request) async throws -> Response {
        if request.wantsPage, let refused = try refusedKeyPage(request) { return refused }
        let keyID = try key(request).id
        let query = try request.query()
        let flowID = query["flow"].flatMap { Int64($0) }
        let limit = 50
        let found = try await store.pushes(
            keyID: keyID, flowID: flowID, before: query["before"].flatMap { Int64($0) }, limit: limit + 1)
        let shown = Array(found.prefix(limit))
        if wantsFragment(request, "rows") { return .html(try pages.pushRows(shown, to: request)) }
        let older = found.count > limit ? shown.last?.push.id : nil
        if request.wantsPage {
            return try pages.pushes(
                shown, count: try await store.pushCount(keyID: keyID), olderThan: older, to: request)
        }
        return .json([
            "pushes": .array(shown.map { FlowJSON.push($0, message: nil) }),
            "older": older.map { .string("/campaigns/pushes/?before=\($0)") } ?? .null,
        ])
    }

    @Sendable func pushState(_ request: Request) async throws -> Response {
        let keyID = try key(request).id
        guard let listed = try await store.pushes(keyID: keyID, pushID: try request.int("id")).first,
            let flow = try await store.flow(id: listed.push.flowID, keyID: keyID)
        else { throw FlowEditing.notFound }
        let words = frame.words(for: request)
        var message: String?
        switch listed.push.state {
        case .waiting: break
        case .pushed: message = pushedMessage(listed, words)
        case .conflict, .failed:
            let said = PushSentence(
                listed.push.problem ?? PushProblem(kind: "unexpected"), flowNumber: listed.flowNumber,
                serverAddress: frame.serverAddress)
            message = "\(words(said.title)) \(words(said.detail))"
        }
        var answer: JSON = [
            "push": FlowJSON.push(listed, message: message),
            "undo": undo(listed, words).map { ["label": .string($0.label), "url": .string($0.url)] } ?? .null,
        ]
        if wantsFragment(request, "flow") {
            answer["html"] = .string(try card(flow, request))
            if listed.push.state == .conflict, flow.theirs != nil {
                answer["conflict_html"] = .string(try pages.conflict(flow, to: request))
            }
        }
        return .json(answer)
    }

    @Sendable func undoPush(_ request: Request) async throws -> Response {
        let editor = try editor(request)
        guard let listed = try await store.pushes(keyID: editor.keyID, pushID: try request.int("id")).first else {
            throw FlowEditing.notFound
        }
        let flow = try await editing.undo(listed, by: editor)
        return try answer(flow, request, message: frame.words(for: request)("toast.undo_ready", number(flow)))
    }
}
