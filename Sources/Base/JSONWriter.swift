extension JSON {
    /// The compact form in UTF-8, members in their order. `insideHTML` also escapes `<`, `>`, `&` and the two line
    /// separators, so the text may stand in a `<script type="application/json">` element; it is JSON either way.
    package func write(into out: inout [UInt8], insideHTML: Bool = false) {
        switch self {
        case .null: out.append(contentsOf: "null".utf8)
        case .bool(let value): out.append(contentsOf: (value ? "true" : "false").utf8)
        case .integer(let value): Self.write(value, into: &out)
        case .number(let value): out.append(contentsOf: (value.isFinite ? value.description : "null").utf8)
        case .string(let value): Self.write(value, into: &out, insideHTML: insideHTML)
        case .array(let elements):
            out.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { out.append(UInt8(ascii: ",")) }
                element.write(into: &out, insideHTML: insideHTML)
            }
            out.append(UInt8(ascii: "]"))
        case .object(let object):
            out.append(UInt8(ascii: "{"))
            for (index, member) in object.members.enumerated() {
                if index > 0 { out.append(UInt8(ascii: ",")) }
                Self.write(member.key, into: &out, insideHTML: insideHTML)
                out.append(UInt8(ascii: ":"))
                member.value.write(into: &out, insideHTML: insideHTML)
            }
            out.append(UInt8(ascii: "}"))
        }
    }

    package var bytes: [UInt8] {
        var out: [UInt8] = []
        write(into: &out)
        return out
    }

    package var text: String { String(decoding: bytes, as: UTF8.self) }

    /// `text` with `insideHTML`.
    package var htmlText: String {
        var out: [UInt8] = []
        write(into: &out, insideHTML: true)
        return String(decoding: out, as: UTF8.self)
    }

    /// A string with its quotes, for output that is written piece by piece.
    package static func write(_ string: String, into out: inout [UInt8], insideHTML: Bool = false) {
        out.append(UInt8(ascii: "\""))
        var copy = string
        copy.withUTF8 { bytes in
            var plain = 0
            for at in 0..<bytes.count {
                let byte = bytes[at]
                guard
                    byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte == 0x7F
                        || (insideHTML && Self.isMarkup(bytes, at))
                else { continue }
                out.append(contentsOf: bytes[plain..<at])
                plain = at + (byte == 0xE2 ? 3 : 1)
                writeEscape(byte == 0xE2 ? 0x2000 | UInt16(bytes[at + 2] & 0x3F) : UInt16(byte), into: &out)
            }
            out.append(contentsOf: bytes[plain...])
        }
        out.append(UInt8(ascii: "\""))
    }

    /// U+2028 and U+2029 are E2 80 A8 and E2 80 A9; a String's bytes are valid UTF-8, so the tail is there.
    private static func isMarkup(_ bytes: UnsafeBufferPointer<UInt8>, _ at: Int) -> Bool {
        switch bytes[at] {
        case UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "&"): true
        case 0xE2: at + 2 < bytes.count && bytes[at + 1] == 0x80 && (bytes[at + 2] == 0xA8 || bytes[at + 2] == 0xA9)
        default: false
        }
    }

    private static func writeEscape(_ unit: UInt16, into out: inout [UInt8]) {
        switch unit {
        case 0x22: out.append(contentsOf: #"\""#.utf8)
        case 0x5C: out.append(contentsOf: #"\\"#.utf8)
        case 0x0A: out.append(contentsOf: #"\n"#.utf8)
        case 0x0D: out.append(contentsOf: #"\r"#.utf8)
        case 0x09: out.append(contentsOf: #"\t"#.utf8)
        case 0x08: out.append(contentsOf: #"\b"#.utf8)
        case 0x0C: out.append(contentsOf: #"\f"#.utf8)
        default:
            out.append(contentsOf: #"\u"#.utf8)
            for shift in [12, 8, 4, 0] { out.append(Hex.digit(UInt8(unit >> UInt16(shift) & 0xF))) }
        }
    }

    private static func write(_ value: Int64, into out: inout [UInt8]) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
            var rest = value.magnitude
            var start = 20
            repeat {
                start -= 1
                digits[start] = UInt8(ascii: "0") + UInt8(rest % 10)
                rest /= 10
            } while rest > 0
            if value < 0 { out.append(UInt8(ascii: "-")) }
            out.append(contentsOf: digits[start..<20])
        }
    }
}
