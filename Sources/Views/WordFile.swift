/// Reads one words file: JSON (RFC 8259) of objects and strings only.
///
/// Stricter than JSON in general on purpose: a name given twice is an error, because the general reader would drop one of
/// the two texts without a word, and every entry keeps its line for the report.
struct WordFile {
    /// A text with its dotted name: ("flow.changes.one", line 12, "{count} change").
    struct Entry: Hashable {
        let name: [String]
        let line: Int
        let text: String
    }

    private static let deepestNesting = 8

    private let file: String
    private let bytes: [UInt8]
    private var position = 0
    /// Line breaks stand between tokens only, so passing over space is what counts them.
    private var line = 1
    private var entries: [Entry] = []

    static func read(file: String, bytes: [UInt8]) throws(ViewError) -> [Entry] {
        var reader = WordFile(file: file, bytes: bytes)
        reader.skipSpace()
        try reader.readObject(inside: [])
        reader.skipSpace()
        if reader.position < bytes.count { throw reader.problem("something follows the last brace") }
        return reader.entries
    }

    private init(file: String, bytes: [UInt8]) {
        self.file = file
        self.bytes = bytes
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func readObject(inside path: [String]) throws(ViewError) {
        guard path.count < Self.deepestNesting else { throw problem("objects nest deeper than \(Self.deepestNesting)") }
        try expect("{")
        var seen: Set<String> = []
        skipSpace()
        if take("}") { return }
        repeat {
            skipSpace()
            let name = try readString()
            guard Self.isName(name) else {
                throw problem("\"\(name)\" is not a name: lower-case letters, digits and \"_\"")
            }
            guard seen.insert(name).inserted else { throw problem("\"\(name)\" is given twice") }
            skipSpace()
            try expect(":")
            skipSpace()
            if next == UInt8(ascii: "{") {
                try readObject(inside: path + [name])
            } else {
                let line = line
                entries.append(Entry(name: path + [name], line: line, text: try readString()))
            }
            skipSpace()
        } while take(",")
        try expect("}")
    }

    private mutating func readString() throws(ViewError) -> String {
        guard take("\"") else { throw problem("a string or an object belongs here") }
        var text: [UInt8] = []
        while let byte = next {
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let string = String(validating: text, as: UTF8.self) else { throw problem("text is not UTF-8") }
                return string
            case UInt8(ascii: "\\"):
                try text.append(contentsOf: String(readEscape()).utf8)
            case 0..<0x20:
                throw problem("a line break or control mark inside a string")
            default:
                text.append(byte)
            }
        }
        throw problem("string is never closed")
    }

    private mutating func readEscape() throws(ViewError) -> Unicode.Scalar {
        guard let byte = next else { throw problem("string is never closed") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "u"):
            let unit = try readHex()
            if let scalar = Unicode.Scalar(unit) { return scalar }
            guard (0xD800...0xDBFF).contains(unit), take("\\"), take("u") else { break }
            let low = try readHex()
            guard (0xDC00...0xDFFF).contains(low) else { break }
            if let scalar = Unicode.Scalar(0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)) { return scalar }
        default: break
        }
        throw problem("unknown escape in a string")
    }

    private mutating func readHex() throws(ViewError) -> UInt32 {
        guard position + 4 <= bytes.count, bytes[position..<position + 4].allSatisfy(Self.isHexDigit),
            let value = UInt32(String(decoding: bytes[position..<position + 4], as: UTF8.self), radix: 16)
        else { throw problem("\\u needs four hexadecimal digits") }
        position += 4
        return value
    }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D {
            if byte == 0x0A { line += 1 }
            position += 1
        }
    }

    private mutating func take(_ mark: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: mark) else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ mark: Unicode.Scalar) throws(ViewError) {
        guard take(mark) else { throw problem("expected \"\(mark)\"") }
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"):
            true
        default: false
        }
    }

    private static func isName(_ name: String) -> Bool {
        !name.isEmpty
            && name.utf8.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || byte == UInt8(ascii: "_")
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            }
    }

    private func problem(_ reason: String) -> ViewError {
        ViewError([ViewProblem(file: file, line: line, reason: reason)])
    }
}
