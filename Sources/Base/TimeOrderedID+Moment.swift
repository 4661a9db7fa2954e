extension TimeOrderedID {
    /// When such an id was made, to the millisecond, rounded down; nil for a text that is no UUID of version 7.
    package static func moment(of id: String) -> Timestamp? {
        let digits = id.utf8.filter { $0 != UInt8(ascii: "-") }
        guard id.utf8.count == 36, digits.count == 32, digits[12] == UInt8(ascii: "7"),
            let milliseconds = Int64(String(decoding: digits[..<12], as: UTF8.self), radix: 16)
        else { return nil }
        return Timestamp(microseconds: milliseconds * 1_000)
    }
}
