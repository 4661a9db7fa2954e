import Base
import Keitaro

/// What one key saw of a tracker, in the mirror's shape. Pure.
package struct MirrorReading: Sendable {
    package struct Campaign: Hashable, Sendable {
        package let id: Int64
        package let name: String
        package let alias: String
        package let state: String
        package let groupID: Int64?

        /// In lowercase, so that a search needs no locale.
        var searchText: String { "\(name) \(alias) \(id)".lowercased() }

        var json: JSON {
            [
                "id": .integer(id), "name": .string(name), "alias": .string(alias), "state": .string(state),
                "group_id": groupID.map { .integer($0) } ?? .null, "search_text": .string(searchText),
            ]
        }
    }

    package struct Offer: Hashable, Sendable {
        package let id: Int64
        package let name: String
        package let state: String
        package let networkName: String?
        package let payout: String?
        package let payoutCurrency: String?

        var json: JSON {
            [
                "id": .integer(id), "name": .string(name), "state": .string(state),
                "network_name": networkName.map { .string($0) } ?? .null,
                "payout": payout.map { .string($0) } ?? .null,
                "payout_currency": payoutCurrency.map { .string($0) } ?? .null,
                "search_text": .string(name.lowercased()),
            ]
        }
    }

    package let campaigns: [Campaign]
    package let offers: [Offer]
    package let groups: [(id: Int64, name: String)]
    package let landings: [(id: Int64, name: String)]

    /// - Parameters:
    ///   - archived: wins over `listed` where a version lists archived campaigns in both.
    ///   - networks: names for offers that carry only the network's id.
    package init(
        listed: [KeitaroCampaign], archived: [KeitaroCampaign], groups: [KeitaroGroup], offers: [KeitaroOffer],
        networks: [KeitaroNetwork], landings: [KeitaroLanding] = []
    ) {
        let archivedIDs = Set(archived.map(\.id))
        let present = listed.filter { !archivedIDs.contains($0.id) }.map {
            Self.campaign($0, state: $0.state.description)
        }
        campaigns = Self.unique(present + archived.map { Self.campaign($0, state: "deleted") }, by: \.id)
        let networkNames = Dictionary(networks.map { ($0.id, $0.name) }, uniquingKeysWith: { first, _ in first })
        self.offers = Self.unique(
            offers.map { offer in
                Offer(
                    id: offer.id, name: offer.name, state: offer.state.description,
                    networkName: offer.networkName ?? offer.networkID.flatMap { networkNames[$0] },
                    payout: offer.payoutValue, payoutCurrency: offer.payoutCurrency)
            }, by: \.id)
        self.landings = Self.unique(landings, by: \.id).map { ($0.id, $0.name) }
        self.groups = Self.unique(groups, by: \.id).map { ($0.id, $0.name) }
    }

    private static func campaign(_ campaign: KeitaroCampaign, state: String) -> Campaign {
        Campaign(
            id: campaign.id, name: campaign.name, alias: campaign.alias, state: state, groupID: campaign.groupID)
    }

    /// A batch with one key twice fails its upsert; the first one stays.
    private static func unique<Value>(_ values: [Value], by id: (Value) -> Int64) -> [Value] {
        var seen: Set<Int64> = []
        return values.filter { seen.insert(id($0)).inserted }
    }
}
