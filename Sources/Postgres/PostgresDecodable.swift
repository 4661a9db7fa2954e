import Base

/// One value that is not NULL, as the server sent it in text form. Good only during the call that receives it.
package struct PostgresCell {
    package let type: PostgresType
    let bytes: UnsafeBufferPointer<UInt8>

    package var text: String { String(decoding: bytes, as: UTF8.self) }
}

/// What a column may be read as. An enumeration with a raw value needs only to declare the conformance.
package protocol PostgresDecodable: Sendable {
    /// Nil when the cell's type or content does not fit; the row turns that into an error with the column's name.
    init?(postgres cell: PostgresCell)

    /// What NULL is read as; nil where NULL is an error.
    static var postgresNull: Self? { get }
}

extension PostgresDecodable {
    package static var postgresNull: Self? { nil }
}

extension RawRepresentable where Self: PostgresDecodable, RawValue: PostgresDecodable {
    package init?(postgres cell: PostgresCell) {
        guard let raw = RawValue(postgres: cell) else { return nil }
        self.init(rawValue: raw)
    }
}

extension Optional: PostgresDecodable where Wrapped: PostgresDecodable {
    package init?(postgres cell: PostgresCell) {
        guard let value = Wrapped(postgres: cell) else { return nil }
        self = .some(value)
    }

    package static var postgresNull: Wrapped?? { .some(.none) }
}

extension Int64: PostgresDecodable {
    /// `numeric`, which the sum of a `bigint` is, is not read: cast it in the statement.
    package init?(postgres cell: PostgresCell) {
        guard cell.type.isInteger, let value = Int64(cell.text) else { return nil }
        self = value
    }
}

extension Int: PostgresDecodable {
    package init?(postgres cell: PostgresCell) {
        guard let value = Int64(postgres: cell) else { return nil }
        self.init(exactly: value)
    }
}

extension Int32: PostgresDecodable {
    package init?(postgres cell: PostgresCell) {
        guard let value = Int64(postgres: cell) else { return nil }
        self.init(exactly: value)
    }
}

extension Double: PostgresDecodable {
    package init?(postgres cell: PostgresCell) {
        guard cell.type.isInteger || [.float4, .float8, .numeric].contains(cell.type) else { return nil }
        self.init(cell.text)
    }
}

extension Bool: PostgresDecodable {
    package init?(postgres cell: PostgresCell) {
        guard cell.type == .bool else { return nil }
        self = cell.bytes.first == UInt8(ascii: "t")
    }
}

extension String: PostgresDecodable {
    /// Any type: numbers, uuids and enumerations as PostgreSQL writes them.
    package init?(postgres cell: PostgresCell) {
        self = cell.text
    }
}

extension Timestamp: PostgresDecodable {
    /// A `timestamp` without zone is taken as UTC. `infinity` does not fit.
    package init?(postgres cell: PostgresCell) {
        guard cell.type == .timestamptz || cell.type == .timestamp else { return nil }
        self.init(iso8601: cell.text, offsetWhenAbsent: 0)
    }
}

extension CivilDate: PostgresDecodable {
    package init?(postgres cell: PostgresCell) {
        guard cell.type == .date else { return nil }
        let parts = cell.bytes.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard parts.count == 3 else { return nil }
        let numbers = parts.compactMap { Int(String(decoding: $0, as: UTF8.self)) }
        guard numbers.count == 3 else { return nil }
        self.init(year: numbers[0], month: numbers[1], day: numbers[2])
    }
}

extension JSON: PostgresDecodable {
    /// JSON's own `null` is `JSON.null`; an SQL NULL needs `JSON?`.
    package init?(postgres cell: PostgresCell) {
        guard cell.type == .json || cell.type == .jsonb, let value = try? JSON(parsing: cell.bytes) else { return nil }
        self = value
    }
}

extension Array: PostgresDecodable where Element: PostgresArrayElement {
    package init?(postgres cell: PostgresCell) {
        guard let value = Element.array(from: cell) else { return nil }
        self = value
    }
}
