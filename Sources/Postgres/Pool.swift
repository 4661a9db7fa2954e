import Base
import CPostgres
import Reactor

/// The connections of one loop. Opened when needed, handed to callers in the order they came.
///
/// While all are busy, statements that wait next to each other share one round trip on the first connection that is free. While the
/// server is away, callers fail at once with the time of the next attempt instead of piling up; the first caller after
/// that time makes the attempt. `@unchecked Sendable`: touched only on its loop's thread.
final class Pool: @unchecked Sendable {
    let loop: EventLoop
    private let target: ConnectionTarget
    let settings: Database.Settings
    let log: Logger
    /// Counters since the start: connections made, callers turned away, statements that shared a round trip.
    private var opened = 0
    private var turnedAway = 0
    private var gathered = 0
    private let control: ControlConnection
    /// Unused connections that are kept beyond the idle time.
    private let kept: Int

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
    /// A statement in a shared round trip waits for those before it, so they are few.
    private static let gatheredAtMost = 16

    init(
        loop: EventLoop, target: ConnectionTarget, settings: Database.Settings, control: ControlConnection,
        kept: Int = 1, log: Logger
    ) {
        self.loop = loop
        self.target = target
        self.settings = settings
        self.control = control
        self.kept = kept
        self.log = log
    }

    func query(_ sql: SQL, within limit: Duration?) async throws(PostgresError) -> Rows {
        let limit = limit ?? settings.statementDeadline
        if limit <= settings.statementDeadline, isBusy {
            switch try await wait(for: .answer(sql, within: limit)) {
            case .rows(let rows): return rows
            case .connection(let connection):
                // Alone in the queue.
                defer { release(connection) }
                return try await connection.query(sql, within: limit)
            }
        }
        let (connection, rows) = try await starting { connection throws(PostgresError) in
            try await connection.query(sql, within: limit)
        }
        release(connection)
        return rows
    }

    /// Whether a caller has to wait until another is done.
    private var isBusy: Bool { idle.isEmpty && count >= settings.connectionsPerLoop && !isClosed }

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
        state.opened = opened
        state.turnedAway = turnedAway
        state.gathered = gathered
        return state
    }

    // MARK: Taking and giving back

    private func acquire() async throws(PostgresError) -> Connection {
        loop.assertCurrent()
        if Task.isCancelled { throw .cancelled }
        guard !isClosed else { throw PostgresError(.misuse, "the database is closed") }
        while let candidate = idle.popLast() {
            if candidate.connection.isAlive() { return candidate.connection }
        }
        guard case .connection(let connection) = try await wait(for: .connection) else {
            throw PostgresError(.misuse, "the pool answered another question")
        }
        return connection
    }

    private func wait(for wish: PoolWaiter.Wish) async throws(PostgresError) -> PoolWaiter.Gift {
        if Task.isCancelled { throw .cancelled }
        if count == 0, let remaining = backoff.remaining(now: .now()) { throw unavailable(remaining) }
        guard waiters.count < settings.waitingPerLoop else {
            turnedAway += 1
            throw PostgresError(.poolExhausted, "\(waiters.count) callers wait for a connection already")
        }
        let wasAway = backoff.isAway
        let waiter = PoolWaiter(wish)
        waiters.append(waiter)
        openIfNeeded()
        let patience = wasAway ? min(Self.patienceWhileAway, settings.waitForConnection) : settings.waitForConnection
        waiter.timer = loop.schedule(after: patience) { [self] in
            giveUp(waiter, wasAway ? unavailable(patience) : exhausted())
        }
        return try await withTaskCancellationHandler {
            await withUnsafeContinuation { waiter.begin($0) }
        } onCancel: {
            loop.execute { [self] in giveUp(waiter, .cancelled) }
        }.get()
    }

    /// Whoever has been given something meanwhile keeps it.
    private func giveUp(_ waiter: PoolWaiter, _ error: PostgresError) {
        guard let place = waiters.firstIndex(where: { $0 === waiter }) else {
            if error.category == .cancelled { waiter.leave() }
            return
        }
        waiters.remove(at: place)
        if error.category == .poolExhausted { turnedAway += 1 }
        waiter.finish(.failure(error), loop)
    }

    func release(_ connection: Connection) {
        loop.assertCurrent()
        guard connection.handle != nil else { return }
        // Whatever state a caller left behind ends with the connection.
        guard !isClosed, connection.transactionStatus == PQTRANS_IDLE else { return connection.close() }
        let limit = waiters.first?.limit
        let shared = waiters.prefix(Self.gatheredAtMost).prefix { $0.statement != nil && $0.limit == limit }
        if shared.count > 1, let limit {
            waiters.removeFirst(shared.count)
            answer(Array(shared), on: connection, within: limit)
        } else if waiters.isEmpty {
            idle.append(Idle(connection: connection, since: .now()))
            scheduleReaper()
        } else {
            waiters.removeFirst().finish(.success(.connection(connection)), loop)
        }
    }

    /// Answers several callers in one round trip, each statement a transaction of its own.
    private func answer(_ callers: [PoolWaiter], on connection: Connection, within limit: Duration) {
        gathered += callers.count
        let askers = PipelineAskers()
        for (number, caller) in callers.enumerated() {
            // They have what they waited for: their patience no longer counts.
            caller.stopClock(loop)
            caller.onLeave = { askers.leave(number) }
        }
        loop.spawn { [self] in
            let groups = callers.map { $0.statement.map { [$0] } ?? [] }
            let outcomes = await connection.pipeline(groups, within: limit, askers: askers)
            release(connection)
            for (caller, outcome) in zip(callers, outcomes) {
                switch outcome {
                case .success(let results):
                    caller.finish(
                        results.first.map { .success(.rows($0)) }
                            ?? .failure(PostgresError(.other, "the server's answer was empty")), loop)
                case .failure(let error) where error.isStalePreparation:
                    answerAlone(caller, within: limit)
                case .failure(let error): caller.finish(.failure(error), loop)
                }
            }
        }
    }

    private func answerAlone(_ caller: PoolWaiter, within limit: Duration) {
        guard let statement = caller.statement else { return }
        let task = loop.spawn { [self] in
            do throws(PostgresError) {
                let (connection, rows) = try await starting { connection throws(PostgresError) in
                    try await connection.query(statement, within: limit)
                }
                release(connection)
                caller.finish(.success(.rows(rows)), loop)
            } catch {
                caller.finish(.failure(error), loop)
            }
        }
        caller.onLeave = { task.cancel() }
        if caller.hasLeft { task.cancel() }
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
            opened += 1
            if backoff.isAway { log.info("the database is back") }
            backoff.succeeded()
            connection.onClose = { [weak self, weak connection] in self?.closed(connection) }
            connection.cancelBackend = { [control] process in await control.cancel(process) }
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

    // MARK: Closing what is not needed

    private func scheduleReaper() {
        guard reaper == nil, idle.count > kept else { return }
        reaper = loop.schedule(at: idle[0].since + settings.idleTime) { [weak self] in self?.reap() }
    }

    private func reap() {
        reaper = nil
        let now = MonotonicTime.now()
        while idle.count > kept, idle[0].since + settings.idleTime <= now {
            idle.removeFirst().connection.close()
        }
        scheduleReaper()
    }
}
