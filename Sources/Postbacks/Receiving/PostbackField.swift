import Base

/// What Sluice understands of a postback. The raw value is the seed's name of the parameter.
package enum PostbackField: String, CaseIterable, Sendable {
    case status
    case originalStatus = "original_status"
    case clickID = "click_id"
    case transactionID = "transaction_id"
    case campaignID = "campaign_id"
    case campaignName = "campaign_name"
    case offerID = "offer_id"
    case offerName = "offer_name"
    case landingID = "landing_id"
    case landingName = "landing_name"
    case country
    case source
    case creativeID = "creative_id"
    case subID1 = "sub_id_1"
    case subID2 = "sub_id_2"
    case revenue = "conversion_revenue"
    case payout
    case currency
    case reason
    case eventID = "event_id"

    /// Names it may come under, its own first; of two that are filled in the earlier counts. Keitaro's own macro names are
    /// among them, and what its users write by hand (reference, keitaro.md §2.1 and §3).
    package var names: [String] {
        switch self {
        case .status: ["status", "conversion_status", "event", "event_type", "goal"]
        case .originalStatus: ["original_status", "orig_status"]
        case .clickID: ["click_id", "subid", "clickid", "sub_id", "cid", "click"]
        case .transactionID: ["transaction_id", "tid", "txid", "tx_id", "transactionid", "transaction", "tx"]
        case .campaignID: ["campaign_id", "keitaro_campaign_id", "campaignid"]
        case .campaignName: ["campaign_name", "keitaro_campaign_name", "campaign"]
        case .offerID: ["offer_id", "offerid"]
        case .offerName: ["offer_name", "offer"]
        case .landingID: ["landing_id", "landingid"]
        case .landingName: ["landing_name", "landing"]
        case .country: ["country", "country_code", "geo", "country_name"]
        case .source: ["source", "traffic_source", "traffic_source_name", "ts_name"]
        case .creativeID: ["creative_id", "creativeid", "creative"]
        case .subID1: ["sub_id_1", "sub_id1", "subid1", "sub_1", "sub1"]
        case .subID2: ["sub_id_2", "sub_id2", "subid2", "sub_2", "sub2"]
        case .revenue: ["conversion_revenue", "revenue", "amount", "sum"]
        case .payout: ["payout"]
        case .currency: ["currency", "currency_code", "cur"]
        case .reason: ["reason", "reject_reason", "comment"]
        case .eventID: ["event_id", "eventid"]
        }
    }

    /// What is stored and indexed of it, in bytes of UTF-8: an index entry of PostgreSQL has room for 2,704.
    var limit: Int {
        switch self {
        case .clickID, .transactionID: 512
        case .campaignName, .offerName, .landingName, .reason: 1_024
        case .status, .originalStatus, .country, .revenue, .payout: 64
        case .currency: 16
        default: 256
        }
    }

    /// Which field a parameter of this name is, and how many names of it go before.
    static func named(_ name: String) -> (field: PostbackField, rank: Int)? {
        byName[name]
    }

    private static let byName: [String: (field: PostbackField, rank: Int)] = {
        var table: [String: (field: PostbackField, rank: Int)] = [:]
        for field in allCases {
            for (rank, name) in field.names.enumerated() { table[name] = (field, rank) }
        }
        return table
    }()
}
