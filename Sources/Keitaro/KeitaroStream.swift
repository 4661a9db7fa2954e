import Base

/// A stream (flow) of a campaign, with its whole set of offers in the tracker's order (keitaro.md §1.3).
package struct KeitaroStream: Hashable, Sendable, Identifiable {
    package struct Filter: Hashable, Sendable {
        package let name: String
        /// `accept` or `reject`.
        package let mode: String
        /// The filter's values as text.
        package let payload: [String]
    }

    package struct Offer: Hashable, Sendable {
        /// The row's own id; survives a `PUT` as long as its offer stays in the set.
        package let bindingID: Int64?
        package let offerID: Int64
        /// Percent, a whole number; the active ones need not total 100 (§1.4).
        package let share: Int64
        package let state: KeitaroState

        package init(bindingID: Int64? = nil, offerID: Int64, share: Int64, state: KeitaroState = .active) {
            self.bindingID = bindingID
            self.offerID = offerID
            self.share = share
            self.state = state
        }
    }

    package let id: Int64
    package let campaignID: Int64
    package let name: String
    /// `forced`, `regular` or `default`.
    package let type: String
    /// `landings`, `redirect` or `action`; a stream of offers alone has `landings` without landing pages.
    package let schema: String
    package let state: KeitaroState
    package let position: Int64
    /// Decimal text; counts in campaigns of type `weight`.
    package let weight: String
    /// True: one matching filter is enough.
    package let filtersAreAlternatives: Bool
    package let filters: [Filter]
    package let offers: [Offer]
    package let updatedAt: String?

    init(_ fields: KeitaroFields) throws(KeitaroModelProblem) {
        id = try fields.requiredInt("id")
        campaignID = try fields.requiredInt("campaign_id")
        name = fields.text("name") ?? ""
        type = fields.text("type") ?? "regular"
        schema = fields.text("schema") ?? ""
        state = fields.state()
        position = fields.int("position") ?? 0
        weight = fields.decimal("weight") ?? "0"
        let alternatives = fields["filter_or"]
        filtersAreAlternatives = alternatives?.boolValue ?? (alternatives?.lenientInt == 1)
        filters = try fields.list("filters").map { fields in
            Filter(
                name: fields.text("name") ?? "", mode: fields.text("mode") ?? "accept",
                payload: Self.texts(fields["payload"] ?? .null))
        }
        var offers: [Offer] = []
        for row in try fields.list("offers") {
            // Strict where a mistake would be pushed back: the whole set is written at once.
            offers.append(
                Offer(
                    bindingID: row.int("id"), offerID: try row.requiredInt("offer_id"),
                    share: try row.share("share"),
                    state: row.state()))
        }
        self.offers = offers
        updatedAt = fields.text("updated_at")
    }

    /// A payload is a list, a text, a list written as text, or an object of settings.
    static func texts(_ payload: JSON) -> [String] {
        switch payload {
        case .null: return []
        case .string(let text):
            if text.isEmpty { return [] }
            if text.hasPrefix("["), let list = (try? JSON(parsing: text))?.withoutNUL, list.arrayValue != nil {
                return texts(list)
            }
            return [text]
        case .bool(let value): return [value ? "true" : "false"]
        case .integer, .number: return payload.lenientString.map { [$0] } ?? []
        case .array(let elements): return elements.flatMap(texts)
        case .object(let object):
            if let elements = KeitaroFields.elements(payload) { return elements.flatMap(texts) }
            return object.members.flatMap { member in texts(member.value).map { "\(member.key): \($0)" } }
        }
    }
}

/// One row of the set that `putOffers` writes.
package struct KeitaroShare: Hashable, Sendable {
    package let offerID: Int64
    /// Percent.
    package let share: Int64
    /// False writes `disabled`; the API knows no third state for a row (§1.4).
    package let isActive: Bool

    package init(offerID: Int64, share: Int64, isActive: Bool = true) {
        self.offerID = offerID
        self.share = share
        self.isActive = isActive
    }

    var json: JSON {
        ["offer_id": .integer(offerID), "share": .integer(share), "state": isActive ? "active" : "disabled"]
    }
}
