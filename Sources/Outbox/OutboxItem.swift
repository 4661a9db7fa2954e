import Base

/// One write to the outside, as a worker gets it.
package struct OutboxItem: Sendable {
    package let id: Int64
    package let kind: String
    package let payload: JSON
    /// 1 at the first try. Every handler must be safe to run again: a lease may be lost after the write was made.
    package let attempt: Int
    /// How many processes in a row were lost over it.
    let losses: Int
    /// Fences the settlement: only the newest holder of the lease may write it.
    let leaseToken: Int64
}

/// What became of an item.
package enum OutboxOutcome: Sendable {
    case done
    /// Again later; counts as an attempt.
    case retry(after: Duration, reason: String)
    /// Again later, as if this try had not been: what was asked for was not ready, or a limit said to wait.
    case snooze(for: Duration, reason: String)
    /// Never again.
    case failed(reason: String)
}

/// Performs one kind of item. Must not throw: every failure is an outcome.
package struct OutboxHandler: Sendable {
    package let kind: String
    /// A try that takes longer is cancelled and counts as one to be repeated.
    package let timeout: Duration
    package let perform: @Sendable (OutboxItem) async -> OutboxOutcome
    /// Tells those who wait for an item that it is given up because processes die over it. It is not performed; it may have been.
    /// What is thrown is logged and tried again.
    package let giveUp: @Sendable (OutboxItem) async throws -> Void

    package init(
        kind: String, timeout: Duration = .seconds(600),
        giveUp: @escaping @Sendable (OutboxItem) async throws -> Void = { _ in },
        perform: @escaping @Sendable (OutboxItem) async -> OutboxOutcome
    ) {
        self.kind = kind
        self.timeout = timeout
        self.giveUp = giveUp
        self.perform = perform
    }
}

/// Waiting times between attempts: doubling from one second to five minutes, each spread by a fifth so that many do not return at once.
package enum Backoff {
    /// - Parameter jitter: 0 to 1.
    package static func delay(afterAttempt attempt: Int, jitter: Double) -> Duration {
        let exponent = min(max(attempt - 1, 0), 9)
        let base = min(Double(1 << exponent), 300)
        return .milliseconds(Int64(base * (0.9 + 0.2 * min(max(jitter, 0), 1)) * 1000))
    }
}
