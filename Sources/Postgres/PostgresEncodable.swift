import Base

/// A value on its way to the server. Its type is never named: PostgreSQL infers it from the statement.
package enum PostgresParameter: Hashable, Sendable {
    case null
    /// PostgreSQL's text form. A NUL in it is refused before anything is sent.
    case text(String)
    /// In binary form: raw bytes for `bytea`, or what a ``BinaryArray`` wrote.
    case bytes([UInt8])
}

/// What may stand in `\( )` of an ``SQL``. An enumeration with a raw value needs only to declare the conformance.
package protocol PostgresEncodable: Sendable {
    var postgresParameter: PostgresParameter { get }
}

extension PostgresParameter: PostgresEncodable {
    package var postgresParameter: PostgresParameter { self }
}

extension RawRepresentable where Self: PostgresEncodable, RawValue: PostgresEncodable {
    package var postgresParameter: PostgresParameter { rawValue.postgresParameter }
}

extension Int64: PostgresEncodable {
    package var postgresParameter: PostgresParameter { .text(String(self)) }
}

extension Int: PostgresEncodable {
    package var postgresParameter: PostgresParameter { .text(String(self)) }
}

extension Int32: PostgresEncodable {
    package var postgresParameter: PostgresParameter { .text(String(self)) }
}

extension Double: PostgresEncodable {
    /// The shortest text that reads back as the same number; `inf` and `nan` are PostgreSQL's words too.
    package var postgresParameter: PostgresParameter { .text(description) }
}

extension Bool: PostgresEncodable {
    package var postgresParameter: PostgresParameter { .text(self ? "t" : "f") }
}

extension String: PostgresEncodable {
    package var postgresParameter: PostgresParameter { .text(self) }
}

extension Timestamp: PostgresEncodable {
    package var postgresParameter: PostgresParameter { .text(postgresText) }
}

extension CivilDate: PostgresEncodable {
    package var postgresParameter: PostgresParameter {
        let text = Timestamp(self).postgresText
        let day = String(text.prefix { $0 != " " })
        return .text(text.hasSuffix(" BC") ? day + " BC" : day)
    }
}

extension JSON: PostgresEncodable {
    package var postgresParameter: PostgresParameter { .text(text) }
}

extension Optional: PostgresEncodable where Wrapped: PostgresEncodable {
    package var postgresParameter: PostgresParameter { self?.postgresParameter ?? .null }
}

/// `[UInt8]` is `bytea`, any other array a PostgreSQL array.
extension Array: PostgresEncodable where Element: PostgresArrayElement {
    package var postgresParameter: PostgresParameter { Element.parameter(of: self) }
}
