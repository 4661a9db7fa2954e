import Base
import Postgres

/// How much the outbox holds, by kind, over all processes.
package struct OutboxDepth: Sendable {
    package let kind: String
    package let waiting: Int64
    package let running: Int64
    /// Seconds since the oldest unsettled item was put in.
    package let oldestAge: Double

    package static func families(_ depths: [OutboxDepth]) -> [MetricFamily] {
        func family(_ name: String, _ help: String, _ value: (OutboxDepth) -> Double) -> MetricFamily {
            MetricFamily(name, .gauge, help: help, depths.map { .init(value($0), [("kind", $0.kind)]) })
        }
        return [
            family("sluice_outbox_waiting", "Items that nobody performs now.") { Double($0.waiting) },
            family("sluice_outbox_running", "Items under a lease.") { Double($0.running) },
            family("sluice_outbox_oldest_seconds", "Age of the oldest unsettled item.", \.oldestAge),
        ]
    }
}

extension OutboxStore {
    /// Reads unsettled rows alone, by their indexes.
    package func depth() async throws -> [OutboxDepth] {
        let rows = try await database.query(
            """
            SELECT kind, count(*) FILTER (WHERE state = 'waiting') AS waiting,
                count(*) FILTER (WHERE state = 'running') AS running,
                greatest(extract(epoch FROM now() - min(created_at)), 0)::double precision AS oldest
            FROM outbox WHERE state IN ('waiting', 'running') GROUP BY kind ORDER BY kind
            """, within: .seconds(2))
        return try rows.map { row in
            OutboxDepth(
                kind: try row.get("kind"), waiting: try row.get("waiting"), running: try row.get("running"),
                oldestAge: try row.get("oldest"))
        }
    }
}
