import Reactor
import Synchronization

/// One loop's share of a ``GroupCommitter``. Touched only on its loop's thread, but for `figures` (`@unchecked Sendable` on that
/// ground).
final class GroupCommitLane<Row: GroupedRow>: @unchecked Sendable {
    typealias Outcome = GroupCommit<Row>.Outcome

    let loop: EventLoop
    /// As of the last batch.
    let figures = Mutex(GroupCommitFigures())
    private let database: Database
    private let settings: GroupCommitter<Row>.Settings
    private var state: GroupCommit<Row>
    private var senders: [GroupCommit<Row>.Ticket: UnsafeContinuation<Outcome, Never>] = [:]
    /// Who is told when to wait no longer, in the order they came. Answered ones are passed over.
    private var clocks: [(ticket: GroupCommit<Row>.Ticket, deadline: MonotonicTime)] = []
    private var firstClock = 0
    private var timer: TimerID?
    private var sentAt = MonotonicTime.distantFuture
    private var isPaused = false
    private var time = Duration.zero
    private var late = 0

    init(database: Database, loop: EventLoop, settings: GroupCommitter<Row>.Settings) {
        self.database = database
        self.loop = loop
        self.settings = settings
        var limits = GroupCommit<Row>.Limits()
        limits.rows = settings.rows
        limits.waiting = settings.waiting
        state = GroupCommit(limits)
    }

    func submit(_ row: Row) async throws(PostgresError) -> GroupAnswer<Row.Answer> {
        loop.assertCurrent()
        let now = loop.now
        // A batch that hangs would hold everybody who comes now just as long.
        if let patience = settings.patience, sentAt < now, sentAt + patience < now { throw .impatient }
        let ticket = try state.submit(row)
        if let patience = settings.patience { watchClock(of: ticket, until: now + patience) }
        let outcome = await withUnsafeContinuation { continuation in
            senders[ticket] = continuation
            pump()
        }
        return try outcome.get()
    }

    private func pump() {
        guard !isPaused, let batch = state.next() else { return }
        sentAt = .now()
        loop.spawn { [self] in await send(batch) }
    }

    private func send(_ batch: GroupCommit<Row>.Batch) async {
        let rows = batch.rows
        do throws(PostgresError) {
            let result = try await database.query(Row.statement(rows), within: settings.statementDeadline)
            time += MonotonicTime.now() - sentAt
            settle(state.succeeded(try Row.answers(to: rows, from: result)))
        } catch {
            let (told, pause) = state.failed(error, chance: .random(in: 0..<1))
            settle(told)
            if pause > .zero {
                isPaused = true
                await loop.sleep(for: pause)
                isPaused = false
            }
        }
        pump()
    }

    private func settle(_ told: [(GroupCommit<Row>.Ticket, Outcome)]) {
        sentAt = .distantFuture
        publish()
        for (ticket, outcome) in told { senders.removeValue(forKey: ticket)?.resume(returning: outcome) }
    }

    private func publish() {
        var current = state.figures
        current.time = time
        current.late = late
        current.waiting = state.waitingCount
        figures.withLock { $0 = current }
    }

    // MARK: Patience

    private func watchClock(of ticket: GroupCommit<Row>.Ticket, until deadline: MonotonicTime) {
        clocks.append((ticket, deadline))
        if timer == nil { timer = loop.schedule(at: deadline) { [weak self] in self?.ring() } }
    }

    private func ring() {
        timer = nil
        let now = MonotonicTime.now()
        var impatient: [GroupCommit<Row>.Ticket] = []
        while firstClock < clocks.count {
            let (ticket, deadline) = clocks[firstClock]
            if senders[ticket] != nil {
                guard deadline <= now else {
                    timer = loop.schedule(at: deadline) { [weak self] in self?.ring() }
                    break
                }
                impatient.append(ticket)
            }
            firstClock += 1
        }
        late += impatient.count
        if !impatient.isEmpty { state.withdraw(Set(impatient)) }
        if firstClock == clocks.count || firstClock > 4_096 {
            clocks.removeFirst(firstClock)
            firstClock = 0
        }
        publish()
        for ticket in impatient { senders.removeValue(forKey: ticket)?.resume(returning: .failure(.impatient)) }
    }
}

extension PostgresError {
    static var impatient: PostgresError {
        PostgresError(.deadline, "the row was not committed in the time its sender waits")
    }
}
