import Base
import Outbox
import Postgres

/// SQL of comparing with Keitaro's log.
package struct ReconciliationStore: Sendable {
    let database: Database

    package init(database: Database) { self.database = database }

    static let kind = "keitaro.reconcile_profile"

    // MARK: Profiles

    package func profile(_ id: Int64) async throws -> PostbackProfile? {
        try await database.first(
            "SELECT \(ProfileColumns.profile) FROM keitaro_profiles profile WHERE profile.id = \(id)"
        ).map { try ProfileColumns.profile($0) }
    }

    /// Puts an item for each profile that has a key; for one alone when somebody asks for it. An unsettled one is not doubled.
    package static func order(profile id: Int64?, in transaction: Transaction) async throws {
        let rows = try await transaction.query(
            """
            SELECT id FROM keitaro_profiles WHERE key_id IS NOT NULL AND (enabled OR \(id)::bigint IS NOT NULL)
                AND id = coalesce(\(id)::bigint, id) ORDER BY id
            """)
        for row in rows {
            let profile: Int64 = try row.get("id")
            try await OutboxStore.put(
                kind, ["profile_id": .integer(profile)], uniqueKey: "reconcile \(profile)", in: transaction)
        }
    }

    package func orderAll() async throws {
        try await database.transaction { try await Self.order(profile: nil, in: $0) }
    }

    // MARK: What we have

    /// A conversion with the campaign it belongs to.
    struct Known: Sendable {
        let conversion: KnownConversion
        let campaignID: Int64?
    }

    /// Those of the clicks, and all that were converted in the stretch. A deposit that a rebill was added to is what Keitaro calls a rebill.
    func known(profileID: Int64, clicks: [String], in stretch: Range<Timestamp>) async throws -> [Known] {
        try await database.query(
            """
            SELECT click_id, transaction_id, \(Self.lastStatus) AS status, revenue::text AS revenue, converted_at, campaign_id
            FROM conversions
            WHERE profile_id = \(profileID) AND converted_at >= \(stretch.lowerBound) AND converted_at < \(stretch.upperBound)
            UNION
            SELECT click_id, transaction_id, \(Self.lastStatus), revenue::text, converted_at, campaign_id
            FROM conversions WHERE profile_id = \(profileID) AND click_id <> '' AND click_id = ANY (\(clicks)::text[])
            """
        ).map { row in
            let status: String = try row.get("status")
            let campaign: String = try row.get("campaign_id")
            return Known(
                conversion: KnownConversion(
                    clickID: try row.get("click_id"), transactionID: try row.get("transaction_id"),
                    status: PostbackStatus(name: status), revenue: Amount(canonical: try row.get("revenue")),
                    at: try row.get("converted_at")),
                campaignID: Int64(campaign))
        }
    }

    private static let lastStatus: SQL = """
        CASE WHEN status = 'deposit' AND EXISTS (SELECT FROM conversion_transitions step
            WHERE step.conversion_id = conversions.id AND step.status_before = 'deposit' AND step.status_after = 'rebill'
                AND step.applied) THEN 'rebill' ELSE status END
        """

    // MARK: What was found

    /// A difference as it is stored.
    package struct StoredDifference: Sendable {
        package let id: Int64
        package let profileID: Int64
        package let day: String
        package let kind: ConversionDifference.Kind
        package let clickID: String
        package let transactionID: String
        /// `{"status", "revenue", "at", …}`; empty for a click that Keitaro does not know.
        package let theirs: JSON
        package let ours: JSON?
        package let foundAt: Timestamp
        package let recoveredAt: Timestamp?
        package let settledAt: Timestamp?
        /// Of the postback that is made, or was made, of Keitaro's row.
        package let eventID: String?
    }

    static let columns: SQL = """
        id, profile_id, day::text AS day, kind, click_id, transaction_id, theirs, ours, found_at, recovered_at, settled_at,
        event_id
        """

    static func difference(_ row: Row) throws -> StoredDifference {
        let kind: String = try row.get("kind")
        return StoredDifference(
            id: try row.get("id"), profileID: try row.get("profile_id"), day: try row.get("day"),
            kind: ConversionDifference.Kind(rawValue: kind) ?? .neverArrived, clickID: try row.get("click_id"),
            transactionID: try row.get("transaction_id"), theirs: try row.get("theirs"), ours: try row.get("ours"),
            foundAt: try row.get("found_at"), recoveredAt: try row.get("recovered_at"),
            settledAt: try row.get("settled_at"), eventID: try row.get("event_id"))
    }

    struct Finding: Sendable {
        let kind: ConversionDifference.Kind
        let clickID: String
        let transactionID: String
        let theirs: JSON
        let ours: JSON?
    }

    /// A day as it stands now. Differences that are no longer there are settled: the postback came after all.
    /// - Returns: how many of the day's conversions were filled in by us.
    func save(
        profileID: Int64, day: CivilDate, theirs: Int, ours: Int, matching: Int, findings: [Finding]
    ) async throws -> Int {
        let date = Self.text(day)
        return try await database.transaction { transaction in
            try await transaction.execute(
                """
                INSERT INTO keitaro_differences AS known (profile_id, day, kind, click_id, transaction_id, theirs, ours)
                SELECT \(profileID), \(date)::date, kind, click_id, transaction_id, theirs, ours
                FROM unnest(\(findings.map(\.kind.rawValue))::text[], \(findings.map(\.clickID))::text[],
                    \(findings.map(\.transactionID))::text[], \(findings.map(\.theirs))::jsonb[],
                    \(findings.map(\.ours))::jsonb[]) AS found (kind, click_id, transaction_id, theirs, ours)
                ORDER BY kind, click_id, transaction_id
                ON CONFLICT (profile_id, day, kind, click_id, transaction_id) DO UPDATE SET theirs = excluded.theirs,
                    ours = excluded.ours, settled_at = NULL,
                    -- Another status than the one that was filled in is another difference.
                    found_at = CASE WHEN known.theirs->'status' = excluded.theirs->'status' THEN known.found_at ELSE now() END,
                    event_id = CASE WHEN known.theirs->'status' = excluded.theirs->'status' THEN known.event_id END,
                    recovered_at = CASE WHEN known.theirs->'status' = excluded.theirs->'status' THEN known.recovered_at END
                """)
            let keys = findings.map { "\($0.kind.rawValue) \($0.clickID) \($0.transactionID)" }
            try await transaction.execute(
                """
                UPDATE keitaro_differences SET settled_at = now()
                WHERE profile_id = \(profileID) AND day = \(date)::date AND settled_at IS NULL
                    AND NOT (kind || ' ' || click_id || ' ' || transaction_id = ANY (\(keys)::text[]))
                """)
            let recovered: Int = try await transaction.one(
                """
                SELECT count(*)::int AS count FROM keitaro_differences
                WHERE profile_id = \(profileID) AND day = \(date)::date AND recovered_at IS NOT NULL
                    AND settled_at IS NOT NULL
                """
            ).get("count")
            // What we filled in did not arrive.
            let arrived = max(matching - recovered, 0)
            try await transaction.execute(
                """
                INSERT INTO keitaro_reconciliations (profile_id, day, theirs, ours, matching)
                VALUES (\(profileID), \(date)::date, \(theirs)::int, \(max(ours - recovered, 0))::int, \(arrived)::int)
                ON CONFLICT (profile_id, day) DO UPDATE SET theirs = excluded.theirs, ours = excluded.ours,
                    matching = excluded.matching, checked_at = now(), error = NULL
                """)
            return recovered
        }
    }

    /// The log could not be read; the counts of before stay.
    func save(error: String, profileID: Int64, day: CivilDate) async throws {
        try await database.execute(
            """
            INSERT INTO keitaro_reconciliations (profile_id, day, theirs, ours, matching, error)
            VALUES (\(profileID), \(Self.text(day))::date, 0, 0, 0, \(error))
            ON CONFLICT (profile_id, day) DO UPDATE SET error = excluded.error, checked_at = now()
            """)
    }

    /// What is to be filled in: what never arrived within an hour, and a status that is late by a day. Until then the postback may
    /// still be on its way.
    func missing(profileID: Int64, at now: Timestamp) async throws -> [StoredDifference] {
        let hourAgo = now.adding(.seconds(-3600))
        let dayAgo = now.adding(.seconds(-86_400))
        return try await database.query(
            """
            SELECT \(Self.columns) FROM keitaro_differences
            WHERE profile_id = \(profileID) AND settled_at IS NULL AND recovered_at IS NULL
                AND (kind = 'never_arrived' AND (theirs->>'at')::timestamptz < \(hourAgo)
                    OR kind = 'status_lag' AND found_at < \(dayAgo))
            ORDER BY (theirs->>'at')::timestamptz, id LIMIT 5000
            """
        ).map(Self.difference)
    }

    /// Says which event fills a difference in before there is one, so that whoever goes on after a crash adds the same event, and
    /// nothing twice.
    /// - Parameter eventID: of version 7; an event's `created_at` is the moment in it.
    /// - Returns: the one that was said first.
    func claim(_ id: Int64, eventID: String) async throws -> String {
        try await database.one(
            """
            UPDATE keitaro_differences SET event_id = coalesce(event_id, \(eventID)::text::uuid) WHERE id = \(id)
            RETURNING event_id::text AS event_id
            """
        ).get("event_id")
    }

    /// What was filled in and changed its conversion, also by a run that did not live to say so. Before anything is compared, too: a
    /// difference that is gone, and was not filled in, is one that came late.
    func noteFilledIn(profileID: Int64) async throws {
        let claimed = try await database.query(
            """
            SELECT id, event_id::text AS event_id FROM keitaro_differences
            WHERE profile_id = \(profileID) AND event_id IS NOT NULL AND recovered_at IS NULL
            """)
        guard !claimed.isEmpty else { return }
        let ids: [Int64] = try claimed.map { try $0.get("id") }
        let events: [String] = try claimed.map { try $0.get("event_id") }
        try await database.execute(
            """
            UPDATE keitaro_differences difference SET recovered_at = now()
            FROM unnest(\(ids)::bigint[], \(events)::uuid[], \(events.map { TimeOrderedID.moment(of: $0) })::timestamptz[])
                AS claimed (id, event_id, at)
            JOIN postback_events event ON event.created_at = claimed.at AND event.id = claimed.event_id
            JOIN conversion_transitions step ON step.conversion_id = event.conversion_id AND step.event_id = event.id AND step.applied
            WHERE difference.id = claimed.id AND difference.recovered_at IS NULL
            """)
    }

    /// Keeps that a step was passed, told or not.
    /// - Returns: false for a day on which the profile was paused, or before: it refused postbacks then, and a gap is no alarm.
    func notePassed(
        _ percent: Int, profileID: Int64, day: CivilDate, in transaction: Transaction
    ) async throws -> Bool {
        try await transaction.execute(
            """
            UPDATE keitaro_reconciliations d SET passed = greatest(d.passed, \(percent)::smallint)
            FROM keitaro_profiles profile
            WHERE d.profile_id = \(profileID) AND d.day = \(Self.text(day))::date AND profile.id = d.profile_id
                AND profile.enabled AND coalesce(profile.resumed_at, '-infinity') <= \(Timestamp(day))
            """) == 1
    }

    /// True once for each step of a day, in the transaction that says it.
    func raiseWarning(
        _ percent: Int, profileID: Int64, day: CivilDate, in transaction: Transaction
    ) async throws -> Bool {
        try await transaction.execute(
            """
            UPDATE keitaro_reconciliations SET warned = \(percent)::smallint
            WHERE profile_id = \(profileID) AND day = \(Self.text(day))::date AND warned < \(percent)::int
            """) == 1
    }

    static func text(_ day: CivilDate) -> String { String(Timestamp(day).iso8601.prefix(10)) }
}

extension ReconciliationStore {
    /// For the rule `keitaro_differences`, in days: also the days they belong to, silences that are over, and settled orders.
    package func remove(olderThan days: Int) async throws -> Int {
        var removed = 0
        let age: SQL = "now() - \(days)::int * interval '1 day'"
        for statement: SQL in [
            "DELETE FROM keitaro_differences WHERE found_at < \(age)",
            "DELETE FROM keitaro_reconciliations WHERE checked_at < \(age)",
            "DELETE FROM keitaro_silences WHERE ended_at < \(age)",
            "DELETE FROM keitaro_installation_orders WHERE settled_at < \(age)",
        ] {
            removed += try await database.execute(statement, within: .seconds(600))
        }
        return removed
    }
}
