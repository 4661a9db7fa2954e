import Base
import CPostgres
import Reactor

/// Several statements in one round trip (libpq manual, "Pipeline Mode"). The connection enters the mode for one exchange and leaves
/// it at the end, so that COPY and scripts find it as they need it.
extension Connection {
    /// Each group is a transaction of its own (on a connection without one), and fails or succeeds by itself: one outcome for each.
    /// A statement may take `limit` from its turn on. The groups have several askers: `askers` says which of them have left, and the
    /// group of one who has is cancelled when its turn comes.
    func pipeline(
        _ groups: [[SQL]], within limit: Duration, askers: PipelineAskers = PipelineAskers()
    ) async -> [Result<[Rows], PostgresError>] {
        await takeTurn()
        askers.wake = { [self] in nudge() }
        defer {
            askers.wake = nil
            endTurn()
        }
        var outcomes: [Result<[Rows], PostgresError>] = groups.map { _ in .failure(.cancelled) }
        var asked = groups.indices.filter { !askers.left.contains($0) }
        while !asked.isEmpty {
            var exchange = PipelineExchange(asked.map { groups[$0] })
            let numbers = asked
            do throws(PostgresError) {
                try await run(&exchange, within: limit) { askers.left.contains(numbers[$0]) }
            } catch {
                exchange.failUnanswered(error)
            }
            for (number, outcome) in zip(asked, exchange.outcomes) { outcomes[number] = outcome }
            // Each time one group fewer is left over: the one that the cancellation was sent for has ended.
            asked = exchange.struckByMistake.map { numbers[$0] }
        }
        return outcomes
    }

    /// One group; its task's cancellation cancels it.
    func pipelined(_ statements: [SQL], within limit: Duration) async throws(PostgresError) -> [Rows] {
        if Task.isCancelled { throw .cancelled }
        guard !statements.isEmpty else { return [] }
        await takeTurn()
        defer { endTurn() }
        let wasIdle = transactionStatus == PQTRANS_IDLE
        return try await heedingCancellation { () throws(PostgresError) in
            var exchange = PipelineExchange([statements])
            try await run(&exchange, within: limit)
            if case .failure(let error) = exchange.outcomes[0], error.isStalePreparation, wasIdle {
                // The statements that the schema has changed under are forgotten now, and nothing has been done.
                exchange = PipelineExchange([statements])
                try await run(&exchange, within: limit)
            }
            return try exchange.outcomes[0].get()
        }
    }

    private func run(
        _ exchange: inout PipelineExchange, within limit: Duration, hasLeft: (Int) -> Bool = { _ in false }
    ) async throws(PostgresError) {
        loop.assertCurrent()
        guard let handle, PQstatus(handle) == CONNECTION_OK, PQenterPipelineMode(handle) == 1 else {
            var error = lost()
            error.isUnsent = true
            throw error
        }
        for group in exchange.groups.indices { try send(group, of: &exchange) }
        try await receive(&exchange, within: limit, hasLeft)
        hasServed = true
        if self.handle != nil, exchange.isFromStandby || PQexitPipelineMode(handle) != 1 { close() }
    }

    private func send(_ group: Int, of exchange: inout PipelineExchange) throws(PostgresError) {
        // All values are looked at before the first is sent: half a group would be a group.
        var bound: [BoundParameters] = []
        do throws(PostgresError) {
            for sql in exchange.groups[group] { bound.append(try BoundParameters(sql.parameters)) }
        } catch {
            exchange.fail(group, error)
            return
        }
        for (sql, parameters) in zip(exchange.groups[group], bound) {
            let text = sql.text
            let statement: StatementCache.Statement
            if let known = statements.find(text) ?? exchange.fresh[text] {
                statement = known
            } else {
                if transactionStatus != PQTRANS_INERROR, let evicted = statements.evict() {
                    guard PQsendQueryParams(handle, "DEALLOCATE \(evicted.name)", 0, nil, nil, nil, nil, 0) == 1
                    else { throw lost() }
                    exchange.expect(.other(group))
                }
                statement = statements.make()
                guard PQsendPrepare(handle, statement.name, text, 0, nil) == 1 else { throw lost() }
                exchange.expect(.preparation(group, text, statement))
                exchange.fresh[text] = statement
            }
            let isSent = parameters.withPointers { values, lengths, formats in
                PQsendQueryPrepared(handle, statement.name, Int32(parameters.count), values, lengths, formats, 0)
            }
            guard isSent == 1 else { throw lost() }
            exchange.expect(.answer(group, text, statement))
        }
        guard PQpipelineSync(handle) == 1 else { throw lost() }
        exchange.expect(.end(group))
    }

