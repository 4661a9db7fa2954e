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

    /// Whether a postback can make ours what theirs is. A late status can't, where the policy makes a further conversion of it, or
    /// leaves the conversion as it is.
    func canFillIn(_ difference: ReconciliationStore.StoredDifference, for profile: PostbackProfile) -> Bool {
        guard difference.kind == .statusLag else { return true }
        switch policy(for: profile) {
        case .update, .increment, .ignoreSameEvent: return true
        case .new, .newRepeated, .ignore: return false
        }
    }

    private func policy(for profile: PostbackProfile) -> ConversionPolicy {
        profile.policy(
            for: PostbackReading.status(of: theirs["status"]?.lenientString ?? "", for: profile).status)
    }

    /// Keitaro has the whole amount; what is to be added to ours is the rest of it.
    private func revenue(_ difference: ReconciliationStore.StoredDifference, for profile: PostbackProfile) -> String {
        let whole = theirs["revenue"]?.lenientString ?? ""
        guard difference.kind == .statusLag, policy(for: profile) == .increment, let ours = difference.ours,
            [PostbackStatus.deposit.name, PostbackStatus.rebill.name].contains(ours["status"]?.stringValue ?? "")
        else { return whole }
        let (theirs, known) = (Amount(canonical: whole), Amount(canonical: ours["revenue"]?.stringValue ?? "0"))
        guard Amount.compare(theirs, known) > 0 else { return "" }
        return Amount.distance(theirs, known)?.text ?? ""
    }

    /// Under the names that our own URL uses, so that it is read as all others.
    func fields(
        _ difference: ReconciliationStore.StoredDifference, for profile: PostbackProfile
    ) -> PostbackFields {
        func text(_ name: String) -> String { theirs[name]?.lenientString ?? "" }
        return PostbackFields(pairs: [
            (name: "status", value: text("status")), (name: "click_id", value: difference.clickID),
            (name: "transaction_id", value: difference.transactionID),
            (name: "conversion_revenue", value: revenue(difference, for: profile)),
            (name: "campaign_id", value: text("campaign_id")),
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
