import HTTP

/// Which campaigns the list shows, and in which order. Pure: the store gives all that the key may see.
package struct CampaignFilter: Hashable, Sendable {
    package enum State: String, Sendable, CaseIterable {
        /// All but the archived.
        case all
        case active
        case disabled
        case archived
    }

    package enum Column: String, Sendable, CaseIterable {
        case name, id, group, flows, clicks, conversions, cr, epc, revenue, cost, profit, roi, synced

        /// Counted by the statistics, which arrive after the page: the page itself keeps the order by name for these.
        package var isStatistic: Bool {
            switch self {
            case .name, .id, .group, .flows, .synced: false
            case .clicks, .conversions, .cr, .epc, .revenue, .cost, .profit, .roi: true
            }
        }

        /// Numbers are wanted largest first.
        package var startsDescending: Bool { self != .name && self != .id && self != .group }
    }

    package var text = ""
    package var state = State.all
    package var groupID: Int64?
    package var isDraftsOnly = false
    package var column = Column.revenue
    package var isDescending = true

    package init() {}

    /// Reads a query string that fits the route's description: what is absent or empty is as it is by default.
    package init(_ query: FormFields) {
        text = String((query["q"] ?? "").prefix(200))
        state = query["state"].flatMap { State(rawValue: $0) } ?? .all
        groupID = query["group"].flatMap { Int64($0) }
        isDraftsOnly = query["drafts"] == "1"
        column = query["sort"].flatMap { Column(rawValue: $0) } ?? .revenue
        isDescending = query["dir"].map { $0 == "desc" } ?? column.startsDescending
    }

    /// Counts beside the state filters: over everything the other filters leave.
    package struct Counts: Hashable, Sendable {
        package var all = 0
        package var active = 0
        package var disabled = 0
        package var archived = 0
        package var withDrafts = 0
    }

    package func counts(_ campaigns: [CampaignSummary]) -> Counts {
        var counts = Counts()
        let words = searchWords
        for campaign in campaigns {
            if campaign.drafts > 0, campaign.state != .archived { counts.withDrafts += 1 }
            guard matchesTextAndGroup(campaign, words) else { continue }
            switch campaign.state {
            case .archived: counts.archived += 1
            case .active: counts.active += 1
            case .disabled: counts.disabled += 1
            }
            if campaign.state != .archived { counts.all += 1 }
        }
        return counts
    }

    package func apply(to campaigns: [CampaignSummary]) -> [CampaignSummary] {
        let words = searchWords
        let matching = campaigns.filter { campaign in
            let inState: Bool =
                switch state {
                case .all: campaign.state != .archived
                case .active: campaign.state == .active
                case .disabled: campaign.state == .disabled
                case .archived: campaign.state == .archived
                }
            return inState && (!isDraftsOnly || campaign.drafts > 0) && matchesTextAndGroup(campaign, words)
        }
        // By name until the numbers are there, whichever way they are wanted.
        let isReversed = isDescending && !column.isStatistic
        return matching.sorted { left, right in isReversed ? isBefore(right, left) : isBefore(left, right) }
    }

    private var searchWords: [String] {
        text.lowercased().split(whereSeparator: \.isWhitespace).map(String.init)
    }

    /// Every word must occur in name, alias or id.
    private func matchesTextAndGroup(_ campaign: CampaignSummary, _ words: [String]) -> Bool {
        if let groupID, campaign.groupID != groupID { return false }
        return words.allSatisfy { campaign.searchText.contains($0) }
    }

    private func isBefore(_ left: CampaignSummary, _ right: CampaignSummary) -> Bool {
        switch column {
        case .id where left.keitaroID != right.keitaroID: left.keitaroID < right.keitaroID
        case .group where left.groupName != right.groupName: (left.groupName ?? "") < (right.groupName ?? "")
        case .flows where left.flows != right.flows: (left.flows ?? -1) < (right.flows ?? -1)
        case .synced where left.syncedAt != right.syncedAt: left.syncedAt < right.syncedAt
        default: (left.searchText, left.id) < (right.searchText, right.id)
        }
    }
}
