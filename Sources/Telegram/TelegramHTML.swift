/// Telegram's HTML (reference, telegram.md §1.3), as far as messages of ours use it.
package enum TelegramHTML {
    /// Tags a template may use. Of attributes only a link's address and `blockquote expandable`.
    package static let tags = [
        "b", "strong", "i", "em", "u", "ins", "s", "strike", "del", "code", "pre", "a", "blockquote", "tg-spoiler",
    ]

    /// For text and for attributes in double quotation marks.
    package static func escape(_ text: String) -> String {
        guard text.utf8.contains(where: { "&<>\"".utf8.contains($0) }) else { return text }
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    /// What must not be cut: a letter as people see it, an entity, a tag.
    package enum Piece: Equatable {
        /// Safe in HTML; one `Character`, or one entity.
        case letter(String)
        case open(name: String, text: String)
        case close(name: String)
        /// Looks like a tag and is none of ours.
        case foreign(name: String)
    }

    /// A sign that begins neither a tag nor an entity is a letter, and escaped.
    package static func pieces(_ html: String) -> [Piece] {
        var pieces: [Piece] = []
        var rest = html[...]
        while let letter = rest.first {
            if letter == "<", let (piece, next) = tag(rest) {
                pieces.append(piece)
                rest = rest[next...]
            } else if letter == "&", let end = entityEnd(rest) {
                pieces.append(.letter(String(rest[..<end])))
                rest = rest[end...]
            } else {
                pieces.append(.letter(escape(String(letter))))
                rest = rest.dropFirst()
            }
        }
        return pieces
    }

    /// What is read of it: without tags, entities as the signs they stand for.
    package static func plain(_ html: String) -> String {
        pieces(html).reduce(into: "") { text, piece in
            if case .letter(let letter) = piece { text += sign(letter) }
        }
    }

    private static func sign(_ letter: String) -> String {
        guard letter.utf8.first == UInt8(ascii: "&"), let end = letter.utf8.firstIndex(of: UInt8(ascii: ";")) else {
            return letter
        }
        let name = letter.unicodeScalars[..<end].dropFirst()
        let sign: String? =
            switch String(name) {
            case "lt": "<"
            case "gt": ">"
            case "amp": "&"
            case "quot": "\""
            default: number(name.dropFirst()).flatMap(Unicode.Scalar.init).map { String(Character($0)) }
            }
        // What stands behind it are marks on it.
        return sign.map { $0 + letter.unicodeScalars[end...].dropFirst().map(String.init).joined() } ?? letter
    }

    /// As it stands behind `&#`.
    private static func number(_ digits: Substring.UnicodeScalarView) -> UInt32? {
        let isHexadecimal = digits.first == "x" || digits.first == "X"
        return UInt32(String(isHexadecimal ? digits.dropFirst() : digits), radix: isHexadecimal ? 16 : 10)
    }

    private static func tag(_ text: Substring) -> (Piece, next: Substring.Index)? {
        guard let end = text.utf8.firstIndex(of: UInt8(ascii: ">")) else { return nil }
        let inside = text[text.index(after: text.startIndex)..<end]
        let isClosing = inside.first == "/"
        let content = isClosing ? inside.dropFirst() : inside
        let name = content.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
        guard let first = name.first, first.isLetter else { return nil }
        let attributes = content[name.endIndex...].drop { $0 == " " }
        let lower = name.lowercased()
        let next = text.utf8.index(after: end)
        guard tags.contains(lower), isClosing ? attributes.isEmpty : isAllowed(attributes, in: lower) else {
            return (.foreign(name: lower), next)
        }
        if isClosing { return (.close(name: lower), next) }
        return (.open(name: lower, text: String(text[..<next])), next)
    }

    private static func isAllowed(_ attributes: Substring, in tag: String) -> Bool {
        switch tag {
        case "a":
            guard attributes.hasPrefix("href=\""), attributes.hasSuffix("\"") else { return false }
            let address = attributes.dropFirst(6).dropLast()
            let isLink = ["http://", "https://", "tg://"].contains { address.lowercased().hasPrefix($0) }
            return isLink && !address.contains { $0 == "\"" || $0 == "<" || $0.isNewline }
                && address.utf8.count <= 1_000
        case "blockquote": return attributes.isEmpty || attributes == "expandable"
        default: return attributes.isEmpty
        }
    }

    /// `&lt; &gt; &amp; &quot;` and numbers; others Telegram leaves as they are.
    private static func entityEnd(_ text: Substring) -> Substring.Index? {
        let head = text.utf8.prefix(10)
        guard let end = head.firstIndex(of: UInt8(ascii: ";")) else { return nil }
        let name = Array(head[..<end].dropFirst())
        let isNamed = ["lt", "gt", "amp", "quot"].contains { name.elementsEqual($0.utf8) }
        let isHexadecimal = name.count > 2 && name[0] == UInt8(ascii: "#") && name[1] | 0x20 == UInt8(ascii: "x")
        let isNumber =
            isHexadecimal
            ? name.dropFirst(2).allSatisfy { 48...57 ~= $0 || 0x61...0x66 ~= $0 | 0x20 }
            : name.count > 1 && name[0] == UInt8(ascii: "#") && name.dropFirst().allSatisfy { 48...57 ~= $0 }
        return isNamed || isNumber ? text.utf8.index(after: end) : nil
    }
}
