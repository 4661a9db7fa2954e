import Accounts
import Base
import Frame
import HTTP
import Keitaro
import Reactor
import Views

/// Handlers of pushes: ordering one, waiting for it, the history, the undo.
extension FlowEditorRoutes {
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
        let older = found.count > limit ? shown.last.map { Self.olderAddress($0.push.id, flowID: flowID) } : nil
        if request.wantsPage {
            return try pages.pushes(
                shown, count: try await store.pushCount(keyID: keyID), older: older, to: request)
        }
        return .json([
            "pushes": .array(shown.map { FlowJSON.push($0, message: nil) }),
            "older": older.map { .string($0) } ?? .null,
        ])
    }

    private static func olderAddress(_ id: Int64, flowID: Int64?) -> String {
        "/campaigns/pushes/?before=\(id)" + (flowID.map { "&flow=\($0)" } ?? "")
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
            "undo": (FlowEditorPages.canEdit(request) ? undo(listed, words) : nil).map {
                ["label": .string($0.label), "url": .string($0.url)]
            } ?? .null,
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
