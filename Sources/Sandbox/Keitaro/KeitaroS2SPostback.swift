import Base

/// Where a campaign's conversions are posted to (`reference/keitaro.md §2.1`).
struct KeitaroS2SPostback: Equatable {
    let id: Int64
    let campaignID: Int64
    var method: String
    var statuses: [String]
    /// With macros in braces.
    var url: String

    var json: JSON {
        [
            "id": .integer(id), "campaign_id": .integer(campaignID), "method": .string(method),
            "statuses": .array(statuses.map { .string($0) }), "url": .string(url),
        ]
    }
}

/// A source's only postback; an empty address is none.
struct KeitaroSourcePostback: Equatable {
    var url: String
    var statuses: [String]

    var json: JSON { ["url": .string(url), "statuses": .array(statuses.map { .string($0) })] }
}

extension KeitaroWorld {
    static let postbackStatuses = ["lead", "sale", "rejected", "rebill"]

    /// What was installed before anybody came: a third of the campaigns already posts to somebody else.
    func originalPostbacks(of campaign: KeitaroCampaign) -> [KeitaroS2SPostback] {
        let draw = KeitaroChance.fraction(seed, 41, campaign.id)
        guard draw < 0.34 else { return [] }
        var made = [
            KeitaroS2SPostback(
                id: campaign.id * 10 + 1, campaignID: campaign.id, method: "GET", statuses: ["sale"],
                url: "https://ads.example/s2s?cid={external_id}&event={status:sale=purchase}&sum={conversion_revenue}")
        ]
        if draw < 0.08 {
            made.append(
                KeitaroS2SPostback(
                    id: campaign.id * 10 + 2, campaignID: campaign.id, method: "POST", statuses: ["lead", "sale"],
                    url: "https://crm.example/hook/8b1d0c77a2f94e6d?click={subid}&status={status}"))
        }
        return made
    }

    func postbacks(of campaign: KeitaroCampaign) -> [KeitaroS2SPostback] {
        changedPostbacks[campaign.id] ?? originalPostbacks(of: campaign)
    }

    func postback(ofSource id: Int64) -> KeitaroSourcePostback {
        if let changed = changedSourcePostbacks[id] { return changed }
        let isTaken = KeitaroChance.fraction(seed, 42, id) < 0.3
        return KeitaroSourcePostback(
            url: isTaken ? "https://partner.example/pixel?click={external_id}&payout={conversion_revenue}" : "",
            statuses: ["lead", "sale", "rejected"])
    }

    func json(of campaign: KeitaroCampaign) -> JSON {
        var json = campaign.json
        json["postbacks"] = .array(postbacks(of: campaign).map(\.json))
        return json
    }

    func json(of source: KeitaroNamed) -> JSON {
        let postback = postback(ofSource: source.id)
        var json = source.sourceJSON(createdAt: birthday)
        json["postback_url"] = .string(postback.url)
        json["postback_statuses"] = .array(postback.statuses.map { .string($0) })
        return json
    }

    // MARK: Requests

    /// `PUT /campaigns/{id}`: of its fields only `postbacks` is taken here, and it replaces the set. One with the id of a former stays
    /// that one; the others get new ids.
    package func putCampaign(_ id: Int64, body: JSON, key: String?) -> KeitaroAnswer {
        answer(key) { rights throws(KeitaroProblem) in
            let campaign = try visibleCampaign(id, rights)
            guard let fields = body.objectValue else { throw .error(400, "Request body must be a JSON object") }
            if let sent = fields["postbacks"] {
                changedPostbacks[id] = try taken(sent, of: campaign)
            }
            return json(of: campaign)
        }
    }

