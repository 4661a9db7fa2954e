import CPostgres

/// The names of a result's columns and where they stand. Shared by all results of one prepared statement.
final class PostgresColumns: Sendable {
    let names: [String]
    private let places: [String: Int]

    init(names: [String]) {
        self.names = names
        places = Dictionary(names.enumerated().map { ($1, $0) }) { first, _ in first }
    }

    func place(of name: String) -> Int? { places[name] }
}

/// Owns one `PGresult` and clears it.
///
/// `@unchecked Sendable`: a result is only read once it exists, which libpq allows from any thread (manual, "Behavior in Threaded
/// Programs").
final class PostgresResult: @unchecked Sendable {
    private let handle: OpaquePointer
    let columns: PostgresColumns
    let count: Int

    /// - Parameter known: the statement's columns from an earlier run, taken if they have the same number.
    init(_ handle: OpaquePointer, known: PostgresColumns? = nil) {
        self.handle = handle
        count = Int(PQntuples(handle))
        let width = Int(PQnfields(handle))
        if let known, known.names.count == width {
            columns = known
        } else {
            columns = PostgresColumns(
                names: (0..<width).map { PQfname(handle, Int32($0)).map { String(cString: $0) } ?? "" })
        }
    }

    deinit { PQclear(handle) }

    var status: ExecStatusType { PQresultStatus(handle) }
    var affected: Int { Int(String(cString: PQcmdTuples(handle))) ?? 0 }

    /// Nil for NULL. The indexes are the caller's to check.
    func cell(row: Int, column: Int) -> PostgresCell? {
        let row = Int32(row)
        let column = Int32(column)
        guard PQgetisnull(handle, row, column) == 0, let value = PQgetvalue(handle, row, column) else { return nil }
        let length = Int(PQgetlength(handle, row, column))
        let bytes = UnsafeRawBufferPointer(start: value, count: length).assumingMemoryBound(to: UInt8.self)
        return PostgresCell(type: PostgresType(oid: PQftype(handle, column)), bytes: bytes)
    }

    /// What the server said was wrong; nil when nothing was.
    var error: PostgresError? {
        guard status == PGRES_FATAL_ERROR || status == PGRES_NONFATAL_ERROR || status == PGRES_BAD_RESPONSE else {
            return nil
        }
        guard let state = field(.sqlState) else {
            // Without a code it is libpq that speaks: the connection broke.
            let message = PQresultErrorMessage(handle).map { String(cString: $0) } ?? ""
            return PostgresError(.connectionLost, message.firstLine)
        }
        var error = PostgresError(
            category: PostgresError.category(sqlState: state), sqlState: state,
            message: field(.message) ?? "")
        error.detail = field(.detail)
        error.hint = field(.hint)
        error.schema = field(.schema)
        error.table = field(.table)
        error.column = field(.column)
        error.constraint = field(.constraint)
        return error
    }

    /// The codes of `postgres_ext.h`, whose character constants Swift does not see.
    private enum Field: UnicodeScalar {
        case sqlState = "C"
        case message = "M"
        case detail = "D"
        case hint = "H"
        case schema = "s"
        case table = "t"
        case column = "c"
        case constraint = "n"
    }

    private func field(_ field: Field) -> String? {
        PQresultErrorField(handle, Int32(field.rawValue.value)).map { String(cString: $0) }
    }
}

extension String {
    var firstLine: String { String(prefix { $0 != "\n" }) }
}
