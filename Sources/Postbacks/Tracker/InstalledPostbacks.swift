import Base
import Keitaro

/// Where a profile's URL stands in a tracker, and since when: a conversion that nobody was told of is missing only there. Pure.
package struct InstalledPostbacks: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable {
        case campaign, source
    }

    package struct Place: Hashable, Sendable {
        package let kind: Kind
        /// Keitaro's.
        package let id: Int64
        package var name: String
        /// Keitaro's words; of another status nothing is sent. Empty: of all.
        package var statuses: Set<String>
        package var since: Timestamp
        /// Nil: it is still there.
        package var goneAt: Timestamp?

        package init(
            kind: Kind, id: Int64, name: String, statuses: Set<String>, since: Timestamp, goneAt: Timestamp? = nil
        ) {
            self.kind = kind
            self.id = id
            self.name = name
            self.statuses = statuses
            self.since = since
            self.goneAt = goneAt
        }
    }

    private let campaigns: [Int64: Place]
    private let sources: [Int64: Place]
    private let sourceOfCampaign: [Int64: Int64]

    /// - Parameter sourceOfCampaign: traffic sources by campaign, for addresses that stand at a source.
    package init(_ places: [Place], sourceOfCampaign: [Int64: Int64]) {
        let pairs = { (kind: Kind) in places.filter { $0.kind == kind }.map { ($0.id, $0) } }
        campaigns = Dictionary(pairs(.campaign), uniquingKeysWith: { first, _ in first })
        sources = Dictionary(pairs(.source), uniquingKeysWith: { first, _ in first })
        self.sourceOfCampaign = sourceOfCampaign
    }

    /// Whether Keitaro has told us, or tried to, that a conversion of this campaign took this status.
    package func tells(campaignID: Int64, status: String, at time: Timestamp) -> Bool {
        let source = sourceOfCampaign[campaignID].flatMap { sources[$0] }
        return [campaigns[campaignID], source].contains { place in
            guard let place, place.since <= time, place.goneAt.map({ time < $0 }) ?? true else { return false }
            return place.statuses.isEmpty || place.statuses.contains(status)
        }
    }

    /// What a tracker's lists say of where the URL stands now.
    /// - Parameter isOwn: whether an address holds a secret of the profile.
    package static func found(
        campaigns: [KeitaroCampaign], sources: [KeitaroTrafficSource], now: Timestamp, isOwn: (String) -> Bool
    ) -> [Place] {
        let inCampaigns = campaigns.compactMap { campaign -> Place? in
            let own = (campaign.postbacks ?? []).filter { isOwn($0.url) }
            guard !own.isEmpty else { return nil }
            return Place(
                kind: .campaign, id: campaign.id, name: campaign.name, statuses: Set(own.flatMap(\.statuses)),
                since: now)
        }
        return inCampaigns
            + sources.filter { !$0.postbackURL.isEmpty && isOwn($0.postbackURL) }.map {
                Place(kind: .source, id: $0.id, name: $0.name, statuses: Set($0.postbackStatuses), since: now)
            }
    }
}
