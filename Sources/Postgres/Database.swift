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
        /// Callers of one loop that may wait for a connection; the next is turned away at once (`poolExhausted`, answered 503).
        package var waitingPerLoop = 1_024
        /// COPYs that one loop has under way, each on a connection beyond `connectionsPerLoop`; further ones wait.
        package var copiesPerLoop = 2
        /// For one attempt to connect, name lookup included.
        package var connectDeadline = Duration.seconds(5)
        /// All unused connections but one are closed after this.
        package var idleTime = Duration.seconds(60)
        /// How long a cancelled statement may take to settle before its connection is dropped.
        package var cancelGrace = Duration.seconds(2)

        package init() {}
    }

    private struct Share: Sendable {
        let pool: Pool
        let copies: Pool
        let control: ControlConnection
    }
    private let shares: [Share]
    private let listener: NotificationListener

    var pools: [Pool] { shares.map(\.pool) }

    /// Opens nothing yet. Any thread.
    /// - Parameter url: `postgresql://user:password@host/name?sslmode=…` or libpq's `key=value` form.
    package init(url: Secret, loops: [EventLoop], settings: Settings = Settings(), log: Logger) throws(PostgresError) {
        let target = try ConnectionTarget(url: url, statementDeadline: settings.statementDeadline)
        var copying = settings
        copying.connectionsPerLoop = settings.copiesPerLoop
        shares = loops.map { loop in
            let control = ControlConnection(target: target, loop: loop, settings: settings, log: log)
            return Share(
                pool: Pool(loop: loop, target: target, settings: settings, control: control, log: log),
                copies: Pool(loop: loop, target: target, settings: copying, control: control, kept: 0, log: log),
                control: control)
        }
        listener = NotificationListener(target: target, loop: loops[0], settings: settings, log: log)
    }

    private func share() throws(PostgresError) -> Share {
        guard let share = shares.first(where: { $0.pool.loop.isCurrent }) else {
            throw PostgresError(.misuse, "the database is used on its event loops only")
        }
        return share
    }

    private func pool() throws(PostgresError) -> Pool { try share().pool }

    func copyPool() throws(PostgresError) -> Pool { try share().copies }

    package var loops: [EventLoop] { shares.map(\.pool.loop) }

    /// One statement by itself: it is durable when this returns.
    package func query(_ sql: SQL, within deadline: Duration?) async throws(PostgresError) -> Rows {
        try await pool().query(sql, within: deadline)
    }

    /// Several statements in one round trip and one transaction: all of them happen, or none and the first error is thrown. Their
    /// values can't depend on each other's results; what does belongs in ``transaction(isolation:_:)``.
    package func pipeline(_ statements: [SQL], within deadline: Duration? = nil) async throws(PostgresError) -> [Rows] {
        try await pool().pipeline(statements, within: deadline)
    }

    /// What others say with NOTIFY on `channel`, from now on. On a loop; the sequence is read on the same.
    package func notifications(on channel: StaticString) throws(PostgresError) -> Notifications {
        listener.subscribe(to: channel, on: try pool().loop)
    }

    /// Tells every listener of every process, once the statement is durable. Never inside a hot statement: NOTIFY takes a lock of the
    /// whole database at commit (DESIGN, rule 2).
    package func notify(_ channel: StaticString, _ payload: String = "") async throws(PostgresError) {
        try await execute("SELECT pg_notify(\(channel.description), \(payload))")
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
        await listener.close()
        for share in shares {
            await share.pool.loop.spawn {
                share.pool.close()
                share.copies.close()
                share.control.close()
            }.value
        }
    }
}

package enum Isolation: String, Sendable {
    case readCommitted = "READ COMMITTED"
    case repeatableRead = "REPEATABLE READ"
    case serializable = "SERIALIZABLE"
}
