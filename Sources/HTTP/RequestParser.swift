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

    /// The first offence in the order of the bytes, so that it is the same in whatever pieces they come.
    private func refusalOfUnfinished(_ input: UnsafeRawBufferPointer, start: Int) -> Outcome? {
        let length = input.count - start
        let bareEnd = seenAtBareLineEnd(input, start: start) ?? .max
        // A line of exactly the limit is followed by CR LF.
        let longest = limits.requestLine + 2
        if length >= longest, longest < bareEnd, !input[start..<start + longest].contains(.lineFeed) {
            return .refused(.uriTooLong, "the request line is too long")
        }
        if bareEnd <= limits.head + 1 { return .refused(.badRequest, "a line ends without CR LF") }
        if length > limits.head { return .refused(.headerFieldsTooLarge, "the head is too large") }
        return nil
    }

    /// How many bytes show that a line ends with LF or CR alone; its client would otherwise wait for its deadline. Looks at what has
    /// come since the last time.
    private func seenAtBareLineEnd(_ input: UnsafeRawBufferPointer, start: Int) -> Int? {
        for index in max(start, scanned)..<max(start, scanned, input.count) {
            switch input[index] {
            case .lineFeed where index == start || input[index - 1] != .carriageReturn: return index + 1 - start
            case .carriageReturn where index + 1 < input.count && input[index + 1] != .lineFeed:
                return index + 2 - start
            default: continue
            }
        }
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
}
