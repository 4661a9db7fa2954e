/// Where one header field lies in the bytes of its head.
struct FieldRange: Hashable, Sendable {
    var nameStart: UInt32
    var nameLength: UInt32
    var valueStart: UInt32
    var valueLength: UInt32
}

/// How the content of a request is delimited (RFC 9112 §6).
enum BodyFraming: Hashable, Sendable {
    case none
    case length(Int)
    case chunked
}

/// A request line and header fields, checked and cut into ranges over their own bytes. Nothing is decoded yet.
struct RequestHead: Sendable {
    var bytes: [UInt8] = []
    var fields: [FieldRange] = []
    var method = Method.get
    var methodRange = 0..<0
    /// The path as sent, without query; "*" for `OPTIONS *`.
    var pathRange = 0..<0
    var queryRange = 0..<0
    /// Host from an absolute-form target, which then outranks the Host field (RFC 9112 §3.2.2).
    var authorityRange: Range<Int>?
    var hostField: Int?
    var isVersion10 = false
    var framing = BodyFraming.none
    var keepsAlive = true
    var expectsContinue = false

    func value(of field: FieldRange) -> ArraySlice<UInt8> {
        let start = Int(field.valueStart)
        return bytes[start..<start + Int(field.valueLength)]
    }

    func name(of field: FieldRange) -> ArraySlice<UInt8> {
        let start = Int(field.nameStart)
        return bytes[start..<start + Int(field.nameLength)]
    }

    /// Whether a field is called `name` (lowercase ASCII), in any case.
    func isNamed(_ name: StaticString, _ field: FieldRange) -> Bool {
        Int(field.nameLength) == name.utf8CodeUnitCount
            && bytes.withUnsafeBufferPointer { equalsLowercased($0, at: Int(field.nameStart), name) }
    }

    private func equalsLowercased(_ buffer: UnsafeBufferPointer<UInt8>, at start: Int, _ name: StaticString) -> Bool {
        for index in 0..<name.utf8CodeUnitCount where asciiLowercased(buffer[start + index]) != name.utf8Start[index] {
            return false
        }
        return true
    }
}

@inline(__always)
func asciiLowercased(_ byte: UInt8) -> UInt8 {
    byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte
}
