import Audit
import Accounts
import Base
import Frame
import HTTP
import Postgres
import Views

/// What a person does to a draft. Every function is one transaction; a refusal changes nothing and says why.
struct FlowEditing: Sendable {
    let store: FlowEditorStore

    /// Who edits, and with which key's view.
    struct Editor: Sendable {
        let userID: Int64
        let keyID: Int64
        let actor: AuditActor
    }

    func add(offerID: Int64, to flowID: Int64, by editor: Editor) async throws -> Flow {
        try await edit(flowID, editor) { edited in
            guard let name = try await edited.offerName(offerID) else {
                throw Problem(.unprocessable, Word("refused.add_unknown", ["id": .integer(offerID)]), field: "offer_id")
            }
            let id = try await edited.newRowID()
            return try ShareDistribution.add(id: id, offerID: offerID, name: name, to: edited.flow.rows)
        }
    }

    func remove(row: Int64, by editor: Editor) async throws -> Flow {
        try await editRow(row, editor) { try ShareDistribution.remove(row, from: $0) }
    }

    func bringBack(row: Int64, by editor: Editor) async throws -> Flow {
        try await editRow(row, editor) { try ShareDistribution.bringBack(row, in: $0) }
    }

    func setShare(row: Int64, to share: Int, by editor: Editor) async throws -> Flow {
        try await editRow(row, editor) { try ShareDistribution.setShare(of: row, to: share, in: $0) }
    }

    func setPinned(row: Int64, _ isPinned: Bool, by editor: Editor) async throws -> Flow {
        try await editRow(row, editor) { try ShareDistribution.setPinned(row, isPinned, in: $0) }
    }

    /// Drops the draft and keeps it for one undo; a conflict ends with it, as Keitaro's set is then all there is. Without a draft
    /// nothing happens, so that a second press does not take the first one's undo away.
    func cancel(_ flowID: Int64, by editor: Editor) async throws -> Flow {
        try await edit(flowID, editor) { edited in
            guard !edited.flow.draft.isClean else { return edited.flow.rows }
            try await edited.store.keepCancelled(edited.flow.rows, flowID: flowID, in: edited.transaction)
            let rows = ShareDistribution.cancel(edited.flow.rows)
            guard let theirs = edited.flow.theirs else { return rows }
            try await edited.store.writeTheirs(nil, flowID: flowID, in: edited.transaction)
            return FlowRebase.takingKeitaro(theirs, over: rows) { "#\($0)" }
        }
    }

    /// Brings the dropped draft back onto what Keitaro holds now.
    func restoreCancelled(_ flowID: Int64, by editor: Editor) async throws -> Flow {
        try await edit(flowID, editor) { edited in
            guard edited.flow.draft.isClean else { throw Problem(.conflict, Word("refused.draft_in_the_way")) }
            let kept = try await edited.store.takeCancelled(flowID: flowID, in: edited.transaction)
            guard let kept else { throw Problem(.conflict, Word("refused.no_earlier_draft")) }
            var rows = edited.flow.rows
            for entry in kept {
                if let index = rows.firstIndex(where: { $0.offerID == entry.offerID }) {
                    rows[index].share = entry.share
                    rows[index].isPinned = entry.isPinned
                    rows[index].isEdited = entry.isEdited
                } else if let share = entry.share {
                    let last = rows.map(\.position).max() ?? -1
                    rows.append(
                        FlowOfferRow(
                            id: try await edited.newRowID(), offerID: entry.offerID, name: "", baseShare: nil,
                            share: share, isPinned: entry.isPinned, isEdited: entry.isEdited, position: last + 1))
                }
            }
            return rows
        }
    }

    enum Resolution: String, Sendable {
        case keitaro, mine
    }

    /// Ends a conflict: Keitaro's set without the draft, or the draft on top of Keitaro's set.
    func resolve(_ flowID: Int64, _ resolution: Resolution, by editor: Editor) async throws -> Flow {
        try await edit(flowID, editor) { edited in
            guard let theirs = edited.flow.theirs else { return edited.flow.rows }
            try await edited.store.writeTheirs(nil, flowID: flowID, in: edited.transaction)
            switch resolution {
            case .keitaro: return FlowRebase.takingKeitaro(theirs, over: edited.flow.rows) { "#\($0)" }
            case .mine: return FlowRebase.keepingMine(theirs, under: edited.flow.rows) { "#\($0)" }
            }
        }
    }

