import Base
import Postgres

/// Sums of conversions: kept by the statement that changes conversions, read by reports. The table is `conversion_rollups`.
package enum ConversionSums {
    /// A part of a statement: `moves` (of the Ledger's changes) enter and leave the sums, all as one difference for each. The statement
    /// must read something of `summed`; its rows are locked last, so that others wait for them as briefly as can be.
    package static let summed: SQL = """
        summed AS (
            INSERT INTO conversion_rollups AS sums (
                bucket, minutes, profile_id, dimension, value, currency, status, conversions, revenue_hold, revenue_confirmed)
            SELECT date_bin(make_interval(mins => minutes), converted_at, timestamptz '2000-01-01 00:00+00') AS bucket, minutes,
                profile_id, dimension, value, currency, status, sum(sign),
                coalesce(sum(sign * revenue) FILTER (WHERE revenue_state = 'hold'), 0),
                coalesce(sum(sign * revenue) FILTER (WHERE revenue_state = 'confirmed'), 0)
            FROM moves
            CROSS JOIN LATERAL (VALUES
                ('all', ''), ('campaign', campaign_id), ('country', country), ('source', traffic_source), ('offer', offer_id)
            ) AS d (dimension, value)
            CROSS JOIN (VALUES (15), (1440)) AS m (minutes)
            -- A day is summed up when it is over; what changes in it later changes its sum.
            WHERE minutes = 15 OR converted_at < date_trunc('day', now(), 'UTC')
            GROUP BY 1, 2, 3, 4, 5, 6, 7
            HAVING sum(sign) <> 0 OR sum(sign * revenue) FILTER (WHERE revenue_state = 'hold') <> 0
                OR sum(sign * revenue) FILTER (WHERE revenue_state = 'confirmed') <> 0
            ORDER BY profile_id, minutes, dimension COLLATE "C", bucket, value COLLATE "C", currency COLLATE "C",
                status COLLATE "C"
            ON CONFLICT (profile_id, minutes, dimension, bucket, value, currency, status) DO UPDATE SET
                conversions = sums.conversions + excluded.conversions,
                revenue_hold = sums.revenue_hold + excluded.revenue_hold,
                revenue_confirmed = sums.revenue_confirmed + excluded.revenue_confirmed
            RETURNING 1
        )
        """

    /// A condition on `conversion_rollups`: exactly the rows that make up a range, days where it holds whole ones that are summed up,
    /// quarters of an hour elsewhere. Both ends are taken at quarters.
    package static func rows(from: Timestamp, until: Timestamp) -> SQL {
        """
        bucket >= \(from)::timestamptz AND bucket < \(until)::timestamptz AND (minutes = 1440) = (
            date_trunc('day', bucket, 'UTC') >= \(from)::timestamptz
            AND date_trunc('day', bucket, 'UTC') + interval '1 day' <= \(until)::timestamptz
            AND EXISTS (SELECT FROM conversion_days WHERE day = (bucket AT TIME ZONE 'UTC')::date))
        """
    }
}
