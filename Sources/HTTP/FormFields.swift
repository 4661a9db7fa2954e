/// Names and values of a query string or an `application/x-www-form-urlencoded` body, in order; names may repeat.
package struct FormFields: Sendable {
    package private(set) var pairs: [(name: String, value: String)] = []

    package init() {}

    /// Nil when a part is not percent-encoded UTF-8, or there are more than `limit` fields.
    package init?(decoding bytes: some Collection<UInt8>, limit: Int = 1000) {
        for part in bytes.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: true) {
            guard pairs.count < limit else { return nil }
            let equals = part.firstIndex(of: UInt8(ascii: "="))
            let nameBytes = part[..<(equals ?? part.endIndex)]
            let valueBytes = equals.map { part[part.index(after: $0)...] } ?? part[part.endIndex...]
            guard let name = PercentCoding.decode(nameBytes, plusIsSpace: true),
                let value = PercentCoding.decode(valueBytes, plusIsSpace: true)
            else { return nil }
            pairs.append((name, value))
        }
    }

    /// The first value called `name`.
    package subscript(_ name: String) -> String? {
        pairs.first { $0.name == name }?.value
    }

    package func all(_ name: String) -> [String] {
        pairs.filter { $0.name == name }.map(\.value)
    }
}
