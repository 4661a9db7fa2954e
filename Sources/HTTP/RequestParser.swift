/// Cuts a request head out of received bytes. Pure; keeps only how far it has looked, so each byte is scanned for the end once.
///
/// It takes what RFC 9112 allows and refuses what the RFC calls ambiguous: bare CR or LF (§2.2), white space before the colon
/// (§5.1), folded lines (§5.2), both lengths or any repeated length (§6.3), codings other than `chunked` (§6.1), a missing,
/// second or malformed Host (§3.2). Methods it does not know are refused too: a rest of the request before, glued to a method,
/// is what most smuggled requests look like.
struct RequestParser {
    enum Outcome {
        case incomplete
        /// The head, and how many bytes of the input it took.
        case head(RequestHead, length: Int)
        /// Answer with the status and close: what follows cannot be trusted.
        case refused(Status, String)
    }

    private let limits: Limits
    private var scanned = 0

    init(limits: Limits) {
        self.limits = limits
    }

    /// - Parameter input: all unconsumed bytes; the same prefix as at the last `.incomplete`, with more behind it.
    mutating func parse(_ input: UnsafeRawBufferPointer) -> Outcome {
        // One empty line before a request is skipped (§2.2).
        var start = 0
        if input.count >= 2, input[0] == .carriageReturn, input[1] == .lineFeed { start = 2 }
        guard let end = endOfHead(input, from: max(start, scanned)) else {
            if let refusal = refusalOfUnfinished(input, start: start) { return refusal }
            scanned = max(start, input.count - 3)
            return .incomplete
        }
        scanned = 0
        do throws(Refusal) {
            guard end - start <= limits.head else { throw Refusal(.headerFieldsTooLarge, "the head is too large") }
            let head = try Self.cut(UnsafeRawBufferPointer(rebasing: input[start..<end]), limits: limits)
            return .head(head, length: end)
        } catch {
            // What would have been refused while it was unfinished is refused the same way when it arrives in one piece.
            return refusalOfUnfinished(UnsafeRawBufferPointer(rebasing: input[..<end]), start: start)
                ?? .refused(error.status, error.reason)
        }
    }

    private func endOfHead(_ input: UnsafeRawBufferPointer, from: Int) -> Int? {
        var index = from
        while index + 3 < input.count {
            // The fourth byte decides how far to jump.
            let last = input[index + 3]
            if last == .lineFeed {
                if input[index + 2] == .carriageReturn, input[index + 1] == .lineFeed, input[index] == .carriageReturn {
                    return index + 4
                }
                index += 2
            } else if last == .carriageReturn {
                index += 1
            } else {
                index += 4
            }
        }
        return nil
    }

    private func refusalOfUnfinished(_ input: UnsafeRawBufferPointer, start: Int) -> Outcome? {
        let length = input.count - start
        // A line of exactly the limit is followed by CR LF.
        let longest = limits.requestLine + 2
        if length >= longest, !input[start..<start + longest].contains(.lineFeed) {
            return .refused(.uriTooLong, "the request line is too long")
        }
        // A client that ends lines with a bare LF would otherwise wait for its deadline.
        if let lineFeed = input[start...].firstIndex(of: .lineFeed),
            lineFeed == start || input[lineFeed - 1] != .carriageReturn
        {
            return .refused(.badRequest, "a line ends without CR LF")
        }
        if length > limits.head { return .refused(.headerFieldsTooLarge, "the head is too large") }
        return nil
    }

    struct Refusal: Error {
        let status: Status
        let reason: String
        init(_ status: Status, _ reason: String) {
            self.status = status
            self.reason = reason
        }
        init(_ reason: String) { self.init(.badRequest, reason) }
    }

    /// - Parameter bytes: the whole head, including its closing empty line.
    private static func cut(_ bytes: UnsafeRawBufferPointer, limits: Limits) throws(Refusal) -> RequestHead {
        var head = RequestHead()
        var cursor = try cutRequestLine(bytes, into: &head, limits: limits)
        head.fields.reserveCapacity(12)
        var lengths = LengthFields()
        let end = bytes.count - 2
        while cursor < end {
            let field = try cutField(bytes, at: &cursor)
            guard head.fields.count < limits.headerFields else {
                throw Refusal(.headerFieldsTooLarge, "there are too many header fields")
            }
            try lengths.take(field, of: bytes, into: &head)
            head.fields.append(field)
        }
        try lengths.settle(&head)
        head.bytes = [UInt8](bytes)
        return head
    }

    private static func cutRequestLine(
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

    private static func cutField(_ bytes: UnsafeRawBufferPointer, at cursor: inout Int) throws(Refusal) -> FieldRange {
        let nameStart = cursor
        while isTokenByte(bytes[cursor]) { cursor += 1 }
        let nameLength = cursor - nameStart
        if nameLength == 0, bytes[cursor] == .space || bytes[cursor] == .tab {
            throw Refusal("a header line is folded")
        }
        guard nameLength > 0, bytes[cursor] == UInt8(ascii: ":") else { throw Refusal("a header name is malformed") }
        cursor += 1
        while bytes[cursor] == .space || bytes[cursor] == .tab { cursor += 1 }
        let valueStart = cursor
        while isFieldByte(bytes[cursor]) { cursor += 1 }
        guard bytes[cursor] == .carriageReturn, bytes[cursor + 1] == .lineFeed else {
            throw Refusal("a header value holds a control character")
        }
        var valueEnd = cursor
        while valueEnd > valueStart, bytes[valueEnd - 1] == .space || bytes[valueEnd - 1] == .tab { valueEnd -= 1 }
        cursor += 2
        return FieldRange(
            nameStart: UInt32(nameStart), nameLength: UInt32(nameLength), valueStart: UInt32(valueStart),
            valueLength: UInt32(valueEnd - valueStart))
    }

    private static func matches(_ bytes: UnsafeRawBufferPointer, at start: Int, _ text: String) -> Bool {
        bytes[start...].starts(with: text.utf8)
    }

    private static func matchesLowercased(_ bytes: UnsafeRawBufferPointer, at start: Int, _ text: String) -> Bool {
        bytes[start...].lazy.map(asciiLowercased).starts(with: text.utf8)
    }
}

/// The fields that decide where a request ends and whose it is, gathered while the head is cut.
private struct LengthFields {
    private var contentLength: Int?
    private var codings = TransferCodings()
    private var hosts = 0
    private var closes = false

