import Base
import Postgres

/// The weeks of `postback_events`: made ahead of time, so that no row falls into the rest, and dropped whole when they are old.
package struct EventPartitions: Sendable {
    /// More than an installation is ever asleep between two looks.
    static let ahead = 8

    let database: Database

    package init(database: Database) { self.database = database }

    /// - Returns: how many weeks were made.
    @discardableResult
    package func make() async throws -> Int {
        try await database.withAdvisoryLock("postback weeks") { session in
            let row = try await session.one(
                """
                SELECT count(*) FILTER (WHERE make_postback_week(
                    date_trunc('week', now())::date + 7 * week)) AS made
                FROM generate_series(0, \(Self.ahead)::int) AS week
                """)
            return Int(try row.get("made", Int64.self))
        }
    }

    /// Drops weeks of which even the last moment is older, and what old rows came when their week was gone. A week that is being read is
    /// left for the next time.
    /// - Returns: how many rows went.
    package func drop(olderThan days: Int) async throws -> Int {
        try await database.withAdvisoryLock("postback weeks") { session in
            let rest = try await session.execute(
                "DELETE FROM postback_events_rest WHERE created_at < now() - make_interval(days => \(days)::int)")
            let row = try await session.one("SELECT drop_postback_weeks(\(days)::int) AS rows")
            return rest + Int(try row.get("rows", Int64.self))
        }
    }
}
