/// One row of a result. Reads are checked: a column that is not there and a type that does not fit are errors that name both.
///
/// ```swift
/// let id = try row.get("id", Int64.self)
/// let name: String? = try row.get("name")
/// ```
package struct Row: Sendable {
    let result: PostgresResult
    let index: Int

    /// By name; of two columns with one name, the first.
    package func get<Value: PostgresDecodable>(
        _ column: String, _ type: Value.Type = Value.self
    ) throws(PostgresError) -> Value {
        guard let place = result.columns.place(of: column) else {
            throw PostgresError(
                .decoding,
                "the result has no column \"\(column)\" (to be read as \(Value.self)); it has \(result.columns.names)")
        }
        return try get(place, type)
    }

    /// By position, from 0.
    package func get<Value: PostgresDecodable>(
        _ column: Int, _ type: Value.Type = Value.self
    ) throws(PostgresError) -> Value {
        guard result.columns.names.indices.contains(column) else {
            throw PostgresError(
                .decoding,
                "the result has no column \(column) (to be read as \(Value.self)); it has \(result.columns.names)")
        }
        guard let cell = result.cell(row: index, column: column) else {
            if let null = Value.postgresNull { return null }
            throw mismatch(column, "is NULL and", Value.self)
        }
        guard let value = Value(postgres: cell) else { throw mismatch(column, "(\(cell.type))", Value.self) }
        return value
    }

    private func mismatch(_ column: Int, _ what: String, _ type: Any.Type) -> PostgresError {
        PostgresError(.decoding, "column \"\(result.columns.names[column])\" \(what) can't be read as \(type)")
    }
}

/// All rows of a finished statement, held in memory.
package struct Rows: RandomAccessCollection, Sendable {
    let result: PostgresResult

    package var startIndex: Int { 0 }
    package var endIndex: Int { result.count }
    package subscript(_ index: Int) -> Row { Row(result: result, index: index) }

    /// How many rows the statement inserted, updated, deleted or selected.
    package var affected: Int { result.affected }
    package var columnNames: [String] { result.columns.names }
}
