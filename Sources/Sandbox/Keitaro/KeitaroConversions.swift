import Base

/// The tracker's conversions, one in most slots of time. Each is a function of the seed, the slot and the shares of that moment, so
/// nobody stores them. They are fewer than the reports count: those of the clicks whose story the log tells.
struct KeitaroConversions {
    /// Seconds.
    let slot: Int64
    private let seed: UInt64
    private let campaigns: [KeitaroCampaign]
    /// Running totals of the campaigns' volumes.
    private let volumes: [Double]
    /// Whole hours that are over, by their number since 1970.
    private var hours: [Int64: [KeitaroConversionRecord]] = [:]

    init(seed: UInt64, slot: Int64, campaigns: [KeitaroCampaign]) {
        self.seed = seed
        self.slot = max(slot, 1)
        self.campaigns = campaigns
        var total = 0.0
        volumes = campaigns.map { campaign in
            total += campaign.clicksPerDay * campaign.conversionFactor
            return total
        }
    }

    /// Those that first came in `from..<until`, oldest first.
    mutating func records(
        from: Timestamp, until: Timestamp, now: Timestamp,
        source: (KeitaroCampaign, Timestamp, Double, Double) -> (streamID: Int64, offer: KeitaroOffer)?
    ) -> [KeitaroConversionRecord] {
        guard from < until else { return [] }
        let hour: Int64 = 3600
        var found: [KeitaroConversionRecord] = []
        // A conversion comes up to a slot after its slot began, a rebill six hours after its sale.
        let first = (from.seconds - 6 * hour - slot - 1) / hour
        for number in first...(until.seconds / hour) {
            let records: [KeitaroConversionRecord]
            if let kept = hours[number] {
                records = kept
            } else {
                records = made(from: number * hour, until: (number + 1) * hour, source: source)
                // Shares may still change in an hour that is not over.
                if (number + 1) * hour < now.seconds {
                    if hours.count > 120 { hours = [:] }
                    hours[number] = records
                }
            }
            found += records.filter { from <= $0.createdAt && $0.createdAt < until }
        }
        return found.sorted { ($0.createdAt, $0.number) < ($1.createdAt, $1.number) }
    }

    private func made(
        from: Int64, until: Int64,
        source: (KeitaroCampaign, Timestamp, Double, Double) -> (streamID: Int64, offer: KeitaroOffer)?
    ) -> [KeitaroConversionRecord] {
        var records: [KeitaroConversionRecord] = []
        for slot in (from / self.slot)...((until - 1) / self.slot) where slot * self.slot >= from {
            let at = Timestamp(
                microseconds: slot * self.slot * 1_000_000 + Int64(chance(1, slot) * Double(self.slot) * 1_000_000))
            guard let campaign = campaign(chance(2, slot)), campaign.createdAt <= at,
                campaign.stoppedAt.map({ at < $0 }) ?? true,
                let (streamID, offer) = source(campaign, at, chance(3, slot), chance(4, slot))
            else { continue }
            records += conversions(slot, at, campaign, streamID, offer)
        }
        return records
    }

    private func campaign(_ draw: Double) -> KeitaroCampaign? {
        guard let total = volumes.last else { return nil }
        let wanted = draw * total
        var low = 0
        var high = volumes.count - 1
        while low < high {
            let middle = (low + high) / 2
            if volumes[middle] <= wanted { low = middle + 1 } else { high = middle }
        }
        return campaigns[low]
    }

    private func chance(_ purpose: Int64, _ slot: Int64) -> Double {
        KeitaroChance.fraction(seed &+ 0x5EED, purpose, slot)
    }

    private func conversions(
        _ slot: Int64, _ at: Timestamp, _ campaign: KeitaroCampaign, _ streamID: Int64, _ offer: KeitaroOffer
    ) -> [KeitaroConversionRecord] {
        let clickID = word(slot, 21, length: 13)
        let transactionID = word(slot, 23, length: 10)
        func record(_ number: Int64, _ entries: [KeitaroConversionRecord.Entry]) -> KeitaroConversionRecord {
            KeitaroConversionRecord(
                number: number, clickID: clickID, campaign: campaign, streamID: streamID, offer: offer,
                clickedAt: at.adding(.seconds(-Int64(30 + chance(5, slot) * 1800))), entries: entries,
                subIDs: [
                    ["video_12", "video_15", "static_3", "ugc_7", "spark_2"][Int(chance(6, slot) * 5)],
                    ["broad", "lookalike", "retarget"][Int(chance(7, slot) * 3)],
                ],
                creativeID: "cr_\(100 + Int(chance(8, slot) * 60))",
                externalID: chance(9, slot) < 0.03 ? "{{ad.id}}" : word(slot, 25, length: 16),
                fate: KeitaroPostingFate(draw: KeitaroChance.fraction(seed &+ 0xFA7E, 10, number)))
        }
        func entry(
            _ status: String, _ original: String, _ at: Timestamp, _ transactionID: String
        ) -> KeitaroConversionRecord.Entry {
            KeitaroConversionRecord.Entry(
                at: at, status: status, originalStatus: original, transactionID: transactionID)
        }
        let reasons = ["invalid_geo", "duplicate", "wrong_phone", "trash", "fraud"]
        let reason = reasons[Int(chance(11, slot) * Double(reasons.count))]
        let later = at.adding(ripening(chance(12, slot)))
        let kind = chance(13, slot)
        let outcome = chance(14, slot)
        switch kind {
        case ..<0.62:
            // Some networks give a transaction's number only when it is paid for.
            var entries = [entry("lead", "pending", at, chance(15, slot) < 0.7 ? transactionID : "")]
            if outcome < offer.approval {
                entries.append(entry("sale", "approved", later, transactionID))
            } else if outcome < offer.approval + (1 - offer.approval) * 0.6 {
                entries.append(entry("rejected", reason, later, transactionID))
            }
            return [record(slot * 2, entries)]
        case ..<0.86:
            var entries = [entry("sale", "approved", at, transactionID)]
            if outcome > 0.93 { entries.append(entry("rejected", "chargeback", later, transactionID)) }
            return [record(slot * 2, entries)]
        case ..<0.93: return [record(slot * 2, [entry("rejected", reason, at, transactionID)])]
        default:
            return [
                record(slot * 2, [entry("sale", "approved", at, transactionID)]),
                record(slot * 2 + 1, [entry("rebill", "upsell", later, word(slot, 27, length: 10))]),
            ]
        }
    }

    /// From one minute to six hours; half of them within twenty minutes.
    private func ripening(_ draw: Double) -> Duration {
        var factor = 1.0
        var rest = draw
        // 360 to the power of the draw by halving, which gives the same on every machine.
        var root = 360.0
        for _ in 0..<20 {
            root = root.squareRoot()
            rest *= 2
            if rest >= 1 {
                factor *= root
                rest -= 1
            }
        }
        return .seconds(Int64(60 * factor))
    }

    private func word(_ slot: Int64, _ purpose: Int64, length: Int) -> String {
        let letters = Array("0123456789abcdefghijklmnopqrstuvwxyz")
        var chance = KeitaroChance(seed &+ UInt64(bitPattern: slot &* 1_000_003 &+ purpose))
        return String((0..<length).map { _ in letters[chance.below(letters.count)] })
    }
}
