extension Timestamp {
    /// Reads ISO 8601 (`2026-11-21T04:38:36.123Z`, `+03:00`, `+0300`) and what PostgreSQL writes
    /// (`2026-11-21 04:38:36.123456+00`, five- and six-digit years, ` BC`). Digits beyond the microsecond are cut off.
    /// Nil for text without a zone, for PostgreSQL's `infinity`, and for days or times that do not exist.
    package init?(iso8601 text: some StringProtocol) {
        self.init(text, offsetWhenAbsent: nil)
    }

    /// As `init(iso8601:)`, and text without a zone, or a bare date, is read `offset` seconds east of UTC.
    package init?(iso8601 text: some StringProtocol, offsetWhenAbsent offset: Int) {
        self.init(text, offsetWhenAbsent: offset)
    }

    private init?(_ text: some StringProtocol, offsetWhenAbsent: Int?) {
        // The longest form anyone writes is well under 64 bytes; the bound also keeps the numbers small.
        let bytes = Array(text.utf8.prefix(65))
        guard bytes.count <= 64 else { return nil }
        var scanner = DateScanner(bytes: bytes)
        guard let parsed = scanner.scan(), let offset = parsed.offset ?? offsetWhenAbsent,
            offset.magnitude < 86_400
        else { return nil }
        let seconds = Int64(parsed.date.daysSince1970) * 86_400 + Int64(parsed.secondOfDay) - Int64(offset)
        let (product, first) = seconds.multipliedReportingOverflow(by: 1_000_000)
        let (sum, second) = product.addingReportingOverflow(Int64(parsed.microsecond))
        guard !first, !second else { return nil }
        self.init(microseconds: sum)
    }
}

/// Walks over the bytes of a date; a scan that fails leaves nothing to rely on.
private struct DateScanner {
    let bytes: [UInt8]
    var at = 0

    struct Result {
        var date: CivilDate
        var secondOfDay = 0
        var microsecond = 0
        /// Seconds east of UTC; nil when the text says nothing.
        var offset: Int?
    }

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    mutating func scan() -> Result? {
        let sign: Int = take("-") ? -1 : 1
        let signed = sign < 0 || take("+")
        guard var year = number(signed ? 6...6 : 4...6), take("-"),
            let month = number(2...2), take("-"), let day = number(2...2)
        else { return nil }
        if bytes.suffix(3).elementsEqual(" BC".utf8) {
            guard !signed, year >= 1 else { return nil }
            year = 1 - year
        }
        let end = bytes.suffix(3).elementsEqual(" BC".utf8) ? bytes.count - 3 : bytes.count
        guard let date = CivilDate(year: year * sign, month: month, day: day) else { return nil }
        var result = Result(date: date)
        if at == end { return result }
        guard take("T") || take("t") || take(" "), scanTime(into: &result) else { return nil }
        if at < end, !scanOffset(into: &result) { return nil }
        return at == end ? result : nil
    }

    private mutating func scanTime(into result: inout Result) -> Bool {
        // A 60th second is a leap second (RFC 3339 §5.6); like PostgreSQL we read it as the next minute's first.
        guard let hour = number(2...2), hour < 24, take(":"), let minute = number(2...2), minute < 60 else {
            return false
        }
        var second = 0
        if take(":") {
            guard let value = number(2...2), value <= 60 else { return false }
            second = value
            if take(".") {
                guard let fraction = microseconds() else { return false }
                result.microsecond = fraction
            }
        }
        result.secondOfDay = hour * 3_600 + minute * 60 + second
        return true
    }

    private mutating func scanOffset(into result: inout Result) -> Bool {
        if take("Z") || take("z") {
            result.offset = 0
            return true
        }
        let sign = take("-") ? -1 : 1
        guard sign < 0 || take("+"), let hours = number(2...2), hours < 24 else { return false }
        var seconds = hours * 3_600
        if take(":") {
            guard let minutes = number(2...2), minutes < 60 else { return false }
            seconds += minutes * 60
            if take(":") {
                guard let rest = number(2...2), rest < 60 else { return false }
                seconds += rest
            }
        } else if let minutes = number(2...2) {
            guard minutes < 60 else { return false }
            seconds += minutes * 60
        }
        result.offset = sign * seconds
        return true
    }

    private mutating func take(_ byte: Unicode.Scalar) -> Bool {
        guard at < bytes.count, bytes[at] == UInt8(ascii: byte) else { return false }
        at += 1
        return true
    }

    /// A run of digits, read greedily, whose length is in `lengths`.
    private mutating func number(_ lengths: ClosedRange<Int>) -> Int? {
        var value = 0
        var count = 0
        while count < lengths.upperBound, let digit = digit() {
            value = value * 10 + digit
            count += 1
        }
        return lengths.contains(count) ? value : nil
    }

    private mutating func microseconds() -> Int? {
        guard var value = digit() else { return nil }
        var count = 1
        while let digit = digit() {
            if count < 6 { value = value * 10 + digit }
            count += 1
        }
        while count < 6 {
            value *= 10
            count += 1
        }
        return value
    }

    private mutating func digit() -> Int? {
        guard at < bytes.count, 48...57 ~= bytes[at] else { return nil }
        at += 1
        return Int(bytes[at - 1] &- 48)
    }
}
