import Base
import CPostgres
import Reactor

extension Connection {
    /// Runs one statement, prepared on first use. Its task's cancellation cancels it.
    func query(_ sql: SQL, within limit: Duration) async throws(PostgresError) -> Rows {
        if Task.isCancelled { throw .cancelled }
        return try await turn(sql, within: limit, heedsCancellation: true)
    }

    /// Runs one statement to its end even if the task has been cancelled: for what puts things back in order.
    func finishingQuery(_ sql: SQL, within limit: Duration) async throws(PostgresError) -> Rows {
        try await turn(sql, within: limit, heedsCancellation: false)
    }

    private func turn(
        _ sql: SQL, within limit: Duration, heedsCancellation: Bool
    ) async throws(PostgresError) -> Rows {
        await takeTurn()
        defer { endTurn() }
        guard heedsCancellation else { return try await perform(sql, within: limit) }
        return try await heedingCancellation { () throws(PostgresError) in try await perform(sql, within: limit) }
    }

    private func perform(_ sql: SQL, within limit: Duration) async throws(PostgresError) -> Rows {
        let text = sql.text
        do throws(PostgresError) {
            let parameters = try BoundParameters(sql.parameters)
            let widened = try await widenServerTimeout(for: limit)
            defer { hasServed = true }
            do throws(PostgresError) {
                let result = try await run(text, parameters, within: limit)
                if widened { await narrowServerTimeout() }
                return Rows(result: result)
            } catch {
                if widened, transactionStatus == PQTRANS_IDLE { await narrowServerTimeout() }
                throw error
            }
        } catch {
            var error = error
            error.statement = text
            throw error
        }
    }

    /// Runs statements as they stand, with no parameters: BEGIN and its like, and whole migrations.
    func script(_ text: String, within limit: Duration) async throws(PostgresError) {
        await takeTurn()
        defer { endTurn() }
        let widened = try await widenServerTimeout(for: limit)
        _ = try await send(within: limit) { PQsendQuery($0, text) }
        if widened { await narrowServerTimeout() }
        hasServed = true
    }

    private func run(
        _ text: String, _ parameters: BoundParameters, within limit: Duration
    ) async throws(PostgresError) -> PostgresResult {
        if let statement = statements.find(text) {
            do throws(PostgresError) {
                return try await execute(statement, parameters, within: limit)
            } catch  where error.sqlState == "26000" || error.sqlState == "0A000" {
                // The schema has changed under a prepared statement, or someone has discarded it: it did nothing.
                _ = statements.remove(text)
                guard transactionStatus == PQTRANS_IDLE else { throw error }
            }
        }
        let statement = try await prepare(text, within: limit)
        return try await execute(statement, parameters, within: limit)
    }

    private func prepare(
        _ text: String, within limit: Duration
    ) async throws(PostgresError) -> StatementCache.Statement {
        do throws(PostgresError) {
            if transactionStatus != PQTRANS_INERROR, let evicted = statements.evict() {
                _ = try await send(within: limit) { PQsendQuery($0, "DEALLOCATE \(evicted.name)") }
            }
            let statement = statements.make()
            _ = try await send(within: limit) { PQsendPrepare($0, statement.name, text, 0, nil) }
            statements.insert(statement, for: text)
            return statement
        } catch {
            var error = error
            // Nothing has been executed yet.
            error.isUnsent = error.category == .connectionLost
            throw error
        }
    }

    private func execute(
        _ statement: StatementCache.Statement, _ parameters: BoundParameters, within limit: Duration
    ) async throws(PostgresError) -> PostgresResult {
        let result = try await send(within: limit, columns: statement.columns) { handle in
            parameters.withPointers { values, lengths, formats in
                PQsendQueryPrepared(handle, statement.name, Int32(parameters.count), values, lengths, formats, 0)
            }
        }
        statement.remember(result.columns)
        return result
    }

    // The connection's own timeout fits the usual deadline; a longer one asks for more and gives it back.

    private func widenServerTimeout(for limit: Duration) async throws(PostgresError) -> Bool {
        guard limit > settings.statementDeadline, transactionStatus != PQTRANS_INERROR else { return false }
        let timeout = ConnectionTarget.belt(for: limit)
        do throws(PostgresError) {
            _ = try await send(within: settings.statementDeadline) {
                PQsendQuery($0, "SET statement_timeout = \(timeout)")
            }
        } catch {
            var error = error
            error.isUnsent = error.category == .connectionLost
            throw error
        }
        return true
    }

