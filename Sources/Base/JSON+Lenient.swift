/// For senders that are loose about kinds: Keitaro sends some numbers as strings and some strings as numbers.
extension JSON {
    /// A whole number, also as `12.0` or `"12"`. Nil when it has a fraction or does not fit.
    package var lenientInt: Int64? {
        switch self {
        case .integer(let value): value
        case .number(let value): Int64(exactly: value)
        case .string(let text):
            Int64(text.trimmingSpaces()) ?? Self.double(text).flatMap { Int64(exactly: $0) }
        case .null, .bool, .array, .object: nil
        }
    }

    /// A finite number, also as `"12.5"`.
    package var lenientDouble: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        case .string(let text): Self.double(text)
        case .null, .bool, .array, .object: nil
        }
    }

    /// A string, or a number as it would be written. A double that is whole loses its `.0`.
    package var lenientString: String? {
        switch self {
        case .string(let value): value
        case .integer(let value): String(value)
        case .number(let value): Int64(exactly: value).map { String($0) } ?? String(value)
        case .null, .bool, .array, .object: nil
        }
    }

    /// Decimal only: Swift would also read "0x10", "inf" and "nan".
    private static func double(_ text: String) -> Double? {
        let trimmed = text.trimmingSpaces()
        let isDecimal = trimmed.utf8.allSatisfy { byte in
            48...57 ~= byte || ".+-eE".utf8.contains(byte)
        }
        guard isDecimal, trimmed.utf8.count <= 64, let value = Double(trimmed), value.isFinite else { return nil }
        return value
    }
}

extension StringProtocol {
    /// Without the ASCII spaces, tabs and line ends around it.
    package func trimmingSpaces() -> SubSequence {
        let isText = { (byte: UInt8) in byte != 0x20 && !(0x09...0x0D ~= byte) }
        let start = utf8.firstIndex(where: isText) ?? utf8.endIndex
        var end = start
        for index in utf8[start...].indices where isText(utf8[index]) { end = utf8.index(after: index) }
        return self[start..<end]
    }
}
