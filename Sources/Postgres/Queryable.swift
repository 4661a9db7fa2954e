/// Runs statements: the whole ``Database`` (each statement on its own), or one ``Transaction`` or ``LockedSession``.
/// A store's functions take `some Queryable`, so that a caller chooses what belongs together.
package protocol Queryable: Sendable {
    /// - Parameter deadline: after it the statement is cancelled; nil for the database's default (15 s).
    func query(_ sql: SQL, within deadline: Duration?) async throws(PostgresError) -> Rows
}

extension Queryable {
    package func query(_ sql: SQL) async throws(PostgresError) -> Rows {
        try await query(sql, within: nil)
    }

    /// - Returns: how many rows were inserted, updated or deleted.
    @discardableResult
    package func execute(_ sql: SQL, within deadline: Duration? = nil) async throws(PostgresError) -> Int {
        try await query(sql, within: deadline).affected
    }

    /// The first row, if any. The statement says `LIMIT 1` itself where there could be many.
    package func first(_ sql: SQL, within deadline: Duration? = nil) async throws(PostgresError) -> Row? {
        try await query(sql, within: deadline).first
    }
}
