/// The `Accept-Encoding` field (RFC 9110 §12.5.3). Pure.
enum AcceptEncoding {
    /// Whether gzip may be sent and is liked at least as well as no coding.
    static func prefersGzip(_ field: String) -> Bool {
        var gzip: Int?
        var identity: Int?
        var other: Int?
        for member in field.utf8.split(separator: UInt8(ascii: ",")) {
            let parts = member.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false).map {
                Array(trimmed($0).map(asciiLowercased))
            }
            guard let coding = parts.first else { continue }
            let weight = weight(parts.dropFirst())
            switch String(decoding: coding, as: UTF8.self) {
            case "gzip", "x-gzip": gzip = max(gzip ?? 0, weight)
            case "identity": identity = weight
            case "*": other = weight
            default: continue
            }
        }
        let weight = gzip ?? other ?? 0
        return weight > 0 && weight >= identity ?? 0
    }

    /// In thousandths. What is malformed weighs nothing: identity is never wrong.
    private static func weight(_ parameters: ArraySlice<[UInt8]>) -> Int {
        guard let parameter = parameters.first else { return 1000 }
        guard parameter.starts(with: "q=".utf8) else { return 0 }
        let value = parameter.dropFirst(2)
        guard let whole = value.first, whole == UInt8(ascii: "0") || whole == UInt8(ascii: "1"), value.count <= 5 else {
            return 0
        }
        let fraction = value.dropFirst(2)
        guard value.count == 1 || value.dropFirst().first == UInt8(ascii: "."), fraction.allSatisfy(isDigit) else {
            return 0
        }
        var thousandths = Int(whole - 0x30) * 1000
        for (digit, scale) in zip(fraction, [100, 10, 1]) { thousandths += Int(digit - 0x30) * scale }
        return thousandths <= 1000 ? thousandths : 0
    }
}

/// Without the white space around it.
func trimmed<Bytes: BidirectionalCollection<UInt8>>(_ bytes: Bytes) -> Bytes.SubSequence {
    var slice = bytes.drop { $0 == .space || $0 == .tab }
    while let last = slice.last, last == .space || last == .tab { slice.removeLast() }
    return slice
}
