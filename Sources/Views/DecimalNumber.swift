/// A decimal value as people read it: digits and where the point stands. Formatting never computes in binary.
///
/// A `Double` is taken at its shortest decimal text, so 1.005 is one and five thousandths and rounds up to 1.01.
package struct DecimalNumber: Hashable, Sendable {
    /// The digits without sign and point; the value is `digits / 10^scale`.
    let digits: UInt128
    let scale: Int
    let isNegative: Bool

    package init(_ value: Int64) {
        digits = UInt128(value.magnitude)
        scale = 0
        isNegative = value < 0
    }

    /// Nil for NaN, infinities and magnitudes from 10^38.
    package init?(_ value: Double) {
        guard value.isFinite else { return nil }
        self.init(text: value.description)
    }

    /// "-12.50", "1e-05": PostgreSQL's `numeric` text or Swift's `Double` text. Nil for anything else ("NaN" too) and for
    /// magnitudes from 10^38. Digits beyond the 38th significant one are dropped.
    package init?(text: some StringProtocol) {
        var bytes = Array(text.utf8)[...]
        isNegative = bytes.first == UInt8(ascii: "-")
        if isNegative || bytes.first == UInt8(ascii: "+") { bytes.removeFirst() }
        var digits: UInt128 = 0
        var scale = 0
        var seenPoint = false
        var seenDigit = false
        while let byte = bytes.first, byte != UInt8(ascii: "e"), byte != UInt8(ascii: "E") {
            bytes.removeFirst()
            if byte == UInt8(ascii: "."), !seenPoint {
                seenPoint = true
                continue
            }
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
            seenDigit = true
            if digits < Self.full {
                digits = digits * 10 + UInt128(byte - UInt8(ascii: "0"))
                if seenPoint { scale += 1 }
            } else if !seenPoint {
                return nil
            }
        }
        guard seenDigit else { return nil }
        if !bytes.isEmpty {
            guard let exponent = Int(String(decoding: bytes.dropFirst(), as: UTF8.self)), abs(exponent) < 1000 else {
                return nil
            }
            scale -= exponent
        }
        if scale < 0 {
            guard let shifted = Self.multiply(digits, byPowerOf10: -scale) else { return nil }
            digits = shifted
            scale = 0
        }
        self.digits = digits
        self.scale = scale
    }

    /// The magnitude in units of `10^-places`, halves away from zero; nil when it does not fit.
    func rounded(places: Int) -> UInt128? {
        guard scale > places else { return Self.multiply(digits, byPowerOf10: places - scale) }
        guard let divisor = Self.multiply(1, byPowerOf10: scale - places) else { return 0 }
        let (whole, rest) = digits.quotientAndRemainder(dividingBy: divisor)
        return rest >= divisor - rest ? whole + 1 : whole
    }

    /// 10^37: below it one more digit always fits.
    private static let full = multiply(1, byPowerOf10: 37) ?? 0

    private static func multiply(_ value: UInt128, byPowerOf10 power: Int) -> UInt128? {
        if value == 0 { return 0 }
        guard power <= 38 else { return nil }
        var result = value
        for _ in 0..<power {
            let (product, overflow) = result.multipliedReportingOverflow(by: 10)
            if overflow { return nil }
            result = product
        }
        return result
    }
}

/// What `NumberFormat` takes. Nil stands for a value nobody can show: NaN, infinite, too large.
package protocol DecimalConvertible {
    var decimalNumber: DecimalNumber? { get }
}

extension DecimalNumber: DecimalConvertible {
    package var decimalNumber: DecimalNumber? { self }
}

extension Int: DecimalConvertible {
    package var decimalNumber: DecimalNumber? { DecimalNumber(Int64(self)) }
}

extension Int64: DecimalConvertible {
    package var decimalNumber: DecimalNumber? { DecimalNumber(self) }
}

extension Double: DecimalConvertible {
    package var decimalNumber: DecimalNumber? { DecimalNumber(self) }
}
