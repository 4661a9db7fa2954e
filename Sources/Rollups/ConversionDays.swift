import Base
import Postgres

/// Sums up days of UTC that are over, so that a report over a year reads a row a day. Doing it again is harmless.
package struct ConversionDays: Sendable {
    let database: Database

    package init(database: Database) { self.database = database }

    /// All days that are over and not summed up. Statements that change sums wait meanwhile, a day at a time: whatever they move in a
    /// day that is over, they move in its sum too, so nothing may come between reading the quarters and writing the day.
    /// - Returns: how many days.
    @discardableResult
    package func sumUp() async throws -> Int {
        try await ConversionSums.addUp(database)
        let days = try await database.query(
            """
            SELECT day::date::text AS day FROM generate_series(
                (SELECT min(date_trunc('day', bucket, 'UTC')) FROM conversion_rollups WHERE minutes = 15),
                date_trunc('day', now(), 'UTC') - interval '1 day', interval '1 day') AS day
            WHERE day::date NOT IN (SELECT day FROM conversion_days) ORDER BY 1
            """)
        for row in days { try await sumUp(try row.get("day", String.self)) }
        return days.count
    }

    private func sumUp(_ day: String) async throws {
        try await database.transaction { transaction in
            try await transaction.execute("LOCK TABLE conversion_rollups IN SHARE ROW EXCLUSIVE MODE")
            try await transaction.execute(
                """
                INSERT INTO conversion_rollups AS sums (
                    bucket, minutes, profile_id, dimension, value, currency, status, conversions, revenue_hold, revenue_confirmed)
                SELECT \(day)::date::timestamp AT TIME ZONE 'UTC', 1440, profile_id, dimension, value, currency, status,
                    sum(conversions), sum(revenue_hold), sum(revenue_confirmed)
                FROM conversion_rollups
                WHERE minutes = 15 AND bucket >= \(day)::date::timestamp AT TIME ZONE 'UTC'
                    AND bucket < (\(day)::date + 1)::timestamp AT TIME ZONE 'UTC'
                GROUP BY profile_id, dimension, value, currency, status
                ON CONFLICT (profile_id, minutes, dimension, bucket, value, currency, status) DO UPDATE SET
                    conversions = excluded.conversions, revenue_hold = excluded.revenue_hold,
                    revenue_confirmed = excluded.revenue_confirmed
                """)
            try await transaction.execute(
                "INSERT INTO conversion_days (day) VALUES (\(day)::date) ON CONFLICT (day) DO UPDATE SET summed_at = now()"
            )
        }
    }
}
