import Base

/// Builds the tracker's entities from a seed. `asOf` is the day the world is made for: campaigns began before it, and
/// some streams got new offers within days of it, too early to tell anything.
struct KeitaroGeneration {
    static let campaignCount = 300
    static let archivedCount = 12
    static let disabledCount = 38
    static let offerCount = 1_000
    static let deletedOfferCount = 24

    private(set) var groups: [KeitaroGroup] = []
    private(set) var networks: [KeitaroNamed] = []
    private(set) var trafficSources: [KeitaroNamed] = []
    private(set) var landings: [KeitaroNamed] = []
    private(set) var offers: [KeitaroOffer] = []
    private(set) var campaigns: [KeitaroCampaign] = []
    private(set) var streams: [KeitaroStream] = []
    private(set) var nextBindingID: Int64 = 900_001

    private var chance: KeitaroChance
    private let asOf: Timestamp
    private var nextFilterID: Int64 = 40_001

    init(seed: UInt64, asOf: CivilDate) {
        chance = KeitaroChance(seed)
        self.asOf = Timestamp(asOf)
        makeCatalogues()
        makeOffers()
        makeCampaigns()
        var streamID: Int64 = 11_000
        for campaign in campaigns { makeStreams(of: campaign, lastID: &streamID) }
    }

    private mutating func makeCatalogues() {
        for (index, niche) in KeitaroNames.niches.enumerated() {
            let number = Int64(index + 1)
            groups.append(KeitaroGroup(id: number, name: niche.group, type: "campaigns", position: number))
            groups.append(KeitaroGroup(id: 100 + number, name: niche.group, type: "offers", position: number))
        }
        landings = KeitaroNames.niches.enumerated().flatMap { place, niche in
            KeitaroNames.landings.enumerated().map { variant, name in
                KeitaroNamed(
                    id: Int64(300 + place * KeitaroNames.landings.count + variant), name: "\(niche.group) — \(name)")
            }
        }
        networks = KeitaroNames.networks.enumerated().map { KeitaroNamed(id: Int64($0.offset + 1), name: $0.element) }
        trafficSources = KeitaroNames.sources.enumerated().map {
            KeitaroNamed(id: Int64($0.offset + 1), name: $0.element)
        }
    }

    private mutating func makeOffers() {
        let niches = KeitaroNames.niches
        let deleted = Set(chance.pick(Self.deletedOfferCount, of: Array(0..<Self.offerCount)))
        var names: [[String]] = []
        for niche in niches {
            let all = niche.brands.flatMap { brand in niche.offerTails.map { "\(brand) — \($0)" } }
            names.append(chance.pick(all.count, of: all))
        }
        var id: Int64 = 2_000
        for index in 0..<Self.offerCount {
            let place = index % niches.count
            let niche = niches[place]
            id += Int64(chance.within(1...4))
            let payout = (chance.within(niche.payouts) * 20).rounded() / 20
            let inCurrency =
                niche.currency == "UAH" ? (payout / KeitaroNames.dollars(per: "UAH") / 10).rounded() * 10 : payout
            let worth = (inCurrency * KeitaroNames.dollars(per: niche.currency) * 100).rounded() / 100
            let approval = chance.within(0.45...0.92)
            // The product of two fractions leans to the low side: few offers are very good.
            let earnings = 0.07 + 0.72 * chance.fraction() * chance.fraction()
            let age = chance.happens(4) ? chance.within(1...4) : chance.within(20...700)
            let created = moment(daysAgo: age)
            offers.append(
                KeitaroOffer(
                    id: id, name: names[place][index / niches.count], groupID: Int64(101 + place),
                    networkID: Int64(chance.within(1...networks.count)), country: niche.country, payout: inCurrency,
                    currency: niche.currency, isAutomaticPayout: chance.happens(30), isDeleted: deleted.contains(index),
                    createdAt: created, updatedAt: max(created, moment(daysAgo: chance.within(1...60))),
                    worth: Int64((worth * 10_000).rounded()), conversionRate: min(max(earnings / worth, 0.002), 0.12),
                    approval: approval))
        }
    }

