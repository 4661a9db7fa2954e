import Base
import CPostgres

/// A transaction under way. Good only inside the closure that received it.
///
/// `@unchecked Sendable`: touched only on its loop's thread.
package final class Transaction: Queryable, @unchecked Sendable {
    private let connection: Connection
    private var isOver = false
    private var failure: PostgresError?

    private init(_ connection: Connection) {
        self.connection = connection
    }

    package func query(_ sql: SQL, within deadline: Duration?) async throws(PostgresError) -> Rows {
        try await checked { () throws(PostgresError) in
            try await connection.query(sql, within: deadline ?? connection.settings.statementDeadline)
        }
    }

    /// Several statements in one round trip, in order. The first that fails fails the transaction.
    package func pipeline(_ statements: [SQL], within deadline: Duration? = nil) async throws(PostgresError) -> [Rows] {
        try await checked { () throws(PostgresError) in
            try await connection.pipelined(statements, within: deadline ?? connection.settings.statementDeadline)
        }
    }

    /// Several statements as they stand, for migrations.
    func script(_ text: String, within limit: Duration) async throws(PostgresError) {
        try await checked { () throws(PostgresError) in try await connection.script(text, within: limit) }
    }

    /// False once a statement has ended the transaction by itself.
    var isOpen: Bool { !isOver && connection.transactionStatus == PQTRANS_INTRANS }

    private func checked<Value>(
        _ exchange: () async throws(PostgresError) -> Value
    ) async throws(PostgresError) -> Value {
        guard !isOver else { throw PostgresError(.misuse, "the transaction is over") }
        do throws(PostgresError) {
            return try await exchange()
        } catch {
            if connection.transactionStatus != PQTRANS_INTRANS { failure = failure ?? error }
            throw error
        }
    }

    // MARK: Around the closure

    static func begin(_ isolation: Isolation, on connection: Connection) async throws(PostgresError) {
        do throws(PostgresError) {
            try await connection.script(
                "BEGIN ISOLATION LEVEL \(isolation.rawValue)", within: connection.settings.statementDeadline)
        } catch {
            var error = error.at("begin")
            // Nothing has been done, so the whole transaction may begin elsewhere.
            error.isUnsent = error.category == .connectionLost
            throw error
        }
    }

    /// Runs `body` in the transaction begun on the connection, and ends it. The connection stays the caller's.
    static func run<Value>(
        on connection: Connection, log: Logger, _ body: (Transaction) async throws -> Value
    ) async throws -> Value {
        let transaction = Transaction(connection)
        let value: Value
        do {
            value = try await body(transaction)
        } catch {
            await transaction.rollback(log)
            throw error
        }
        transaction.isOver = true
        if let failure = transaction.failure {
            // COMMIT would answer well here, and commit nothing.
            await transaction.rollback(log)
            throw failure.at("commit after a failed statement")
        }
        do throws(PostgresError) {
            try await connection.script("COMMIT", within: connection.settings.statementDeadline)
        } catch {
            throw error.at("commit")
        }
        return value
    }

    /// A rollback that fails needs no further care: the connection is closed, and the server rolls back by itself.
    private func rollback(_ log: Logger) async {
        isOver = true
        guard [PQTRANS_INTRANS, PQTRANS_INERROR].contains(connection.transactionStatus) else {
            return connection.close()
        }
        do throws(PostgresError) {
            try await connection.script("ROLLBACK", within: connection.settings.statementDeadline)
        } catch {
            log.warning("a rollback failed", ["error": "\(error.at("rollback"))"])
            connection.close()
        }
    }
}

extension PostgresError {
    fileprivate func at(_ step: String) -> PostgresError {
        var error = self
        error.step = step
        return error
    }
}

extension Pool {
    func transaction<Value>(
        isolation: Isolation, _ body: (Transaction) async throws -> Value
    ) async throws -> Value {
        let (connection, _) = try await starting { connection throws(PostgresError) in
            try await Transaction.begin(isolation, on: connection)
        }
        defer { release(connection) }
        return try await Transaction.run(on: connection, log: log, body)
    }
}