    mutating func take(
        _ field: FieldRange, of bytes: UnsafeRawBufferPointer, into head: inout RequestHead
    ) throws(RequestParser.Refusal) {
        // Names are told apart by length first: almost every field stops here.
        switch field.nameLength {
        case 4 where isNamed("host", field, bytes):
            let value = Int(field.valueStart)..<Int(field.valueStart + field.valueLength)
            // Empty is how a client says that its URL has no host (§3.2).
            guard value.isEmpty || HostSyntax.isHostAndPort(bytes[value]) else {
                throw RequestParser.Refusal("Host is malformed")
            }
            hosts += 1
            head.hostField = head.fields.count
        case 6 where isNamed("expect", field, bytes):
            guard valueIs("100-continue", field, bytes) else {
                throw RequestParser.Refusal(.expectationFailed, "the only expectation met here is 100-continue")
            }
            head.expectsContinue = true
        case 10 where isNamed("connection", field, bytes):
            if valueHasToken("close", field, bytes) {
                closes = true
            } else if head.isVersion10, valueHasToken("keep-alive", field, bytes) {
                head.keepsAlive = true
            }
        case 14 where isNamed("content-length", field, bytes):
            guard contentLength == nil else { throw RequestParser.Refusal("Content-Length is given twice") }
            contentLength = try length(field, bytes)
        case 17 where isNamed("transfer-encoding", field, bytes):
            codings.take(bytes[Int(field.valueStart)..<Int(field.valueStart + field.valueLength)])
        default: break
        }
    }

    func settle(_ head: inout RequestHead) throws(RequestParser.Refusal) {
        if codings.areGiven {
            guard contentLength == nil else {
                throw RequestParser.Refusal("both Content-Length and Transfer-Encoding are given")
            }
            guard !head.isVersion10 else { throw RequestParser.Refusal("Transfer-Encoding needs HTTP/1.1") }
            guard codings.endWithChunked else {
                throw RequestParser.Refusal("Transfer-Encoding does not end with chunked, once")
            }
            guard codings.areChunkedAlone else {
                throw RequestParser.Refusal(.notImplemented, "the only transfer coding taken here is chunked")
            }
            head.framing = .chunked
        } else if let contentLength, contentLength > 0 {
            head.framing = .length(contentLength)
        }
        // `close` wins wherever it stands; HTTP/1.0 knows no 100 (RFC 9112 §9.3, RFC 9110 §10.1.1).
        if closes { head.keepsAlive = false }
        if head.isVersion10 { head.expectsContinue = false }
        guard hosts <= 1 else { throw RequestParser.Refusal("Host is given twice") }
        guard hosts == 1 || head.isVersion10 else { throw RequestParser.Refusal("Host is missing") }
    }

    private func length(_ field: FieldRange, _ bytes: UnsafeRawBufferPointer) throws(RequestParser.Refusal) -> Int {
        guard field.valueLength > 0, field.valueLength <= 15 else {
            throw RequestParser.Refusal("Content-Length is not a number")
        }
        var value = 0
        for index in 0..<Int(field.valueLength) {
            let byte = bytes[Int(field.valueStart) + index]
            guard isDigit(byte) else { throw RequestParser.Refusal("Content-Length is not a number") }
            value = value * 10 + Int(byte - 0x30)
        }
        return value
    }

    private func isNamed(_ name: StaticString, _ field: FieldRange, _ bytes: UnsafeRawBufferPointer) -> Bool {
        equals(name, bytes, Int(field.nameStart))
    }

    private func valueIs(_ value: StaticString, _ field: FieldRange, _ bytes: UnsafeRawBufferPointer) -> Bool {
        Int(field.valueLength) == value.utf8CodeUnitCount && equals(value, bytes, Int(field.valueStart))
    }

    private func valueHasToken(_ token: String, _ field: FieldRange, _ bytes: UnsafeRawBufferPointer) -> Bool {
        let value = bytes[Int(field.valueStart)..<Int(field.valueStart + field.valueLength)]
        return value.split(separator: UInt8(ascii: ",")).contains { part in
            part.lazy.filter { $0 != .space && $0 != .tab }.map(asciiLowercased).elementsEqual(token.utf8)
        }
    }

    private func equals(_ text: StaticString, _ bytes: UnsafeRawBufferPointer, _ start: Int) -> Bool {
        for index in 0..<text.utf8CodeUnitCount where asciiLowercased(bytes[start + index]) != text.utf8Start[index] {
            return false
        }
        return true
    }
}
