import Reactor

/// One caller in a pool's queue. Touched only on its loop's thread (`@unchecked Sendable` on that ground).
final class PoolWaiter: @unchecked Sendable {
    enum Wish {
        /// A connection to do several things on.
        case connection
        /// The answer to one statement, on whichever connection and beside whichever others. It may also get a connection.
        case answer(SQL, within: Duration)
    }

    enum Gift {
        case connection(Connection)
        case rows(Rows)
    }

    typealias Outcome = Result<Gift, PostgresError>

    let wish: Wish
    var timer: TimerID?
    /// Breaks off what is being done for the caller.
    var onLeave: (() -> Void)?
    private(set) var hasLeft = false
    private var continuation: UnsafeContinuation<Outcome, Never>?
    private var early: Outcome?

    init(_ wish: Wish) { self.wish = wish }

    /// The statement that this caller would have answered.
    var statement: SQL? {
        if case .answer(let sql, _) = wish { sql } else { nil }
    }

    var limit: Duration? {
        if case .answer(_, let limit) = wish { limit } else { nil }
    }

    func begin(_ continuation: UnsafeContinuation<Outcome, Never>) {
        if let early { return continuation.resume(returning: early) }
        self.continuation = continuation
    }

    func stopClock(_ loop: EventLoop) {
        if let timer { loop.cancel(timer) }
        timer = nil
    }

    /// The caller's task is cancelled while its statement is under way; it still hears how that ends.
    func leave() {
        hasLeft = true
        onLeave?()
    }

    func finish(_ outcome: Outcome, _ loop: EventLoop) {
        stopClock(loop)
        onLeave = nil
        if let continuation {
            self.continuation = nil
            continuation.resume(returning: outcome)
        } else {
            early = early ?? outcome
        }
    }
}
