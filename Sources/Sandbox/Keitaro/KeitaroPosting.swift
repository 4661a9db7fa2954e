import Base

/// One S2S postback that the tracker sends.
package struct KeitaroPosting: Hashable, Sendable {
    package let at: Timestamp
    package let method: String
    /// With its macros filled in.
    package let url: String
    /// The tracker's number of it.
    package let conversion: Int64
    package let campaignID: Int64
    package let clickID: String
    package let status: String
    package let fate: KeitaroPostingFate
}

/// What a conversion's postbacks are to say and what becomes of them, for who compares both sides.
package struct KeitaroConversionStory: Hashable, Sendable {
    /// The tracker's number of it.
    package let conversion: Int64
    package let clickID: String
    /// As its postbacks name it.
    package let sentClickID: String
    package let transactionID: String
    /// Of now.
    package let status: String
    package let statusesSoFar: [String]
    package let campaignID: Int64
    package let sourceID: Int64
    package let at: Timestamp
    package let lastChangeAt: Timestamp
    package let fate: KeitaroPostingFate
}

extension KeitaroWorld {
    /// The conversions of a time, as they are known now.
    package func stories(from: Timestamp, until: Timestamp) -> [KeitaroConversionStory] {
        let now = now()
        return records(from: from, until: min(until, now)).compactMap { record in
            guard let entry = record.entry(at: now) else { return nil }
            return KeitaroConversionStory(
                conversion: record.number, clickID: record.clickID, sentClickID: record.sentClickID,
                transactionID: entry.transactionID, status: entry.status,
                statusesSoFar: record.entries.filter { $0.at <= now }.map(\.status), campaignID: record.campaign.id,
                sourceID: record.campaign.sourceID, at: record.createdAt, lastChangeAt: entry.at, fate: record.fate)
        }
    }

    /// All that is to be sent in `from..<until`, in order. Nothing for conversions whose campaign and source post nowhere.
    package func postings(from: Timestamp, until: Timestamp) -> [KeitaroPosting] {
        // What is sent now began at most this long ago: six hours of ripening, six of delay, and the queue.
        let earliest = from.adding(.seconds(-13 * 3600))
        var postings: [KeitaroPosting] = []
        for record in records(from: earliest, until: until) where record.fate != .dropped {
            for (index, entry) in record.entries.enumerated() {
                for (target, copy) in targets(of: record, entry) {
                    let at = sendingTime(record, index, copy)
                    guard from <= at, at < until else { continue }
                    postings.append(
                        KeitaroPosting(
                            at: at, method: target.method,
                            url: KeitaroMacros.fill(target.url, with: values(of: record, entry)),
                            conversion: record.number, campaignID: record.campaign.id, clickID: record.clickID,
                            status: entry.status,
                            fate: record.fate))
                }
            }
        }
        return postings.sorted { $0.at < $1.at }
    }

    /// The campaign's and its source's, each once or, four times of a hundred, twice.
    private func targets(
        of record: KeitaroConversionRecord, _ entry: KeitaroConversionRecord.Entry
    ) -> [(target: (method: String, url: String), copy: Int)] {
        var targets = postbacks(of: record.campaign).filter { $0.statuses.contains(entry.status) }
            .map { (method: $0.method, url: $0.url) }
        let source = postback(ofSource: record.campaign.sourceID)
        if !source.url.isEmpty, source.statuses.contains(entry.status) {
            targets.append((method: "GET", url: source.url))
        }
        let isDoubled = KeitaroChance.fraction(seed, 61, record.number, entry.at.seconds) < 0.04
        return targets.flatMap { target in (isDoubled ? [0, 1] : [0]).map { (target, $0) } }
    }

    /// Keitaro gathers postbacks and sends them when its next job runs (`reference/keitaro.md §2.1`).
    private func sendingTime(_ record: KeitaroConversionRecord, _ index: Int, _ copy: Int) -> Timestamp {
        let entry = record.entries[index]
        let wait = 1 + KeitaroChance.fraction(seed, 62, record.number, Int64(index)) * 8 + Double(copy) * 3
        let at = entry.at.adding(.milliseconds(Int64(wait * 1000)))
        let isLate = record.fate == .delayed && (index > 0 || record.entries.count == 1)
        return isLate ? at.adding(KeitaroPostingFate.delay) : at
    }

    private func values(
        of record: KeitaroConversionRecord, _ entry: KeitaroConversionRecord.Entry
    ) -> KeitaroMacros.Values {
        let revenue = record.fate == .otherAmount ? record.revenue + record.revenue / 10 : record.revenue
        let source = trafficSources.first { $0.id == record.campaign.sourceID }?.name ?? ""
        var byName: [String: String] = [
            "subid": record.sentClickID, "tid": entry.transactionID, "status": entry.status,
            "conversion_revenue": KeitaroConversionRecord.text(revenue),
            "revenue": KeitaroConversionRecord.text(revenue),
            "campaign_id": "\(record.campaign.id)", "keitaro_campaign_id": "\(record.campaign.id)",
            "campaign_name": record.campaign.name, "keitaro_campaign_name": record.campaign.name,
            "offer_id": "\(record.offer.id)", "landing_id": "\(landingID(of: record))",
            "country": record.campaign.country,
            "country_code": record.campaign.country, "source": source.lowercased(), "traffic_source_name": source,
            "ts_id": "\(record.campaign.sourceID)", "creative_id": record.creativeID, "external_id": record.externalID,
            "ad_campaign_id": "ad_\(record.campaign.id)",
            "cost": KeitaroConversionRecord.text(record.campaign.costPerClick),
            "profit": KeitaroConversionRecord.text(revenue - record.campaign.costPerClick),
            "ip": "203.0.113.\(record.number % 250)", "device_type": "mobile",
        ]
        for (index, value) in record.subIDs.enumerated() { byName["sub_id_\(index + 1)"] = value }
        return KeitaroMacros.Values(byName: byName, clickedAt: record.clickedAt)
    }

    /// One of the three of its campaign's group.
    private func landingID(of record: KeitaroConversionRecord) -> Int64 {
        let count = Int64(KeitaroNames.landings.count)
        return 300 + (record.campaign.groupID - 1) * count + abs(record.number % count)
    }

    // MARK: Records

    func records(from: Timestamp, until: Timestamp) -> [KeitaroConversionRecord] {
        conversions.records(from: from, until: until, now: now()) { campaign, at, streamDraw, offerDraw in
            offer(of: campaign, at: at, streamDraw, offerDraw)
        }
    }

    private func offer(
        of campaign: KeitaroCampaign, at time: Timestamp, _ streamDraw: Double, _ offerDraw: Double
    ) -> (streamID: Int64, offer: KeitaroOffer)? {
        let active = (streamPlacesByCampaign[campaign.id] ?? []).map { streams[$0] }.filter { $0.state == "active" }
        guard let stream = Self.drawn(active, streamDraw, \.appeal),
            let version = stream.versions.last(where: { $0.since <= time }),
            let row = Self.drawn(
                version.offers.filter { $0.isActive && $0.share > 0 }, offerDraw, { Double($0.share) }),
            let offer = offersByID[row.offerID]
        else { return nil }
        return (stream.id, offer)
    }

    private static func drawn<Element>(
        _ elements: [Element], _ draw: Double, _ weight: (Element) -> Double
    ) -> Element? {
        var rest = draw * elements.reduce(0) { $0 + weight($1) }
        for element in elements {
            rest -= weight(element)
            if rest < 0 { return element }
        }
        return elements.last
    }
}