    private func receive(
        _ exchange: inout PipelineExchange, within limit: Duration, _ hasLeft: (Int) -> Bool
    ) async throws(PostgresError) {
        var deadline = MonotonicTime.now() + limit
        var cancelling: (task: Task<Bool, Never>, reason: PostgresError)?
        while !exchange.isComplete {
            let unsent = PQflush(handle)
            guard unsent >= 0 else { throw lost() }
            if try take(&exchange) {
                // Each statement has its time from its turn on.
                deadline = MonotonicTime.now() + limit
                if let settled = cancelling {
                    if await !settled.task.value { throw lost("\(settled.reason.message), unconfirmed") }
                    cancelling = nil
                }
                continue
            }
            try watch(unsent > 0 ? [.readable, .writable] : [.readable])
            let isForNobody = cancelling == nil && exchange.current.map(hasLeft) == true
            let wake = isForNobody ? .cancelled : await wait(until: deadline)
            switch wake {
            case .ready:
                guard PQconsumeInput(handle) == 1 else {
                    // The server's last words may have come before the end.
                    _ = try take(&exchange)
                    throw lost()
                }
            case .closed: throw lost()
            case .late, .cancelled:
                if wake == .cancelled { forgetCancellation() }
                if let cancelling {
                    if wake == .cancelled { continue }
                    _ = await cancelling.task.value
                    throw PostgresError(
                        cancelling.reason.category, lost("\(cancelling.reason.message), but did not heed it").message)
                }
                let reason = wake == .late ? PostgresError.late(limit) : .cancelled
                cancelling = (startCancelling(), reason)
                exchange.breakOffCurrent(reason)
                deadline = MonotonicTime.now() + settings.cancelGrace
            }
        }
        // An unconfirmed cancellation may still be on its way to this backend.
        if let cancelling, await !cancelling.task.value { close() }
    }

    /// Takes the results that are there; whether there were any.
    private func take(_ exchange: inout PipelineExchange) throws(PostgresError) -> Bool {
        var hasTaken = false
        while !exchange.isComplete, let handle, PQisBusy(handle) == 0 {
            if let next = PQgetResult(handle) {
                hasTaken = true
                if let stale = exchange.take(PostgresResult(next, known: exchange.columns)) {
                    _ = statements.remove(stale)
                }
                if let prepared = exchange.prepared() { statements.insert(prepared.statement, for: prepared.text) }
            } else if !exchange.closeResult() {
                guard PQstatus(handle) == CONNECTION_OK else { throw lost() }
                return hasTaken
            }
        }
        return hasTaken
    }
}

extension Pool {
    func pipeline(_ statements: [SQL], within limit: Duration?) async throws(PostgresError) -> [Rows] {
        let (connection, rows) = try await starting { connection throws(PostgresError) in
            try await connection.pipelined(statements, within: limit ?? settings.statementDeadline)
        }
        release(connection)
        return rows
    }
}

extension PostgresError {
    /// The schema has changed under a prepared statement, or someone has discarded it: it did nothing and may be prepared anew.
    var isStalePreparation: Bool { sqlState == "26000" || sqlState == "0A000" }
}