    /// Puts the shares from before a push back as a draft.
    func undo(_ push: FlowEditorStore.ListedPush, by editor: Editor) async throws -> Flow {
        if push.push.isUndone { throw Problem(.conflict, Word("refused.undo_twice")) }
        guard push.canBeUndone else { throw Problem(.conflict, Word("refused.undo_not_last")) }
        return try await edit(push.push.flowID, editor) { edited in
            guard edited.flow.draft.isClean else { throw Problem(.conflict, Word("refused.draft_in_the_way")) }
            try await edited.store.markUndone(pushID: push.push.id, in: edited.transaction)
            return FlowRebase.drafting(push.push.before.map(\.offer), over: edited.flow.rows)
        }
    }

    /// Checks the draft and orders its push, both against the same rows.
    /// - Parameter revision: what the person saw; nil pushes whatever the draft is.
    /// - Returns: the push's id, or nil when the draft changes nothing.
    func orderPush(
        _ flowID: Int64, revision: Int64?, requestID: String, by editor: Editor
    ) async throws -> (flow: Flow, pushID: Int64)? {
        try await store.database.transaction { transaction in
            try await transaction.execute("SELECT 1 FROM keitaro_flows WHERE id = \(flowID) FOR UPDATE")
            guard let flow = try await store.flow(id: flowID, keyID: editor.keyID, in: transaction) else {
                throw Self.notFound
            }
            if let waiting = try await store.hasWaitingPush(flowID: flowID, in: transaction) {
                try await editor.actor.record(flow.auditName, after: "joined push \(waiting)", in: transaction)
                return (flow, waiting)
            }
            if flow.isGone { throw Problem(.conflict, Word("refused.flow_gone")) }
            if flow.draft.isClean { throw Problem(.conflict, Word("refused.no_draft")) }
            if let revision, revision != flow.revision {
                throw Problem(
                    .conflict, Word("refused.stale_detail"), title: Word("refused.stale_title"), type: "/problems/stale"
                )
            }
            if let block = flow.draft.pushBlock { throw Problem(.unprocessable, block.word) }
            if flow.theirs != nil { throw FlowConflict(flowID: flowID) }
            let id = try await store.createPush(
                of: flow, userID: editor.userID, keyID: editor.keyID, requestID: requestID, in: transaction)
            try await editor.actor.record(
                "\(flow.auditName), push \(id)", before: flow.draft.baseOffers.auditText(flow.rows),
                after: flow.draft.offers.auditText(flow.rows), in: transaction)
            return (flow, id)
        }
    }

    static let notFound = Problem(
        .notFound, Word("error.campaign_not_found.detail"), title: Word("error.campaign_not_found.title"))

    private func editRow(
        _ row: Int64, _ editor: Editor, _ change: @escaping @Sendable ([FlowOfferRow]) throws -> [FlowOfferRow]
    ) async throws -> Flow {
        guard let flowID = try await store.flowID(ofRow: row) else {
            throw Problem(.notFound, Word("refused.row_gone"))
        }
        return try await edit(flowID, editor) { try change($0.flow.rows) }
    }

    private func edit(
        _ flowID: Int64, _ editor: Editor,
        _ change: @escaping @Sendable (inout FlowEditorStore.EditedFlow) async throws -> [FlowOfferRow]
    ) async throws -> Flow {
        let flow = try await store.edit(flowID: flowID, by: editor) { edited in
            if edited.flow.newestPush?.state == .waiting { throw Problem(.conflict, Word("refused.push_running")) }
            do {
                return try await change(&edited)
            } catch let refusal as ShareRefusal {
                throw refusal.problem
            }
        }
        guard let flow else { throw Self.notFound }
        return flow
    }
}

/// The flow is in a conflict that must be resolved before its draft can go out.
struct FlowConflict: Error {
    let flowID: Int64
}
