/// Why bytes are not JSON, and where.
package struct JSONError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Reason: String, Sendable {
        case unexpectedEnd = "the text ends too early"
        case unexpectedByte = "unexpected byte"
        case trailingBytes = "something follows the value"
        case controlInString = "a control character stands in a string"
        case invalidEscape = "invalid escape in a string"
        case invalidUTF8 = "a string is not UTF-8"
        case invalidNumber = "invalid number"
        case numberOutOfRange = "a number is too large or too long"
        case tooDeep = "nested too deeply"
    }

    package let reason: Reason
    /// In bytes from the start.
    package let offset: Int

    package init(_ reason: Reason, at offset: Int) {
        self.reason = reason
        self.offset = offset
    }

    /// Says nothing of the content, so it may be logged.
    package var description: String { "\(reason.rawValue) at byte \(offset)" }
}
