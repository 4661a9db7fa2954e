import Base

/// An amount as people and networks write it: `1 234,50`, `$12.5`, `1.234,50`, `100 USD`, `−5`.
package struct WrittenAmount: Hashable, Sendable {
    package let amount: Amount
    /// An ISO code when a sign or letters beside the number say it, else empty.
    package let currency: String

    /// Nil when no number can be read without guessing.
    ///
    /// A point or comma that stands last and once separates the decimals, with one exception: `1,234` alone, a comma before
    /// exactly three digits, is a thousand. `1.234` is not, for programs write a point.
    package init?(_ text: String) {
        guard text.utf8.count <= 64 else { return nil }
        var number: [UInt8] = []
        // What stands before, between and behind the digits.
        var words = [""]
        var isNegative = false
        for scalar in text.unicodeScalars {
            switch scalar {
            // The full stop of `руб.` is no part of the number.
            case "." where number.isEmpty && words[0].unicodeScalars.last?.properties.isAlphabetic == true: break
            case "0"..."9", ".", ",":
                number.append(UInt8(ascii: scalar))
                if words.last?.isEmpty == false { words.append("") }
            case "'", "’": number.append(UInt8(ascii: "'"))
            case " ", "\u{A0}", "\u{2009}", "\u{202F}", "\t":
                if !number.isEmpty { number.append(UInt8(ascii: " ")) }
            case "-", "\u{2212}":
                guard !isNegative, !number.contains(where: { 48...57 ~= $0 }) else { return nil }
                isNegative = true
            case "+": guard number.isEmpty, !isNegative else { return nil }
            default: words[words.count - 1].unicodeScalars.append(scalar)
            }
        }
        while number.last == UInt8(ascii: " ") { number.removeLast() }
        if number.last == UInt8(ascii: "."), words[0] != "" || words.count > 1 { number.removeLast() }
        while number.last == UInt8(ascii: " ") { number.removeLast() }
        guard let currency = Self.currency(words), let canonical = Self.canonical(number) else { return nil }
        self.amount = Amount(canonical: isNegative && canonical != "0" ? "-" + canonical : canonical)
        self.currency = currency
    }

    /// Of `US$12`, and of `$12.5 USD`, which says it twice; nil when they don't agree or say something else.
    private static func currency(_ words: [String]) -> String? {
        if let code = Currency.code(of: words.joined()) { return code }
        let codes = words.filter { !$0.isEmpty }.map { Currency.code(of: $0) }
        guard let first = codes.first, codes.allSatisfy({ $0 == first }) else { return nil }
        return first
    }

    private static func canonical(_ number: [UInt8]) -> String? {
        let comma = UInt8(ascii: ",")
        let point = UInt8(ascii: ".")
        guard number.contains(where: { 48...57 ~= $0 }) else { return nil }
        let commas = number.count { $0 == comma }
        let points = number.count { $0 == point }
        var decimals: UInt8?
        switch (commas, points) {
        case (0, 0): decimals = nil
        case (1, 0): decimals = isThousands(number, comma) ? nil : comma
        case (0, 1): decimals = point
        case (_, 0), (0, _): decimals = nil
        default:
            guard let last = number.last(where: { $0 == comma || $0 == point }) else { return nil }
            decimals = last
        }
        let parts = decimals.map { number.split(separator: $0, omittingEmptySubsequences: false) } ?? [number[...]]
        guard parts.count <= 2, let first = parts.first, let whole = ungrouped(first) else { return nil }
        let fraction = parts.count == 2 ? Array(parts[1]) : []
        guard fraction.allSatisfy({ 48...57 ~= $0 }), !(whole.isEmpty && fraction.isEmpty) else { return nil }
        var kept = fraction.prefix(8)[...]
        while kept.last == 48 { kept.removeLast() }
        let significant = whole.drop { $0 == 48 }
        guard significant.count <= 18 else { return nil }
        let head = significant.isEmpty ? "0" : String(decoding: significant, as: UTF8.self)
        return kept.isEmpty ? head : head + "." + String(decoding: kept, as: UTF8.self)
    }

    /// `1,234`, but not `0,234`, `1234,567` or `1 234,567`.
    private static func isThousands(_ number: [UInt8], _ comma: UInt8) -> Bool {
        let parts = number.split(separator: comma, omittingEmptySubsequences: false)
        guard parts.count == 2, parts[1].count == 3, 1...3 ~= parts[0].count, parts[0].first != 48 else { return false }
        return number.allSatisfy { $0 == comma || 48...57 ~= $0 }
    }

    /// The digits of `1 234 567`, `1'234`, `1.234.567` or, as in India, `12,34,567`; nil when the groups are none.
    private static func ungrouped(_ whole: ArraySlice<UInt8>) -> [UInt8]? {
        let marks = Set(whole.filter { !(48...57 ~= $0) })
        if marks.isEmpty { return Array(whole) }
        guard marks.count == 1, let mark = marks.first else { return nil }
        let groups = whole.split(separator: mark, omittingEmptySubsequences: false)
        let isGrouped =
            1...3 ~= (groups.first?.count ?? 0) && groups.last?.count == 3
            && groups.dropFirst().dropLast().allSatisfy { 2...3 ~= $0.count }
        return isGrouped ? groups.flatMap { Array($0) } : nil
    }
}

extension Amount {
    package var isZero: Bool { !text.utf8.contains { 49...57 ~= $0 } }
}