    private func taken(_ sent: JSON, of campaign: KeitaroCampaign) throws(KeitaroProblem) -> [KeitaroS2SPostback] {
        guard let rows = sent.arrayValue else { throw .error(400, "postbacks must be an array") }
        let known = Set(postbacks(of: campaign).map(\.id))
        var next = max(changedPostbacks.values.joined().map(\.id).max() ?? 0, 5_000_000) + 1
        var taken: [KeitaroS2SPostback] = []
        for row in rows {
            guard let url = row["url"]?.stringValue, url.hasPrefix("http://") || url.hasPrefix("https://") else {
                throw KeitaroProblem(
                    answer: KeitaroAnswer(status: 422, body: .json(["postbacks": ["URL is invalid"]])))
            }
            let method = row["method"]?.stringValue ?? "GET"
            guard ["GET", "POST"].contains(method) else { throw .error(400, "method is invalid") }
            let statuses = row["statuses"]?.arrayValue?.compactMap(\.stringValue) ?? []
            guard Set(statuses).isSubset(of: Self.postbackStatuses) else { throw .error(400, "statuses are invalid") }
            let given = row["id"]?.lenientInt.flatMap { known.contains($0) ? $0 : nil }
            taken.append(
                KeitaroS2SPostback(
                    id: given ?? next, campaignID: campaign.id, method: method, statuses: statuses, url: url))
            if given == nil { next += 1 }
        }
        return taken
    }

    /// `GET /traffic_sources/{id}`
    package func trafficSource(_ id: Int64, key: String?) -> KeitaroAnswer {
        answer(key) { _ throws(KeitaroProblem) in json(of: try source(id)) }
    }

    /// `PUT /traffic_sources/{id}`: of its fields the postback's are taken here.
    package func putTrafficSource(_ id: Int64, body: JSON, key: String?) -> KeitaroAnswer {
        answer(key) { rights throws(KeitaroProblem) in
            let source = try source(id)
            guard rights == .admin else { throw .forbidden("traffic sources") }
            guard let fields = body.objectValue else { throw .error(400, "Request body must be a JSON object") }
            var postback = postback(ofSource: id)
            if let url = fields["postback_url"]?.stringValue { postback.url = url }
            if let statuses = fields["postback_statuses"]?.arrayValue {
                postback.statuses = statuses.compactMap(\.stringValue)
            }
            changedSourcePostbacks[id] = postback
            return json(of: source)
        }
    }

    private func source(_ id: Int64) throws(KeitaroProblem) -> KeitaroNamed {
        guard let source = trafficSources.first(where: { $0.id == id }) else { throw .notFound("TrafficSource", id) }
        return source
    }

    // MARK: Keeping

    /// All postbacks that were written, for the file of changes.
    var keptPostbacks: JSON {
        [
            "campaigns": .array(
                changedPostbacks.keys.sorted().map { id in
                    ["id": .integer(id), "postbacks": .array((changedPostbacks[id] ?? []).map(\.json))]
                }),
            "sources": .array(
                changedSourcePostbacks.keys.sorted().map { id in
                    ["id": .integer(id), "postback": changedSourcePostbacks[id]?.json ?? .null]
                }),
        ]
    }

    func restorePostbacks(_ kept: JSON) {
        for row in kept["campaigns"]?.arrayValue ?? [] {
            guard let id = row["id"]?.intValue, campaignsByID[id] != nil else { continue }
            changedPostbacks[id] = (row["postbacks"]?.arrayValue ?? []).compactMap { json in
                guard let number = json["id"]?.intValue, let url = json["url"]?.stringValue else { return nil }
                return KeitaroS2SPostback(
                    id: number, campaignID: id, method: json["method"]?.stringValue ?? "GET",
                    statuses: json["statuses"]?.arrayValue?.compactMap(\.stringValue) ?? [], url: url)
            }
        }
        for row in kept["sources"]?.arrayValue ?? [] {
            guard let id = row["id"]?.intValue, let json = row["postback"], let url = json["url"]?.stringValue else {
                continue
            }
            changedSourcePostbacks[id] = KeitaroSourcePostback(
                url: url, statuses: json["statuses"]?.arrayValue?.compactMap(\.stringValue) ?? [])
        }
    }
}
