import Base

/// What a row of a report counts. Money is in 1/10,000 dollar, so that sums are exact however they are grouped.
struct KeitaroTotals: Equatable {
    var clicks: Int64 = 0
    var uniqueClicks: Int64 = 0
    var bots: Int64 = 0
    var sales: Int64 = 0
    var leads: Int64 = 0
    var rejected: Int64 = 0
    var cost: Int64 = 0
    var saleRevenue: Int64 = 0
    /// Of leads: on hold.
    var leadRevenue: Int64 = 0
    var rejectedRevenue: Int64 = 0

    var conversions: Int64 { sales + leads + rejected }

    static func += (left: inout KeitaroTotals, right: KeitaroTotals) {
        left.clicks += right.clicks
        left.uniqueClicks += right.uniqueClicks
        left.bots += right.bots
        left.sales += right.sales
        left.leads += right.leads
        left.rejected += right.rejected
        left.cost += right.cost
        left.saleRevenue += right.saleRevenue
        left.leadRevenue += right.leadRevenue
        left.rejectedRevenue += right.rejectedRevenue
    }
}

/// Traffic that nobody stores: each number is a function of the seed, the ids and the day. Within a day every count is
/// a step function of time that only grows, so any two moments give a whole count, and the parts of a range add up to
/// the range exactly. A conversion is bound to a click and a sale to a conversion by the same means, so no window has
/// more of the one than of the other.
struct KeitaroTraffic {
    /// The smallest source of clicks: an offer in one version of a stream.
    struct Source {
        let campaign: KeitaroCampaign
        let streamID: Int64
        /// Nil where a stream sends clicks elsewhere; such clicks earn nothing.
        let offer: KeitaroOffer?
        let offerID: Int64
        /// Of the campaign's clicks, 0...1.
        let part: Double
        let from: Timestamp
        let until: Timestamp
    }

    private static let day: Int64 = 86_400_000_000
    private static let variants = 8
    private static let offsets = -12...14
    /// Clicks by local hour, as phones are used.
    private static let hours: [Double] = [
        2.6, 1.7, 1.1, 0.8, 0.8, 1.2, 2.2, 3.4, 4.2, 4.6, 4.8, 4.9, 5.1, 5.0, 4.8, 4.7, 4.8, 5.1, 5.6, 6.3, 6.9, 7.1,
        6.2, 4.4,
    ]

    private let seed: UInt64
    /// By offset and variant: which part of a UTC day's clicks has come by each hour, 0...1 in 25 steps.
    private let curves: [[Double]]

    init(seed: UInt64) {
        self.seed = seed
        curves = Self.offsets.flatMap { offset in
            (0..<Self.variants).map { variant in
                let weights = (0..<24).map { hour in
                    Self.hours[(hour + offset + 24) % 24]
                        * (0.75 + 0.5 * KeitaroChance.fraction(seed, 1, Int64(variant), Int64(hour + offset + 24) % 24))
                }
                let total = weights.reduce(0, +)
                return [0] + (1...24).map { $0 == 24 ? 1 : weights[..<$0].reduce(0, +) / total }
            }
        }
    }

    /// Clicks of `source` between two moments, as they are known at `now`: later conversions ripen from lead to sale.
    func totals(of source: Source, from: Timestamp, until: Timestamp, now: Timestamp) -> KeitaroTotals {
        var totals = KeitaroTotals()
        let start = max(from, source.from, source.campaign.createdAt).microseconds
        let end = min(until, source.until, now, source.campaign.stoppedAt ?? now).microseconds
        guard start < end, source.part > 0 else { return totals }
        let today = Self.floor(now.microseconds)
        for day in Self.floor(start)...Self.floor(end - 1) {
            let midnight = day * Self.day
            let curve = curves[curveIndex(source.campaign, day)]
            let before = start <= midnight ? 0 : Self.value(of: curve, at: start - midnight)
            let after = end >= midnight + Self.day ? 1 : Self.value(of: curve, at: end - midnight)
            add(source, day: day, age: today - day, before: before, after: after, to: &totals)
        }
        return totals
    }

