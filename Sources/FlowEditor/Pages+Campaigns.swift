import Base
import Frame
import HTTP
import Views

/// The campaign list.
extension FlowEditorPages {
    func campaigns(_ overview: CampaignOverview, _ filter: CampaignFilter, to request: Request) throws -> Response {
        let words = frame.words(for: request)
        let present = Int64(overview.campaigns.count { $0.state != .archived })
        return try frame.page(
            "campaigns", campaignsContext(overview, filter, request), title: words("campaigns.title"), at: .campaigns,
            campaignsCount: overview.syncedAt == nil ? nil : present, to: request)
    }

    func campaignsContext(_ overview: CampaignOverview, _ filter: CampaignFilter, _ request: Request) -> ViewValue {
        let words = frame.words(for: request)
        let counts = filter.counts(overview.campaigns)
        let shown = filter.apply(to: overview.campaigns)
        let query = (try? request.query()) ?? FormFields()
        return [
            "note": note(overview, words), "is_never_synced": .bool(overview.syncedAt == nil),
            "q": .string(filter.text), "state": .string(filter.state.rawValue),
            "group": .string(filter.groupID.map(String.init) ?? ""), "sort": .string(filter.column.rawValue),
            "dir": .string(filter.isDescending ? "desc" : "asc"),
            "period": .string(query["period"] ?? "7_days_ago"), "period_from": ViewValue(query["from"]),
            "period_to": ViewValue(query["to"]), "states": .list(states(filter, counts, words)),
            "groups": .list(groups(overview.campaigns, filter)),
            "drafts_count": ViewValue(
                counts.withDrafts == 0 && !filter.isDraftsOnly ? nil : words.numbers.number(Int64(counts.withDrafts))),
            "is_drafts_only": .bool(filter.isDraftsOnly), "columns": .list(columns(filter, query, words)),
            "count_text": .string(words("campaigns.count", ["count": .integer(Int64(shown.count))])),
            "flows_total": .string(words.numbers.number(Int64(shown.reduce(0) { $0 + ($1.flows ?? 0) }))),
            "nothing_matches": shown.isEmpty ? nothingMatches(overview, filter, words) : nil,
            "rows": .list(shown.map { row($0, words) }),
        ]
    }

    private func note(_ overview: CampaignOverview, _ words: Words) -> ViewValue {
        guard overview.syncedAt != nil else { return nil }
        let archived = overview.campaigns.count { $0.state == .archived }
        var note = words("campaigns.in_keitaro", ["count": .integer(Int64(overview.campaigns.count))])
        if archived > 0 { note += ", " + words("campaigns.archived_hidden", ["count": .integer(Int64(archived))]) }
        return .string(note)
    }

    private func states(_ filter: CampaignFilter, _ counts: CampaignFilter.Counts, _ words: Words) -> [ViewValue] {
        let all: [(CampaignFilter.State, String, Int)] = [
            (.all, words("campaigns.all"), counts.all), (.active, words("campaigns.active"), counts.active),
            (.disabled, words("campaigns.off"), counts.disabled),
            (.archived, words("campaigns.archived"), counts.archived),
        ]
        return all.map { state, label, count in
            [
                "value": .string(state.rawValue), "label": .string(label),
                "count": .string(words.numbers.number(Int64(count))), "is_current": .bool(state == filter.state),
            ]
        }
    }

    private func groups(_ campaigns: [CampaignSummary], _ filter: CampaignFilter) -> [ViewValue] {
        var names: [Int64: String] = [:]
        for campaign in campaigns {
            if let id = campaign.groupID, let name = campaign.groupName { names[id] = name }
        }
        return names.sorted { ($0.value, $0.key) < ($1.value, $1.key) }.map { id, name in
            ["group_id": .integer(id), "group_name": .string(name), "is_current": .bool(id == filter.groupID)]
        }
    }

    private func columns(_ filter: CampaignFilter, _ query: FormFields, _ words: Words) -> [ViewValue] {
        CampaignFilter.Column.allCases.map { column in
            let isCurrent = column == filter.column
            let nextIsDescending = isCurrent ? !filter.isDescending : column.startsDescending
            var pairs = query.pairs.filter { $0.name != "sort" && $0.name != "dir" && !$0.value.isEmpty }
            pairs += [("sort", column.rawValue), ("dir", nextIsDescending ? "desc" : "asc")]
            let href = pairs.map { "\(PercentCoding.encode($0.name))=\(PercentCoding.encode($0.value))" }
            return [
                "key": .string(column.rawValue), "label": .string(Self.columnWord(column, words)),
                "href": .string("?" + href.joined(separator: "&")),
                "aria_sort": ViewValue(isCurrent ? (filter.isDescending ? "descending" : "ascending") : nil),
            ]
        }
    }

    private static func columnWord(_ column: CampaignFilter.Column, _ words: Words) -> String {
        switch column {
        case .name: words("campaigns.column.name")
        case .id: words("campaigns.column.id")
        case .group: words("campaigns.column.group")
        case .flows: words("campaigns.column.flows")
        case .clicks: words("campaigns.column.clicks")
        case .conversions: words("campaigns.column.conversions")
        case .cr: words("campaigns.column.cr")
        case .epc: words("campaigns.column.epc")
        case .revenue: words("campaigns.column.revenue")
        case .cost: words("campaigns.column.cost")
        case .profit: words("campaigns.column.profit")
        case .roi: words("campaigns.column.roi")
        case .synced: words("campaigns.column.synced")
        }
    }

    private func nothingMatches(_ overview: CampaignOverview, _ filter: CampaignFilter, _ words: Words) -> ViewValue {
        let isEmptyInKeitaro = overview.campaigns.isEmpty
        let sentence =
            isEmptyInKeitaro
            ? words("campaigns.empty_in_keitaro_title")
            : filter.text.isEmpty
                ? words("campaigns.nothing_filter") : words("campaigns.nothing", ["query": .string(filter.text)])
        return ["sentence": .string(sentence), "suggestion": nil, "clear_href": "/campaigns/"]
    }

    private func row(_ campaign: CampaignSummary, _ words: Words) -> ViewValue {
        [
            "campaign_key": .integer(campaign.id), "campaign_id": .integer(campaign.keitaroID),
            "campaign_name": .string(campaign.name), "group_name": ViewValue(campaign.groupName),
            "flows": .string(words.numbers.number(campaign.flows)),
            "flows_value": .integer(Int64(campaign.flows ?? 0)),
            "is_active": .bool(campaign.state == .active), "is_disabled": .bool(campaign.state == .disabled),
            "is_archived": .bool(campaign.state == .archived),
            "state_word": .string(Self.stateWord(campaign.state, words)),
            "draft_text": ViewValue(
                campaign.drafts > 0 ? words("campaigns.draft_chip", ["count": .integer(Int64(campaign.drafts))]) : nil),
            "synced_iso": .string(campaign.syncedAt.iso8601),
            "synced_text": .string(words.utc(campaign.syncedAt)),
        ]
    }
}
