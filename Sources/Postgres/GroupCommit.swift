import Reactor

/// Which rows go into which batch, and what a failed batch means for whom (DESIGN, rule 3). Pure: whoever drives it sends what
/// ``next()`` gives, says how that ended, and tells the senders.
///
/// One batch is under way at a time. What arrives meanwhile makes the next.
struct GroupCommit<Row: GroupedRow> {
    struct Limits: Sendable {
        /// Of one batch.
        var rows = 1_024
        var bytes = 1 << 20
        /// Rows that may wait; the next is turned away.
        var waiting = 16_384
        /// How often one batch is sent again after a serialization failure, a deadlock or a broken connection.
        var repeats = 5
    }

    typealias Ticket = UInt64
    typealias Outcome = Result<GroupAnswer<Row.Answer>, PostgresError>

    struct Batch {
        let groups: RowGroups<Row>
        fileprivate(set) var attempts = 0
        /// The error of an attempt whose outcome is unknown: then no later failure proves that nothing was done.
        fileprivate(set) var loss: PostgresError?

        var rows: [Row] { groups.rows }
    }

    private let limits: Limits
    private var waiting: [RowGroups<Row>.Member] = []
    /// Halves of batches that failed, and batches to be sent again. The last is next.
    private var owed: [Batch] = []
    private(set) var inFlight: Batch?
    private var lastTicket: Ticket = 0
    private(set) var figures = GroupCommitFigures()

    init(_ limits: Limits) { self.limits = limits }

    var waitingCount: Int { waiting.count }
    /// Whether a batch stands before all rows that wait.
    var owesBatches: Bool { !owed.isEmpty }
    var hasWork: Bool { !owed.isEmpty || !waiting.isEmpty }

    /// The row waits for its batch.
    mutating func submit(_ row: Row) throws(PostgresError) -> Ticket {
        try row.check()
        guard waiting.count < limits.waiting else {
            figures.turnedAway += 1
            throw PostgresError(.poolExhausted, "\(waiting.count) rows wait to be committed already")
        }
        lastTicket += 1
        waiting.append(RowGroups.Member(ticket: lastTicket, key: row.key, row: row))
        return lastTicket
    }

    /// Takes back those rows that still wait; the others are on their way and may be committed or not.
    mutating func withdraw(_ tickets: Set<Ticket>) {
        waiting.removeAll { tickets.contains($0.ticket) }
    }

    /// The batch to be sent now; nil while one is under way or there is none.
    mutating func next() -> Batch? {
        guard inFlight == nil else { return nil }
        if let batch = owed.popLast() {
            inFlight = batch
            return batch
        }
        guard !waiting.isEmpty else { return nil }
        let (groups, left) = RowGroups.gather(waiting, rows: limits.rows, bytes: limits.bytes)
        waiting = left
        inFlight = Batch(groups: groups)
        return inFlight
    }

    /// The batch under way was answered after so long.
    mutating func took(_ duration: Duration) { figures.took(duration) }

    /// The batch under way is committed.
    mutating func succeeded(_ answers: [Row.Answer]) -> [(Ticket, Outcome)] {
        guard let batch = inFlight else { return [] }
        let groups = batch.groups.groups
        guard answers.count == groups.count else {
            return failed(
                PostgresError(.decoding, "\(answers.count) answers to a batch of \(groups.count)"), chance: 0
            ).told
        }
        inFlight = nil
        figures.committed(rows: groups.count)
        var told: [(Ticket, Outcome)] = []
        told.reserveCapacity(batch.groups.senderCount)
        for (group, answer) in zip(groups, answers) {
            for (index, member) in group.members.enumerated() {
                told.append((member.ticket, .success(GroupAnswer(answer: answer, isFirst: index == 0))))
            }
        }
        return told
    }

    /// The batch under way has failed.
    /// - Parameter chance: 0 ..< 1; two loops that met must not meet again.
    /// - Returns: who is told now, and how long to wait before ``next()``.
    mutating func failed(_ error: PostgresError, chance: Double) -> (told: [(Ticket, Outcome)], pause: Duration) {
        guard var batch = inFlight else { return ([], .zero) }
        inFlight = nil
        figures.failures += 1
        switch Verdict(error, isRepeatable: Row.isRepeatable) {
        case .blamesOneRow:
            guard let (first, second) = batch.groups.halves else { return (tell(batch, error), .zero) }
            figures.halvings += 1
            for half in [second, first] where !half.groups.isEmpty {
                var part = Batch(groups: half)
                part.loss = batch.loss
                owed.append(part)
            }
            return ([], .zero)
        case .repeats(let isUnknown):
            if isUnknown { batch.loss = batch.loss ?? error }
            guard batch.attempts < limits.repeats else { return (tell(batch, error), .zero) }
            batch.attempts += 1
            figures.repeats += 1
            owed.append(batch)
            return ([], .milliseconds(Int64(chance * 20)) * batch.attempts)
        case .ends: return (tell(batch, error), .zero)
        }
    }

    private func tell(_ batch: Batch, _ error: PostgresError) -> [(Ticket, Outcome)] {
        batch.groups.members.map { ($0.ticket, .failure(batch.loss ?? error)) }
    }

    private enum Verdict {
        case blamesOneRow
        case repeats(isUnknown: Bool)
        case ends

        init(_ error: PostgresError, isRepeatable: Bool) {
            switch error.category {
            case .serialization, .deadlock: self = .repeats(isUnknown: false)
            case .connectionLost where error.isUnsent: self = .repeats(isUnknown: false)
            case .connectionLost where isRepeatable: self = .repeats(isUnknown: true)
            case _ where error.blamesValues: self = .blamesOneRow
            default: self = .ends
            }
        }
    }
}

extension PostgresError {
    /// Whether a value is at fault and not the statement or the server: SQLSTATE classes 22 and 23, a view's check (44), a limit such as
    /// the length of an indexed text (54), what a trigger refuses (P0), and what can't be sent at all.
    package var blamesValues: Bool {
        category == .invalidParameter || ["22", "23", "44", "54", "P0"].contains(sqlState?.prefix(2))
    }
}
