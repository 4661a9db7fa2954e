/// `uri-host [":" port]` (RFC 9110 §7.2, RFC 3986 §3.2.2). Links, cookies and `ALLOWED_HOSTS` rest on it, so that what is not one
/// host is refused before anyone looks.
enum HostSyntax {
    /// A name, an IPv4 address or `[`IPv6 address`]`, never empty, with an optional port up to 65535.
    static func isHostAndPort(_ bytes: Slice<UnsafeRawBufferPointer>) -> Bool {
        if bytes.first == UInt8(ascii: "[") {
            guard let end = bytes.firstIndex(of: UInt8(ascii: "]")) else { return false }
            return isAddress(bytes[(bytes.startIndex + 1)..<end]) && isPort(bytes[(end + 1)...])
        }
        let end = bytes.firstIndex(of: UInt8(ascii: ":")) ?? bytes.endIndex
        return end > bytes.startIndex && isName(bytes[..<end]) && isPort(bytes[end...])
    }

    private static func isName(_ bytes: Slice<UnsafeRawBufferPointer>) -> Bool {
        var index = bytes.startIndex
        while index < bytes.endIndex {
            if bytes[index] == .percent {
                guard index + 2 < bytes.endIndex, hexDigit(bytes[index + 1]) != nil, hexDigit(bytes[index + 2]) != nil
                else { return false }
                index += 2
            } else if !isHostNameByte(bytes[index]) {
                return false
            }
            index += 1
        }
        return true
    }

    /// Its bytes and not its grammar: an address that is none finds no one.
    private static func isAddress(_ bytes: Slice<UnsafeRawBufferPointer>) -> Bool {
        bytes.contains(UInt8(ascii: ":"))
            && bytes.allSatisfy { hexDigit($0) != nil || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".") }
    }

    /// Nothing, or a colon and up to five digits.
    private static func isPort(_ bytes: Slice<UnsafeRawBufferPointer>) -> Bool {
        guard let colon = bytes.first else { return true }
        let digits = bytes.dropFirst()
        guard colon == UInt8(ascii: ":"), digits.count <= 5, digits.allSatisfy(isDigit) else { return false }
        return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) } <= 65_535
    }
}
