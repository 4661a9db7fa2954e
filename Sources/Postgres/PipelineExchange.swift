import CPostgres

/// What was sent in one pipeline and what has come back. Pure: the connection sends and reads.
///
/// A result is followed by a null, the end of a group comes without one; after a failure the rest of its group is reported as
/// aborted, up to the end of the group.
struct PipelineExchange {
    enum Step {
        case preparation(_ group: Int, _ text: String, StatementCache.Statement)
        case answer(_ group: Int, _ text: String, StatementCache.Statement)
        case other(_ group: Int)
        case end(_ group: Int)
    }

    let groups: [[SQL]]
    /// Statements that are prepared in this exchange.
    var fresh: [String: StatementCache.Statement] = [:]
    /// The group that a cancellation was sent for, and why: there 57014 means this.
    private var breakOff: (group: Int, reason: PostgresError)?
    /// Cancellations that have struck nothing yet. The group they were sent for may have ended before, and then they strike another.
    private var cancellations = 0
    private var steps: [Step] = []
    private var next = 0
    private var hasResult = false
    private var justPrepared: (text: String, statement: StatementCache.Statement)?
    private var results: [[Rows]]
    private var failures: [PostgresError?]
    private var ended: [Bool]

    init(_ groups: [[SQL]]) {
        self.groups = groups
        results = Array(repeating: [], count: groups.count)
        failures = Array(repeating: nil, count: groups.count)
        ended = Array(repeating: false, count: groups.count)
    }

    /// The group whose answer comes next.
    var current: Int? {
        guard next < steps.count else { return nil }
        return switch steps[next] {
        case .preparation(let group, _, _), .answer(let group, _, _), .other(let group), .end(let group): group
        }
    }

    /// A cancellation is sent for the current group.
    mutating func breakOffCurrent(_ reason: PostgresError) {
        guard let current else { return }
        breakOff = (current, reason)
        cancellations += 1
    }

    /// Groups that a cancellation struck that was meant for another. Nothing of them was done.
    var struckByMistake: [Int] { failures.indices.filter { failures[$0]?.isStrayCancellation == true } }

    mutating func expect(_ step: Step) { steps.append(step) }

    mutating func fail(_ group: Int, _ error: PostgresError) {
        failures[group] = failures[group] ?? error
        ended[group] = true
    }

    var isComplete: Bool { next >= steps.count }

    /// Of the statement whose answer comes next.
    var columns: PostgresColumns? {
        guard next < steps.count, case .answer(_, _, let statement) = steps[next] else { return nil }
        return statement.columns
    }

    /// - Returns: the text of a statement that has to be prepared anew.
    mutating func take(_ result: PostgresResult) -> String? {
        guard next < steps.count else { return nil }
        let step = steps[next]
        if case .end(let group) = step, result.status == PGRES_PIPELINE_SYNC {
            ended[group] = true
            next += 1
            return nil
        }
        hasResult = true
        guard result.status != PGRES_PIPELINE_ABORTED else { return nil }
        switch step {
        case .preparation(let group, let text, let statement):
            if let error = result.error {
                note(error, group, text)
                fresh[text] = nil
            } else {
                justPrepared = (text, statement)
            }
        case .answer(let group, let text, let statement):
            if let error = result.error {
                note(error, group, text)
                return error.isStalePreparation ? text : nil
            }
            statement.remember(result.columns)
            results[group].append(Rows(result: result))
        case .other(let group):
            if let error = result.error { note(error, group, nil) }
        case .end: break
        }
        return nil
    }

    private mutating func note(_ error: PostgresError, _ group: Int, _ text: String?) {
        guard failures[group] == nil else { return }
        var error = error
        if error.sqlState == "57014", cancellations > 0 {
            cancellations -= 1
            if let breakOff, breakOff.group == group {
                error = breakOff.reason
                error.sqlState = "57014"
            } else {
                error.isStrayCancellation = true
            }
        }
        error.statement = text
        failures[group] = error
    }

    /// The statement whose preparation has just succeeded.
    mutating func prepared() -> (text: String, statement: StatementCache.Statement)? {
        defer { justPrepared = nil }
        return justPrepared
    }

    /// The null after a result. False when there was none: nothing has come yet.
    mutating func closeResult() -> Bool {
        guard hasResult else { return false }
        hasResult = false
        next += 1
        return true
    }

    /// The connection has broken: what has no end yet may have been done or not. Why it was dropped concerns one group alone.
    mutating func failUnanswered(_ error: PostgresError) {
        var others = error
        if let breakOff, error.category == breakOff.reason.category {
            others = PostgresError(.connectionLost, error.message)
        }
        for group in groups.indices where !ended[group] {
            failures[group] = failures[group] ?? (group == breakOff?.group ? error : others)
        }
    }

    var isFromStandby: Bool { failures.contains { $0?.isFromStandby == true } }

    var outcomes: [Result<[Rows], PostgresError>] {
        groups.indices.map { group in
            if let failure = failures[group] { return .failure(failure) }
            guard ended[group] else { return .failure(PostgresError(.connectionLost, "the group has no end")) }
            return .success(results[group])
        }
    }
}
