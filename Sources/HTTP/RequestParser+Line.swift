/// The first line of a request (RFC 9112 §3).
extension RequestParser {
    /// - Returns: where the header fields begin.
    static func cutRequestLine(
        _ bytes: UnsafeRawBufferPointer, into head: inout RequestHead, limits: Limits
    ) throws(Refusal) -> Int {
        var cursor = 0
        while cursor < bytes.count, isTokenByte(bytes[cursor]) { cursor += 1 }
        guard cursor > 0, bytes[cursor] == .space else { throw Refusal("the method is malformed") }
        let method = 0..<cursor
        cursor += 1
        let target = cursor
        while cursor < bytes.count, bytes[cursor] > 0x20, bytes[cursor] != 0x7F { cursor += 1 }
        guard cursor > target, bytes[cursor] == .space else { throw Refusal("the request target is malformed") }
        let targetEnd = cursor
        cursor += 1
        guard cursor + 10 <= bytes.count, matches(bytes, at: cursor, "HTTP/"), isDigit(bytes[cursor + 5]),
            bytes[cursor + 6] == UInt8(ascii: "."), isDigit(bytes[cursor + 7])
        else { throw Refusal("the protocol version is malformed") }
        guard bytes[cursor + 5] == UInt8(ascii: "1") else {
            throw Refusal(.versionNotSupported, "only HTTP/1.1 and HTTP/1.0 are spoken here")
        }
        head.isVersion10 = bytes[cursor + 7] == UInt8(ascii: "0")
        head.keepsAlive = !head.isVersion10
        cursor += 8
        guard bytes[cursor] == .carriageReturn, bytes[cursor + 1] == .lineFeed else {
            throw Refusal("the request line does not end with CR LF")
        }
        guard cursor <= limits.requestLine else { throw Refusal(.uriTooLong, "the request line is too long") }
        head.methodRange = method
        head.method = Method(token: bytes[method])
        guard head.method != .other else { throw Refusal(.notImplemented, "the method is not known here") }
        try cutTarget(bytes, target..<targetEnd, into: &head)
        return cursor + 2
    }

    /// Origin-form, absolute-form and `*` (RFC 9112 §3.2); authority-form comes with CONNECT alone, a method not known here.
    private static func cutTarget(
        _ bytes: UnsafeRawBufferPointer, _ target: Range<Int>, into head: inout RequestHead
    ) throws(Refusal) {
        // A fragment is never sent (RFC 9110 §7.1); two readers would disagree about where the path ends.
        guard !bytes[target].contains(UInt8(ascii: "#")) else { throw Refusal("the request target holds a fragment") }
        var path = target
        if bytes[target.lowerBound] == UInt8(ascii: "*"), target.count == 1, head.method == .options {
            head.pathRange = target
            head.queryRange = target.upperBound..<target.upperBound
            return
        }
        if bytes[target.lowerBound] != .slash {
            let scheme = ["http://", "https://"].first { matchesLowercased(bytes, at: target.lowerBound, $0) }
            guard let scheme else { throw Refusal("the request target is neither a path nor a URL") }
            let authority = target.lowerBound + scheme.utf8.count
            var end = authority
            while end < target.upperBound, bytes[end] != .slash, bytes[end] != .questionMark { end += 1 }
            guard end > authority, HostSyntax.isHostAndPort(bytes[authority..<end]) else {
                throw Refusal("the URL of the request has no plain host")
            }
            head.authorityRange = authority..<end
            path = end..<target.upperBound
        }
        let query = bytes[path].firstIndex(of: .questionMark) ?? path.upperBound
        head.pathRange = path.lowerBound..<query
        head.queryRange = min(query + 1, path.upperBound)..<path.upperBound
    }

    private static func matches(_ bytes: UnsafeRawBufferPointer, at start: Int, _ text: String) -> Bool {
        bytes[start...].starts(with: text.utf8)
    }

    private static func matchesLowercased(_ bytes: UnsafeRawBufferPointer, at start: Int, _ text: String) -> Bool {
        bytes[start...].lazy.map(asciiLowercased).starts(with: text.utf8)
    }
}
