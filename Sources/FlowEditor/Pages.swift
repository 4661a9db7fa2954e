import Accounts
import Base
import Frame
import HTTP
import Views

/// What a browser sees of the flow editor: contexts for the templates, in the viewer's language. Numbers and times are ready texts
/// here; what statistics need is filled in by scripts after the page shows.
struct FlowEditorPages: Sendable {
    let frame: Frame

    static func percent(_ share: Int, _ words: Words) -> String {
        words.numbers.percent(Int64(share), places: 0)
    }

    static func stateWord(_ state: CampaignSummary.State, _ words: Words) -> String {
        switch state {
        case .active: words("state.active")
        case .disabled: words("state.off")
        case .archived: words("state.archived")
        }
    }

    // MARK: Campaign page

    func campaign(_ campaign: Campaign, to request: Request) throws -> Response {
        try frame.page(
            "campaign", campaignContext(campaign, request), title: campaign.summary.name, at: .campaigns, to: request)
    }

    func campaignContext(_ campaign: Campaign, _ request: Request) -> ViewValue {
        let words = frame.words(for: request)
        let summary = campaign.summary
        let flows = campaign.flows.filter { !$0.isGone || !$0.draft.isClean }
        let query = try? request.query()
        return [
            "campaign_key": .integer(summary.id), "campaign_id": .integer(summary.keitaroID),
            "campaign_name": .string(summary.name), "group_name": ViewValue(summary.groupName),
            "is_active": .bool(summary.state == .active), "is_disabled": .bool(summary.state == .disabled),
            "is_archived": .bool(summary.state == .archived),
            "state_word": .string(Self.stateWord(summary.state, words)), "tracker_name": .string(campaign.trackerName),
            "keitaro_url": .string("\(campaign.trackerURL)/admin/#!/campaigns/\(summary.keitaroID)"),
            "synced": words.time(summary.syncedAt), "period": .string(query?["period"] ?? "7_days_ago"),
            "period_from": ViewValue(query?["from"]), "period_to": ViewValue(query?["to"]),
            "is_fetched": .bool(campaign.streamsFetchedAt != nil), "has_flows": .bool(!flows.isEmpty),
            "has_several_flows": .bool(flows.count > 1),
            "flows": .list(flows.map { flow($0, words, canEdit: Self.canEdit(request)) }),
        ]
    }

    // MARK: One flow's card

    /// Whoever may only read is shown no control that would be refused.
    static func canEdit(_ request: Request) -> Bool {
        (try? request.person().user.role.reaches(.flowWriters)) ?? false
    }

    func flow(_ flow: Flow, _ words: Words, canEdit: Bool) -> ViewValue {
        let draft = flow.draft
        let isDraft = !draft.isClean
        let active = draft.rows.filter(\.isActive)
        let leadsToAction = flow.schema != "landings" && flow.rows.isEmpty
        var kind = [Self.kindWord(flow.type, words)]
        if let weight = flow.weight {
            kind.append(words("flow.weight", ["weight": .string(words.numbers.number(weight))]))
        }
        let filters = FilterChips(flow.filters, words)
        let label = words("flow.label", ["number": .integer(Int64(flow.number))])
        let running = flow.newestPush.flatMap { $0.state == .waiting ? $0 : nil }
        return [
            "flow_key": .integer(flow.id), "stream_id": .integer(flow.keitaroID), "flow_label": .string(label),
            "flow_name": ViewValue(FlowName.own(flow.name, number: flow.number)),
            "kind_text": .string(kind.joined(separator: " · ")), "is_draft": .bool(isDraft),
            "is_off": .bool(flow.state != "active"), "filters": .list(filters.shown),
            "more_filters_text": ViewValue(filters.moreText),
            "pushed": flow.lastPushed.map { pushed in
                [
                    "iso": .string(pushed.at.iso8601), "text": .string(words.utc(pushed.at)),
                    "by": ViewValue(pushed.by),
                ]
            } ?? nil,
            "fetched": words.time(flow.fetchedAt), "segments": .list(segments(active, words)),
            "total_text": .string(Self.percent(draft.total, words)), "total_problem": totalProblem(draft, words),
            "has_offers": .bool(!flow.rows.isEmpty), "leads_to_action": .bool(leadsToAction),
            "offers": .list(draft.rows.map { offer($0, network: flow.networks[$0.offerID], words, canEdit: canEdit) }),
            "can_edit": .bool(canEdit),
            "off_note": offNote(draft.rows, words), "draft": isDraft && canEdit ? draftBar(flow, words) : nil,
            "running_push": running.map { ["push_id": .integer($0.id)] } ?? nil,
            "push_error": pushError(flow, isDraft: isDraft, words),
        ]
    }

    private static func kindWord(_ type: String, _ words: Words) -> String {
        switch type {
        case "regular": words("flow.kind.regular")
        case "forced": words("flow.kind.forced")
        case "default": words("flow.kind.default")
        default: type
        }
    }

    private func segments(_ active: [FlowOfferRow], _ words: Words) -> [ViewValue] {
        var x = 0
        return active.map { row in
            let width = min(max(row.share ?? 0, 0), 1000)
            defer { x += width }
            return [
                "x": .integer(Int64(x)), "width": .integer(Int64(width)), "is_pinned": .bool(row.isPinned),
                "title": .string("\(row.name) \(Self.percent(row.share ?? 0, words))"),
            ]
        }
    }

