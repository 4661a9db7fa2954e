import Base

/// Names of currencies beside amounts and in the `currency` parameter.
package enum Currency {
    /// The ISO code for a sign, a word or a code; empty for an empty text, nil for one that is none of these.
    package static func code(of text: String) -> String? {
        var plain = text.trimmingSpaces()
        while plain.last == "." { plain = plain.dropLast() }
        if plain.isEmpty { return "" }
        if let known = signs[plain.lowercased()] { return known }
        let isCode = 3...5 ~= plain.utf8.count && plain.utf8.allSatisfy { 0x61...0x7A ~= $0 | 0x20 }
        return isCode ? plain.uppercased() : nil
    }

    /// As sent when it is no currency of ours.
    package static func normalised(_ text: String) -> String {
        code(of: text) ?? text
    }

    private static let signs = [
        "$": "USD", "us$": "USD", "€": "EUR", "£": "GBP", "₴": "UAH", "грн": "UAH", "₽": "RUB", "руб": "RUB",
        "р": "RUB",
        "₸": "KZT", "тг": "KZT", "zł": "PLN", "zl": "PLN", "₹": "INR", "₺": "TRY", "⭐": "XTR", "⭐️": "XTR",
    ]
}
