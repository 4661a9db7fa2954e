import CPostgres

/// COPY, on connections of its own: a pipeline and a COPY can't share one, and a slow reader would keep a page from its answer.
extension Database {
    /// How long a COPY may take, its reader's time included, unless the caller says otherwise.
    package static let copyDeadline = Duration.seconds(600)

    /// Streams rows out:
    ///
    /// ```swift
    /// try await database.copyOut("COPY (SELECT * FROM orders WHERE id > \(first)) TO STDOUT (FORMAT csv, HEADER)") { rows in
    ///     for try await piece in rows { try await writer.write(piece) }
    /// }
    /// ```
    /// COPY knows no parameters: the values of the statement are written into it by libpq's own quoting. A closure that ends early
    /// ends the COPY.
    package func copyOut<Value>(
        _ statement: SQL, within limit: Duration = copyDeadline, _ body: (CopyOutput) async throws -> Value
    ) async throws -> Value {
        let pool = try copyPool()
        let (connection, _) = try await pool.starting { connection throws(PostgresError) in
            try await connection.beginCopy(statement, PGRES_COPY_OUT, within: limit)
        }
        let output = CopyOutput(connection, within: limit)
        defer {
            output.isOver = true
            // A connection with rows still to come, or with a statement timeout of its own, is no good to the next.
            connection.close()
        }
        let value: Value
        do {
            value = try await body(output)
        } catch {
            if !output.isFinished { _ = await connection.brokenOff(.cancelled) }
            throw error
        }
        if !output.isFinished { _ = await connection.brokenOff(.cancelled) }
        return value
    }

    /// Streams rows in: `COPY table (columns) FROM STDIN`. All of them are kept if `body` returns, none if it throws.
    /// - Returns: how many rows were taken.
    @discardableResult
    package func copyIn(
        _ statement: SQL, within limit: Duration = copyDeadline, _ body: (CopyInput) async throws -> Void
    ) async throws -> Int {
        let pool = try copyPool()
        let (connection, _) = try await pool.starting { connection throws(PostgresError) in
            try await connection.beginCopy(statement, PGRES_COPY_IN, within: limit)
        }
        defer { connection.close() }
        let input = CopyInput(connection, within: limit)
        do {
            try await body(input)
        } catch {
            // The connection's end would do as well, but then the server's log would speak of a lost client.
            _ = try? await input.finish(failure: "the sender gave up")
            throw error
        }
        return try await input.finish(failure: nil)
    }
}
