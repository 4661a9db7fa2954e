import Base
import Postgres

/// SQL of receiving: profiles for the book, refusals, events that are read again. What arrives is ``PostbackRow``.
package struct PostbackStore: Sendable {
    let database: Database

    package init(database: Database) { self.database = database }

    func profiles() async throws -> ProfileBook.Contents {
        let answers = try await database.pipeline([
            """
            SELECT \(ProfileColumns.profile), profile.secret_lookup, profile.old_secret_lookup, profile.old_secret_until,
                (SELECT min(id) FROM keitaro_trackers HAVING count(*) = 1) AS only_tracker
            FROM keitaro_profiles profile
            """,
            "SELECT \(ProfileColumns.route) FROM keitaro_routes route ORDER BY route.profile_id, route.priority, route.id",
        ])
        var routes: [Int64: [PostbackRoute]] = [:]
        for row in answers[1] { routes[try row.get("profile_id"), default: []].append(try ProfileColumns.route(row)) }
        var contents = ProfileBook.Contents()
        for row in answers[0] {
            let id: Int64 = try row.get("id")
            var profile = try ProfileColumns.profile(row, routes: routes[id] ?? [])
            // Made in the bot, or by somebody without a Keitaro key: names come from the only tracker there is.
            if profile.trackerID == nil { profile.trackerID = try row.get("only_tracker") }
            contents.profiles[id] = profile
            contents.secrets[try row.get("secret_lookup")] = ProfileBook.Contents.Entry(profileID: id)
            if let old: [UInt8] = try row.get("old_secret_lookup"),
                let until: Timestamp = try row.get("old_secret_until")
            {
                contents.secrets[old] = ProfileBook.Contents.Entry(profileID: id, until: until)
            }
        }
        return contents
    }

    // MARK: Refusals

    struct Refusal: Sendable {
        let at: Timestamp
        /// bad_secret, disabled
        let outcome: String
        let profileID: Int64?
        let address: String
        /// JSON
        let raw: String
    }

    /// - Parameter bytes: of requests, as they lie in the table.
    func add(_ refusals: [Refusal], keeping limit: Int, bytes: Int) async throws(PostgresError) {
        try await database.execute(
            """
            INSERT INTO postback_refusals (at, outcome, profile_id, address, raw)
            SELECT * FROM unnest(\(refusals.map(\.at))::timestamptz[], \(refusals.map(\.outcome))::text[],
                \(refusals.map(\.profileID))::bigint[], \(refusals.map(\.address))::text[], \(refusals.map(\.raw))::jsonb[])
            """)
        try await database.execute(
            """
            DELETE FROM postback_refusals
            WHERE id <= (SELECT max(id) FROM (
                SELECT id, row_number() OVER newest AS rows, sum(pg_column_size(raw)) OVER newest AS bytes
                FROM postback_refusals WINDOW newest AS (ORDER BY id DESC)) AS sized
                WHERE rows > \(limit)::int OR bytes > \(bytes)::int)
            """)
    }
}
