import Base
import CPostgres
import Reactor

/// The steps of a COPY on a connection that does nothing else meanwhile. A COPY that is broken off, for whatever reason, ends with its
/// connection: the server is told to cancel first, for a backend that has not begun to send would not notice.
extension Connection {
    /// Begins the COPY and returns when the server is ready for it.
    /// - Parameter direction: `PGRES_COPY_IN` or `PGRES_COPY_OUT`, as the statement says.
    func beginCopy(_ sql: SQL, _ direction: ExecStatusType, within limit: Duration) async throws(PostgresError) {
        let text = try literalText(sql)
        // The server's own timeout would end a long COPY, and the connection is reset by its closing or by the next statement.
        try await script("SET statement_timeout = \(ConnectionTarget.belt(for: limit))", within: limit)
        let deadline = MonotonicTime.now() + limit
        try await heedingCancellation { () throws(PostgresError) in
            guard let handle, PQsendQuery(handle, text) == 1 else { throw lost() }
            try await flushCopy(until: deadline, limit)
            while PQisBusy(self.handle) != 0 { try await waitForCopy([.readable], until: deadline, limit) }
            guard let first = self.handle.flatMap({ PQgetResult($0) }) else { throw lost() }
            let result = PostgresResult(first)
            if result.status == direction { return }
            guard let error = result.error else {
                throw PostgresError(.misuse, lost("the statement is not the COPY that was meant").message)
            }
            while let rest = self.handle.flatMap({ PQgetResult($0) }) { PQclear(rest) }
            throw error
        }
    }

    /// Waits, and reads what has come. Nothing is heard of the socket between two waits: what nobody takes stays with the server.
    func waitForCopy(
        _ events: ReadyEvents, until deadline: MonotonicTime, _ limit: Duration
    ) async throws(PostgresError) {
        try watch(events)
        let wake = await wait(until: deadline)
        unwatch()
        switch wake {
        case .ready: guard PQconsumeInput(handle) == 1 else { throw lost() }
        case .closed: throw lost()
        case .late: throw await brokenOff(.late(limit))
        case .cancelled:
            forgetCancellation()
            throw await brokenOff(.cancelled)
        }
    }

    func flushCopy(until deadline: MonotonicTime, _ limit: Duration) async throws(PostgresError) {
        while true {
            let unsent = PQflush(handle)
            guard unsent >= 0 else { throw lost() }
            if unsent == 0 { return }
            try await waitForCopy([.readable, .writable], until: deadline, limit)
        }
    }

    /// The server's last word.
    /// - Returns: how many rows went through.
    func endOfCopy(until deadline: MonotonicTime, _ limit: Duration) async throws(PostgresError) -> Int {
        var affected = 0
        var failure: PostgresError?
        while true {
            while PQisBusy(handle) != 0 { try await waitForCopy([.readable], until: deadline, limit) }
            guard let next = handle.flatMap({ PQgetResult($0) }) else { break }
            let result = PostgresResult(next)
            failure = failure ?? result.error
            affected = result.affected
        }
        if let failure { throw failure }
        guard handle != nil else { throw lost() }
        return affected
    }

    func brokenOff(_ reason: PostgresError) async -> PostgresError {
        guard handle != nil else { return reason }
        _ = await startCancelling().value
        close()
        return reason
    }

    /// COPY takes no parameters (manual, COPY, "Notes"), so libpq writes the values as literals, as this connection's encoding wants.
    private func literalText(_ sql: SQL) throws(PostgresError) -> String {
        // Refuses what no parameter could be, too.
        _ = try BoundParameters(sql.parameters)
        var text = sql.texts[0]
        for (parameter, rest) in zip(sql.parameters, sql.texts.dropFirst()) {
            switch parameter {
            case .null: text += "NULL"
            case .text(let value): text += try literal(value)
            case .bytes(let bytes): text += try literal("\\x\(Hex.encode(bytes))")
            }
            text += rest
        }
        return text
    }

    private func literal(_ value: String) throws(PostgresError) -> String {
        var value = value
        let escaped = value.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) { PQescapeLiteral(handle, $0.baseAddress, $0.count) }
        }
        guard let escaped else { throw lost() }
        defer { PQfreemem(escaped) }
        return String(cString: escaped)
    }
}
