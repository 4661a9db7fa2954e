import Base

/// A campaign as `GET campaigns` lists it. Its `token`, a secret of the Click API, is never read (keitaro.md §1.6).
package struct KeitaroCampaign: Hashable, Sendable, Identifiable {
    package let id: Int64
    package let name: String
    package let alias: String
    package let state: KeitaroState
    /// `position` (the first stream whose filters match) or `weight` (split by the streams' weights), §4.
    package let type: String
    package let groupID: Int64?
    package let trafficSourceID: Int64?
    /// `s`, `sl` or `slo`: returning visitors stay with the stream, its landing page, its offer; so a new share moves only new ones.
    package let bindVisitors: String?
    package let costType: String?
    /// Decimal text.
    package let costValue: String?
    package let costCurrency: String?
    /// As the tracker writes them: `2026-01-01 10:00:00`, no zone.
    package let createdAt: String?
    package let updatedAt: String?
    /// Where its conversions are posted to; nil where the list does not say.
    package let postbacks: [KeitaroPostback]?

    init(_ fields: KeitaroFields) throws(KeitaroModelProblem) {
        id = try fields.requiredInt("id")
        name = fields.text("name") ?? ""
        alias = fields.text("alias") ?? ""
        state = fields.state()
        type = fields.text("type") ?? "position"
        groupID = fields.reference("group_id")
        trafficSourceID = fields.reference("traffic_source_id")
        bindVisitors = fields.text("bind_visitors")
        costType = fields.text("cost_type")
        costValue = fields.decimal("cost_value")
        costCurrency = fields.text("cost_currency")
        createdAt = fields.text("created_at")
        updatedAt = fields.text("updated_at")
        // A list of campaigns is of use without them.
        postbacks = (try? KeitaroPostback.list(fields)) ?? nil
    }
}

/// A group of campaigns, offers or landing pages.
package struct KeitaroGroup: Hashable, Sendable, Identifiable {
    package enum Kind: String, Sendable, CaseIterable {
        case campaigns, offers, landings
    }

    package let id: Int64
    package let name: String
    package let position: Int64

    init(_ fields: KeitaroFields) throws(KeitaroModelProblem) {
        id = try fields.requiredInt("id")
        name = fields.text("name") ?? ""
        position = fields.int("position") ?? 0
    }
}
