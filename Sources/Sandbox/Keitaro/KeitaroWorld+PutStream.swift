import Base

extension KeitaroWorld {
    /// `PUT /streams/{id}` (`reference/keitaro.md §1.5`): fields that are not sent stay; `offers` replaces the set. The
    /// total is not enforced, an offer id that does not exist is taken, of a doubled one the last counts, the empty set
    /// is fine. Survivors keep their binding id, their date of birth and their place; the rest goes last.
    package func putStream(_ id: Int64, body: JSON, key: String?) -> KeitaroAnswer {
        answer(key) { rights throws(KeitaroProblem) in
            let place = try visibleStream(id, rights)
            guard case .object(let fields) = body else { throw .error(400, "Request body must be a JSON object") }
            var stream = streams[place]
            let moment = now()
            if try stream.takeFields(fields) { stream.updatedAt = moment }
            if let sent = fields["offers"] {
                let offers = try bindings(replacing: stream.offers, with: sent, at: moment)
                if offers != stream.offers {
                    stream.versions.append(KeitaroStream.Version(since: moment, offers: offers))
                }
            }
            streams[place] = stream
            changedStreamIDs.insert(id)
            return stream.json
        }
    }

    private struct SentOffer {
        let share: Int64
        /// Nil when not sent: a survivor keeps its own.
        let isActive: Bool?
    }

    private func bindings(
        replacing old: [KeitaroBinding], with sent: JSON, at moment: Timestamp
    ) throws(KeitaroProblem) -> [KeitaroBinding] {
        guard let rows = sent.arrayValue else { throw .error(400, "offers must be an array") }
        var order: [Int64] = []
        var wanted: [Int64: SentOffer] = [:]
        for row in rows {
            guard let offerID = row["offer_id"]?.lenientInt else { throw .error(400, "offer_id is required") }
            guard let share = row["share"]?.lenientInt, 0...1_000_000 ~= share else {
                throw .error(400, "share is required")
            }
            let isActive: Bool?
            switch row["state"] {
            case nil, .null?: isActive = nil
            case "active"?: isActive = true
            case "disabled"?: isActive = false
            default: throw .error(400, "state must be active or disabled")
            }
            if wanted.updateValue(SentOffer(share: share, isActive: isActive), forKey: offerID) == nil {
                order.append(offerID)
            }
        }
        var result = old.compactMap { binding in
            wanted.removeValue(forKey: binding.offerID).map { binding.taking($0.share, $0.isActive, at: moment) }
        }
        for offerID in order {
            guard let new = wanted[offerID] else { continue }
            result.append(
                KeitaroBinding(
                    id: nextBindingID, offerID: offerID, share: new.share, isActive: new.isActive ?? true,
                    createdAt: moment, updatedAt: moment))
            nextBindingID += 1
        }
        return result
    }
}

extension KeitaroBinding {
    fileprivate func taking(_ share: Int64, _ isActive: Bool?, at moment: Timestamp) -> KeitaroBinding {
        var binding = self
        binding.share = share
        binding.isActive = isActive ?? self.isActive
        if binding != self { binding.updatedAt = moment }
        return binding
    }
}

extension KeitaroStream {
    /// Takes the stream's own fields from a request; true when one changed. Unknown fields are ignored, as Keitaro does.
    mutating func takeFields(_ fields: JSONObject) throws(KeitaroProblem) -> Bool {
        let before = json
        name = try fields.text("name") ?? name
        type = try fields.text("type", among: ["forced", "regular", "default"]) ?? type
        state = try fields.text("state", among: ["active", "disabled", "deleted"]) ?? state
        schema = try fields.text("schema", among: ["landings", "redirect", "action"]) ?? schema
        actionType = try fields.text("action_type") ?? actionType
        weight = fields["weight"]?.lenientInt ?? weight
        position = fields["position"]?.lenientInt ?? position
        collectsClicks = fields["collect_clicks"]?.boolValue ?? collectsClicks
        filterOr = fields["filter_or"]?.boolValue ?? filterOr
        actionPayload = fields["action_payload"] ?? actionPayload
        comments = fields["comments"] ?? comments
        filters = fields["filters"]?.arrayValue ?? filters
        triggers = fields["triggers"]?.arrayValue ?? triggers
        landings = fields["landings"]?.arrayValue ?? landings
        return json != before
    }
}

extension JSONObject {
    fileprivate func text(_ key: String, among allowed: [String]? = nil) throws(KeitaroProblem) -> String? {
        guard let value = self[key] else { return nil }
        guard let text = value.stringValue, allowed?.contains(text) ?? true else {
            throw .error(400, "\(key) is invalid")
        }
        return text
    }
}