    private func add(
        _ source: Source, day: Int64, age: Int64, before: Double, after: Double, to totals: inout KeitaroTotals
    ) {
        let campaign = source.campaign
        let key = source.streamID &* 1_000_003 &+ source.offerID
        let clicks = Steps(
            expected: volume(of: campaign, day) * source.part * (0.88 + 0.24 * chance(2, key, day)),
            start: chance(3, key, day),
            before: before, after: after)
        guard clicks.count > 0 else { return }
        totals.clicks += clicks.count
        totals.uniqueClicks += clicks.part(0.86 + 0.1 * chance(4, campaign.id, day), start: chance(5, key, day)).count
        totals.bots += clicks.part(0.015, start: chance(6, key, day)).count
        totals.cost += clicks.count * (campaign.costPerClick * (900 + Int64(chance(7, campaign.id, day) * 200)) / 1_000)

        guard let offer = source.offer else { return }
        let fit = campaign.conversionFactor * (0.8 + 0.4 * chance(8, key, 0)) * (0.88 + 0.24 * chance(9, key, day))
        let conversions = clicks.part(min(offer.conversionRate * fit, 0.3), start: chance(10, key, day))
        guard conversions.count > 0 else { return }
        let ripeness = min(Double(max(age, 0)) * 0.16 + 0.3, 1)
        let sales = conversions.part(offer.approval * ripeness, start: chance(11, key, day))
        let others = conversions.rest(of: sales)
        // Most refusals come at once, the rest while others ripen; what is neither waits on hold.
        let refused = (1 - offer.approval) * (0.5 + 0.4 * ripeness) / (1 - offer.approval * ripeness)
        let rejected = others.part(refused, start: chance(12, key, day)).count
        totals.sales += sales.count
        totals.rejected += rejected
        totals.leads += others.count - rejected
        totals.saleRevenue += sales.count * offer.worth
        totals.rejectedRevenue += rejected * offer.worth
        totals.leadRevenue += (others.count - rejected) * offer.worth
    }

    /// A count that grows through the day, at the two ends of a window.
    private struct Steps {
        let before, after: Int64
        var count: Int64 { after - before }

        /// `start`, 0..<1, decides which way the fraction of the day's last step falls.
        init(expected: Double, start: Double, before: Double, after: Double) {
            self.before = Int64(expected * before + start)
            self.after = Int64(expected * after + start)
        }

        private init(before: Int64, after: Int64) {
            self.before = before
            self.after = after
        }

        /// With a `rate` below 1 each step makes at most one.
        func part(_ rate: Double, start: Double) -> Steps {
            Steps(before: Int64(Double(before) * rate + start), after: Int64(Double(after) * rate + start))
        }

        func rest(of part: Steps) -> Steps {
            Steps(before: before - part.before, after: after - part.after)
        }
    }

    private func volume(of campaign: KeitaroCampaign, _ day: Int64) -> Double {
        // 1 January 1970 was a Thursday.
        let isWeekend = (day + 3) % 7 >= 5
        let weekday =
            switch campaign.week {
            case .working: isWeekend ? 0.72 : 1.1
            case .level: isWeekend ? 1.06 : 0.98
            case .weekend: isWeekend ? 1.4 : 0.86
            }
        let season = 0.7 + 0.6 * chance(13, campaign.id, day / 7)
        return campaign.clicksPerDay * weekday * season * (0.8 + 0.4 * chance(14, campaign.id, day))
    }

    private func curveIndex(_ campaign: KeitaroCampaign, _ day: Int64) -> Int {
        let variant = Int(chance(15, campaign.id, day) * Double(Self.variants))
        return (campaign.utcOffset - Self.offsets.lowerBound) * Self.variants + variant
    }

    private func chance(_ purpose: UInt64, _ key: Int64, _ day: Int64) -> Double {
        KeitaroChance.fraction(seed &+ purpose &* 0x9FB2_1C65_1E98_DF25, key, day)
    }

    private static func value(of curve: [Double], at sinceMidnight: Int64) -> Double {
        let (hour, rest) = sinceMidnight.quotientAndRemainder(dividingBy: 3_600_000_000)
        let index = Int(hour)
        return curve[index] + (curve[index + 1] - curve[index]) * Double(rest) / 3_600_000_000
    }

    private static func floor(_ microseconds: Int64) -> Int64 {
        microseconds >= 0 ? microseconds / day : (microseconds - day + 1) / day
    }
}
