import Base
import Frame
import HTTP
import Views

/// Keitaro beside Sluice: the conflict dialog and the check of drift.
extension FlowEditorPages {
    // MARK: Conflict

    func conflict(_ flow: Flow, to request: Request) throws -> String {
        let words = frame.words(for: request)
        let comparison = OfferSetComparison(
            base: flow.draft.baseOffers, now: flow.theirs ?? [], mine: flow.draft.offers)
        let both = comparison.rows.count { $0.outcome == .bothChanged }
        let onlyKeitaro = comparison.rows.count { $0.outcome == .onlyKeitaro }
        var counts: [String] = []
        if both > 0 { counts.append(words("conflict.both_count", ["count": .integer(Int64(both))])) }
        if onlyKeitaro > 0 { counts.append(words("conflict.keitaro_count", ["count": .integer(Int64(onlyKeitaro))])) }
        let context: ViewValue = [
            "flow_key": .integer(flow.id),
            "title": .string(words("conflict.title", ["number": .integer(Int64(flow.number))])),
            "fetched": words.time(flow.fetchedAt), "now": words.time(flow.theirsAt),
            "count_text": .string(counts.joined(separator: ", ")),
            "rows": .list(comparison.rows.map { conflictRow($0, flow, words) }),
            "base_total": .string(Self.total(flow.draft.baseOffers)),
            "keitaro_total": .string(Self.total(flow.theirs ?? [])),
            "mine_total": .string(Self.total(flow.draft.offers)),
        ]
        return String(decoding: try frame.fragment("conflict", context, to: request), as: UTF8.self)
    }

    private static func total(_ offers: [OfferShare]) -> String {
        String(offers.filter(\.isActive).map(\.share).saturatingSum())
    }

    private func conflictRow(_ row: OfferSetComparison.Row, _ flow: Flow, _ words: Words) -> ViewValue {
        let known = flow.rows.first { $0.offerID == row.offerID }
        let theirs = side(row.nowChange, words)
        let mine = side(row.myChange, words)
        return [
            "offer_name": .string(offerName(row.offerID, known?.name, words)), "offer_id": .integer(row.offerID),
            "is_pinned": .bool(known?.isPinned ?? false), "is_both": .bool(row.outcome == .bothChanged),
            "is_keitaro_only": .bool(row.outcome == .onlyKeitaro), "is_mine_only": .bool(row.outcome == .onlyMine),
            "is_unchanged": .bool(row.outcome == .unchanged || row.outcome == .bothSame),
            "base": .string(row.base.map { String($0.share) } ?? NumberFormat.missing), "keitaro": theirs.share,
            "keitaro_up": theirs.up, "keitaro_down": theirs.down, "keitaro_word": theirs.word, "mine": mine.share,
            "mine_up": mine.up, "mine_down": mine.down, "mine_word": mine.word,
        ]
    }

    private struct Side {
        var share: ViewValue
        var up: ViewValue = nil
        var down: ViewValue = nil
        var word: ViewValue = nil
    }

    private func side(_ difference: OfferDifference, _ words: Words) -> Side {
        var side = Side(share: ViewValue(difference.after.map { String($0.share) }))
        if difference.after == nil, difference.before == nil { side.share = .string(NumberFormat.missing) }
        for change in difference.changes {
            switch change {
            case .changedShare(let from, let to):
                if to > from { side.up = .integer(Int64(to - from)) } else { side.down = .integer(Int64(from - to)) }
            case .added: side.word = .string(words("conflict.added"))
            case .removed: side.word = .string(words("conflict.removed"))
            case .switchedOff: side.word = .string(words("conflict.turned_off"))
            case .switchedOn: side.word = .string(words("conflict.turned_on"))
            }
        }
        return side
    }

    private func offerName(_ id: Int64, _ name: String?, _ words: Words) -> String {
        guard let name, !name.isEmpty, !name.hasPrefix("#") else {
            return words("flow.offer_unknown", ["id": .integer(id)])
        }
        return name
    }

    // MARK: Drift

    func drift(_ drift: CampaignDrift, to request: Request) throws -> String {
        let words = frame.words(for: request)
        let differing = drift.flows.filter { !$0.isSame }
        let summary = [
            words("sync.differences", ["count": .integer(Int64(drift.differenceCount))]),
            words("sync.in_flows", ["count": .integer(Int64(differing.count))]),
        ].joined(separator: " ")
        let context: ViewValue = [
            "is_same": .bool(differing.isEmpty), "summary": .string(summary),
            "checked": words.time(drift.checkedAt),
            "flows": .list(
                differing.map { flow in
                    [
                        "flow_label": .string(words("flow.label", ["number": .integer(Int64(flow.number))])),
                        "flow_name": ViewValue(FlowName.own(flow.name, number: flow.number)),
                        "flow_note": ViewValue(flow.notes.map { driftNote($0, words) }.joined(separator: " ")),
                        "rows": .list(flow.offers.map { driftRow($0, flow, words) }),
                        "has_rows": .bool(!flow.offers.isEmpty),
                    ]
                }),
        ]
        return String(decoding: try frame.fragment("sync_result", context, to: request), as: UTF8.self)
    }

    private func driftNote(_ note: CampaignDrift.Note, _ words: Words) -> String {
        switch note {
        case .new: words("sync.flow_new")
        case .gone: words("sync.flow_gone")
        case .renamed(let name): words("sync.flow_renamed", ["name": .string(name)])
        case .turnedOff: words("sync.flow_off")
        case .turnedOn: words("sync.flow_on")
        }
    }

    private func driftRow(_ difference: OfferDifference, _ flow: CampaignDrift.FlowDrift, _ words: Words) -> ViewValue {
        let here = difference.before.map { words("sync.here", ["share": .integer(Int64($0.share))]) }
        let there = difference.after.map { words("sync.keitaro", ["share": .integer(Int64($0.share))]) }
        var keitaroText = there ?? words("sync.not_in_keitaro")
        var hereText = here ?? words("sync.not_here")
        var kind = words("sync.kind.share")
        for change in difference.changes {
            switch change {
            case .changedShare: break
            case .added: kind = words("sync.kind.added")
            case .removed: kind = words("sync.kind.removed")
            case .switchedOff:
                kind = words("sync.kind.off")
                keitaroText = words("sync.off_in_keitaro")
                hereText = words("sync.on_here")
            case .switchedOn:
                kind = words("sync.kind.on")
                keitaroText = words("sync.on_in_keitaro")
                hereText = words("sync.off_here")
            }
        }
        return [
            "offer_name": .string(offerName(difference.offerID, flow.offerNames[difference.offerID], words)),
            "offer_id": .integer(difference.offerID), "kind_word": .string(kind), "keitaro_text": .string(keitaroText),
            "here_text": .string(hereText),
        ]
    }
}
