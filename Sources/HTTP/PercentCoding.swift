/// Percent-encoding (RFC 3986 §2.1) and the form variant in which `+` is a space.
package enum PercentCoding {
    /// The decoded text, or nil when a `%` isn't followed by two hex digits, or the result isn't UTF-8 or holds NUL.
    package static func decode(_ bytes: some Collection<UInt8>, plusIsSpace: Bool) -> String? {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count)
        var iterator = bytes.makeIterator()
        while let byte = iterator.next() {
            switch byte {
            case .percent:
                guard let high = iterator.next().flatMap(hexDigit), let low = iterator.next().flatMap(hexDigit),
                    high << 4 | low != 0
                else { return nil }
                decoded.append(high << 4 | low)
            case UInt8(ascii: "+") where plusIsSpace: decoded.append(.space)
            case 0: return nil
            default: decoded.append(byte)
            }
        }
        return String(validating: decoded, as: UTF8.self)
    }

    /// Encodes everything but RFC 3986's unreserved characters, so the result may stand in a path segment or a query value.
    package static func encode(_ text: some StringProtocol) -> String {
        let hex = Array("0123456789ABCDEF".utf8)
        var encoded: [UInt8] = []
        for byte in text.utf8 {
            let isLetter = (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7A
            if isLetter || isDigit(byte) || "-._~".utf8.contains(byte) {
                encoded.append(byte)
            } else {
                encoded += [.percent, hex[Int(byte >> 4)], hex[Int(byte & 15)]]
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }
}
