/// Escapes text for element content and quoted attributes. Clean runs are copied whole.
enum HTMLEscape {
    static func append(_ text: String, to out: inout [UInt8]) {
        var text = text
        text.withUTF8 { append($0, to: &out) }
    }

    static func append(_ bytes: UnsafeBufferPointer<UInt8>, to out: inout [UInt8]) {
        var clean = 0
        var index = 0
        while index < bytes.count {
            if let entity = entity(for: bytes[index]) {
                out.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[clean..<index]))
                entity.withUTF8Buffer { out.append(contentsOf: $0) }
                clean = index + 1
            }
            index += 1
        }
        out.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[clean..<bytes.count]))
    }

    @inline(__always)
    private static func entity(for byte: UInt8) -> StaticString? {
        switch byte {
        case UInt8(ascii: "&"): "&amp;"
        case UInt8(ascii: "<"): "&lt;"
        case UInt8(ascii: ">"): "&gt;"
        case UInt8(ascii: "\""): "&quot;"
        case UInt8(ascii: "'"): "&#39;"
        default: nil
        }
    }
}
