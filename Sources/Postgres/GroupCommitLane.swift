import Reactor
import Synchronization

/// One loop's share of a ``GroupCommitter``. Touched only on its loop's thread, but for `figures` (`@unchecked Sendable` on that
/// ground).
final class GroupCommitLane<Row: GroupedRow>: @unchecked Sendable {
    typealias Outcome = GroupCommit<Row>.Outcome

    private static var linger: Duration { .milliseconds(1) }

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
    private var isSending = false
    /// When the last batch was answered, and how many senders there were then: those it answered and those who waited.
    private var settledAt = MonotonicTime(nanoseconds: 0)
    private var crowd = 0
    private var lingering: TimerID?
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

    /// Sends what waits, unless a batch is under way. Senders who have just been answered often have the next row ready a moment
    /// later: until most of them are back, or for a millisecond, the batch waits. Otherwise a row that came during the last batch would
    /// go alone, all others behind it, and every second fsync would be for one row.
    private func pump() {
        guard !isPaused, !isSending, state.hasWork else { return }
        let lingersUntil = settledAt + Self.linger
        if !isWorthSending, MonotonicTime.now() < lingersUntil {
            if lingering == nil {
                lingering = loop.schedule(at: lingersUntil) { [weak self] in
                    self?.lingering = nil
                    self?.pump()
                }
            }
            return
        }
        if let lingering { loop.cancel(lingering) }
        lingering = nil
        isSending = true
        // Behind the tasks that are about to run in this turn of the loop: their rows come along.
        loop.spawn { [self] in
            repeat {
                guard let batch = state.next() else { break }
                sentAt = .now()
                await send(batch)
                // Of what has come meanwhile the next batch goes out before the senders of this one run: PostgreSQL has something to do.
            } while isWorthSending
            isSending = false
            pump()
        }
    }

    /// Whether there is nothing to be gained by waiting for more.
    private var isWorthSending: Bool {
        state.owesBatches || (state.waitingCount > 0 && state.waitingCount * 4 >= crowd * 3)
    }

    private func send(_ batch: GroupCommit<Row>.Batch) async {
        let rows = batch.rows
        do throws(PostgresError) {
            let result = try await database.query(Row.statement(rows), within: settings.statementDeadline)
            let answers = try Row.answers(to: rows, from: result)
            if answers.count == rows.count { state.took(MonotonicTime.now() - sentAt) }
            settle(state.succeeded(answers))
        } catch {
            let (told, pause) = state.failed(error, chance: .random(in: 0..<1))
            settle(told)
            if pause > .zero {
                isPaused = true
                await loop.sleep(for: pause)
                isPaused = false
            }
        }
    }

    private func settle(_ told: [(GroupCommit<Row>.Ticket, Outcome)]) {
        sentAt = .distantFuture
        settledAt = .now()
        crowd = told.count + state.waitingCount
        publish()
        for (ticket, outcome) in told { senders.removeValue(forKey: ticket)?.resume(returning: outcome) }
    }

    private func publish() {
        var current = state.figures
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