    private func narrowServerTimeout() async {
        // After a failure inside a transaction its rollback gives it back.
        guard transactionStatus == PQTRANS_IDLE || transactionStatus == PQTRANS_INTRANS else { return }
        do throws(PostgresError) {
            _ = try await send(within: settings.statementDeadline) { PQsendQuery($0, "RESET statement_timeout") }
        } catch {
            // The caller's statement has had its answer; only this connection is of no more use.
            close()
        }
    }

    // MARK: One exchange

    /// Sends by `start` and gathers the answer. At the limit the server is asked to cancel; if that does not settle the statement
    /// within the grace, the connection is closed.
    private func send(
        within limit: Duration, columns: PostgresColumns? = nil, _ start: (OpaquePointer) -> Int32
    ) async throws(PostgresError) -> PostgresResult {
        loop.assertCurrent()
        guard let handle, PQstatus(handle) == CONNECTION_OK, start(handle) == 1 else {
            var error = lost()
            error.isUnsent = true
            throw error
        }
        var deadline = MonotonicTime.now() + limit
        var cancelling: (task: Task<Bool, Never>, reason: PostgresError)?
        var answer = Answer(columns: columns)
        while true {
            do throws(PostgresError) {
                let step = try await advance(&answer, until: deadline)
                if step == .whole { break }
                if let reason = cancelling?.reason {
                    // A task that was cancelled while its late statement is being stopped changes nothing.
                    if step == .cancelled { continue }
                    throw lost("\(reason.message), but did not heed it")
                }
                cancelling = (startCancelling(), step == .late ? .late(limit) : .cancelled)
                deadline = MonotonicTime.now() + settings.cancelGrace
            } catch {
                // Wait for it even so: it must not strike whoever gets this backend next.
                _ = await cancelling?.task.value
                if let first = answer.error { throw first }
                throw cancelling.map { PostgresError($0.reason.category, error.message) } ?? error
            }
        }
        if let cancelling {
            // An unconfirmed cancellation may still be on its way to this backend.
            if await !cancelling.task.value { close() }
            if let error = answer.error, error.sqlState == "57014" {
                var reason = cancelling.reason
                reason.sqlState = error.sqlState
                throw reason
            }
        }
        if let error = answer.error {
            if error.category == .connectionLost || error.isFromStandby { close() }
            throw error
        }
        guard let result = answer.result else { throw lost("the server's answer was empty") }
        return result
    }

    private struct Answer {
        let columns: PostgresColumns?
        var result: PostgresResult?
        var error: PostgresError?
    }

    private enum Step { case whole, late, cancelled }

    /// Flushes and reads until the answer is complete, the deadline has passed or the task is cancelled.
    private func advance(_ answer: inout Answer, until deadline: MonotonicTime) async throws(PostgresError) -> Step {
        while true {
            let unsent = PQflush(handle)
            guard unsent >= 0 else { throw lost() }
            if unsent == 0 {
                while let handle, PQisBusy(handle) == 0 {
                    guard let next = PQgetResult(handle) else { return .whole }
                    try take(PostgresResult(next, known: answer.columns), into: &answer)
                }
            }
            // While there is more to send, reading too: the server may wait for us to take its answer.
            try watch(unsent > 0 ? [.readable, .writable] : [.readable])
            switch await wait(until: deadline) {
            case .ready: break
            case .late: return .late
            case .cancelled:
                forgetCancellation()
                return .cancelled
            case .closed: throw lost()
            }
            guard PQconsumeInput(handle) == 1 else {
                // The server's last words may have come before the end.
                while let handle, PQisBusy(handle) == 0, let next = PQgetResult(handle) {
                    try take(PostgresResult(next), into: &answer)
                    if answer.error != nil { break }
                }
                throw lost()
            }
        }
    }

    private func take(_ result: PostgresResult, into answer: inout Answer) throws(PostgresError) {
        switch result.status {
        case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
            throw PostgresError(.misuse, lost("COPY needs a connection of its own").message)
        default:
            if answer.error == nil { answer.error = result.error }
            answer.result = result
        }
    }
}

extension PostgresError {
    static var cancelled: PostgresError {
        PostgresError(.cancelled, "the task that asked was cancelled, and the statement with it")
    }

    static func late(_ limit: Duration) -> PostgresError {
        PostgresError(.deadline, "the statement took longer than \(limit) and was cancelled")
    }
}
