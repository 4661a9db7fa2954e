import Base
import Postgres

/// The outbox's SQL. `now` is the database's clock, so that processes on several machines agree.
package struct OutboxStore: Sendable {
    private let database: Database

    package init(database: Database) {
        self.database = database
    }

    /// Puts an item in, within the caller's transaction. Nil: an unsettled item with the same unique key exists.
    @discardableResult
    package static func put(
        _ kind: String, _ payload: JSON, uniqueKey: String? = nil, in transaction: Transaction
    ) async throws -> Int64? {
        try await transaction.first(
            """
            INSERT INTO outbox (kind, payload, unique_key) VALUES (\(kind), \(payload), \(uniqueKey))
            ON CONFLICT (unique_key) WHERE state IN ('waiting', 'running') DO NOTHING
            RETURNING id
            """
        )?.get("id")
    }

    /// Takes up to `limit` due items under a lease; rows another process is taking are passed over.
    func claim(kinds: [String], limit: Int, lease: Duration) async throws -> [OutboxItem] {
        let milliseconds = lease.wholeMilliseconds
        let rows = try await database.query(
            """
            WITH due AS (
                SELECT id FROM outbox
                WHERE kind = ANY(\(kinds)::text[]) AND state = 'waiting' AND run_at <= now()
                ORDER BY run_at, id LIMIT \(limit)::int FOR UPDATE SKIP LOCKED
            )
            UPDATE outbox SET state = 'running', attempts = attempts + 1, lease_token = lease_token + 1,
                lease_until = now() + \(milliseconds)::bigint * interval '1 millisecond'
            FROM due WHERE outbox.id = due.id
            RETURNING outbox.id, kind, payload, attempts, lease_token
            """)
        return try rows.map { row in
            OutboxItem(
                id: try row.get("id"), kind: try row.get("kind"), payload: try row.get("payload"),
                attempt: try row.get("attempts"), leaseToken: try row.get("lease_token"))
        }
    }

    /// Puts back what a process died over: its lease has run out.
    func rescue() async throws -> Int {
        try await database.execute(
            """
            UPDATE outbox SET state = 'waiting', lease_until = NULL, run_at = now(), last_error = 'the process was lost'
            WHERE state = 'running' AND lease_until < now()
            """)
    }

    /// False: the lease was lost and somebody else has the item.
    func renew(_ item: OutboxItem, lease: Duration) async throws -> Bool {
        let milliseconds = lease.wholeMilliseconds
        return try await database.execute(
            """
            UPDATE outbox SET lease_until = now() + \(milliseconds)::bigint * interval '1 millisecond'
            WHERE id = \(item.id) AND state = 'running' AND lease_token = \(item.leaseToken)
            """) == 1
    }

    func settle(_ item: OutboxItem, _ outcome: OutboxOutcome) async throws {
        switch outcome {
        case .done: try await finish(item, state: "done", error: nil)
        case .failed(let reason): try await finish(item, state: "failed", error: reason)
        case .retry(let delay, let reason):
            let milliseconds = delay.wholeMilliseconds
            try await database.execute(
                """
                UPDATE outbox SET state = 'waiting', lease_until = NULL, last_error = \(reason),
                    run_at = now() + \(milliseconds)::bigint * interval '1 millisecond'
                WHERE id = \(item.id) AND state = 'running' AND lease_token = \(item.leaseToken)
                """)
        }
    }

    private func finish(_ item: OutboxItem, state: String, error: String?) async throws {
        try await database.execute(
            """
            UPDATE outbox SET state = \(state), lease_until = NULL, settled_at = now(), last_error = \(error)
            WHERE id = \(item.id) AND state = 'running' AND lease_token = \(item.leaseToken)
            """)
    }

    /// Gives an item back untouched at shutdown: an interruption is not an attempt.
    func release(_ item: OutboxItem) async throws {
        try await database.execute(
            """
            UPDATE outbox SET state = 'waiting', lease_until = NULL, attempts = attempts - 1, run_at = now()
            WHERE id = \(item.id) AND state = 'running' AND lease_token = \(item.leaseToken)
            """)
    }

    func prune(settledBefore days: Int) async throws -> Int {
        try await database.execute(
            "DELETE FROM outbox WHERE state IN ('done', 'failed') AND settled_at < now() - \(days)::int * interval '1 day'"
        )
    }
}

extension Duration {
    fileprivate var wholeMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1000 + attoseconds / 1_000_000_000_000_000
    }
}
