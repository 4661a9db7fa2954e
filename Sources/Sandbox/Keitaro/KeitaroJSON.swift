import Base

// Objects as Admin API v1 writes them (`reference/keitaro.md §1.3`, `keitaro-openapi-2022.json`).

extension Timestamp {
    /// `2026-01-01 10:00:00`, UTC, without saying so.
    var keitaroText: String { String(iso8601.prefix(19)).replacing("T", with: " ") }

    var keitaroJSON: JSON { .string(keitaroText) }

    /// Reads what `keitaroText` writes.
    init?(keitaroText: String) {
        self.init(iso8601: keitaroText, offsetWhenAbsent: 0)
    }
}

extension KeitaroCampaign {
    var json: JSON {
        [
            "id": .integer(id), "alias": .string(alias), "name": .string(name),
            "type": .string(isWeighted ? "weight" : "position"), "cookies_ttl": 24, "position": .integer(position),
            "state": .string(state.rawValue), "cost_type": "CPC", "cost_value": .number(Double(costPerClick) / 10_000),
            "cost_currency": "USD", "cost_auto": false, "group_id": .integer(groupID), "bind_visitors": "s",
            "traffic_source_id": .integer(sourceID), "token": .string(token), "parameters": [:], "postbacks": [],
            "notes": .null, "created_at": createdAt.keitaroJSON, "updated_at": updatedAt.keitaroJSON,
        ]
    }
}

extension KeitaroBinding {
    func json(streamID: Int64) -> JSON {
        [
            "id": .integer(id), "stream_id": .integer(streamID), "offer_id": .integer(offerID),
            "state": .string(isActive ? "active" : "disabled"), "share": .integer(share),
            "created_at": createdAt.keitaroJSON, "updated_at": updatedAt.keitaroJSON,
        ]
    }
}

extension KeitaroStream {
    var json: JSON {
        [
            "id": .integer(id), "type": .string(type), "name": .string(name), "campaign_id": .integer(campaignID),
            "position": .integer(position), "weight": .integer(weight), "state": .string(state),
            "schema": .string(schema),
            "action_type": .string(actionType), "action_payload": actionPayload, "action_options": .null,
            "collect_clicks": .bool(collectsClicks), "filter_or": .bool(filterOr), "comments": comments,
            "updated_at": updatedAt.keitaroJSON, "filters": .array(filters), "triggers": .array(triggers),
            "landings": .array(landings), "offers": .array(offers.map { $0.json(streamID: id) }),
        ]
    }
}

extension KeitaroOffer {
    func json(network: String) -> JSON {
        [
            "id": .integer(id), "name": .string(name), "group_id": .integer(groupID), "action_type": "http",
            "action_payload": .string("https://offers.example/\(id)?sub1={subid}"), "action_options": .null,
            "affiliate_network_id": .integer(networkID), "affiliate_network": .string(network),
            "payout_value": .number(payout), "payout_currency": .string(currency), "payout_type": "CPA",
            "payout_auto": .bool(isAutomaticPayout), "payout_upsell": false,
            "state": .string(isDeleted ? "deleted" : "active"), "country": [.string(country)], "notes": .null,
            "created_at": createdAt.keitaroJSON, "updated_at": updatedAt.keitaroJSON,
        ]
    }
}

extension KeitaroGroup {
    var json: JSON {
        ["id": .integer(id), "name": .string(name), "position": .integer(position), "type": .string(type)]
    }
}

extension KeitaroNamed {
    func networkJSON(createdAt: Timestamp) -> JSON {
        [
            "id": .integer(id), "name": .string(name), "postback_url": "", "offer_param": "sub1={subid}",
            "state": "active",
            "template_name": .null, "notes": .null, "created_at": createdAt.keitaroJSON,
            "updated_at": createdAt.keitaroJSON,
        ]
    }

    func landingJSON(createdAt: Timestamp) -> JSON {
        [
            "id": .integer(id), "landing_type": "local", "action_type": "local_file", "action_payload": "",
            "action_options": .null, "name": .string(name), "group_id": .null, "offer_count": 1, "notes": .null,
            "state": "active", "created_at": createdAt.keitaroJSON, "updated_at": createdAt.keitaroJSON,
        ]
    }

    func sourceJSON(createdAt: Timestamp) -> JSON {
        [
            "id": .integer(id), "name": .string(name), "postback_url": "",
            "postback_statuses": ["lead", "sale", "rejected"],
            "state": "active", "template_name": .null, "notes": .null, "parameters": [:],
            "created_at": createdAt.keitaroJSON, "updated_at": createdAt.keitaroJSON,
        ]
    }
}
