import Base
import Postgres

/// What people look at: days, and what differs on them.
extension ReconciliationStore {
    package struct Day: Sendable {
        package let profileID: Int64
        package let profileName: String
        package let day: String
        package let theirs: Int
        package let ours: Int
        package let matching: Int
        package let checkedAt: Timestamp
        package let error: String?
        package let warned: Int
        /// The warning that is due and was told to nobody, for there is nobody to tell; 0: none.
        package let unheard: Int
        /// By the stored name of the kind: those that are still there.
        package let open: [String: Int]
        package let recovered: Int
        /// Late, but they came.
        package let settled: Int
    }

    package struct NamedProfile: Sendable {
        package let id: Int64
        package let name: String
    }

    /// The profiles a person sees whose log can be read, by name.
    package func comparable(for reader: PostbackReader) async throws -> [NamedProfile] {
        try await database.query(
            """
            SELECT id, name FROM keitaro_profiles profile
            WHERE key_id IS NOT NULL AND \(reader.condition) ORDER BY lower(name), id
            """
        ).map { NamedProfile(id: try $0.get("id"), name: try $0.get("name")) }
    }

    /// The last days of the profiles a person sees, newest first.
    package func days(for reader: PostbackReader, profileID: Int64?) async throws -> [Day] {
        try await database.query(
            """
            SELECT d.profile_id, profile.name, d.day::text AS day, d.theirs, d.ours, d.matching, d.checked_at, d.error,
                d.warned, 
                CASE WHEN d.passed > d.warned AND d.day > current_date - \(ReconciliationRun.days)::int THEN d.passed ELSE 0 END AS unheard,
                coalesce(f.never_arrived, 0)::int AS never_arrived, coalesce(f.status_lag, 0)::int AS status_lag,
                coalesce(f.amount, 0)::int AS amount, coalesce(f.unknown_click, 0)::int AS unknown_click,
                coalesce(f.recovered, 0)::int AS recovered, coalesce(f.settled, 0)::int AS settled
            FROM keitaro_reconciliations d
            JOIN keitaro_profiles profile ON profile.id = d.profile_id
            LEFT JOIN LATERAL (
                SELECT count(*) FILTER (WHERE kind = 'never_arrived' AND open) AS never_arrived,
                    count(*) FILTER (WHERE kind = 'status_lag' AND open) AS status_lag,
                    count(*) FILTER (WHERE kind = 'amount' AND open) AS amount,
                    count(*) FILTER (WHERE kind = 'unknown_click' AND open) AS unknown_click,
                    count(*) FILTER (WHERE recovered_at IS NOT NULL) AS recovered,
                    count(*) FILTER (WHERE recovered_at IS NULL AND settled_at IS NOT NULL) AS settled
                FROM (SELECT *, settled_at IS NULL AND recovered_at IS NULL AS open FROM keitaro_differences x
                    WHERE x.profile_id = d.profile_id AND x.day = d.day) each_one
            ) f ON true
            WHERE \(reader.condition) AND d.profile_id = coalesce(\(profileID)::bigint, d.profile_id)
                AND d.day > current_date - 31
            ORDER BY d.day DESC, lower(profile.name), d.profile_id LIMIT 300
            """
        ).map { row in
            Day(
                profileID: try row.get("profile_id"), profileName: try row.get("name"), day: try row.get("day"),
                theirs: try row.get("theirs"), ours: try row.get("ours"), matching: try row.get("matching"),
                checkedAt: try row.get("checked_at"), error: try row.get("error"), warned: try row.get("warned"),
                unheard: try row.get("unheard"),
                open: [
                    "never_arrived": try row.get("never_arrived"), "status_lag": try row.get("status_lag"),
                    "amount": try row.get("amount"), "unknown_click": try row.get("unknown_click"),
                ], recovered: try row.get("recovered"), settled: try row.get("settled"))
        }
    }

    /// Newest first.
    package func differences(
        for reader: PostbackReader, profileID: Int64?, day: String?, kind: String?, before: Int64?, limit: Int
    ) async throws -> [StoredDifference] {
        try await database.query(
            """
            SELECT \(Self.columns) FROM keitaro_differences
            WHERE \(reader.condition(on: "profile_id")) AND profile_id = coalesce(\(profileID)::bigint, profile_id)
                AND (\(day)::text IS NULL OR day = \(day)::text::date) AND kind = coalesce(\(kind)::text, kind)
                AND (\(before)::bigint IS NULL OR id < \(before)::bigint)
            ORDER BY id DESC LIMIT \(limit)::int
            """
        ).map(Self.difference)
    }
}
