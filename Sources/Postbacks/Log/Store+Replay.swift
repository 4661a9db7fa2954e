import Base
import Postgres

/// SQL of reading stored requests again.
extension PostbackStore {
    struct StoredEvent: Sendable {
        let id: String
        let createdAt: Timestamp
        let profileID: Int64
        let origin: String
        let outcome: PostbackOutcome?
        let originalStatus: String
        let clickID: String
        let transactionID: String
        let fields: PostbackFields
        let raw: String
        /// As it was read last: by itself, or by its last replay.
        let lastStatus: String
        let lastOutcome: PostbackOutcome?
        /// The external id of the conversion that it or a replay of it began or changed; nil: it has counted nowhere.
        let countedIn: String?
        /// When, for its bucket.
        let countedAt: Timestamp?
    }

    /// Where the events stand, oldest first, a replay's being the event that it read again.
    /// - Returns: besides the places, each once, how many of the references are events.
    func firstReadings(
        _ references: [EventReference]
    ) async throws -> (named: Int, places: [EventQuestion.Place]) {
        let found = try await places(of: references)
        let replays = found.compactMap { $0.replayOf.flatMap { EventReference($0) } }
        let firsts = replays.isEmpty ? [] : try await places(of: Array(Set(replays)))
        let places = (found.filter { $0.replayOf == nil } + firsts).map(\.place)
        return (found.count, Set(places).sorted())
    }

    private func places(
        of references: [EventReference]
    ) async throws -> [(place: EventQuestion.Place, replayOf: String?)] {
        let placed = references.compactMap { reference in reference.at.map { (id: reference.id, at: $0) } }
        let loose = references.filter { $0.at == nil }.map(\.id)
        // Our own ids say when they were made, within a millisecond.
        let moments = loose.compactMap { TimeOrderedID.moment(of: $0) }
        let isKnown = moments.count == loose.count
        let from = isKnown ? moments.min() : nil
        let until = isKnown ? moments.max()?.adding(.milliseconds(1)) : nil
        return try await database.query(
            """
            SELECT event.id, event.created_at, event.replay_of
            FROM unnest(\(placed.map(\.id))::uuid[], \(placed.map(\.at))::timestamptz[]) AS place (id, at)
            JOIN postback_events event ON event.created_at = place.at AND event.id = place.id
            UNION
            SELECT id, created_at, replay_of FROM postback_events
            WHERE id = ANY (\(loose)::uuid[]) AND created_at >= coalesce(\(from)::timestamptz, '-infinity')
                AND created_at <= coalesce(\(until)::timestamptz, 'infinity')
            """
        ).map { row in
            (
                EventQuestion.Place(at: try row.get("created_at"), id: try row.get("id")),
                try row.get("replay_of")
            )
        }
    }

    func events(_ places: [EventQuestion.Place]) async throws -> [StoredEvent] {
        try await database.query(
            """
            SELECT event.id, event.created_at, event.profile_id, event.origin, event.outcome, event.original_status,
                event.click_id, event.transaction_id, event.fields, event.raw::text AS raw,
                coalesce(last.status, event.status) AS last_status, coalesce(last.outcome, event.outcome) AS last_outcome,
                counted.external_id, counted.at
            FROM unnest(\(places.map(\.id))::uuid[], \(places.map(\.at))::timestamptz[]) AS place (id, at)
            JOIN postback_events event ON event.created_at = place.at AND event.id = place.id
            LEFT JOIN LATERAL (
                SELECT status, outcome FROM postback_events WHERE replay_of = event.id
                ORDER BY created_at DESC, id DESC LIMIT 1
            ) last ON true
            LEFT JOIN LATERAL (
                SELECT conversion.external_id, step.at FROM (
                    SELECT event.id, event.conversion_id
                    UNION ALL SELECT id, conversion_id FROM postback_events WHERE replay_of = event.id
                ) reading
                JOIN conversion_transitions step ON step.conversion_id = reading.conversion_id AND step.event_id = reading.id
                    AND step.applied
                JOIN conversions conversion ON conversion.id = step.conversion_id
                ORDER BY step.at, step.event_id LIMIT 1
            ) counted ON true
            ORDER BY event.created_at, event.id
            """
        ).map { row in
            let outcome: String = try row.get("outcome")
            let lastOutcome: String = try row.get("last_outcome")
            let fields: JSON = try row.get("fields")
            return StoredEvent(
                id: try row.get("id"), createdAt: try row.get("created_at"), profileID: try row.get("profile_id"),
                origin: try row.get("origin"), outcome: PostbackOutcome(rawValue: outcome),
                originalStatus: try row.get("original_status"), clickID: try row.get("click_id"),
                transactionID: try row.get("transaction_id"),
                fields: PostbackFields(
                    pairs: (fields.objectValue?.members ?? []).map { ($0.key, $0.value.stringValue ?? "") }),
                raw: try row.get("raw"), lastStatus: try row.get("last_status"),
                lastOutcome: PostbackOutcome(rawValue: lastOutcome), countedIn: try row.get("external_id"),
                countedAt: try row.get("at"))
        }
    }

    /// Whether a postback with the same key is stored that came before `event`, which is a duplicate: with the status that it is read
    /// with now, or with the word that it was sent with.
    func hasEarlier(than event: StoredEvent, _ postback: Postback) async throws -> Bool {
        // Each has an index of its own, of what is not blank.
        let key: SQL =
            event.clickID.isEmpty
            ? "transaction_id = \(event.transactionID) AND transaction_id <> '' AND click_id = ''"
            : "click_id = \(event.clickID) AND click_id <> '' AND transaction_id = \(event.transactionID)"
        return try await database.first(
            """
            SELECT 1 FROM postback_events
            WHERE \(key) AND profile_id = \(event.profileID) AND id <> \(event.id)::uuid AND origin <> 'test'
                AND outcome <> 'duplicate' AND created_at <= \(event.createdAt)
                AND (status = \(postback.status.name) OR original_status = \(event.originalStatus)) LIMIT 1
            """) != nil
    }
}
