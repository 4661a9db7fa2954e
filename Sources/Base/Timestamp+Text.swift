extension Timestamp: CustomStringConvertible {
    /// `2026-11-21T04:38:36.123Z`: always three digits of the second, rounded down. A year beyond 0...9999 has a sign
    /// and six digits, as JavaScript's `Date` reads and writes it.
    package var iso8601: String {
        let parts = Parts(self)
        let year = parts.date.year
        return String(unsafeUninitializedCapacity: 32) { buffer in
            var digits = DigitWriter(buffer)
            if 0...9_999 ~= year {
                digits.write(year, width: 4)
            } else {
                digits.write(year < 0 ? UInt8(ascii: "-") : UInt8(ascii: "+"))
                digits.write(abs(year), width: 6)
            }
            digits.write(parts, separator: UInt8(ascii: "T"))
            digits.write(parts.microsecond / 1_000, width: 3)
            digits.write(UInt8(ascii: "Z"))
            return digits.count
        }
    }

    /// `2026-11-21 04:38:36.123456+00`: what PostgreSQL writes and reads, nothing lost.
    package var postgresText: String {
        let parts = Parts(self)
        let year = parts.date.year
        let text = String(unsafeUninitializedCapacity: 32) { buffer in
            var digits = DigitWriter(buffer)
            let shown = year > 0 ? year : 1 - year
            digits.write(shown, width: shown > 99_999 ? 6 : shown > 9_999 ? 5 : 4)
            digits.write(parts, separator: UInt8(ascii: " "))
            digits.write(parts.microsecond, width: 6)
            digits.write(UInt8(ascii: "+"))
            digits.write(0, width: 2)
            return digits.count
        }
        return year > 0 ? text : text + " BC"
    }

    /// `Sat, 21 Nov 2026 04:38:36 GMT` (RFC 9110 §5.6.7), for `Date`, `Expires` and `Last-Modified`.
    package var httpDate: String {
        let parts = Parts(self)
        let weekdays = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : String(number) }
        let date = parts.date
        return "\(weekdays[date.weekday - 1]), \(padded(date.day)) \(months[date.month - 1]) \(date.year) "
            + "\(padded(parts.hour)):\(padded(parts.minute)):\(padded(parts.second)) GMT"
    }

    package var description: String { iso8601 }

    /// The moment taken apart; every part is in its natural range.
    struct Parts {
        let date: CivilDate
        let hour, minute, second, microsecond: Int

        init(_ timestamp: Timestamp) {
            date = timestamp.date
            let seconds = timestamp.seconds
            let ofDay = Int(seconds - seconds.flooredQuotient(86_400) * 86_400)
            hour = ofDay / 3_600
            minute = ofDay / 60 % 60
            second = ofDay % 60
            // Wrapping, for the very first representable second starts before Int64.min.
            microsecond = Int(timestamp.microseconds &- seconds &* 1_000_000)
        }
    }

    /// Writes into room that its maker has measured.
    private struct DigitWriter {
        let buffer: UnsafeMutableBufferPointer<UInt8>
        var count = 0

        init(_ buffer: UnsafeMutableBufferPointer<UInt8>) {
            self.buffer = buffer
        }

        mutating func write(_ byte: UInt8) {
            buffer.initializeElement(at: count, to: byte)
            count += 1
        }

        mutating func write(_ number: Int, width: Int) {
            var rest = number
            for place in stride(from: count + width - 1, through: count, by: -1) {
                buffer.initializeElement(at: place, to: UInt8(ascii: "0") + UInt8(rest % 10))
                rest /= 10
            }
            count += width
        }

        /// From the hyphen after the year to the point before the fraction.
        mutating func write(_ parts: Parts, separator: UInt8) {
            write(UInt8(ascii: "-"))
            write(parts.date.month, width: 2)
            write(UInt8(ascii: "-"))
            write(parts.date.day, width: 2)
            write(separator)
            write(parts.hour, width: 2)
            write(UInt8(ascii: ":"))
            write(parts.minute, width: 2)
            write(UInt8(ascii: ":"))
            write(parts.second, width: 2)
            write(UInt8(ascii: "."))
        }
    }
}
