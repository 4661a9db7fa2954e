import Base
import Frame
import HTTP
import Views

/// The history of pushes.
extension FlowEditorPages {
    func pushes(
        _ pushes: [FlowEditorStore.ListedPush], count: Int64, older: String?, to request: Request
    ) throws -> Response {
        let words = frame.words(for: request)
        let context: ViewValue = [
            "has_pushes": .bool(!pushes.isEmpty),
            "count_text": .string(words("pushes.count", ["count": .integer(count)])),
            "older_href": ViewValue(older),
            "pushes": .list(pushes.map { push($0, words, canEdit: Self.canEdit(request)) }),
        ]
        return try frame.page("pushes", context, title: words("pushes.title"), at: .pushes, to: request)
    }

    func pushRows(_ pushes: [FlowEditorStore.ListedPush], to request: Request) throws -> [UInt8] {
        let words = frame.words(for: request)
        return try frame.fragment(
            "push_rows", ["pushes": .list(pushes.map { push($0, words, canEdit: Self.canEdit(request)) })], to: request)
    }

    private func push(_ listed: FlowEditorStore.ListedPush, _ words: Words, canEdit: Bool) -> ViewValue {
        let push = listed.push
        let changes = OfferDifference.between(push.before.map(\.offer), push.after.map(\.offer))
        let names = Dictionary((push.before + push.after).map { ($0.offer.offerID, $0.name) }) { first, _ in first }
        let said = push.problem.map {
            PushSentence($0, flowNumber: listed.flowNumber, serverAddress: frame.serverAddress)
        }
        let facts = [words("common.request_id", ["id": .string(push.requestID)]), push.problem?.facts]
        return [
            "push_id": .integer(push.id), "created_iso": .string(push.createdAt.iso8601),
            "created_text": .string(words.utc(push.createdAt)),
            "who": .string(push.userName ?? NumberFormat.missing), "campaign_name": .string(listed.campaignName),
            "campaign_key": .integer(listed.campaignID),
            "flow_label": .string(words("flow.label", ["number": .integer(Int64(listed.flowNumber))])),
            "flow_name": ViewValue(FlowName.own(listed.flowName, number: listed.flowNumber)),
            "is_pushed": .bool(push.state == .pushed), "is_conflict": .bool(push.state == .conflict),
            "is_failed": .bool(push.state == .failed), "is_running": .bool(push.state == .waiting),
            "is_undone": .bool(push.isUndone), "state_word": .string(stateWord(push, words)),
            "summary": .string(
                changes.map { sentence($0, names[$0.offerID] ?? "", words) }.joined(separator: ", ")),
            "reason": ViewValue(said.map { "\(words($0.title)) \(words($0.detail))" }),
            "facts": ViewValue(
                push.problem == nil ? nil : facts.compactMap { $0 }.joined(separator: " · ")),
            "undo": listed.canBeUndone && canEdit ? ["url": .string("/campaigns/pushes/\(push.id)/undo/")] : nil,
            "has_rows": .bool(!push.after.isEmpty), "rows": .list(rows(push, words)),
        ]
    }

    private func stateWord(_ push: Push, _ words: Words) -> String {
        if push.isUndone { return words("push.state.undone") }
        return switch push.state {
        case .pushed: words("push.state.pushed")
        case .conflict: words("push.state.conflict")
        case .failed: words("push.state.failed")
        case .waiting: words("push.state.running")
        }
    }

    private func sentence(_ difference: OfferDifference, _ name: String, _ words: Words) -> String {
        let offer: ViewValue = .string(Self.short(name))
        switch (difference.before, difference.after) {
        case (nil, _): return words("draft.added", ["offer": offer])
        case (_, nil): return words("draft.removed", ["offer": offer])
        case (let before?, let after?):
            return words(
                "draft.share",
                ["offer": offer, "before": .integer(Int64(before.share)), "after": .integer(Int64(after.share))])
        }
    }

    private func rows(_ push: Push, _ words: Words) -> [ViewValue] {
        let comparison = OfferSetComparison(
            base: push.before.map(\.offer), now: push.after.map(\.offer), mine: push.before.map(\.offer))
        let names = Dictionary((push.before + push.after).map { ($0.offer.offerID, $0.name) }) { first, _ in first }
        return comparison.rows.map { row in
            let change = (row.now?.share ?? 0) - (row.base?.share ?? 0)
            let note: String? =
                row.base == nil ? words("pushes.note.added") : row.now == nil ? words("pushes.note.removed") : nil
            return [
                "offer_name": .string(names[row.offerID] ?? ""), "offer_id": .integer(row.offerID),
                "before": .string(row.base.map { Self.percent($0.share, words) } ?? NumberFormat.missing),
                "after": .string(row.now.map { Self.percent($0.share, words) } ?? NumberFormat.missing),
                "up": ViewValue(change > 0 ? words.numbers.number(Int64(change)) : nil),
                "down": ViewValue(change < 0 ? words.numbers.number(Int64(-change)) : nil),
                "is_changed": .bool(row.base != row.now), "note": ViewValue(note),
            ]
        }
    }
}
