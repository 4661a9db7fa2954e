/// A message's text as Telegram reads it: HTML of its own few tags (reference, telegram.md §1.3), or plain.
package struct TelegramText: Hashable, Sendable {
    /// Why Telegram refuses it, in its words.
    package struct Refusal: Error, Hashable { package let description: String }

    /// Without tags.
    package private(set) var plain = ""
    /// The same for a web page: only tags that mean the same there, everything else escaped.
    package private(set) var html = ""

    package init(_ text: String, isHTML: Bool) throws(Refusal) {
        if isHTML { try read(text) } else { add(text) }
        guard plain.contains(where: { !$0.isWhitespace }) else {
            throw Refusal(description: "Bad Request: message text is empty")
        }
        guard plain.unicodeScalars.count <= 4096 else {
            throw Refusal(description: "Bad Request: message is too long")
        }
    }

    /// Telegram's tags and those of a page.
    private static let tags = [
        "b": "b", "strong": "b", "i": "i", "em": "i", "u": "u", "ins": "u", "s": "s", "strike": "s", "del": "s",
        "code": "code", "pre": "pre", "a": "u", "blockquote": "blockquote", "span": "span", "tg-spoiler": "span",
        "tg-emoji": "span", "tg-time": "span",
    ]

    private mutating func read(_ text: String) throws(Refusal) {
        var open: [String] = []
        var rest = text[...]
        while let next = rest.first {
            switch next {
            case "<":
                let offset = plain.utf8.count
                guard let end = rest.firstIndex(of: ">") else {
                    throw Refusal(
                        description: "Bad Request: can't parse entities: Unclosed start tag at byte offset \(offset)")
                }
                var tag = rest[rest.index(after: rest.startIndex)..<end]
                rest = rest[rest.index(after: end)...]
                let isEnd = tag.hasPrefix("/")
                if isEnd { tag = tag.dropFirst() }
                let name = String(tag.prefix { $0 != " " }).lowercased()
                guard let shown = Self.tags[name] else {
                    throw Refusal(
                        description:
                            "Bad Request: can't parse entities: Unsupported start tag \"\(name)\" at byte offset \(offset)"
                    )
                }
                if isEnd {
                    guard open.popLast() == name else {
                        throw Refusal(
                            description: "Bad Request: can't parse entities: Unmatched end tag at byte offset \(offset)"
                        )
                    }
                    html += "</\(shown)>"
                } else {
                    open.append(name)
                    html += "<\(shown)>"
                }
            case "&":
                let end = rest.prefix(10).firstIndex(of: ";")
                if let end, let character = Self.entity(rest[rest.index(after: rest.startIndex)..<end]) {
                    add(character)
                    rest = rest[rest.index(after: end)...]
                } else {
                    add("&")
                    rest = rest.dropFirst()
                }
            default:
                add(String(next))
                rest = rest.dropFirst()
            }
        }
        guard open.isEmpty else {
            throw Refusal(
                description:
                    "Bad Request: can't parse entities: Can't find end tag corresponding to start tag \"\(open.last ?? "")\""
            )
        }
    }

    private mutating func add(_ text: String) {
        plain += text
        for character in text {
            switch character {
            case "<": html += "&lt;"
            case ">": html += "&gt;"
            case "&": html += "&amp;"
            case "\"": html += "&quot;"
            default: html.append(character)
            }
        }
    }

    private static func entity(_ name: Substring) -> String? {
        switch name {
        case "lt": return "<"
        case "gt": return ">"
        case "amp": return "&"
        case "quot": return "\""
        default:
            guard name.hasPrefix("#") else { return nil }
            let digits = name.dropFirst()
            let code = digits.hasPrefix("x") ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
            return code.flatMap { Unicode.Scalar($0) }.map { String(Character($0)) }
        }
    }
}
