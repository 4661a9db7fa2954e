import Base
import Postgres

/// Rows on their way into one statement, a column at a time: `unnest($1::uuid[], $2::text[], …)`.
///
/// ```swift
/// var columns = BatchColumns(rows)
/// columns.add("id", .uuid) { $0.id }
/// let sql: SQL = "SELECT * FROM \(columns.source(as: "t"))"   // place counts from 1, in the order of the rows
/// ```
struct BatchColumns<Row> {
    /// What a text means to PostgreSQL.
    enum TextType {
        case text, uuid, jsonb, numeric

        fileprivate var sql: SQL {
            switch self {
            case .text: "text"
            case .uuid: "uuid"
            case .jsonb: "jsonb"
            case .numeric: "numeric"
            }
        }
    }

    private let rows: [Row]
    private var arrays: SQL = ""
    private var names: SQL = ""

    init(_ rows: [Row]) { self.rows = rows }

    mutating func add(_ name: SQL, _ type: TextType, _ value: (Row) -> String?) {
        switch type {
        case .text: add(name, .text, "text", value) { $1.append($0) }
        case .jsonb: add(name, .jsonb, "jsonb", value) { $1.append($0) }
        case .uuid:
            var areAll = true
            let before = (arrays, names)
            add(name, .uuid, "uuid", value) { uuid, array in
                if !array.append(uuid: uuid) { areAll = false }
            }
            guard !areAll else { return }
            // PostgreSQL is to say which it can't read.
            (arrays, names) = before
            addTexts(name, type, value)
        // Its binary form is more work than its text.
        case .numeric: addTexts(name, type, value)
        }
    }

    mutating func add(_ name: SQL, _ value: (Row) -> Int64?) {
        add(name, .bigint, "bigint", value) { $1.append($0) }
    }

    mutating func add(_ name: SQL, _ value: (Row) -> Bool?) {
        add(name, .boolean, "boolean", value) { $1.append($0) }
    }

    mutating func add(_ name: SQL, _ value: (Row) -> Timestamp?) {
        add(name, .timestamptz, "timestamptz", value) { $1.append($0) }
    }

    @inline(__always) private mutating func add<Value>(
        _ name: SQL, _ element: BinaryArray.Element, _ type: SQL, _ value: (Row) -> Value?,
        _ append: (Value, inout BinaryArray) -> Void
    ) {
        var array = BinaryArray(of: element)
        for row in rows {
            if let value = value(row) { append(value, &array) } else { array.appendNull() }
        }
        add(name, array.parameter, type)
    }

    private mutating func addTexts(_ name: SQL, _ type: TextType, _ value: (Row) -> String?) {
        add(name, rows.map(value).postgresParameter, type.sql)
    }

    private mutating func add(_ name: SQL, _ array: PostgresParameter, _ type: SQL) {
        let comma: SQL = names.isEmpty ? "" : ", "
        arrays += "\(comma)\(array)::\(type)[]"
        names += "\(comma)\(name)"
    }

    /// What stands behind FROM. `place` is the last column.
    func source(as alias: SQL) -> SQL {
        "unnest(\(arrays)) WITH ORDINALITY AS \(alias) (\(names), place)"
    }
}
