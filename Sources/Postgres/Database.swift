import Base
import Reactor

/// The one PostgreSQL database, usable from every handler: a call is served by the pool of the loop it is made on.
///
/// ```swift
/// let rows = try await database.query("SELECT id, name FROM keitaro_campaigns WHERE group_id = \(group)")
/// let names = try rows.map { try $0.get("name", String.self) }
/// ```
package struct Database: Queryable {
    /// How many connections there may be and how long things may take.
    package struct Settings: Sendable {
        /// Connections of each loop.
        package var connectionsPerLoop = 4
        /// For statements that name no deadline of their own.
        package var statementDeadline = Duration.seconds(15)
        /// How long a caller waits for a free connection.
        package var waitForConnection = Duration.seconds(5)
        /// For one attempt to connect, name lookup included.
        package var connectDeadline = Duration.seconds(5)
        /// All unused connections but one are closed after this.
        package var idleTime = Duration.seconds(60)
        /// How long a cancelled statement may take to settle before its connection is dropped.
        package var cancelGrace = Duration.seconds(2)

        package init() {}
    }

    let pools: [Pool]

    /// Opens nothing yet. Any thread.
    /// - Parameter url: `postgresql://user:password@host/name?sslmode=…` or libpq's `key=value` form.
    package init(url: Secret, loops: [EventLoop], settings: Settings = Settings(), log: Logger) throws(PostgresError) {
        let target = try ConnectionTarget(url: url, statementDeadline: settings.statementDeadline)
        pools = loops.map { Pool(loop: $0, target: target, settings: settings, log: log) }
    }

    private func pool() throws(PostgresError) -> Pool {
        guard let pool = pools.first(where: { $0.loop.isCurrent }) else {
            throw PostgresError(.misuse, "the database is used on its event loops only")
        }
        return pool
    }

    /// One statement by itself: it is durable when this returns.
    package func query(_ sql: SQL, within deadline: Duration?) async throws(PostgresError) -> Rows {
        try await pool().query(sql, within: deadline)
    }

    /// Commits what `body` did if it returns, and rolls it back if it throws; its error is thrown on. A failed statement fails the
    /// transaction even if `body` catches its error, for PostgreSQL would not commit it. Not nested; no waiting for outside
    /// services in here.
    @discardableResult
    package func transaction<Value>(
        isolation: Isolation = .readCommitted, _ body: (Transaction) async throws -> Value
    ) async throws -> Value {
        try await pool().transaction(isolation: isolation, body)
    }

    /// Runs `body` while this process holds the lock called `name`; waits at most `wait` for another holder to let go. The session
    /// given to `body` is the one that holds the lock: what must not happen twice is done through it.
    @discardableResult
    package func withAdvisoryLock<Value>(
        _ name: String, wait: Duration = .seconds(15), _ body: (LockedSession) async throws -> Value
    ) async throws -> Value {
        try await pool().withAdvisoryLock(AdvisoryLockKey(name), wait: wait, body)
    }

    /// As `withAdvisoryLock`, but nil at once when another holds the lock: for work that one process of several does.
    package func ifAdvisoryLockIsFree<Value>(
        _ name: String, _ body: (LockedSession) async throws -> Value
    ) async throws -> Value? {
        try await pool().ifAdvisoryLockIsFree(AdvisoryLockKey(name), body)
    }

    /// Whether a statement can be answered now, for the readiness probe. Gives up when one waits too long, never throws.
    package func isReady() async -> Bool {
        do {
            _ = try await query("SELECT 1", within: .seconds(2))
            return true
        } catch {
            return false
        }
    }

    /// Refuses further use and closes the connections: the unused now, the others when their work is done. Any thread; at the end,
    /// when the handlers are done and the loops still run.
    package func close() async {
        for pool in pools {
            await pool.loop.spawn { pool.close() }.value
        }
    }
}

package enum Isolation: String, Sendable {
    case readCommitted = "READ COMMITTED"
    case repeatableRead = "REPEATABLE READ"
    case serializable = "SERIALIZABLE"
}
