/// An offer as `GET offers` lists it: all at once, there is no paging (keitaro.md §1.2).
package struct KeitaroOffer: Hashable, Sendable, Identifiable {
    package let id: Int64
    package let name: String
    package let state: KeitaroState
    package let groupID: Int64?
    package let networkID: Int64?
    package let networkName: String?
    /// Decimal text.
    package let payoutValue: String?
    package let payoutCurrency: String?
    /// Country codes as the tracker has them; empty means all.
    package let countries: [String]
    package let updatedAt: String?

    init(_ fields: KeitaroFields) throws(KeitaroModelProblem) {
        id = try fields.requiredInt("id")
        name = fields.text("name") ?? ""
        state = fields.state()
        groupID = fields.reference("group_id")
        networkID = fields.reference("affiliate_network_id")
        networkName = fields.text("affiliate_network").flatMap { $0.isEmpty ? nil : $0 }
        payoutValue = fields.decimal("payout_value")
        payoutCurrency = fields.text("payout_currency").flatMap { $0.isEmpty ? nil : $0 }
        countries = fields.texts("country")
        updatedAt = fields.text("updated_at")
    }
}

/// An affiliate network.
package struct KeitaroNetwork: Hashable, Sendable, Identifiable {
    package let id: Int64
    package let name: String
    package let state: KeitaroState

    init(_ fields: KeitaroFields) throws(KeitaroModelProblem) {
        id = try fields.requiredInt("id")
        name = fields.text("name") ?? ""
        state = fields.state()
    }
}
