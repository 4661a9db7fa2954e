import Base

/// How a row lies in the journal: a JSON object. Names are for ever; what is absent is empty, so that rows of earlier versions are read.
extension PostbackRow {
    package static var kind: String { "postback" }

    private static var texts: [(name: String, part: WritableKeyPath<Postback, String>)] {
        [
            ("original_status", \.originalStatus), ("click_id", \.clickID), ("transaction_id", \.transactionID),
            ("campaign_id", \.campaignID), ("campaign_name", \.campaignName), ("offer_id", \.offerID),
            ("offer_name", \.offerName), ("landing_id", \.landingID), ("landing_name", \.landingName),
            ("country", \.country),
            ("source", \.source), ("creative_id", \.creativeID), ("sub_id_1", \.subID1), ("sub_id_2", \.subID2),
            ("currency", \.currency), ("reason", \.reason), ("event_id", \.eventID),
        ]
    }

    package var journaled: [UInt8] {
        var object: JSON = [
            "id": .string(id), "created": .integer(createdAt.microseconds),
            "happened": .integer(happenedAt.microseconds),
            "profile": .integer(profileID), "origin": .string(origin.rawValue), "status": .string(postback.status.name),
            "mapped": .bool(postback.isMapped), "raw": .string(raw),
            "fields": .array(postback.fields.map { [.string($0.name), .string($0.value)] }),
            "to": .array(destinations.map(Self.json)),
        ]
        object["tracker"] = trackerID.map { .integer($0) }
        object["replay_of"] = replayOf.map { .string($0) }
        object["counted_in"] = countedIn.map { .string($0) }
        object["dedup"] = dedupSeconds.map { .integer(Int64($0)) }
        object["policy"] = policy.map { .string($0.rawValue) }
        object["revenue"] = postback.revenue.map { .string($0.text) }
        object["payout"] = postback.payout.map { .string($0.text) }
        for (name, part) in Self.texts where !postback[keyPath: part].isEmpty {
            object[name] = .string(postback[keyPath: part])
        }
        return object.bytes
    }

    package convenience init?(journaled: [UInt8]) {
        guard let object = try? JSON(parsing: journaled), let id = object["id"]?.stringValue,
            let created = object["created"]?.intValue, let profileID = object["profile"]?.intValue,
            let origin = object["origin"]?.stringValue.flatMap({ PostbackOrigin(rawValue: $0) }),
            let status = object["status"]?.stringValue
        else { return nil }
        var postback = Postback()
        postback.status = PostbackStatus(name: status)
        postback.isMapped = object["mapped"]?.boolValue ?? true
        for (name, part) in Self.texts { postback[keyPath: part] = object[name]?.stringValue ?? "" }
        postback.revenue = object["revenue"]?.stringValue.map { Amount(canonical: $0) }
        postback.payout = object["payout"]?.stringValue.map { Amount(canonical: $0) }
        postback.fields = (object["fields"]?.arrayValue ?? []).compactMap { pair in
            guard let name = pair[0]?.stringValue, let value = pair[1]?.stringValue else { return nil }
            return (name, value)
        }
        self.init(
            id: id, createdAt: Timestamp(microseconds: created),
            happenedAt: Timestamp(microseconds: object["happened"]?.intValue ?? created), profileID: profileID,
            trackerID: object["tracker"]?.intValue, origin: origin, replayOf: object["replay_of"]?.stringValue,
            postback: postback, raw: object["raw"]?.stringValue ?? "{}",
            dedupSeconds: (object["dedup"]?.intValue).flatMap { Int(exactly: $0) },
            policy: object["policy"]?.stringValue.flatMap { ConversionPolicy(rawValue: $0) },
            destinations: (object["to"]?.arrayValue ?? []).compactMap(Self.destination),
            countedIn: object["counted_in"]?.stringValue)
    }

    private static func json(_ destination: Destination) -> JSON {
        var json: JSON = [
            "chat": .integer(destination.chatID), "language": .string(destination.language),
            "silent": .bool(destination.isSilent),
        ]
        json["route"] = destination.routeID.map { .integer($0) }
        json["topic"] = destination.topicID.map { .integer($0) }
        json["held"] = (destination.heldUntil?.microseconds).map { .integer($0) }
        return json
    }

    private static func destination(_ json: JSON) -> Destination? {
        guard let chatID = json["chat"]?.intValue else { return nil }
        return Destination(
            routeID: json["route"]?.intValue, chatID: chatID, topicID: json["topic"]?.intValue,
            language: json["language"]?.stringValue ?? "en", isSilent: json["silent"]?.boolValue ?? false,
            heldUntil: (json["held"]?.intValue).map { Timestamp(microseconds: $0) })
    }
}
