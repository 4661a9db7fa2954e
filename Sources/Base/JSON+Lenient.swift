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
    @inlinable package func trimmingSpaces() -> SubSequence {
        let bytes = utf8
        var index = bytes.startIndex
        while index < bytes.endIndex, bytes[index].isASCIISpace { bytes.formIndex(after: &index) }
        let start = index
        var end = start
        while index < bytes.endIndex {
            let isText = !bytes[index].isASCIISpace
            bytes.formIndex(after: &index)
            if isText { end = index }
        }
        return self[start..<end]
    }
}

extension UInt8 {
    /// A space, tab or line end.
    @inlinable package var isASCIISpace: Bool { self == 0x20 || (self >= 0x09 && self <= 0x0D) }
}

extension ArraySlice<UInt8> {
    /// Without the ASCII spaces, tabs and line ends around it.
    package func trimmingSpaces() -> ArraySlice<UInt8> {
        var start = startIndex
        var end = endIndex
        while start < end, self[start].isASCIISpace { start += 1 }
        while start < end, self[end - 1].isASCIISpace { end -= 1 }
        return end - start == count ? self : self[start..<end]
    }
}
