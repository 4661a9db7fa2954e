/// Finds the string literals of a Swift source, and which of them name a word: the first argument of a call to
/// something called `words` or `Word`. Comments are passed over; code inside interpolations is read too.
struct SwiftLiterals {
    struct Literal: Hashable {
        /// Up to the first interpolation, escapes as written.
        let text: String
        let isInterpolated: Bool
        let isWordName: Bool
        let line: Int
    }

    static func find(in source: [UInt8]) -> [Literal] {
        var scanner = SwiftLiterals(bytes: source)
        scanner.scanCode(untilParenthesis: false, depth: 0)
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

    private func isNext(_ text: StaticString) -> Bool {
        text.withUTF8Buffer { mark in
            mark.indices.allSatisfy { byte(ahead: $0) == mark[$0] }
        }
    }

    private mutating func advance(_ count: Int = 1) {
        for _ in 0..<count where position < bytes.count {
            if bytes[position] == UInt8(ascii: "\n") { line += 1 }
            position += 1
        }
    }

    private mutating func scanCode(untilParenthesis: Bool, depth: Int) {
        var parentheses = 0
        // The identifier that ends right here.
        var identifier = position..<position
        // Stands right after `words(` or `Word(`, white space and comments aside.
        var opensWord = false
        while let byte = byte() {
            if Self.isIdentifierByte(byte) {
                let start = position
                while let next = self.byte(), Self.isIdentifierByte(next) { position += 1 }
                identifier = start..<position
                opensWord = false
                continue
            }
            switch byte {
            case UInt8(ascii: "/") where self.byte(ahead: 1) == UInt8(ascii: "/"):
                while let next = self.byte(), next != UInt8(ascii: "\n") { position += 1 }
                continue
            case UInt8(ascii: "/") where self.byte(ahead: 1) == UInt8(ascii: "*"):
                skipBlockComment()
                continue
            case UInt8(ascii: "\""), UInt8(ascii: "#"):
                guard let hashes = stringStart() else { break }
                scanString(hashes: hashes, isWordName: opensWord, depth: depth)
                opensWord = false
                continue
            case UInt8(ascii: "("):
                opensWord = identifier.upperBound == position && Self.wordCallers.contains(bytes[identifier])
                parentheses += 1
                advance()
                continue
            case UInt8(ascii: ")"):
                parentheses -= 1
                if untilParenthesis, parentheses < 0 { return }
            default:
                break
            }
            if !Self.isSpace(byte) { opensWord = false }
            advance()
        }
    }

    private static let wordCallers: Set<ArraySlice<UInt8>> = [Array("words".utf8)[...], Array("Word".utf8)[...]]

    private mutating func skipBlockComment() {
        var depth = 0
        repeat {
            if isNext("/*") {
                depth += 1
                advance(2)
            } else if isNext("*/") {
                depth -= 1
                advance(2)
            } else {
                advance()
            }
        } while depth > 0 && position < bytes.count
    }

    /// The number of `#` before an opening quote here, nil when no string starts here.
    private func stringStart() -> Int? {
        var hashes = 0
        while byte(ahead: hashes) == UInt8(ascii: "#") { hashes += 1 }
        return byte(ahead: hashes) == UInt8(ascii: "\"") ? hashes : nil
    }

    private mutating func scanString(hashes: Int, isWordName: Bool, depth: Int) {
        let firstLine = line
        advance(hashes)
        let quotes = isNext("\"\"\"") ? 3 : 1
        advance(quotes)
        var text: [UInt8] = []
        var isInterpolated = false
        func ends(_ count: Int, _ mark: UInt8, at offset: Int) -> Bool {
            var index = 0
            while index < count, byte(ahead: offset + index) == mark { index += 1 }
            return index == count
        }
        while let byte = byte() {
            if byte == UInt8(ascii: "\""), ends(quotes, byte, at: 0), ends(hashes, UInt8(ascii: "#"), at: quotes) {
                advance(quotes + hashes)
                break
            }
            // A one-line string that never closes: not Swift; go on with the next line.
            if quotes == 1, byte == UInt8(ascii: "\n") { break }
            if byte == UInt8(ascii: "\\"), ends(hashes, UInt8(ascii: "#"), at: 1) {
                let escaped = self.byte(ahead: 1 + hashes)
                advance(2 + hashes)
                if escaped == UInt8(ascii: "("), depth < Self.deepestInterpolation {
                    isInterpolated = true
                    scanCode(untilParenthesis: true, depth: depth + 1)
                    advance()
                } else if !isInterpolated {
                    text += [byte] + (escaped.map { [$0] } ?? [])
                }
                continue
            }
            if !isInterpolated { text.append(byte) }
            advance()
        }
        literals.append(
            Literal(
                text: String(decoding: text, as: UTF8.self), isInterpolated: isInterpolated, isWordName: isWordName,
                line: firstLine))
    }

    private static func isIdentifierByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...:
            true
        default: false
        }
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
    }
}
