/// A part of the content by bytes (RFC 9110 §14). One part; who asks for several gets the whole, as §14.2 allows.
enum ByteRange: Equatable {
    /// No range, or one that can't be read: the whole is the answer.
    case whole
    case part(Range<Int>)
    case unsatisfiable

    /// - Parameter count: length of the whole content in bytes.
    init(_ field: String, of count: Int) {
        self = .whole
        let bytes = Array(field.utf8)
        guard bytes.map(asciiLowercased).starts(with: "bytes=".utf8) else { return }
        let ends = trimmed(bytes.dropFirst(6)).split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard ends.count == 2, ends[0].allSatisfy(isDigit), ends[1].allSatisfy(isDigit) else { return }
        switch (Self.number(ends[0]), Self.number(ends[1])) {
        case (nil, nil): return
        case (nil, let suffix?):
            self = suffix == 0 || count == 0 ? .unsatisfiable : .part(max(0, count - suffix)..<count)
        case (let first?, nil):
            self = first < count ? .part(first..<count) : .unsatisfiable
        case (let first?, let last?):
            guard first <= last else { return }
            self = first < count ? .part(first..<min(last, count - 1) + 1) : .unsatisfiable
        }
    }

    /// Nil for no digits; what is too large for any file counts as the largest number.
    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        digits.isEmpty ? nil : Int(String(decoding: digits, as: UTF8.self)) ?? .max
    }
}
