extension Queryable {
    /// The row of a statement that always has one, such as `INSERT … RETURNING`; none is an error.
    package func one(_ sql: SQL, within deadline: Duration? = nil) async throws(PostgresError) -> Row {
        guard let row = try await first(sql, within: deadline) else {
            throw PostgresError(.other, "a statement that always has a row had none")
        }
        return row
    }
}
