/// Request methods (RFC 9110 §9). Tokens are case-sensitive; what isn't listed here is `.other` and meets 405 or 501.
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
        self = Method.allCases.first { $0 != .other && $0.rawValue.utf8.elementsEqual(token) } ?? .other
    }

    /// Methods that must not change anything (RFC 9110 §9.2.1).
    package var isSafe: Bool { self == .get || self == .head || self == .options }
}
