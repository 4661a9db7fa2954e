/// The bytes HTTP/1.1 is made of (RFC 9110 §5.6, RFC 9112 §2).
extension UInt8 {
    static let carriageReturn: UInt8 = 0x0D
    static let lineFeed: UInt8 = 0x0A
    static let space: UInt8 = 0x20
    static let tab: UInt8 = 0x09
    static let slash: UInt8 = 0x2F
    static let questionMark: UInt8 = 0x3F
    static let percent: UInt8 = 0x25
}

@inline(__always)
func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }

/// `tchar` of RFC 9110 §5.6.2, as a table of 256 bits.
@inline(__always)
func isTokenByte(_ byte: UInt8) -> Bool {
    let word = byte < 64 ? tokenLow : (byte < 128 ? tokenHigh : 0)
    return word >> UInt64(byte & 63) & 1 == 1
}

/// What may stand in a field value: visible, space, tab and obs-text (RFC 9110 §5.5).
@inline(__always)
func isFieldByte(_ byte: UInt8) -> Bool { (byte >= 0x20 && byte != 0x7F) || byte == 0x09 }

/// What may stand in the name of a host beside `%` and two hex digits (RFC 3986 §3.2.2): unreserved and sub-delims.
@inline(__always)
func isHostNameByte(_ byte: UInt8) -> Bool {
    isDigit(byte) || (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A) || "-._~!$&'()*+,;=".utf8.contains(byte)
}

private let tokenLow: UInt64 = tokenBits(from: 0)
private let tokenHigh: UInt64 = tokenBits(from: 64)

private func tokenBits(from start: UInt8) -> UInt64 {
    var bits: UInt64 = 0
    for byte in start..<start + 64 {
        let isLetter = (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7A
        if isLetter || isDigit(byte) || "!#$%&'*+-.^_`|~".utf8.contains(byte) { bits |= 1 << UInt64(byte - start) }
    }
    return bits
}

func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x41 + 10
    case 0x61...0x66: byte - 0x61 + 10
    default: nil
    }
}
