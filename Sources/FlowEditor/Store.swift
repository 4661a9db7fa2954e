import Base
import Outbox
import Postgres

/// Reads of the flow editor. A key sees its own view: what it has access to by the last sync with it.
package struct FlowEditorStore: Sendable {
    let database: Database

    package init(database: Database) {
        self.database = database
    }

    // MARK: Campaign list

    /// One round: the sync's time comes with every row, and alone when there are none.
    package func overview(keyID: Int64) async throws -> CampaignOverview {
        let rows = try await database.query(
            """
            WITH drafted AS (
                SELECT flow_id, count(*) FILTER (WHERE is_edited OR share IS NULL OR base_share IS NULL) AS edits
                FROM keitaro_flow_offers WHERE share IS DISTINCT FROM base_share GROUP BY flow_id
            ), flows AS (
                SELECT campaign_id, count(*) AS flows, sum(greatest(edits, 1)) FILTER (WHERE edits IS NOT NULL) AS drafts
                FROM keitaro_flows LEFT JOIN drafted ON drafted.flow_id = keitaro_flows.id
                WHERE gone_at IS NULL GROUP BY campaign_id
            ), seen AS (
                SELECT campaigns.*, groups.name AS group_name, CASE WHEN campaigns.streams_fetched_at IS NOT NULL THEN coalesce(flows.flows, 0) END AS flows,
                    coalesce(flows.drafts, 0)::bigint AS drafts
                FROM keitaro_campaign_access access
                JOIN keitaro_campaigns campaigns ON campaigns.id = access.campaign_id
                LEFT JOIN keitaro_groups groups
                    ON groups.tracker_id = campaigns.tracker_id AND groups.keitaro_id = campaigns.group_id
                LEFT JOIN flows ON flows.campaign_id = campaigns.id
                WHERE access.key_id = \(keyID)
            )
            SELECT syncs.finished_at, seen.id, seen.keitaro_id, seen.name, seen.state, seen.group_id, seen.group_name,
                seen.search_text, seen.flows, seen.drafts, coalesce(seen.streams_fetched_at, seen.synced_at) AS synced_at
            FROM (SELECT 1) AS one
            LEFT JOIN keitaro_syncs syncs ON syncs.key_id = \(keyID)
            LEFT JOIN seen ON true
            """)
        var overview = CampaignOverview(campaigns: [], syncedAt: try rows.first?.get("finished_at"))
        overview.campaigns.reserveCapacity(rows.count)
        for row in rows {
            let id: Int64? = try row.get("id")
            if let id { overview.campaigns.append(try Self.summary(row, id: id)) }
        }
        return overview
    }

    /// Whether a sync with this key has ever finished.
    func hasSynced(keyID: Int64) async throws -> Bool {
        try await database.first("SELECT 1 FROM keitaro_syncs WHERE key_id = \(keyID)") != nil
    }

    private static func summary(_ row: Row, id: Int64) throws -> CampaignSummary {
        CampaignSummary(
            id: id, keitaroID: try row.get("keitaro_id"), name: try row.get("name"),
            state: CampaignSummary.State(keitaro: try row.get("state")), groupID: try row.get("group_id"),
            groupName: try row.get("group_name"), searchText: try row.get("search_text"), flows: try row.get("flows"),
            drafts: try row.get("drafts"), syncedAt: try row.get("synced_at"))
    }

    // MARK: One campaign

    /// A campaign without its flows; nil when the key may not see it.
    package func campaign(id: Int64, keyID: Int64) async throws -> Campaign? {
        let row = try await database.first(
            """
            SELECT campaigns.id, campaigns.keitaro_id, campaigns.name, campaigns.state, campaigns.group_id,
                groups.name AS group_name, campaigns.search_text, NULL::bigint AS flows, 0::bigint AS drafts,
                campaigns.synced_at, campaigns.streams_fetched_at, trackers.name AS tracker_name,
                trackers.url AS tracker_url
            FROM keitaro_campaigns campaigns
            JOIN keitaro_campaign_access access ON access.campaign_id = campaigns.id AND access.key_id = \(keyID)
            JOIN keitaro_trackers trackers ON trackers.id = campaigns.tracker_id
            LEFT JOIN keitaro_groups groups
                ON groups.tracker_id = campaigns.tracker_id AND groups.keitaro_id = campaigns.group_id
            WHERE campaigns.id = \(id)
            """)
        return try row.map { row in
            Campaign(
                summary: try Self.summary(row, id: try row.get("id")), trackerName: try row.get("tracker_name"),
                trackerURL: try row.get("tracker_url"), streamsFetchedAt: try row.get("streams_fetched_at"), flows: [])
        }
    }

    /// A campaign's page in one round: the campaign's columns stand in every row, also in the only one of a campaign without flows.
    package func campaignWithFlows(id: Int64, keyID: Int64) async throws -> Campaign? {
        let rows = try await database.query(
            """
            SELECT campaigns.id, campaigns.keitaro_id, campaigns.name, campaigns.state, campaigns.group_id,
                groups.name AS group_name, campaigns.search_text, NULL::bigint AS flows, 0::bigint AS drafts,
                campaigns.synced_at, campaigns.streams_fetched_at, trackers.name AS tracker_name,
                trackers.url AS tracker_url, flow.*
            FROM keitaro_campaigns campaigns
            JOIN keitaro_campaign_access access ON access.campaign_id = campaigns.id AND access.key_id = \(keyID)
            JOIN keitaro_trackers trackers ON trackers.id = campaigns.tracker_id
            LEFT JOIN keitaro_groups groups
                ON groups.tracker_id = campaigns.tracker_id AND groups.keitaro_id = campaigns.group_id
            LEFT JOIN LATERAL (\(FlowColumns.select(keyID: keyID)) WHERE flows.campaign_id = campaigns.id) flow ON true
            WHERE campaigns.id = \(id)
            ORDER BY flow.flow_number, flow.offer_position, flow.row_id
            """)
        guard let first = rows.first else { return nil }
        let hasFlows: Int64? = try first.get("flow_id")
        return Campaign(
            summary: try Self.summary(first, id: id), trackerName: try first.get("tracker_name"),
            trackerURL: try first.get("tracker_url"), streamsFetchedAt: try first.get("streams_fetched_at"),
            flows: hasFlows == nil ? [] : try FlowColumns.flows(rows))
    }

    /// Nil when the key may not see the flow's campaign.
    package func flow(id: Int64, keyID: Int64, in queryable: some Queryable) async throws -> Flow? {
        try FlowColumns.flows(
            try await queryable.query(
                """
                SELECT flow.* FROM (\(FlowColumns.select(keyID: keyID))) flow
                JOIN keitaro_campaign_access access ON access.campaign_id = flow.campaign_id AND access.key_id = \(keyID)
                WHERE flow.campaign_id = (SELECT campaign_id FROM keitaro_flows WHERE id = \(id)) AND flow.flow_id = \(id)
                ORDER BY flow.offer_position, flow.row_id
                """)
        ).first
    }

    package func flow(id: Int64, keyID: Int64) async throws -> Flow? {
        try await flow(id: id, keyID: keyID, in: database)
    }

    /// The flow that a row belongs to.
    package func flowID(ofRow rowID: Int64) async throws -> Int64? {
        try await database.first("SELECT flow_id FROM keitaro_flow_offers WHERE id = \(rowID)")?.get("flow_id")
    }

    // MARK: Offers

    /// Offers whose name holds every word, or whose id begins with the text; best first, ten at most.
    package func offers(matching text: String, flowID: Int64?, keyID: Int64) async throws -> OfferMatches {
        let words = text.lowercased().split(whereSeparator: \.isWhitespace).map { "%\(Self.likeEscaped($0))%" }
        let trimmed = text.trimmingSpaces().lowercased()
        let idPrefix = trimmed.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 } && !trimmed.isEmpty ? "\(trimmed)%" : ""
        let start = "\(Self.likeEscaped(trimmed[...]))%"
        let rows = try await database.query(
            """
            SELECT offers.keitaro_id, offers.name, offers.network_name, offers.payout::text AS payout,
                offers.payout_currency,
                EXISTS (SELECT 1 FROM keitaro_flow_offers present WHERE present.flow_id = \(flowID)
                    AND present.offer_id = offers.keitaro_id AND present.share IS NOT NULL) AS in_flow,
                (SELECT count(*) FROM keitaro_offer_access WHERE key_id = \(keyID)) AS total
            FROM keitaro_offer_access access JOIN keitaro_offers offers ON offers.id = access.offer_id
            WHERE access.key_id = \(keyID) AND offers.state = 'active'
                AND (offers.search_text LIKE ALL (\(words)::text[]) OR offers.keitaro_id::text LIKE \(idPrefix))
            ORDER BY offers.keitaro_id::text LIKE \(idPrefix) DESC, offers.search_text LIKE \(start) DESC, offers.search_text
            LIMIT 10
            """)
        return OfferMatches(
            total: try rows.first?.get("total") ?? 0,
            offers: try rows.map { row in
                OfferMatch(
                    offerID: try row.get("keitaro_id"), name: try row.get("name"), network: try row.get("network_name"),
                    payout: try row.get("payout"), currency: try row.get("payout_currency"),
                    isInFlow: try row.get("in_flow"))
            })
    }

    /// The name of an offer that the key may see.
    func offerName(_ offerID: Int64, keyID: Int64, in transaction: Transaction) async throws -> String? {
        try await transaction.first(
            """
            SELECT offers.name FROM keitaro_offers offers
            JOIN keitaro_offer_access access ON access.offer_id = offers.id AND access.key_id = \(keyID)
            WHERE offers.keitaro_id = \(offerID) AND offers.state = 'active' LIMIT 1
            """)?.get("name")
    }

    private static func likeEscaped(_ text: Substring) -> String {
        String(text.flatMap { "\\%_".contains($0) ? ["\\", $0] : [$0] })
    }
}

package struct OfferMatches: Sendable {
    package var total: Int64
    package var offers: [OfferMatch]
}

package struct OfferMatch: Sendable {
    package var offerID: Int64
    package var name: String
    package var network: String?
    /// As PostgreSQL writes the exact number.
    package var payout: String?
    package var currency: String?
    package var isInFlow: Bool
}