    private mutating func makeCampaigns() {
        let order = chance.pick(Self.campaignCount, of: Array(0..<Self.campaignCount))
        let archived = Set(order[..<Self.archivedCount])
        let disabled = Set(order[Self.archivedCount..<Self.archivedCount + Self.disabledCount])
        var taken: [String: Int] = [:]
        var id: Int64 = 2_100
        for index in 0..<Self.campaignCount {
            let place = chance.below(KeitaroNames.niches.count)
            let niche = KeitaroNames.niches[place]
            let source = chance.pick(trafficSources)
            var name =
                "\(niche.country) · \(chance.pick(niche.topics)) · \(source.name) · \(chance.pick(KeitaroNames.buyers))"
            taken[name, default: 0] += 1
            if let times = taken[name], times > 1 { name += " · \(times)" }
            id += Int64(chance.within(1...13))
            let state: KeitaroCampaign.State =
                archived.contains(index) ? .deleted : disabled.contains(index) ? .disabled : .active
            let created = moment(daysAgo: chance.happens(5) ? chance.within(1...6) : chance.within(25...420))
            let stopped: Timestamp? =
                switch state {
                case .active: nil
                case .disabled: max(created, moment(daysAgo: chance.within(1...20)))
                case .deleted: max(created, moment(daysAgo: chance.within(30...120)))
                }
            campaigns.append(
                KeitaroCampaign(
                    id: id, alias: text("bcdfghjkmnpqrstvwxyz23456789", 8), name: name, isWeighted: chance.happens(15),
                    state: state, groupID: Int64(place + 1), sourceID: source.id, country: niche.country,
                    position: Int64(index + 1), token: text("0123456789abcdef", 32), createdAt: created,
                    updatedAt: stopped ?? max(created, moment(daysAgo: chance.within(1...20))), stoppedAt: stopped,
                    clicksPerDay: Self.geometric(from: 30, to: 3_000, chance.fraction()),
                    costPerClick: Int64(chance.within(850...2_450)), conversionFactor: chance.within(0.7...1.5),
                    utcOffset: niche.utcOffset, week: niche.week))
        }
    }

    // MARK: Streams

    private mutating func makeStreams(of campaign: KeitaroCampaign, lastID: inout Int64) {
        let count = 1 + chance.pick([0, 1, 1, 2, 2, 2, 3, 3, 4, 5, 6])
        let fitting = offers.filter { $0.groupID == campaign.groupID + 100 }
        let favourites = chance.pick(14, of: fitting)
        for place in 0..<count {
            lastID += Int64(chance.within(1...9))
            let isLast = place == count - 1
            let audience = chance.pick(Self.audiences)
            let isForced = place == 0 && count > 2 && chance.happens(30)
            let isRedirect = (isForced && chance.happens(60)) || chance.happens(2)
            let isOff = count > 1 && !isLast && chance.happens(7)
            let since = max(campaign.createdAt, moment(daysAgo: chance.within(3...200)))
            streams.append(
                KeitaroStream(
                    id: lastID, campaignID: campaign.id,
                    type: isForced ? "forced" : isLast && count > 1 ? "default" : "regular",
                    name: isLast && count > 1
                        ? "Flow \(place + 1) · решта" : "Flow \(place + 1) · \(isForced ? "боти" : audience.name)",
                    position: Int64(place + 1), weight: campaign.isWeighted ? Int64(100 / count) : 100,
                    state: isOff ? "disabled" : "active", schema: isRedirect ? "redirect" : "landings",
                    actionType: "http",
                    actionPayload: .string(isRedirect ? "https://safe.example/\(campaign.alias)" : ""), comments: .null,
                    collectsClicks: true, filterOr: false,
                    filters: isLast && count > 1 ? [] : filters(of: lastID, audience, country: campaign.country),
                    triggers: [], landings: [], updatedAt: since,
                    versions: [
                        KeitaroStream.Version(
                            since: Timestamp(microseconds: .min),
                            offers: isRedirect ? [] : bindings(from: favourites, since: since))
                    ],
                    appeal: isForced ? 0.05 : chance.within(0.3...1)))
        }
    }

