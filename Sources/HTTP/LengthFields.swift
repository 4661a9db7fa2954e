/// The fields that decide where a request ends and whose it is, gathered while the head is cut.
struct LengthFields {
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
