import Base

/// Which names `POST /report/build` knows, and with them the tracker's age (`reference/keitaro.md §1.7`).
package enum KeitaroDialect: String, Hashable, Sendable, CaseIterable {
    /// `grouping` and `metrics`; `GET /campaigns` ignores `limit` and `offset`.
    case grouping
    /// `dimensions` and `measures`; `GET /campaigns` is paged.
    case dimensions
}

/// What an API key may see. A key inherits its user's rights: lists come back silently shortened.
package enum KeitaroRights: Hashable, Sendable {
    case admin
    /// Campaigns of these groups, and about six of seven offers; `/users` is forbidden.
    case restricted(groupIDs: Set<Int64>)
    /// A key of a tracker whose edition has no API.
    case lowerEdition
}

/// A simulated tracker: 300 campaigns, 1,000 offers and their traffic, all made from a seed; the shares that are pushed
/// stay, and traffic follows them from that moment. Not `Sendable`: confined to the one thread that serves it.
package final class KeitaroWorld {
    package static let adminKey = "demo-admin-key"
    /// Sees the groups 1, 2, 5 and 8.
    package static let buyerKey = "demo-buyer-key"
    package static let lowerEditionKey = "demo-basic-key"
    package static let demoKeys: [String: KeitaroRights] = [
        adminKey: .admin, buyerKey: .restricted(groupIDs: [1, 2, 5, 8]), lowerEditionKey: .lowerEdition,
    ]

    package let seed: UInt64
    package let asOf: CivilDate
    package var keys: [String: KeitaroRights]
    package var dialect: KeitaroDialect
    /// Money and ratios of reports come as strings, as some trackers send them.
    package var sendsNumbersAsStrings: Bool
    /// The wall clock; another one in tests.
    package var now: () -> Timestamp

    let groups: [KeitaroGroup]
    let networks: [KeitaroNamed]
    let trafficSources: [KeitaroNamed]
    /// Three for each group of campaigns, in their order. Streams don't list them.
    let landings: [KeitaroNamed]
    let offers: [KeitaroOffer]
    let campaigns: [KeitaroCampaign]
    let traffic: KeitaroTraffic
    let offersByID: [Int64: KeitaroOffer]
    let campaignsByID: [Int64: KeitaroCampaign]
    var streams: [KeitaroStream]
    let streamPlaces: [Int64: Int]
    let streamPlacesByCampaign: [Int64: [Int]]
    var nextBindingID: Int64
    /// Streams that were written to since the world was made.
    var changedStreamIDs: Set<Int64> = []
    /// Of campaigns that were written to.
    var changedPostbacks: [Int64: [KeitaroS2SPostback]] = [:]
    var changedSourcePostbacks: [Int64: KeitaroSourcePostback] = [:]
    var conversions: KeitaroConversions

    /// `asOf` is the day the world is made for: campaigns began before it. Keep it with the changed streams, or another
    /// day gives other dates. `secondsPerConversion`: how often one comes, into the conversion log and the postbacks.
    package init(
        seed: UInt64, asOf: CivilDate, keys: [String: KeitaroRights] = KeitaroWorld.demoKeys,
        dialect: KeitaroDialect = .dimensions, sendsNumbersAsStrings: Bool = false, secondsPerConversion: Int64 = 10,
        now: @escaping () -> Timestamp = Timestamp.now
    ) {
        let made = KeitaroGeneration(seed: seed, asOf: asOf)
        self.seed = seed
        self.asOf = asOf
        self.keys = keys
        self.dialect = dialect
        self.sendsNumbersAsStrings = sendsNumbersAsStrings
        self.now = now
        groups = made.groups
        networks = made.networks
        trafficSources = made.trafficSources
        landings = made.landings
        offers = made.offers
        campaigns = made.campaigns
        streams = made.streams
        nextBindingID = made.nextBindingID
        traffic = KeitaroTraffic(seed: seed)
        conversions = KeitaroConversions(seed: seed, slot: secondsPerConversion, campaigns: made.campaigns)
        offersByID = Dictionary(uniqueKeysWithValues: made.offers.map { ($0.id, $0) })
        campaignsByID = Dictionary(uniqueKeysWithValues: made.campaigns.map { ($0.id, $0) })
        streamPlaces = Dictionary(uniqueKeysWithValues: made.streams.enumerated().map { ($0.element.id, $0.offset) })
        streamPlacesByCampaign = Dictionary(grouping: made.streams.indices) { made.streams[$0].campaignID }
    }

    // MARK: Reading

    /// `GET /campaigns`: all but the archived.
    package func listCampaigns(key: String?, limit: Int? = nil, offset: Int? = nil) -> KeitaroAnswer {
        answer(key) { rights in
            let visible = campaigns.filter { $0.state != .deleted && rights.sees($0) }
            guard dialect == .dimensions else { return .array(visible.map(json(of:))) }
            return .array(visible.dropFirst(max(offset ?? 0, 0)).prefix(max(limit ?? .max, 0)).map(json(of:)))
        }
    }

    /// `GET /campaigns/deleted`: the archived ones.
    package func listDeletedCampaigns(key: String?) -> KeitaroAnswer {
        answer(key) { rights in .array(campaigns.filter { $0.state == .deleted && rights.sees($0) }.map(json(of:))) }
    }

    /// `GET /campaigns/{id}`: 404 for an archived one too.
    package func campaign(_ id: Int64, key: String?) -> KeitaroAnswer {
        answer(key) { rights throws(KeitaroProblem) in json(of: try visibleCampaign(id, rights)) }
    }

    /// `GET /campaigns/{id}/streams`
    package func listStreams(ofCampaign id: Int64, key: String?) -> KeitaroAnswer {
        answer(key) { rights throws(KeitaroProblem) in
            let campaign = try visibleCampaign(id, rights)
            return .array((streamPlacesByCampaign[campaign.id] ?? []).map { streams[$0].json })
        }
    }

    /// `GET /streams/{id}`
    package func stream(_ id: Int64, key: String?) -> KeitaroAnswer {
        answer(key) { rights throws(KeitaroProblem) in streams[try visibleStream(id, rights)].json }
    }

    /// `GET /offers`: always all of them, deleted ones with `"state":"deleted"`.
    package func listOffers(key: String?) -> KeitaroAnswer {
        answer(key) { rights in
            let names = Dictionary(uniqueKeysWithValues: networks.map { ($0.id, $0.name) })
            return .array(offers.filter(rights.sees).map { $0.json(network: names[$0.networkID] ?? "") })
        }
    }

    /// `GET /groups?type=`: campaigns, offers or landings; the sandbox's landing pages have no groups.
    package func listGroups(type: String?, key: String?) -> KeitaroAnswer {
        answer(key) { rights throws(KeitaroProblem) in
            guard let type, ["campaigns", "offers", "landings"].contains(type) else {
                throw .error(400, "Parameter 'type' is required")
            }
            return .array(groups.filter { $0.type == type && rights.sees($0) }.map(\.json))
        }
    }

    /// `GET /affiliate_networks`
    package func listAffiliateNetworks(key: String?) -> KeitaroAnswer {
        answer(key) { _ in .array(networks.map { $0.networkJSON(createdAt: birthday) }) }
    }

    /// `GET /landing_pages`: administrators alone see them.
    package func listLandings(key: String?) -> KeitaroAnswer {
        answer(key) { rights throws(KeitaroProblem) in
            guard rights == .admin else { throw .forbidden("landing_pages") }
            return .array(landings.map { $0.landingJSON(createdAt: birthday) })
        }
    }

    /// `GET /traffic_sources`
    package func listTrafficSources(key: String?) -> KeitaroAnswer {
        answer(key) { _ in .array(trafficSources.map(json(of:))) }
    }

    /// `GET /users`
    package func listUsers(key: String?) -> KeitaroAnswer {
        answer(key) { rights throws(KeitaroProblem) in
            guard rights == .admin else { throw .forbidden("users") }
            return [["id": 1, "login": "admin", "type": "ADMIN"]]
        }
    }

    // MARK: Rights

    /// Checks the key, then does the work; a refusal of either becomes the answer.
    func answer(_ key: String?, _ work: (KeitaroRights) throws(KeitaroProblem) -> JSON) -> KeitaroAnswer {
        do throws(KeitaroProblem) {
            guard let rights = keys[key ?? ""] else { throw .error(401, "Unauthorized") }
            guard rights != .lowerEdition else { throw .error(402, "Admin API is not available in that edition") }
            return KeitaroAnswer(body: .json(try work(rights)))
        } catch {
            return error.answer
        }
    }

    func visibleCampaign(_ id: Int64, _ rights: KeitaroRights) throws(KeitaroProblem) -> KeitaroCampaign {
        guard let campaign = campaignsByID[id], campaign.state != .deleted else { throw .notFound("Campaign", id) }
        guard rights.sees(campaign) else { throw .forbidden("campaigns") }
        return campaign
    }

    /// The stream's place in `streams`.
    func visibleStream(_ id: Int64, _ rights: KeitaroRights) throws(KeitaroProblem) -> Int {
        guard let place = streamPlaces[id], let campaign = campaignsByID[streams[place].campaignID] else {
            throw .notFound("Stream", id)
        }
        guard rights.sees(campaign) else { throw .forbidden("streams") }
        return place
    }

    var birthday: Timestamp { Timestamp(CivilDate(daysSince1970: asOf.daysSince1970 - 730)) }
}

extension KeitaroRights {
    func sees(_ campaign: KeitaroCampaign) -> Bool { sees(groupID: campaign.groupID) }

    func sees(_ group: KeitaroGroup) -> Bool { group.type != "campaigns" || sees(groupID: group.id) }

    func sees(_ offer: KeitaroOffer) -> Bool { self == .admin || offer.id % 7 != 3 }

    private func sees(groupID: Int64) -> Bool {
        switch self {
        case .admin: true
        case .restricted(let groupIDs): groupIDs.contains(groupID)
        case .lowerEdition: false
        }
    }
}
