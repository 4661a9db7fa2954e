import Base

/// The words of one language, for Swift code: `words("flow.changes", ["count": .integer(3), "flow": .string("Flow 2")])`.
/// Two references: cheap to pass along with a request. Plain text comes back, not HTML.
package struct Words: Sendable {
    package let language: Language
    package let book: WordBook

    package init(_ book: WordBook, _ language: Language) {
        self.book = book
        self.language = language
    }

    package var numbers: NumberFormat { NumberFormat(language) }

    /// In UTC.
    package var dates: DateFormat { DateFormat(language, offsetMinutes: 0) }

    /// "21 Nov 2026, 14:32 UTC"
    package func utc(_ time: Timestamp) -> String { "\(dates.dateTime(time)) UTC" }

    /// What a `<time>` shows: `iso` for the page's script, which writes it in the reader's zone, and `text` until then. Null without a
    /// time.
    package func time(_ time: Timestamp?) -> ViewValue {
        time.map { ["iso": .string($0.iso8601), "text": .string(utc($0))] } ?? nil
    }

    /// `count` chooses a plural's form; whole numbers are grouped as the language groups them.
    ///
    /// Never silent and never a trap: an unknown name comes back as "[flow.changes]", a placeholder without a value stays
    /// as "{count}". `WordCheck` keeps unknown names from reaching a release.
    package func callAsFunction(_ name: String, _ values: ViewObject = [:]) -> String {
        guard let number = book.number(of: name) else { return "[\(name)]" }
        var text = ""
        for piece in book.texts(language)[number].form(for: values[WordText.count], language) {
            switch piece {
            case .text(let literal, _): text += literal
            case .placeholder(let key, let name): text += filling(values[key]) ?? "{\(name)}"
            }
        }
        return text
    }

    package func callAsFunction(_ word: Word) -> String { self(word.name, word.values) }

    private func filling(_ value: ViewValue?) -> String? {
        switch value {
        case .string(let text)?: text
        case .integer(let number)?: numbers.number(number)
        case .number(let number)?: number.description
        case .bool(let flag)?: flag ? "true" : "false"
        case .html(let bytes)?: String(decoding: bytes, as: UTF8.self)
        case .null?: ""
        case .list?, .object?, nil: nil
        }
    }
}
