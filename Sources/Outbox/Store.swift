import Base
import Postgres

/// The outbox's SQL. `now` is the database's clock, so that processes on several machines agree.
package struct OutboxStore: Sendable {
    let database: Database

    package init(database: Database) {
        self.database = database
    }

    /// Puts an item in, within the caller's transaction. Nil: an unsettled item with the same unique key exists.
    /// - Parameter delay: how long nobody takes it.
    @discardableResult
    package static func put(
        _ kind: String, _ payload: JSON, uniqueKey: String? = nil, after delay: Duration = .zero,
        in transaction: Transaction
    ) async throws -> Int64? {
        try await transaction.first(
            """
            INSERT INTO outbox (kind, payload, unique_key, run_at)
            VALUES (\(kind), \(payload), \(uniqueKey), now() + \(delay.interval))
            ON CONFLICT (unique_key) WHERE state IN ('waiting', 'running') DO NOTHING
            RETURNING id
            """
        )?.get("id")
    }

    /// Takes up to `limit` due items under a lease; rows another process is taking are passed over.
    /// - Parameter suspects: how many of them may be items that processes were lost over.
    func claim(kinds: [String], limit: Int, suspects: Int = 1, lease: Duration) async throws -> [OutboxItem] {
        let rows = try await database.query(
            """
            WITH suspects AS MATERIALIZED (
                SELECT id FROM outbox
                WHERE kind = ANY(\(kinds)::text[]) AND state = 'waiting' AND losses > 0 AND run_at <= now()
                ORDER BY run_at, id LIMIT least(\(suspects)::int, \(limit)::int) FOR UPDATE SKIP LOCKED
            ), others AS MATERIALIZED (
                SELECT id FROM outbox
                WHERE kind = ANY(\(kinds)::text[]) AND state = 'waiting' AND losses = 0 AND run_at <= now()
                ORDER BY run_at, id LIMIT \(limit)::int - (SELECT count(*) FROM suspects) FOR UPDATE SKIP LOCKED
            )
            UPDATE outbox SET state = 'running', attempts = attempts + 1, lease_token = lease_token + 1,
                lease_until = now() + \(lease.interval)
            FROM (SELECT id FROM suspects UNION ALL SELECT id FROM others) due WHERE outbox.id = due.id
            RETURNING outbox.id, kind, payload, attempts, losses, lease_token
            """)
        return try rows.map { row in
            OutboxItem(
                id: try row.get("id"), kind: try row.get("kind"), payload: try row.get("payload"),
                attempt: try row.get("attempts"), losses: try row.get("losses"), leaseToken: try row.get("lease_token"))
        }
    }

    /// Puts back what a process died over: its lease has run out. After ``OutboxLoss/limit`` of them the next to claim it gives it up;
    /// what is lost even then is failed here.
    /// - Parameter held: what the asker performs itself, however late its leases are.
    func rescue(except held: [OutboxItem] = []) async throws -> Int {
        let (first, second) = OutboxLoss.pauses
        return try await database.execute(
            """
            UPDATE outbox SET losses = losses + 1, lease_until = NULL,
                state = CASE WHEN losses < \(OutboxLoss.limit)::int THEN 'waiting' ELSE 'failed' END,
                settled_at = CASE WHEN losses < \(OutboxLoss.limit)::int THEN NULL ELSE now() END,
                last_error = CASE WHEN losses < \(OutboxLoss.limit)::int THEN \(OutboxLoss.reason)
                    ELSE \(OutboxLoss.finalReason) END,
                run_at = now() + CASE losses WHEN 0 THEN \(first.interval) WHEN 1 THEN \(second.interval)
                    ELSE interval '0' END * (0.9 + 0.2 * random())
            WHERE state = 'running' AND lease_until < now() AND (id, lease_token) NOT IN (
                SELECT * FROM unnest(\(held.map(\.id))::bigint[], \(held.map(\.leaseToken))::bigint[]))
            """)
    }

    /// The holder lives, although its lease ran out and was counted as lost.
    func takeBackLoss(of item: OutboxItem) async throws {
        try await database.execute(
            """
            UPDATE outbox SET losses = losses - 1
            WHERE id = \(item.id) AND losses > 0 AND state IN ('waiting', 'running')
            """)
    }

    /// False: the lease was lost and somebody else has the item.
    func renew(_ item: OutboxItem, lease: Duration) async throws -> Bool {
        try await database.execute(
            """
            UPDATE outbox SET lease_until = now() + \(lease.interval)
            WHERE id = \(item.id) AND state = 'running' AND lease_token = \(item.leaseToken)
            """) == 1
    }

    /// False: the lease was lost, and what becomes of the item is another's to say.
    @discardableResult
    func settle(_ item: OutboxItem, _ outcome: OutboxOutcome) async throws -> Bool {
        switch outcome {
        case .done: try await finish(item, state: "done", error: nil)
        case .failed(let reason): try await finish(item, state: "failed", error: reason)
        case .retry(let delay, let reason): try await putBack(item, after: delay, reason: reason, attempts: 0)
        case .snooze(let delay, let reason): try await putBack(item, after: delay, reason: reason, attempts: -1)
        }
    }

    // A reason may quote an outside service, and PostgreSQL's text holds no NUL.
    private func putBack(
        _ item: OutboxItem, after delay: Duration, reason: String, attempts: Int
    ) async throws -> Bool {
        try await database.execute(
            """
            UPDATE outbox SET state = 'waiting', lease_until = NULL, last_error = \(reason.withoutNUL), losses = 0,
                attempts = attempts + \(attempts)::int, run_at = now() + \(delay.interval)
            WHERE id = \(item.id) AND state = 'running' AND lease_token = \(item.leaseToken)
            """) == 1
    }

    private func finish(_ item: OutboxItem, state: String, error: String?) async throws -> Bool {
        try await database.execute(
            """
            UPDATE outbox SET state = \(state), lease_until = NULL, settled_at = now(), last_error = \(error?.withoutNUL)
            WHERE id = \(item.id) AND state = 'running' AND lease_token = \(item.leaseToken)
            """) == 1
    }

    /// Gives an item back untouched at shutdown: an interruption is not an attempt.
    func release(_ item: OutboxItem) async throws {
        try await database.execute(
            """
            UPDATE outbox SET state = 'waiting', lease_until = NULL, attempts = attempts - 1, run_at = now()
            WHERE id = \(item.id) AND state = 'running' AND lease_token = \(item.leaseToken)
            """)
    }

    /// Removes what was settled long ago, a thousand rows at a time so that no lock is held for long.
    package func prune(settledBefore days: Int) async throws -> Int {
        var pruned = 0
        while true {
            let count = try await database.execute(
                """
                DELETE FROM outbox WHERE id IN (
                    SELECT id FROM outbox
                    WHERE state IN ('done', 'failed') AND settled_at < now() - \(days)::int * interval '1 day'
                    ORDER BY settled_at LIMIT 1000 FOR UPDATE SKIP LOCKED)
                """)
            pruned += count
            if count < 1000 { return pruned }
        }
    }

    /// Puts the item of the present slot in, unless a process has: the row's `last_slot` only moves forward, and only its mover puts.
    /// - Returns: how long until the next slot by the database's clock.
    func putDue(_ schedule: OutboxSchedule) async throws -> Duration {
        let every = schedule.every.wholeMilliseconds
        let offset = schedule.offset.wholeMilliseconds
        let row = try await database.one(
            """
            WITH clock AS (
                SELECT (extract(epoch FROM now()) * 1000)::bigint - \(offset)::bigint AS present
            ), slot AS (
                SELECT present - present % \(every)::bigint + \(offset)::bigint AS start FROM clock
            ), moved AS (
                INSERT INTO outbox_schedules (name, last_slot) SELECT \(schedule.name), to_timestamp(start / 1000.0) FROM slot
                ON CONFLICT (name) DO UPDATE SET last_slot = EXCLUDED.last_slot
                    WHERE outbox_schedules.last_slot < EXCLUDED.last_slot
                RETURNING last_slot
            ), put AS (
                INSERT INTO outbox (kind, payload, unique_key)
                SELECT \(schedule.name), '{}', \(schedule.name) FROM moved
                ON CONFLICT (unique_key) WHERE state IN ('waiting', 'running') DO NOTHING
            )
            SELECT \(every)::bigint - present % \(every)::bigint AS remaining FROM clock
            """)
        return .milliseconds(try row.get("remaining", Int64.self))
    }
}
