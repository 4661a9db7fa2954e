import Base

extension Amount {
    package static let zero = Amount(canonical: "0")

    /// Exact to eight decimals, further ones are cut off; nil when it does not fit, which needs an amount of thirty digits.
    package static func sum(_ left: Amount, _ right: Amount) -> Amount? {
        guard let first = left.units, let second = right.units else { return nil }
        let (sum, overflow) = first.addingReportingOverflow(second)
        return overflow ? nil : Amount(units: sum)
    }

    /// How far apart they are, never negative.
    package static func distance(_ left: Amount, _ right: Amount) -> Amount? {
        guard let first = left.units, let second = right.units else { return nil }
        let (difference, overflow) = first.subtractingReportingOverflow(second)
        return overflow ? nil : Amount(units: difference.magnitude)
    }

    /// Negative when left is less, 0 when equal.
    package static func compare(_ left: Amount, _ right: Amount) -> Int {
        guard let first = left.units, let second = right.units else { return left.text == right.text ? 0 : 1 }
        return first < second ? -1 : first == second ? 0 : 1
    }

    /// In units of 10⁻⁸.
    private var units: Int128? {
        let isNegative = text.hasPrefix("-")
        let parts = (isNegative ? text.dropFirst() : text[...]).split(separator: ".", omittingEmptySubsequences: false)
        guard let whole = parts.first, parts.count <= 2, 1...28 ~= whole.utf8.count else { return nil }
        let decimals = (parts.count == 2 ? parts[1].prefix(8) : "")
        let padded = whole + decimals + String(repeating: "0", count: 8 - decimals.utf8.count)
        guard padded.utf8.allSatisfy({ 48...57 ~= $0 }), let units = Int128(padded) else { return nil }
        return isNegative ? -units : units
    }

    private init(units: some BinaryInteger) {
        let digits = String(units.magnitude)
        let padded = String(repeating: "0", count: max(0, 9 - digits.utf8.count)) + digits
        let whole = padded.dropLast(8)
        var decimals = padded.suffix(8)
        while decimals.last == "0" { decimals = decimals.dropLast() }
        let text = decimals.isEmpty ? String(whole) : whole + "." + decimals
        self.init(canonical: units < 0 ? "-" + text : text)
    }
}