    private func totalProblem(_ draft: FlowDraft, _ words: Words) -> ViewValue {
        if !draft.rows.contains(where: \.isActive) { return .string(words("flow.total_empty")) }
        guard draft.excess != 0 else { return nil }
        let values: ViewObject = [
            "total": .integer(Int64(draft.total)), "difference": .integer(Int64(abs(draft.excess))),
        ]
        return .string(draft.excess > 0 ? words("flow.total_over", values) : words("flow.total_short", values))
    }

    private func offer(_ row: FlowOfferRow, network: String?, _ words: Words, canEdit: Bool) -> ViewValue {
        let change = (row.share ?? 0) - (row.baseShare ?? 0)
        let isChanged = !row.isClean
        let was: ViewValue =
            isChanged
            ? .string(row.baseShare.map { words.numbers.number(Int64($0)) } ?? NumberFormat.missing) : nil
        return [
            "row_key": .integer(row.id), "offer_id": .integer(row.offerID),
            "offer_name": .string(
                row.name.hasPrefix("#") ? words("flow.offer_unknown", ["id": .integer(row.offerID)]) : row.name),
            "network": ViewValue(network), "share": .integer(Int64(row.share ?? 0)),
            "is_editable": .bool(row.isActive && canEdit), "is_read": .bool(row.isActive && !canEdit),
            "can_bring_back": .bool(row.isRemoved && canEdit), "is_pinned": .bool(row.isPinned && row.isActive),
            "is_new": .bool(row.isAdded), "is_removed": .bool(row.isRemoved), "is_disabled": .bool(row.isDisabled),
            "is_recounted": .bool(isChanged && !row.isEdited && !row.isAdded && !row.isRemoved),
            "is_changed": .bool(isChanged), "was": was,
            "was_up": ViewValue(isChanged && change > 0 ? words.numbers.number(Int64(change)) : nil),
            "was_down": ViewValue(isChanged && change < 0 ? words.numbers.number(Int64(-change)) : nil),
        ]
    }

    private func offNote(_ rows: [FlowOfferRow], _ words: Words) -> ViewValue {
        let off = rows.filter { $0.isDisabled && $0.share != nil }
        guard !off.isEmpty else { return nil }
        let share = off.compactMap(\.share).reduce(0, +)
        return .string(
            words("flow.off_note", ["count": .integer(Int64(off.count)), "share": .integer(Int64(share))]))
    }

    private func draftBar(_ flow: Flow, _ words: Words) -> ViewValue {
        let draft = flow.draft
        let changes = draft.changes
        let sentences = changes.map { Self.sentence($0, words) }
        let count: ViewObject = ["count": .integer(Int64(changes.count)), "number": .integer(Int64(flow.number))]
        let block: String? =
            switch flow.pushHindrance {
            case .running: words("draft.cannot.running")
            case .gone: words("draft.cannot.gone")
            case .set(let block): words(block.word)
            // A push in a conflict opens the choice; without a draft there is no bar.
            case .unchanged, .conflict, nil: nil
            }
        let short =
            sentences.count > 1
            ? "\(sentences[0]), \(words("draft.more", ["count": .integer(Int64(sentences.count - 1))]))"
            : sentences.first ?? ""
        return [
            "title": .string(words("draft.title", count)), "short_title": .string(words("draft.short_title", count)),
            "summary": .string(sentences.joined(separator: ", ")), "short_summary": .string(short),
            "kept_text": .string(words("draft.kept", count)), "revision": .integer(flow.revision),
            "can_push": .bool(block == nil), "cannot_push_reason": ViewValue(block),
        ]
    }

    static func sentence(_ change: FlowChange, _ words: Words) -> String {
        switch change.kind {
        case .changed(let from, let to):
            words(
                "draft.share",
                ["offer": .string(short(change.name)), "before": .integer(Int64(from)), "after": .integer(Int64(to))])
        case .added: words("draft.added", ["offer": .string(short(change.name))])
        case .removed: words("draft.removed", ["offer": .string(short(change.name))])
        }
    }

    /// An offer's name up to its dash: "TezQarzha — до 150 000 ₸" is TezQarzha in a list of changes.
    static func short(_ name: String) -> String {
        guard let dash = name.firstRange(of: " — "), dash.lowerBound > name.startIndex else { return name }
        return String(name[..<dash.lowerBound])
    }

    /// Shown as long as the draft is the one that failed; the next edit or push takes it away.
    private func pushError(_ flow: Flow, isDraft: Bool, _ words: Words) -> ViewValue {
        guard isDraft, let push = flow.newestPush, push.state == .failed, push.revision == flow.revision,
            let problem = push.problem
        else { return nil }
        let said = PushSentence(problem, flowNumber: flow.number, serverAddress: frame.serverAddress)
        let request = words("common.request_id", ["id": .string(push.requestID)])
        return [
            "title": .string(words(said.title)), "detail": .string(words(said.detail)),
            "has_steps": .bool(!said.steps.isEmpty),
            "steps": .list(
                said.steps.map { ["step_text": .string(words($0.text)), "copy_value": ViewValue($0.copied)] }),
            "facts": .string([request, problem.facts].compactMap { $0 }.joined(separator: " · ")),
        ]
    }
}
