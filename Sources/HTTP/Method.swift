/// Request methods (RFC 9110 §9). Tokens are case-sensitive; what isn't listed here is `.other` and meets 501 in the parser.
package enum Method: String, Hashable, Sendable, CaseIterable {
    case get = "GET"
    case head = "HEAD"
    case post = "POST"
    case put = "PUT"
    case patch = "PATCH"
    case delete = "DELETE"
    case options = "OPTIONS"
    case other = "OTHER"

    init(token: Slice<UnsafeRawBufferPointer>) {
        self =
            Method.known.first { $0.token.utf8CodeUnitCount == token.count && Self.matches($0.token, token) }?.method
            ?? .other
    }

    /// Most frequent first; static text, so that telling them apart allocates nothing.
    private static let known: [(token: StaticString, method: Method)] = [
        ("GET", .get), ("POST", .post), ("HEAD", .head), ("PUT", .put), ("PATCH", .patch), ("DELETE", .delete),
        ("OPTIONS", .options),
    ]

    private static func matches(_ text: StaticString, _ token: Slice<UnsafeRawBufferPointer>) -> Bool {
        zip(0..<token.count, token).allSatisfy { text.utf8Start[$0] == $1 }
    }

    /// Methods that must not change anything (RFC 9110 §9.2.1).
    package var isSafe: Bool { self == .get || self == .head || self == .options }
}
