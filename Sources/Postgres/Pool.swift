import Base
import CPostgres
import Reactor

/// The connections of one loop. Opened when needed, handed to callers in the order they came.
///
/// While the server is away, callers fail at once with the time of the next attempt instead of piling up; the first caller after
/// that time makes the attempt. `@unchecked Sendable`: touched only on its loop's thread.
final class Pool: @unchecked Sendable {
    let loop: EventLoop
    private let target: ConnectionTarget
    private let settings: Database.Settings
    let log: Logger

    private struct Idle {
        let connection: Connection
        let since: MonotonicTime
    }
    /// The most recently used last.
    private var idle: [Idle] = []
    /// Connections that are open or being opened.
    private(set) var count = 0
    private var opening = 0
    private var waiters: [PoolWaiter] = []
    private var backoff = Backoff()
    private var reaper: TimerID?
    private var isClosed = false

    /// How long a caller waits for the outcome of an attempt to reach a server that has been away.
    private static let patienceWhileAway = Duration.seconds(1)

    init(loop: EventLoop, target: ConnectionTarget, settings: Database.Settings, log: Logger) {
        self.loop = loop
        self.target = target
        self.settings = settings
        self.log = log
    }

    func query(_ sql: SQL, within limit: Duration?) async throws(PostgresError) -> Rows {
        let limit = limit ?? settings.statementDeadline
        let (connection, rows) = try await starting { connection throws(PostgresError) in
            try await connection.query(sql, within: limit)
        }
        release(connection)
        return rows
    }

    /// Takes a connection and makes the first exchange on it. If the connection turns out to have broken while it was unused, so that
    /// the server has seen nothing, a fresh one is taken, once.
    func starting<Value>(
        _ first: (Connection) async throws(PostgresError) -> Value
    ) async throws(PostgresError) -> (Connection, Value) {
        var isRetry = false
        while true {
            let connection = try await acquire()
            let wasUsed = connection.hasServed
            do throws(PostgresError) {
                return (connection, try await first(connection))
            } catch {
                release(connection)
                guard error.isUnsent, wasUsed, !isRetry else { throw error }
                isRetry = true
            }
        }
    }

    var state: PoolState {
        var state = PoolState()
        state.size = count
        state.busy = count - opening - idle.count
        state.waiting = waiters.count
        state.limit = settings.connectionsPerLoop
        return state
    }

    // MARK: Taking and giving back

    private func acquire() async throws(PostgresError) -> Connection {
        loop.assertCurrent()
        guard !isClosed else { throw PostgresError(.misuse, "the database is closed") }
        while let candidate = idle.popLast() {
            if candidate.connection.isAlive() { return candidate.connection }
        }
        if count == 0, let remaining = backoff.remaining(now: .now()) { throw unavailable(remaining) }
        let wasAway = backoff.isAway
        let waiter = PoolWaiter()
        waiters.append(waiter)
        openIfNeeded()
        let patience = wasAway ? min(Self.patienceWhileAway, settings.waitForConnection) : settings.waitForConnection
        waiter.timer = loop.schedule(after: patience) { [self] in
            waiters.removeAll { $0 === waiter }
            waiter.finish(.failure(wasAway ? unavailable(patience) : exhausted()), loop)
        }
        return try await withUnsafeContinuation { waiter.begin($0) }.get()
    }

    func release(_ connection: Connection) {
        loop.assertCurrent()
        guard connection.handle != nil else { return }
        // Whatever state a caller left behind ends with the connection.
        guard !isClosed, connection.transactionStatus == PQTRANS_IDLE else { return connection.close() }
        if waiters.isEmpty {
            idle.append(Idle(connection: connection, since: .now()))
            scheduleReaper()
        } else {
            waiters.removeFirst().finish(.success(connection), loop)
        }
    }

    func close() {
        isClosed = true
        waiters.forEach { $0.finish(.failure(PostgresError(.misuse, "the database is closed")), loop) }
        waiters = []
        let unused = idle
        idle = []
        unused.forEach { $0.connection.close() }
    }

    // MARK: Opening