    private static let audiences: [(name: String, filter: String, values: [String])] = [
        ("iOS", "os", ["iOS"]), ("Android", "os", ["Android"]), ("TikTok in-app", "browser", ["TikTok"]),
        ("Chrome", "browser", ["Chrome Mobile", "Chrome"]), ("телефони", "device_type", ["mobile"]),
        ("планшети й ПК", "device_type", ["tablet", "desktop"]), ("Samsung", "device_model", ["Samsung"]),
    ]

    private mutating func filters(
        of streamID: Int64, _ audience: (name: String, filter: String, values: [String]), country: String
    ) -> [JSON] {
        [("country", [country]), (audience.filter, audience.values)].map { name, values in
            nextFilterID += 1
            return [
                "id": .integer(nextFilterID), "stream_id": .integer(streamID), "name": .string(name), "mode": "accept",
                "payload": .array(values.map { .string($0) }), "oid": "0",
            ]
        }
    }

    /// One in eight streams is left as trackers are found: a total that is not 100, a zero, a row switched off.
    private mutating func bindings(from favourites: [KeitaroOffer], since: Timestamp) -> [KeitaroBinding] {
        let chosen = chance.pick(1 + chance.pick([0, 1, 1, 2, 2, 2, 3, 3, 4, 5, 7]), of: favourites)
        var shares = whole(100, among: chosen.count)
        var disabled: Int?
        switch chance.below(40) {
        case 0: shares = whole(50, among: chosen.count)
        case 1: shares = whole(120, among: chosen.count)
        case 2 where chosen.count > 1: shares = whole(100, among: chosen.count - 1) + [0]
        case 3...4 where chosen.count > 1:
            shares = whole(100, among: chosen.count - 1) + [10]
            disabled = chosen.count - 1
        default: break
        }
        return zip(chosen, shares).enumerated().map { index, pair in
            let (offer, share) = pair
            let isYoung = index == chosen.count - 1 && chance.happens(8)
            let created = max(since, offer.createdAt, isYoung ? moment(daysAgo: chance.within(1...2)) : since)
            defer { nextBindingID += 1 }
            return KeitaroBinding(
                id: nextBindingID, offerID: offer.id, share: Int64(share), isActive: index != disabled,
                createdAt: created,
                updatedAt: created)
        }
    }

    /// Even, or in steps of five as people set them; adds up to `total`.
    private mutating func whole(_ total: Int, among count: Int) -> [Int] {
        let step = count > 1 && chance.happens(60) ? 5 : 1
        let (steps, spare) = (total / step / count, total / step % count)
        var shares = (0..<count).map { ($0 < count - spare ? steps : steps + 1) * step }
        guard step > 1 else { return shares }
        for _ in 0..<count {
            let (giver, taker) = (chance.below(count), chance.below(count))
            guard giver != taker, shares[giver] > step else { continue }
            shares[giver] -= step
            shares[taker] += step
        }
        return shares
    }

    // MARK: Drawing

    private mutating func moment(daysAgo: Int) -> Timestamp {
        let minutes = daysAgo * 1_440 - chance.within(480...1_200)
        return Timestamp(seconds: asOf.seconds - Int64(minutes) * 60 + Int64(chance.below(60)))
    }

    private mutating func text(_ alphabet: String, _ length: Int) -> String {
        let letters = Array(alphabet)
        return String((0..<length).map { _ in chance.pick(letters) })
    }

    /// Spread evenly over orders of magnitude: many small campaigns, few large ones. Repeated halving instead of a power
    /// keeps the numbers equal on every machine.
    private static func geometric(from low: Double, to high: Double, _ fraction: Double) -> Double {
        var (bottom, top) = (low, high)
        var (start, end) = (0.0, 1.0)
        for _ in 0..<24 {
            let (middle, value) = ((start + end) / 2, (bottom * top).squareRoot())
            if fraction < middle { (end, top) = (middle, value) } else { (start, bottom) = (middle, value) }
        }
        return bottom
    }
}
