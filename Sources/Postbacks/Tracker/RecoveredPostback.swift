import Base
import Keitaro

/// A conversion of Keitaro's log made into the postback that should have come.
struct RecoveredPostback {
    let at: Timestamp
    private let theirs: JSON

    /// Nil for what is none.
    init?(_ theirs: JSON) {
        guard let at = theirs["at"]?.stringValue.flatMap({ Timestamp(iso8601: $0) }) else { return nil }
        self.at = at
        self.theirs = theirs
    }

    /// Of the request that ``raw`` made of one.
    init?(raw: JSON) {
        guard let body = raw["body"]?.stringValue, let theirs = try? JSON(parsing: body) else { return nil }
        self.init(theirs)
    }

    /// What is older than a day is told to nobody when it is filled in: it is on the page.
    func isTold(at moment: Timestamp) -> Bool { moment.since(at) < .seconds(86_400) }

    /// What is kept of Keitaro's row beside a difference.
    static func json(_ conversion: KeitaroConversion) -> JSON {
        var json: JSON = [
            "at": .string(conversion.at.iso8601), "status": .string(conversion.status),
            "revenue": .string(conversion.revenue), "original_status": .string(conversion.originalStatus),
            "campaign": .string(conversion.campaignName), "offer": .string(conversion.offerName),
            "country": .string(conversion.country),
        ]
        if let campaign = conversion.campaignID { json["campaign_id"] = .integer(campaign) }
        if let offer = conversion.offerID { json["offer_id"] = .integer(offer) }
        return json
    }

    static func json(_ conversion: KnownConversion) -> JSON {
        [
            "at": .string(conversion.at.iso8601), "status": .string(conversion.status.name),
            "revenue": .string(conversion.revenue.text),
        ]
    }

    /// Under the names that our own URL uses, so that it is read as all others.
    func fields(_ difference: ReconciliationStore.StoredDifference) -> PostbackFields {
        func text(_ name: String) -> String { theirs[name]?.lenientString ?? "" }
        return PostbackFields(pairs: [
            (name: "status", value: text("status")), (name: "click_id", value: difference.clickID),
            (name: "transaction_id", value: difference.transactionID),
            (name: "conversion_revenue", value: text("revenue")), (name: "campaign_id", value: text("campaign_id")),
            (name: "campaign_name", value: text("campaign")), (name: "offer_id", value: text("offer_id")),
            (name: "offer_name", value: text("offer")), (name: "country", value: text("country")),
            (name: "original_status", value: text("original_status")),
        ])
    }

    /// As a request would have been kept.
    var raw: String {
        let json: JSON = [
            "method": "", "target": "conversions/log", "headers": [:], "body": .string(theirs.text),
        ]
        return json.text
    }
}
