import Base
import Telegram
import Views

/// The text of a message, with placeholders in braces: `Кампания: {campaign_name}`.
///
/// A line whose placeholders are all unknown is left out, and so is such a part of a line between ` | `. Values are escaped; the
/// text itself may use Telegram's tags. A brace that holds no name is a brace.
package struct MessageTemplate: Hashable, Sendable {
    /// Longer ones are refused: a message has 4,096 characters.
    package static let limit = 3_000

    package let source: String
    private let lines: [[Segment]]

    private enum Token: Hashable {
        case text(String)
        case placeholder(MessagePlaceholder)
    }

    /// What stands between two ` | `.
    private typealias Segment = [Token]

    /// The first problem, from the left.
    package init(_ source: String) throws(MessageTemplateProblem) {
        guard source.utf16.count <= Self.limit else { throw .tooLong(limit: Self.limit) }
        guard !source.allSatisfy(\.isWhitespace) else { throw .empty }
        self.source = source
        var lines: [[Segment]] = []
        for line in source.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            var segments: [Segment] = []
            for part in Self.parts(of: line) { segments.append(try Self.tokens(part)) }
            lines.append(segments)
        }
        self.lines = lines
        try Self.checkTags(lines)
    }

    /// Telegram's HTML; cut it with ``MessageSplit``.
    package func html(_ postback: Postback, in language: Language) -> String {
        var result: [String] = []
        for segments in lines {
            let shown = segments.map { render($0, postback, language) }
            let hasPlaceholders = shown.contains { $0.placeholders > 0 }
            guard !hasPlaceholders || shown.contains(where: { $0.filled > 0 }) else { continue }
            result.append(
                shown.filter { $0.placeholders == 0 || $0.filled > 0 }.map(\.text).joined(separator: " | "))
        }
        return result.joined(separator: "\n")
    }

    private func render(
        _ segment: Segment, _ postback: Postback, _ language: Language
    ) -> (text: String, placeholders: Int, filled: Int) {
        var text = ""
        var placeholders = 0
        var filled = 0
        for token in segment {
            switch token {
            case .text(let written): text += written
            case .placeholder(let placeholder):
                let value = placeholder.value(of: postback, in: language)
                if !placeholder.isAlwaysKnown {
                    placeholders += 1
                    if !value.isEmpty { filled += 1 }
                }
                text += TelegramHTML.escape(value)
            }
        }
        return (text, placeholders, filled)
    }

    private static func parts(of line: Substring) -> [Substring] {
        var parts: [Substring] = []
        var start = line.startIndex
        var index = line.startIndex
        while index < line.endIndex {
            if line[index...].hasPrefix(" | ") {
                parts.append(line[start..<index])
                index = line.index(index, offsetBy: 3)
                start = index
            } else {
                index = line.index(after: index)
            }
        }
        return parts + [line[start...]]
    }

    private static func tokens(_ part: Substring) throws(MessageTemplateProblem) -> Segment {
        var tokens: Segment = []
        var text = ""
        var rest = part
        while let letter = rest.first {
            rest = rest.dropFirst()
            guard letter == "{", let end = rest.firstIndex(of: "}"), isName(rest[..<end]) else {
                text.append(letter)
                continue
            }
            let name = String(rest[..<end])
            guard let placeholder = MessagePlaceholder(name) else { throw .unknownPlaceholder(String(name.prefix(64))) }
            tokens.append(.text(text))
            tokens.append(.placeholder(placeholder))
            text = ""
            rest = rest[rest.index(after: end)...]
        }
        tokens.append(.text(text))
        return tokens
    }

    private static func isName(_ text: Substring) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { 0x61...0x7A ~= $0 | 0x20 || 48...57 ~= $0 || $0 == UInt8(ascii: "_") }
    }

    private static func checkTags(_ lines: [[Segment]]) throws(MessageTemplateProblem) {
        let written = lines.flatMap { $0 }.flatMap { $0 + [.text(" ")] }.map { token in
            if case .text(let text) = token { text } else { "x" }
        }
        var open: [String] = []
        for piece in TelegramHTML.pieces(written.joined()) {
            switch piece {
            case .letter: break
            case .foreign(let name): throw .unsupportedTag(String(name.prefix(64)))
            case .open(let name, _): open.append(name)
            case .close(let name): guard open.popLast() == name else { throw .unmatchedTag(name) }
            }
        }
        if let name = open.last { throw .unmatchedTag(name) }
    }
}

/// Why a text is no template.
package enum MessageTemplateProblem: Error, Hashable, Sendable {
    case empty
    /// In UTF-16 units.
    case tooLong(limit: Int)
    case unknownPlaceholder(String)
    case unsupportedTag(String)
    /// Opened and not closed, or the other way round.
    case unmatchedTag(String)

    /// For a person.
    package var word: Word {
        switch self {
        case .empty: Word("error.template.empty")
        case .tooLong(let limit): Word("error.template.too_long", ["limit": .integer(Int64(limit))])
        case .unknownPlaceholder(let name): Word("error.template.placeholder", ["name": .string(name)])
        case .unsupportedTag(let name): Word("error.template.tag", ["name": .string(name)])
        case .unmatchedTag(let name): Word("error.template.unmatched", ["name": .string(name)])
        }
    }
}
