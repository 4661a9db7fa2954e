import Base
import Postgres

/// How much the outbox holds, by kind, over all processes.
package struct OutboxDepth: Sendable {
    package let kind: String
    package let pending: Int64
    /// Under a lease: somebody performs them.
    package let leased: Int64
    /// Given up, and not yet removed by their age.
    package let failed: Int64
    /// Seconds since the oldest unsettled item was put in.
    package let oldestAge: Double

    package static func families(_ depths: [OutboxDepth]) -> [MetricFamily] {
        func family(_ name: String, _ help: String, _ value: (OutboxDepth) -> Double) -> MetricFamily {
            MetricFamily(name, .gauge, help: help, depths.map { .init(value($0), [("kind", $0.kind)]) })
        }
        return [
            family("sluice_outbox_pending", "Items that wait for their turn or their next attempt.") {
                Double($0.pending)
            },
            family("sluice_outbox_leased", "Items that a process performs now.") { Double($0.leased) },
            family("sluice_outbox_failed", "Items that were given up and are still kept.") { Double($0.failed) },
            family("sluice_outbox_oldest_seconds", "Age of the oldest unsettled item.", \.oldestAge),
        ]
    }
}

extension OutboxStore {
    /// Each of the three is read by its own partial index; what was done is not looked at.
    /// - Parameter kinds: told even if there is nothing of them.
    package func depth(kinds: [String] = []) async throws -> [OutboxDepth] {
        let rows = try await database.query(
            """
            WITH counted AS (
                SELECT kind, count(*) AS pending, 0 AS leased, 0 AS failed, min(created_at) AS oldest
                FROM outbox WHERE state = 'waiting' GROUP BY kind
                UNION ALL
                SELECT kind, 0, count(*), 0, min(created_at) FROM outbox WHERE state = 'running' GROUP BY kind
                UNION ALL
                SELECT kind, 0, 0, count(*), NULL FROM outbox WHERE state = 'failed' GROUP BY kind
                UNION ALL
                SELECT kind, 0, 0, 0, NULL FROM unnest(\(kinds)::text[]) kind
            )
            SELECT kind, sum(pending)::bigint AS pending, sum(leased)::bigint AS leased, sum(failed)::bigint AS failed,
                greatest(coalesce(extract(epoch FROM now() - min(oldest)), 0), 0)::double precision AS oldest
            FROM counted GROUP BY kind ORDER BY kind
            """, within: .seconds(2))
        return try rows.map { row in
            OutboxDepth(
                kind: try row.get("kind"), pending: try row.get("pending"), leased: try row.get("leased"),
                failed: try row.get("failed"), oldestAge: try row.get("oldest"))
        }
    }
}
