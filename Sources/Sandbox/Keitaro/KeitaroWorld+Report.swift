import Base

extension KeitaroWorld {
    /// `POST /report/build`. What has no clicks has no row; a stream without offers has none where offers are named.
    package func report(_ body: JSON, key: String?) -> KeitaroAnswer {
        answer(key) { rights throws(KeitaroProblem) in
            let moment = now()
            let query = try KeitaroReportQuery(body, dialect: dialect, now: moment)
            var rows = countedRows(query, rights, moment)
            for column in query.sort.reversed() { rows.sort(by: column.name, isDescending: column.isDescending) }
            let page = rows.dropFirst(query.offset).prefix(query.limit)
            return [
                "rows": .array(page.map { $0.json(query, asStrings: sendsNumbersAsStrings) }),
                "total": .integer(Int64(rows.count)), "meta": [:],
            ]
        }
    }

    private func countedRows(
        _ query: KeitaroReportQuery, _ rights: KeitaroRights, _ moment: Timestamp
    ) -> [KeitaroReportRow] {
        let (sources, groups) = groupedSources(query, rights)
        guard !groups.isEmpty else { return [] }
        var rows: [KeitaroReportRow] = []
        for slice in query.slices(since: earliest, now: moment) {
            var totals = Array(repeating: KeitaroTotals(), count: groups.count)
            for (source, group) in sources {
                for part in slice.parts {
                    totals[group] += traffic.totals(of: source, from: part.from, until: part.until, now: moment)
                }
            }
            for (group, totals) in zip(groups, totals) where totals.clicks > 0 {
                rows.append(KeitaroReportRow(labels: group.merging(slice.labels) { label, _ in label }, totals: totals))
            }
        }
        return rows
    }

    /// Every source of clicks that passes the filters with the number of its group, and each group's labels.
    private func groupedSources(
        _ query: KeitaroReportQuery, _ rights: KeitaroRights
    ) -> ([(KeitaroTraffic.Source, Int)], [[KeitaroDimension: JSON]]) {
        let needsOffer = (query.dimensions + query.filters.map(\.dimension)).contains { $0.isOfOffer }
        let ofRows = query.dimensions.filter { !$0.isTime }
        var numbers: [[JSON]: Int] = [:]
        var groups: [[KeitaroDimension: JSON]] = []
        var found: [(KeitaroTraffic.Source, Int)] = []
        for campaign in campaigns where rights.sees(campaign) {
            for source in sources(of: campaign) where source.offerID != 0 || !needsOffer {
                let passes = query.filters.allSatisfy { filter in
                    label(filter.dimension, of: source).lenientString.map(filter.values.contains) ?? false
                }
                guard passes else { continue }
                let labels = ofRows.map { label($0, of: source) }
                let number = numbers[labels] ?? groups.count
                if number == groups.count {
                    numbers[labels] = number
                    groups.append(Dictionary(zip(ofRows, labels)) { first, _ in first })
                }
                found.append((source, number))
            }
        }
        return (found, groups)
    }

    /// Clicks go to the active rows in the proportion of their shares, whatever the total; with none, to no offer.
    private func sources(of campaign: KeitaroCampaign) -> [KeitaroTraffic.Source] {
        let active = (streamPlacesByCampaign[campaign.id] ?? []).map { streams[$0] }.filter { $0.state == "active" }
        let appeal = active.reduce(0) { $0 + $1.appeal }
        return active.flatMap { stream in
            stream.versions.indices.flatMap { index -> [KeitaroTraffic.Source] in
                let version = stream.versions[index]
                let until =
                    index + 1 < stream.versions.count ? stream.versions[index + 1].since : Timestamp(microseconds: .max)
                let drawn = version.offers.filter { $0.isActive && $0.share > 0 }
                let total = drawn.reduce(0) { $0 + Double($1.share) }
                func source(_ offerID: Int64, _ part: Double, since: Timestamp) -> KeitaroTraffic.Source {
                    KeitaroTraffic.Source(
                        campaign: campaign, streamID: stream.id, offer: offersByID[offerID], offerID: offerID,
                        part: stream.appeal / appeal * part, from: max(version.since, since), until: until)
                }
                if drawn.isEmpty { return [source(0, 1, since: version.since)] }
                return drawn.map { source($0.offerID, Double($0.share) / total, since: $0.createdAt) }
            }
        }
    }

    private func label(_ dimension: KeitaroDimension, of source: KeitaroTraffic.Source) -> JSON {
        let campaign = source.campaign
        switch dimension {
        case .campaign_id: return .integer(campaign.id)
        case .campaign: return .string(campaign.name)
        case .campaign_group: return .string(groups.first { $0.id == campaign.groupID }?.name ?? "")
        case .stream_id: return .integer(source.streamID)
        case .stream: return streamPlaces[source.streamID].map { .string(streams[$0].name) } ?? .null
        case .offer_id: return .integer(source.offerID)
        case .offer: return source.offer.map { .string($0.name) } ?? .null
        case .affiliate_network:
            return networks.first { $0.id == source.offer?.networkID }.map { .string($0.name) } ?? .null
        case .ts_id: return .integer(campaign.sourceID)
        case .ts: return .string(trafficSources.first { $0.id == campaign.sourceID }?.name ?? "")
        case .country_code: return .string(campaign.country)
        case .country: return .string(Self.countries[campaign.country] ?? campaign.country)
        case .day, .hour, .month: return .null
        }
    }

    private static let countries = [
        "UA": "Ukraine", "KZ": "Kazakhstan", "MX": "Mexico", "PL": "Poland", "RO": "Romania", "BR": "Brazil",
        "DE": "Germany", "FR": "France",
    ]

    private var earliest: Timestamp { campaigns.map(\.createdAt).min() ?? Timestamp(asOf) }
}
