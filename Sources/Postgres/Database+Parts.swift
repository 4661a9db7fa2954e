extension Database {
    /// Executes a statement that touches `size` rows at most, until it finds fewer: for what is to be removed in large numbers, so that no
    /// lock is held for long.
    /// - Returns: all rows it touched.
    package func execute(inPartsOf size: Int, _ statement: SQL) async throws(PostgresError) -> Int {
        var rows = 0
        while true {
            let touched = try await execute(statement)
            rows += touched
            if touched < size { return rows }
        }
    }
}
