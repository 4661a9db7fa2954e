/// The header fields of a message in their order. Names are compared without case.
package struct FetchHeaders: ExpressibleByDictionaryLiteral, Sendable {
    package private(set) var fields: [(name: String, value: String)] = []

    package init() {}

    package init(dictionaryLiteral elements: (String, String)...) {
        fields = elements.map { (name: $0.0, value: $0.1) }
    }

    package mutating func append(_ name: String, _ value: String) {
        fields.append((name: name, value: value))
    }

    /// The first field of that name.
    package subscript(_ name: String) -> String? {
        fields.first { Self.isSame($0.name, name) }?.value
    }

    /// Every field of that name, in order (`Set-Cookie`).
    package func all(_ name: String) -> [String] {
        fields.filter { Self.isSame($0.name, name) }.map(\.value)
    }

    /// The first name that may not be sent: not a token, a value with a control character (RFC 9110 §5.5, so that no line
    /// can be smuggled in), or a length, which only the body decides.
    var firstUnsendable: String? {
        fields.first { name, value in
            name.isEmpty || !name.utf8.allSatisfy(Self.isToken)
                || value.utf8.contains { ($0 < 0x20 && $0 != 0x09) || $0 == 0x7F }
                || Self.isSame(name, "Content-Length") || Self.isSame(name, "Transfer-Encoding")
        }?.name
    }

    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }

    private static func isSame(_ left: String, _ right: String) -> Bool {
        left.utf8.count == right.utf8.count && left.lowercased() == right.lowercased()
    }
}

/// Names only: a value may be a key or a cookie.
extension FetchHeaders: CustomStringConvertible, CustomReflectable {
    package var description: String { fields.map(\.name).description }
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
