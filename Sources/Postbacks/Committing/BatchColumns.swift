import Base
import Postgres

/// Rows on their way into one statement, a column at a time: `unnest($1::uuid[], $2::text[], …)`.
///
/// ```swift
/// var columns = BatchColumns(rows)
/// columns.add("id", "uuid") { $0.id }
/// let sql: SQL = "SELECT * FROM \(columns.source(as: "t"))"   // place counts from 1, in the order of the rows
/// ```
struct BatchColumns<Row> {
    private let rows: [Row]
    private var arrays: SQL = ""
    private var names: SQL = ""

    init(_ rows: [Row]) { self.rows = rows }

    /// - Parameter type: of the values, in PostgreSQL.
    mutating func add(_ name: SQL, _ type: SQL, _ value: (Row) -> String) {
        add(name, type) { $1.append(value($0)) }
    }

    mutating func add(_ name: SQL, _ type: SQL, _ value: (Row) -> String?) {
        add(name, type) { row, array in
            if let value = value(row) { array.append(value) } else { array.appendNull() }
        }
    }

    mutating func add(_ name: SQL, _ type: SQL, _ value: (Row) -> Int64) {
        add(name, type) { $1.append(value($0)) }
    }

    mutating func add(_ name: SQL, _ type: SQL, _ value: (Row) -> Int64?) {
        add(name, type) { row, array in
            if let value = value(row) { array.append(value) } else { array.appendNull() }
        }
    }

    mutating func add(_ name: SQL, _ type: SQL, _ value: (Row) -> Bool) {
        add(name, type) { $1.append(value($0)) }
    }

    mutating func add(_ name: SQL, _ type: SQL, _ value: (Row) -> Timestamp) {
        add(name, type) { $1.append(value($0)) }
    }

    mutating func add(_ name: SQL, _ type: SQL, _ value: (Row) -> Timestamp?) {
        add(name, type) { row, array in
            if let value = value(row) { array.append(value) } else { array.appendNull() }
        }
    }

    private mutating func add(_ name: SQL, _ type: SQL, writing: (Row, inout PostgresArray) -> Void) {
        var values = PostgresArray()
        for row in rows { writing(row, &values) }
        let comma: SQL = names.isEmpty ? "" : ", "
        arrays += "\(comma)\(values.parameter)::\(type)[]"
        names += "\(comma)\(name)"
    }

    /// What stands behind FROM. `place` is the last column.
    func source(as alias: SQL) -> SQL {
        "unnest(\(arrays)) WITH ORDINALITY AS \(alias) (\(names), place)"
    }
}
