/// Numbers for people, by look.md "Numbers and dates". A missing or unshowable value is "—".
///
/// Halves round away from zero. The minus is U+2212; spaces inside numbers and before %, units and currencies are U+00A0.
package struct NumberFormat: Sendable {
    package let language: Language

    /// A change and ROI say which way they go; zero never has a sign.
    package enum Sign: Sendable {
        case negativeOnly
        case always
    }

    package static let missing = "—"
    static let noBreakSpace = "\u{A0}"
    static let minus = "\u{2212}"

    package init(_ language: Language) { self.language = language }

    /// "35,882.5": `places` decimals, always all of them.
    package func number(_ value: (some DecimalConvertible)?, places: Int = 0, sign: Sign = .negativeOnly) -> String {
        guard let (mark, digits) = signAndDigits(value, places: places, sign: sign) else { return Self.missing }
        return mark + digits
    }

    /// `value` is in percent already: 19.1 gives "19.1%" or "19,1 %".
    package func percent(_ value: (some DecimalConvertible)?, places: Int = 1, sign: Sign = .negativeOnly) -> String {
        guard let (mark, digits) = signAndDigits(value, places: places, sign: sign) else { return Self.missing }
        return mark + digits + (language == .en ? "%" : Self.noBreakSpace + "%")
    }

    /// Return on investment in percent: one decimal and always a sign, "+124.8%".
    package func roi(_ value: (some DecimalConvertible)?) -> String { percent(value, places: 1, sign: .always) }

    /// A difference of two percentages: "0.12 pp", "0,12 п.п."
    package func points(_ value: (some DecimalConvertible)?, places: Int = 2, sign: Sign = .negativeOnly) -> String {
        guard let (mark, digits) = signAndDigits(value, places: places, sign: sign) else { return Self.missing }
        return mark + digits + Self.noBreakSpace + (language == .en ? "pp" : "п.п.")
    }

    /// `currency` is an ISO 4217 code, or XTR for Telegram Stars. Whole by default; 2 places in logs, dialogs, exports.
    /// A code without a symbol of ours is written as it came, after the number, in every language.
    package func money(
        _ value: (some DecimalConvertible)?, _ currency: String, places: Int = 0, sign: Sign = .negativeOnly
    ) -> String {
        guard let (mark, digits) = signAndDigits(value, places: places, sign: sign) else { return Self.missing }
        let symbol = Self.symbol(of: currency)
        if language == .en, Self.leadsInEnglish.contains(symbol) { return mark + symbol + digits }
        return mark + digits + Self.noBreakSpace + symbol
    }

    /// "$" for USD; the code itself where look.md names no symbol.
    package static func symbol(of currency: String) -> String {
        switch currency {
        case "USD": "$"
        case "EUR": "€"
        case "UAH": "₴"
        case "RUB": "₽"
        case "KZT": "₸"
        case "PLN": "zł"
        case "XTR": "⭐"
        default: currency
        }
    }

    private static let leadsInEnglish: Set<String> = ["$", "€", "₴", "₽", "₸"]

    // MARK: Digits

    private func signAndDigits(
        _ value: (some DecimalConvertible)?, places: Int, sign: Sign
    ) -> (mark: String, digits: String)? {
        let places = min(max(places, 0), 12)
        guard let decimal = value?.decimalNumber, let units = decimal.rounded(places: places) else { return nil }
        let digits = grouped(units, places: places)
        // The sign follows the rounded value: −0.04 with one decimal is "0.0".
        if units == 0 { return ("", digits) }
        if decimal.isNegative { return (Self.minus, digits) }
        return (sign == .always ? "+" : "", digits)
    }

    private func grouped(_ units: UInt128, places: Int) -> String {
        // 128-bit division is slow and hardly ever needed.
        let text = Array((UInt64(exactly: units).map { String($0) } ?? String(units)).utf8)
        let padded = text.count > places ? text : [UInt8](repeating: 48, count: places + 1 - text.count) + text
        let whole = padded.count - places
        var out: [UInt8] = []
        out.reserveCapacity(padded.count + 16)
        for (index, digit) in padded.enumerated() {
            if index == whole {
                out.append(UInt8(ascii: language == .en ? "." : ","))
            } else if index > 0, index < whole, (whole - index) % 3 == 0 {
                if language == .en { out.append(UInt8(ascii: ",")) } else { out.append(contentsOf: [0xC2, 0xA0]) }
            }
            out.append(digit)
        }
        return String(decoding: out, as: UTF8.self)
    }
}
