import Base
import Postgres

/// Sums of conversions. What enters and leaves them is written by the statement that changes conversions, and added up a moment later
/// (``SumKeeper``), so no statement waits for another's sums. Reports read the view `conversion_sums`, which has both.
package enum ConversionSums {
    /// A part of a statement: `moves` (of the Ledger's changes) will enter and leave the sums.
    package static let moved: SQL = """
        moved AS (
            INSERT INTO conversion_moves (
                sign, converted_at, profile_id, status, revenue, revenue_state, currency, campaign_id, offer_id, country, traffic_source)
            SELECT sign, converted_at, profile_id, status, revenue, revenue_state, currency, campaign_id, offer_id, country,
                traffic_source
            FROM moves
        )
        """

    /// How many moves one statement adds up.
    private static let part = 20_000
    private static let lock = 5

    /// Adds up what has moved: all that is there when it begins. Nothing, while another process does.
    /// - Returns: how many moves.
    @discardableResult
    package static func addUp(_ database: Database) async throws -> Int {
        var total = 0
        while true {
            let rows = try await database.query(
                """
                WITH taken AS (
                    DELETE FROM conversion_moves WHERE ctid = ANY (ARRAY(
                        SELECT ctid FROM conversion_moves WHERE (SELECT pg_try_advisory_xact_lock(\(lock), 0)) LIMIT \(part)))
                    RETURNING *
                ), net AS MATERIALIZED (
                    -- What is alike in everything is one, before it is five and is sorted.
                    SELECT \(Self.quarter) AS quarter, profile_id, status, currency, campaign_id, offer_id, country, traffic_source,
                        sum(sign)::integer AS conversions,
                        coalesce(sum(sign * revenue) FILTER (WHERE revenue_state = 'hold'), 0) AS revenue_hold,
                        coalesce(sum(sign * revenue) FILTER (WHERE revenue_state = 'confirmed'), 0) AS revenue_confirmed
                    FROM taken GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
                ), summed AS (
                    INSERT INTO conversion_rollups AS sums (
                        bucket, minutes, profile_id, dimension, value, currency, status, conversions, revenue_hold,
                        revenue_confirmed)
                    SELECT bucket, minutes, profile_id, dimension, value, currency, status, sum(conversions), sum(revenue_hold),
                        sum(revenue_confirmed)
                    FROM (\(summed)) AS moves
                    GROUP BY bucket, minutes, profile_id, dimension, value, currency, status
                    HAVING sum(conversions) <> 0 OR sum(revenue_hold) <> 0 OR sum(revenue_confirmed) <> 0
                    -- Two that add up at one moment, for the lock is none between statements, take the rows in one order.
                    ORDER BY profile_id, minutes, dimension, bucket, value, currency, status
                    ON CONFLICT (profile_id, minutes, dimension, bucket, value, currency, status) DO UPDATE SET
                        conversions = sums.conversions + excluded.conversions,
                        revenue_hold = sums.revenue_hold + excluded.revenue_hold,
                        revenue_confirmed = sums.revenue_confirmed + excluded.revenue_confirmed
                )
                SELECT count(*)::bigint AS moves FROM taken
                """)
            let count = try rows.first.map { try $0.get("moves", Int.self) } ?? 0
            total += count
            if count < part { return total }
        }
    }

    /// As the view `conversion_moves_summed`, of `taken`. Not the view itself: what another process took between this statement's snapshot
    /// and its lock must not count, and only DELETE knows.
    private static let summed: SQL = """
        SELECT date_bin(make_interval(mins => minutes), quarter, timestamptz '2000-01-01 00:00+00') AS bucket, minutes, profile_id,
            dimension COLLATE "C" AS dimension, value COLLATE "C" AS value, currency COLLATE "C" AS currency,
            status COLLATE "C" AS status, conversions, revenue_hold, revenue_confirmed
        FROM net
        CROSS JOIN LATERAL (VALUES
            ('all', ''), ('campaign', campaign_id), ('country', country), ('source', traffic_source), ('offer', offer_id)
        ) AS d (dimension, value)
        CROSS JOIN (VALUES (15), (1440)) AS m (minutes)
        -- A day is summed up when it is over; what changes in it later changes its sum.
        WHERE minutes = 15 OR quarter < date_trunc('day', now(), 'UTC')
        """

    private static let quarter: SQL = "date_bin(interval '15 minutes', converted_at, timestamptz '2000-01-01 00:00+00')"

    /// A condition on `conversion_sums`: exactly the rows that make up a range, days where it holds whole ones that are summed up,
    /// quarters of an hour elsewhere. Both ends are taken at quarters.
    package static func rows(from: Timestamp, until: Timestamp) -> SQL {
        """
        bucket >= \(from)::timestamptz AND bucket < \(until)::timestamptz AND (minutes = 1440) = (
            date_trunc('day', bucket, 'UTC') >= \(from)::timestamptz
            AND date_trunc('day', bucket, 'UTC') + interval '1 day' <= \(until)::timestamptz
            AND EXISTS (SELECT FROM conversion_days WHERE day = (bucket AT TIME ZONE 'UTC')::date))
        """
    }

    /// How many moves are not added up. Empty while the database is away.
    package static func families(_ database: Database) async -> [MetricFamily] {
        guard let rows = try? await database.query("SELECT count(*)::bigint AS moves FROM conversion_moves"),
            let moves: Int64 = try? rows.first?.get("moves")
        else { return [] }
        return [
            MetricFamily(
                "sluice_sums_waiting", .gauge, help: "Changes of conversions that are not added to the sums yet.",
                Double(moves))
        ]
    }
}