    private func openIfNeeded() {
        while waiters.count > opening, count < settings.connectionsPerLoop, !isClosed,
            backoff.remaining(now: .now()) == nil, !(backoff.isAway && opening > 0)
        {
            count += 1
            opening += 1
            loop.spawn { [self] in await open() }
        }
    }

    private func open() async {
        do throws(PostgresError) {
            let connection = try await Connection.open(target, on: loop, settings: settings)
            opening -= 1
            if backoff.isAway { log.info("the database is back") }
            backoff.succeeded()
            connection.onClose = { [weak self, weak connection] in self?.closed(connection) }
            connection.cancelBackend = { [weak self] process in await self?.cancel(process) ?? false }
            release(connection)
            openIfNeeded()
        } catch {
            opening -= 1
            count -= 1
            attemptFailed(error)
        }
    }

    private func attemptFailed(_ error: PostgresError) {
        let now = MonotonicTime.now()
        // Several attempts under way at once are one failure.
        if backoff.remaining(now: now) == nil {
            backoff.failed(now: now, chance: .random(in: 0..<1))
            log.warning(
                "the database can't be reached", ["error": "\(error)", "attempt": "\(backoff.failures)"])
        }
        lastFailure = error
        failWaitersIfAway()
    }

    /// With no connection left there is nothing to wait for.
    private func failWaitersIfAway() {
        guard count == 0, let remaining = backoff.remaining(now: .now()) else { return }
        let failed = waiters
        waiters = []
        failed.forEach { $0.finish(.failure(unavailable(remaining)), loop) }
    }

    private func closed(_ connection: Connection?) {
        count -= 1
        idle.removeAll { $0.connection === connection }
        failWaitersIfAway()
        openIfNeeded()
    }

    private var lastFailure: PostgresError?

    private func unavailable(_ remaining: Duration) -> PostgresError {
        let reason = lastFailure.map { ": \($0.message)" } ?? ""
        return PostgresError(.unavailable(retryAfter: remaining), "the database can't be reached\(reason)")
    }

    private func exhausted() -> PostgresError {
        PostgresError(
            .poolExhausted,
            "all \(settings.connectionsPerLoop) connections stayed busy for \(settings.waitForConnection)")
    }

    // MARK: Cancelling

    /// Tells the server, over a connection made for it, to cancel what `process` does. Takes no longer than the grace.
    private func cancel(_ process: Int32) async -> Bool {
        var hurried = settings
        hurried.connectDeadline = min(settings.connectDeadline, settings.cancelGrace)
        hurried.statementDeadline = settings.cancelGrace
        do throws(PostgresError) {
            let control = try await Connection.open(target, on: loop, settings: hurried)
            defer { control.close() }
            let answer = try await control.query("SELECT pg_cancel_backend(\(process))", within: settings.cancelGrace)
            return try answer.first?.get(0, Bool.self) ?? false
        } catch {
            log.warning("a late statement could not be cancelled", ["error": "\(error)"])
            return false
        }
    }

    // MARK: Closing what is not needed

    private func scheduleReaper() {
        guard reaper == nil, idle.count > 1 else { return }
        reaper = loop.schedule(at: idle[0].since + settings.idleTime) { [weak self] in self?.reap() }
    }

    private func reap() {
        reaper = nil
        let now = MonotonicTime.now()
        while idle.count > 1, idle[0].since + settings.idleTime <= now {
            idle.removeFirst().connection.close()
        }
        scheduleReaper()
    }
}

/// One caller in the queue. Touched only on its loop's thread.
private final class PoolWaiter {
    typealias Outcome = Result<Connection, PostgresError>

    var timer: TimerID?
    private var continuation: UnsafeContinuation<Outcome, Never>?
    private var early: Outcome?

    func begin(_ continuation: UnsafeContinuation<Outcome, Never>) {
        if let early { return continuation.resume(returning: early) }
        self.continuation = continuation
    }

    func finish(_ outcome: Outcome, _ loop: EventLoop) {
        if let timer { loop.cancel(timer) }
        timer = nil
        if let continuation {
            self.continuation = nil
            continuation.resume(returning: outcome)
        } else {
            early = early ?? outcome
        }
    }
}
