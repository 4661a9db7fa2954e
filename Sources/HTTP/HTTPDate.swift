import Base
import Glibc

/// Dates of header fields (RFC 9110 §5.6.7), to the second.
package enum HTTPDate {
    /// e.g. `Sun, 06 Nov 1994 08:49:37 GMT`.
    package static func text(_ time: Timestamp) -> String {
        String(decoding: bytes(secondsSince1970: Int(time.seconds)), as: UTF8.self)
    }

    static func bytes(secondsSince1970 seconds: Int) -> [UInt8] {
        var time = time_t(seconds)
        var parts = tm()
        gmtime_r(&time, &parts)
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let text =
            "\(days[Int(parts.tm_wday)]), \(two(parts.tm_mday)) \(months[Int(parts.tm_mon)]) \(parts.tm_year + 1900) "
            + "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)) GMT"
        return Array(text.utf8)
    }

    /// Reads the form above and the two old ones, `Sunday, 06-Nov-94 08:49:37 GMT` and `Sun Nov  6 08:49:37 1994`; nil for anything else.
    static func time(from text: String) -> Timestamp? {
        let parts = text.split { $0 == " " || $0 == "-" || $0 == "," }
        switch parts.count {
        case 6 where parts[5] == "GMT": return time(day: parts[1], month: parts[2], year: parts[3], clock: parts[4])
        case 5: return time(day: parts[2], month: parts[1], year: parts[4], clock: parts[3])
        default: return nil
        }
    }

    private static func time(day: Substring, month: Substring, year: Substring, clock: Substring) -> Timestamp? {
        let hands = clock.split(separator: ":", omittingEmptySubsequences: false).map { number($0, digits: 2...2) }
        guard let month = months.firstIndex(of: String(month)), let day = number(day, digits: 1...2),
            var year = number(year, digits: 2...4), hands.count == 3, let hour = hands[0], let minute = hands[1],
            let second = hands[2], hour < 24, minute < 60, second <= 60
        else { return nil }
        // Two digits: RFC 9110 wants the nearest past year; nothing is cached from before 1970.
        if year < 100 { year += year < 70 ? 2000 : 1900 }
        guard let date = CivilDate(year: year, month: month + 1, day: day) else { return nil }
        return Timestamp(seconds: Timestamp(date).seconds + Int64(hour * 3600 + minute * 60 + second))
    }

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    private static func number(_ text: Substring, digits: ClosedRange<Int>) -> Int? {
        digits.contains(text.utf8.count) && text.utf8.allSatisfy(isDigit) ? Int(text) : nil
    }
}
