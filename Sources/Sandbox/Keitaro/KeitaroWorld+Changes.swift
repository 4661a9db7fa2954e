import Base

/// Kept changes that do not belong to this world, or are no changes at all.
package struct KeitaroChangesError: Error, Hashable, Sendable {
    package let reason: String
}

extension KeitaroWorld {
    /// Every stream that was written to, with the history of its offers, and all postbacks: what a restart would lose.
    package var changedStreams: JSON {
        let changed = streams.filter { changedStreamIDs.contains($0.id) }
        return [
            // As text: JSON's numbers do not hold all 64 bits.
            "seed": .string(String(seed)), "as_of": .integer(Int64(asOf.daysSince1970)),
            "next_binding_id": .integer(nextBindingID), "streams": .array(changed.map(\.kept)),
            "postbacks": keptPostbacks,
        ]
    }

    /// Takes back what `changedStreams` gave, over whatever the streams are now. All of it or, with an error, nothing.
    package func restore(changedStreams kept: JSON) throws(KeitaroChangesError) {
        guard kept["seed"]?.stringValue == String(seed), kept["as_of"]?.intValue == Int64(asOf.daysSince1970) else {
            throw KeitaroChangesError(reason: "the changes belong to a world of another seed or day")
        }
        guard let next = kept["next_binding_id"]?.intValue, let changed = kept["streams"]?.arrayValue else {
            throw KeitaroChangesError(reason: "no streams in the changes")
        }
        var restored = streams
        var ids = changedStreamIDs
        for stream in changed {
            guard let id = stream["id"]?.intValue, let place = streamPlaces[id], restored[place].restore(stream) else {
                throw KeitaroChangesError(reason: "a changed stream cannot be read: \(stream["id"] ?? .null)")
            }
            ids.insert(id)
        }
        streams = restored
        changedStreamIDs = ids
        nextBindingID = max(nextBindingID, next)
        // Files of earlier versions have none.
        if let postbacks = kept["postbacks"] { restorePostbacks(postbacks) }
    }
}

extension KeitaroStream {
    fileprivate var kept: JSON {
        var kept = json
        kept["offers"] = nil
        kept["versions"] = .array(
            versions.map { version in
                [
                    "since": .integer(version.since.microseconds),
                    "offers": .array(version.offers.map { $0.json(streamID: id) }),
                ]
            })
        return kept
    }

    fileprivate mutating func restore(_ kept: JSON) -> Bool {
        guard let fields = kept.objectValue,
            let updated = kept["updated_at"]?.stringValue.flatMap(Timestamp.init(keitaroText:)),
            let history = kept["versions"]?.arrayValue, (try? takeFields(fields)) != nil
        else { return false }
        var versions: [Version] = []
        for version in history {
            guard let since = version["since"]?.intValue, let rows = version["offers"]?.arrayValue,
                since > versions.last?.since.microseconds ?? .min || versions.isEmpty
            else { return false }
            let offers = rows.compactMap(KeitaroBinding.init(kept:))
            guard offers.count == rows.count else { return false }
            versions.append(Version(since: Timestamp(microseconds: since), offers: offers))
        }
        guard !versions.isEmpty else { return false }
        self.versions = versions
        updatedAt = updated
        return true
    }
}

extension KeitaroBinding {
    fileprivate init?(kept: JSON) {
        guard let id = kept["id"]?.intValue, let offerID = kept["offer_id"]?.intValue,
            let share = kept["share"]?.intValue, 0...1_000_000 ~= share, let state = kept["state"]?.stringValue,
            let created = kept["created_at"]?.stringValue.flatMap(Timestamp.init(keitaroText:)),
            let updated = kept["updated_at"]?.stringValue.flatMap(Timestamp.init(keitaroText:))
        else { return nil }
        self.init(
            id: id, offerID: offerID, share: share, isActive: state == "active", createdAt: created, updatedAt: updated)
    }
}
