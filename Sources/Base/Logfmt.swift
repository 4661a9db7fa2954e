/// One record being written as `key=value key="value with spaces"`. Nothing that a key or a value holds can end the
/// line or start another key: what could is escaped or replaced.
package struct Logfmt {
    private var bytes: [UInt8] = []

    package init() {
        bytes.reserveCapacity(192)
    }

    package mutating func append(_ key: String, _ value: String, alwaysQuoted: Bool = false) {
        if !bytes.isEmpty { bytes.append(UInt8(ascii: " ")) }
        append(key: key)
        bytes.append(UInt8(ascii: "="))
        if !alwaysQuoted, Self.isPlain(value) {
            bytes.append(contentsOf: value.utf8)
        } else {
            bytes.append(UInt8(ascii: "\""))
            for scalar in value.unicodeScalars { append(escaping: scalar) }
            bytes.append(UInt8(ascii: "\""))
        }
    }

    /// The line with its newline.
    package consuming func record() -> [UInt8] {
        bytes.append(UInt8(ascii: "\n"))
        return bytes
    }

    /// Keys are ours, not a visitor's; one that is not a word is still made into one.
    private mutating func append(key: String) {
        if key.isEmpty { bytes.append(UInt8(ascii: "_")) }
        for byte in key.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."):
                bytes.append(byte)
            default: bytes.append(UInt8(ascii: "_"))
            }
        }
    }

    private static func isPlain(_ value: String) -> Bool {
        !value.isEmpty
            && value.utf8.allSatisfy { byte in
                0x21...0x7E ~= byte && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "=")
                    && byte != UInt8(ascii: "\\")
            }
    }

    private mutating func append(escaping scalar: Unicode.Scalar) {
        switch scalar {
        case "\"": bytes.append(contentsOf: #"\""#.utf8)
        case "\\": bytes.append(contentsOf: #"\\"#.utf8)
        case "\n": bytes.append(contentsOf: #"\n"#.utf8)
        case "\r": bytes.append(contentsOf: #"\r"#.utf8)
        case "\t": bytes.append(contentsOf: #"\t"#.utf8)
        default:
            // Controls (C0, DEL, C1), line separators and the marks that reorder text on a terminal.
            let isHostile: Bool =
                switch scalar.value {
                case 0...0x1F, 0x7F...0x9F, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF: true
                default: false
                }
            if isHostile {
                let hex = String(scalar.value, radix: 16)
                bytes.append(contentsOf: "\\u\(String(repeating: "0", count: 4 - hex.count))\(hex)".utf8)
            } else {
                bytes.append(contentsOf: String(scalar).utf8)
            }
        }
    }
}
