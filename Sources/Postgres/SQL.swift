/// A statement whose values are bound, never written into its text: `"SELECT id FROM orders WHERE token = \(token)"` becomes
/// `… token = $1`. Only literals make the text, so a `String` from anywhere else does not compile as a query.
///
/// Another `SQL` may be interpolated too; its parameters are numbered anew. Texts are one more than parameters, which stand
/// between them.
package struct SQL: Hashable, Sendable {
    private(set) var texts: [String]
    private(set) var parameters: [PostgresParameter]

    private init(texts: [String], parameters: [PostgresParameter]) {
        self.texts = texts
        self.parameters = parameters
    }

    /// The statement as PostgreSQL receives it, with `$1`, `$2` … for the parameters.
    package var text: String {
        guard parameters.count > 0 else { return texts[0] }
        var result = texts[0]
        for (index, text) in texts.dropFirst().enumerated() {
            result += "$\(index + 1)"
            result += text
        }
        return result
    }

    package var isEmpty: Bool { parameters.isEmpty && texts[0].isEmpty }

    /// A quoted name of a table or column, for a name chosen from a list in our own code.
    package static func identifier(_ name: StaticString) -> SQL {
        var quoted = "\""
        for scalar in name.description.unicodeScalars {
            if scalar == "\"" { quoted += "\"" }
            quoted.unicodeScalars.append(scalar)
        }
        return SQL(texts: [quoted + "\""], parameters: [])
    }

    package static func + (left: SQL, right: SQL) -> SQL {
        var sum = left
        sum.append(right)
        return sum
    }

    package static func += (left: inout SQL, right: SQL) {
        left.append(right)
    }

    private mutating func append(_ other: SQL) {
        texts[texts.count - 1] += other.texts[0]
        texts += other.texts.dropFirst()
        parameters += other.parameters
    }
}

extension Sequence<SQL> {
    /// The parts with `separator` between them: `filters.joined(separator: " AND ")`.
    package func joined(separator: SQL) -> SQL {
        var result: SQL = ""
        for (index, part) in enumerated() {
            if index > 0 { result += separator }
            result += part
        }
        return result
    }
}

extension SQL: ExpressibleByStringInterpolation {
    /// `StaticString` and not `String`: no text made at run time can pass for a literal.
    package init(stringLiteral value: StaticString) {
        self.init(texts: [value.description], parameters: [])
    }

    package init(stringInterpolation: StringInterpolation) {
        self = stringInterpolation.sql
    }

    package struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var sql: SQL

        package init(literalCapacity: Int, interpolationCount: Int) {
            sql = SQL(texts: [""], parameters: [])
            sql.texts.reserveCapacity(interpolationCount + 1)
            sql.parameters.reserveCapacity(interpolationCount)
        }

        package mutating func appendLiteral(_ literal: StaticString) {
            sql.texts[sql.texts.count - 1] += literal.description
        }

        package mutating func appendInterpolation(_ value: some PostgresEncodable) {
            sql.parameters.append(value.postgresParameter)
            sql.texts.append("")
        }

        /// NULL for nil.
        package mutating func appendInterpolation<Value: PostgresEncodable>(_ value: Value?) {
            sql.parameters.append(value.postgresParameter)
            sql.texts.append("")
        }

        package mutating func appendInterpolation(_ part: SQL) {
            sql.append(part)
        }
    }
}

extension SQL: CustomStringConvertible {
    /// The text alone: no value of a parameter is ever shown.
    package var description: String { text }
}
