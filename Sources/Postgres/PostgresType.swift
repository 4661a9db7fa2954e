/// A column's type by its object id. The built-in ones that are read have names; any other is known by its number.
package struct PostgresType: Hashable, Sendable {
    package let oid: UInt32

    package static let bool = PostgresType(oid: 16)
    package static let bytea = PostgresType(oid: 17)
    package static let int8 = PostgresType(oid: 20)
    package static let int2 = PostgresType(oid: 21)
    package static let int4 = PostgresType(oid: 23)
    package static let text = PostgresType(oid: 25)
    package static let oid = PostgresType(oid: 26)
    package static let json = PostgresType(oid: 114)
    package static let float4 = PostgresType(oid: 700)
    package static let float8 = PostgresType(oid: 701)
    package static let date = PostgresType(oid: 1082)
    package static let timestamp = PostgresType(oid: 1114)
    package static let timestamptz = PostgresType(oid: 1184)
    package static let numeric = PostgresType(oid: 1700)
    package static let jsonb = PostgresType(oid: 3802)

    var isInteger: Bool { self == .int8 || self == .int4 || self == .int2 || self == .oid }

    /// What an array of a known type holds; nil for all others.
    var element: PostgresType? { Self.elements[oid].map { PostgresType(oid: $0) } }

    /// From PostgreSQL's `pg_type.dat`, where these numbers are fixed for ever: name, and the id of its array.
    private static let known: [UInt32: (name: String, array: UInt32)] = [
        16: ("bool", 1000), 17: ("bytea", 1001), 19: ("name", 1003), 20: ("int8", 1016), 21: ("int2", 1005),
        23: ("int4", 1007), 25: ("text", 1009), 26: ("oid", 1028), 114: ("json", 199), 700: ("float4", 1021),
        701: ("float8", 1022), 869: ("inet", 1041), 1042: ("bpchar", 1014), 1043: ("varchar", 1015),
        1082: ("date", 1182), 1083: ("time", 1183), 1114: ("timestamp", 1115), 1184: ("timestamptz", 1185),
        1186: ("interval", 1187), 1700: ("numeric", 1231), 2278: ("void", 0), 2950: ("uuid", 2951),
        3802: ("jsonb", 3807),
    ]

    private static let elements = Dictionary(uniqueKeysWithValues: known.map { ($0.value.array, $0.key) })
}

extension PostgresType: CustomStringConvertible {
    package var description: String {
        if let name = Self.known[oid]?.name { return name }
        if let element { return "\(element)[]" }
        return "type \(oid)"
    }
}
