/// One word of one language, cut at its placeholders when the files are read.
enum WordText: Hashable, Sendable {
    case plain([Piece])
    /// Indexed as `PluralCategory.allCases`; a form the language never asks for holds the nearest one it has.
    case plural([[Piece]])

    enum Piece: Hashable, Sendable {
        case text(String, escaped: [UInt8])
        case placeholder(ViewKey, name: String)
    }

    /// The value that chooses a plural form.
    static let count: ViewKey = "count"

    /// The pieces to write; without a whole count a plural takes its `other` form.
    func form(for count: ViewValue?, _ language: Language) -> [Piece] {
        switch self {
        case .plain(let pieces):
            return pieces
        case .plural(let forms):
            var category = PluralCategory.other
            if case .integer(let number)? = count { category = PluralRule.category(of: number, in: language) }
            let index = PluralCategory.allCases.firstIndex(of: category) ?? 0
            return index < forms.count ? forms[index] : []
        }
    }

    var placeholders: Set<String> {
        let forms =
            switch self {
            case .plain(let pieces): [pieces]
            case .plural(let forms): forms
            }
        return Set(
            forms.joined().compactMap { piece in
                if case .placeholder(_, let name) = piece { name } else { nil }
            })
    }

    var isPlural: Bool {
        if case .plural = self { true } else { false }
    }

    /// Cuts "{count} of {total}". Doubled braces stand for one brace, so that `{{subid}}` shows a Keitaro macro.
    /// Nil for a brace without its partner or a placeholder whose name is not lower-case letters, digits and `_`.
    static func pieces(of text: String) -> [Piece]? {
        var pieces: [Piece] = []
        var literal: [UInt8] = []
        var rest = Array(text.utf8)[...]
        func flush() {
            guard !literal.isEmpty else { return }
            let text = String(decoding: literal, as: UTF8.self)
            var escaped: [UInt8] = []
            HTMLEscape.append(text, to: &escaped)
            pieces.append(.text(text, escaped: escaped))
            literal = []
        }
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "{") where rest.first == byte, UInt8(ascii: "}") where rest.first == byte:
                rest.removeFirst()
                literal.append(byte)
            case UInt8(ascii: "{"):
                guard let end = rest.firstIndex(of: UInt8(ascii: "}")) else { return nil }
                let name = rest[..<end]
                guard !name.isEmpty, name.allSatisfy(isPlaceholderByte) else { return nil }
                flush()
                pieces.append(.placeholder(ViewKey(name), name: String(decoding: name, as: UTF8.self)))
                rest = rest[(end + 1)...]
            case UInt8(ascii: "}"):
                return nil
            default:
                literal.append(byte)
            }
        }
        flush()
        return pieces
    }

    private static func isPlaceholderByte(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || byte == UInt8(ascii: "_")
            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}
