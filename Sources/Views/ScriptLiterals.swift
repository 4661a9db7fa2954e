/// Finds the string literals of an ES module, and which of them name a word: the first argument of `word` or `wordIfAny`.
/// Comments are passed over; code inside a template literal's `${}` is read too.
struct ScriptLiterals {
    struct Literal: Hashable {
        /// Up to the first `${`, escapes as written.
        let text: String
        let isInterpolated: Bool
        let isWordName: Bool
        let line: Int
    }

    static func find(in source: [UInt8]) -> [Literal] {
        var scanner = ScriptLiterals(bytes: source)
        scanner.scanCode(untilBrace: false, depth: 0)
        return scanner.literals
    }

    private static let deepestInterpolation = 32

    private let bytes: [UInt8]
    private var position = 0
    private var line = 1
    private var literals: [Literal] = []

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private func byte(ahead: Int = 0) -> UInt8? {
        position + ahead < bytes.count ? bytes[position + ahead] : nil
    }

    private mutating func advance(_ count: Int = 1) {
        for _ in 0..<count where position < bytes.count {
            if bytes[position] == UInt8(ascii: "\n") { line += 1 }
            position += 1
        }
    }

    private mutating func scanCode(untilBrace: Bool, depth: Int) {
        var braces = 0
        while let byte = byte() {
            switch (byte, self.byte(ahead: 1)) {
            case (UInt8(ascii: "/"), UInt8(ascii: "/")):
                while let next = self.byte(), next != UInt8(ascii: "\n") { advance() }
            case (UInt8(ascii: "/"), UInt8(ascii: "*")):
                advance(2)
                while self.byte() != nil,
                    !(self.byte() == UInt8(ascii: "*") && self.byte(ahead: 1) == UInt8(ascii: "/"))
                { advance() }
                advance(2)
            case (UInt8(ascii: "\""), _), (UInt8(ascii: "'"), _), (UInt8(ascii: "`"), _):
                scanString(quote: byte, depth: depth)
            case (UInt8(ascii: "{"), _):
                braces += 1
                advance()
            case (UInt8(ascii: "}"), _):
                braces -= 1
                if untilBrace, braces < 0 { return }
                advance()
            default:
                advance()
            }
        }
    }

    private mutating func scanString(quote: UInt8, depth: Int) {
        let isWordName = followsCall(of: "word") || followsCall(of: "wordIfAny")
        let firstLine = line
        advance()
        let start = position
        var end: Int?
        while let byte = byte(), byte != quote {
            // A string that never closes: not a script; go on with the next line.
            if quote != UInt8(ascii: "`"), byte == UInt8(ascii: "\n") { break }
            if quote == UInt8(ascii: "`"), byte == UInt8(ascii: "$"), self.byte(ahead: 1) == UInt8(ascii: "{") {
                end = end ?? position
                advance(2)
                if depth < Self.deepestInterpolation { scanCode(untilBrace: true, depth: depth + 1) }
                continue
            }
            advance(byte == UInt8(ascii: "\\") ? 2 : 1)
        }
        literals.append(
            Literal(
                text: String(decoding: bytes[start..<(end ?? position)], as: UTF8.self), isInterpolated: end != nil,
                isWordName: isWordName, line: firstLine))
        advance()
    }

    /// Whether the position stands right behind `name(`, which is a name of its own.
    private func followsCall(of name: StaticString) -> Bool {
        name.withUTF8Buffer { name in
            let start = position - name.count - 1
            guard start >= 0, bytes[position - 1] == UInt8(ascii: "("),
                bytes[start..<(position - 1)].elementsEqual(name)
            else { return false }
            guard start > 0 else { return true }
            switch bytes[start - 1] {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"),
                UInt8(ascii: "$"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."):
                return false
            default: return true
            }
        }
    }
}
