import Base
import CPostgres

/// The number of an advisory lock, made from its name: the same in every process and version.
struct AdvisoryLockKey: Hashable, Sendable {
    let name: String
    let number: Int64

    init(_ name: String) {
        self.name = name
        number = SHA256.hash("sluice/\(name)").prefix(8).reduce(0) { $0 << 8 | Int64($1) }
    }
}

/// The connection that holds an advisory lock. If it breaks, the lock is gone, and every statement here fails: so nothing done
/// through it can happen without the lock. Good only inside the closure that received it.
///
/// `@unchecked Sendable`: touched only on its loop's thread.
package final class LockedSession: Queryable, @unchecked Sendable {
    private let connection: Connection
    private let log: Logger
    private var isOver = false

    private init(_ connection: Connection, _ log: Logger) {
        self.connection = connection
        self.log = log
    }

    package func query(_ sql: SQL, within deadline: Duration?) async throws(PostgresError) -> Rows {
        try check()
        return try await connection.query(sql, within: deadline ?? connection.settings.statementDeadline)
    }

    /// A transaction on this very connection. One at a time.
    @discardableResult
    package func transaction<Value>(
        isolation: Isolation = .readCommitted, _ body: (Transaction) async throws -> Value
    ) async throws -> Value {
        try check()
        try await Transaction.begin(isolation, on: connection)
        return try await Transaction.run(on: connection, log: log, body)
    }

    private func check() throws(PostgresError) {
        guard !isOver else { throw PostgresError(.misuse, "the advisory lock has been let go") }
    }

    /// Runs `body`, then lets go of the lock that the connection holds.
    static func run<Value>(
        on connection: Connection, holding key: AdvisoryLockKey, log: Logger,
        _ body: (LockedSession) async throws -> Value
    ) async throws -> Value {
        let session = LockedSession(connection, log)
        let result: Result<Value, any Error>
        do {
            result = .success(try await body(session))
        } catch {
            result = .failure(error)
        }
        session.isOver = true
        do throws(PostgresError) {
            _ = try await connection.finishingQuery(
                "SELECT pg_advisory_unlock(\(key.number))", within: connection.settings.statementDeadline)
        } catch {
            // Closing lets go as well.
            connection.close()
        }
        return try result.get()
    }
}

extension Pool {
    func withAdvisoryLock<Value>(
        _ key: AdvisoryLockKey, wait: Duration, _ body: (LockedSession) async throws -> Value
    ) async throws -> Value {
        let connection = try await lock(key, wait: wait)
        defer { release(connection) }
        return try await LockedSession.run(on: connection, holding: key, log: log, body)
    }

    func ifAdvisoryLockIsFree<Value>(
        _ key: AdvisoryLockKey, _ body: (LockedSession) async throws -> Value
    ) async throws -> Value? {
        let (connection, rows) = try await starting { connection throws(PostgresError) in
            try await connection.query(
                "SELECT pg_try_advisory_lock(\(key.number))", within: connection.settings.statementDeadline)
        }
        defer { release(connection) }
        guard try rows.first?.get(0, Bool.self) == true else { return nil }
        return try await LockedSession.run(on: connection, holding: key, log: log, body)
    }

    private func lock(_ key: AdvisoryLockKey, wait: Duration) async throws(PostgresError) -> Connection {
        do throws(PostgresError) {
            return try await starting { connection throws(PostgresError) in
                try await connection.query("SELECT pg_advisory_lock(\(key.number))", within: wait)
            }.0
        } catch {
            guard error.category == .deadline else { throw error }
            throw PostgresError(.lockNotAvailable, "another held the lock \"\(key.name)\" for longer than \(wait)")
        }
    }
}
