/// The offset of the years to come, as the last line of a zone's file says it: `EET-2EEST,M3.5.0/3,M10.5.0/4`
/// (POSIX, the form of TZ; hours beyond a day as RFC 9636 §3.3.1 allows).
struct ZoneRule: Sendable {
    /// Seconds east of UTC.
    private let standard: Int
    private let summer: Summer?

    private struct Summer {
        let offset: Int
        let begins, ends: Day
    }

    /// A day of a year, and seconds after its midnight by the clocks that are then changed.
    private struct Day {
        enum Kind {
            /// 5 means the last; 0 is Sunday.
            case weekday(month: Int, week: Int, weekday: Int)
            /// 1...365, without 29 February.
            case julian(Int)
            /// 0...365, with it.
            case ordinal(Int)
        }

        let kind: Kind
        let seconds: Int
    }

    /// Nil for an empty line and for one that cannot be read: the last known offset stays.
    init?(_ line: some Collection<UInt8>) {
        var text = Substring(String(decoding: line, as: UTF8.self).trimmingSpaces())
        guard Self.skipName(&text), let west = Self.time(&text) else { return nil }
        standard = -west
        guard !text.isEmpty else {
            summer = nil
            return
        }
        guard Self.skipName(&text) else { return nil }
        let isUsual = text.first == ","
        guard let summerWest = isUsual ? west - 3_600 : Self.time(&text), let begins = Self.day(&text),
            let ends = Self.day(&text), text.isEmpty
        else { return nil }
        summer = Summer(offset: -summerWest, begins: begins, ends: ends)
    }

    func offset(at time: Int64) -> Int {
        guard let summer else { return standard }
        let year = Timestamp(seconds: time + Int64(standard)).date.year
        let begins = Self.seconds(summer.begins, year) - Int64(standard)
        let ends = Self.seconds(summer.ends, year) - Int64(summer.offset)
        let isSummer = begins < ends ? begins <= time && time < ends : time < ends || begins <= time
        return isSummer ? summer.offset : standard
    }

    /// Of the year's day, in seconds since 1970 by the clocks there.
    private static func seconds(_ day: Day, _ year: Int) -> Int64 {
        guard let newYear = CivilDate(year: year, month: 1, day: 1)?.daysSince1970 else { return 0 }
        let days: Int
        switch day.kind {
        case .ordinal(let number): days = newYear + number
        case .julian(let number): days = newYear + number - (CivilDate.isLeap(year) && number >= 60 ? 0 : 1)
        case .weekday(let month, let week, let weekday):
            guard let first = CivilDate(year: year, month: month, day: 1) else { return 0 }
            let ahead = (weekday - first.weekday % 7 + 7) % 7
            let chosen = ahead + (week - 1) * 7
            days = first.daysSince1970 + (chosen < CivilDate.days(inMonth: month, of: year) ? chosen : chosen - 7)
        }
        return Int64(days) * 86_400 + Int64(day.seconds)
    }

    /// `EET`, or `<+0545>`.
    private static func skipName(_ text: inout Substring) -> Bool {
        if text.first == "<" {
            guard let end = text.firstIndex(of: ">") else { return false }
            text = text[text.index(after: end)...]
            return true
        }
        let name = text.prefix { $0.isASCII && $0.isLetter }
        text = text.dropFirst(name.count)
        return name.count >= 3
    }

    /// `-5:45`, `2`, `26:30:10`, in seconds.
    private static func time(_ text: inout Substring) -> Int? {
        let isNegative = text.first == "-"
        if isNegative || text.first == "+" { text = text.dropFirst() }
        guard var seconds = number(&text, upTo: 167).map({ $0 * 3_600 }) else { return nil }
        for unit in [60, 1] where text.first == ":" {
            text = text.dropFirst()
            guard let part = number(&text, upTo: 59) else { return nil }
            seconds += part * unit
        }
        return isNegative ? -seconds : seconds
    }

    private static func day(_ text: inout Substring) -> Day? {
        guard text.first == "," else { return nil }
        text = text.dropFirst()
        let kind: Day.Kind
        switch text.first {
        case "M":
            text = text.dropFirst()
            guard let month = number(&text, upTo: 12), month > 0, skip(".", &text), let week = number(&text, upTo: 5),
                week > 0, skip(".", &text), let weekday = number(&text, upTo: 6)
            else { return nil }
            kind = .weekday(month: month, week: week, weekday: weekday)
        case "J":
            text = text.dropFirst()
            guard let day = number(&text, upTo: 365), day > 0 else { return nil }
            kind = .julian(day)
        default:
            guard let day = number(&text, upTo: 365) else { return nil }
            kind = .ordinal(day)
        }
        guard text.first == "/" else { return Day(kind: kind, seconds: 7_200) }
        text = text.dropFirst()
        return time(&text).map { Day(kind: kind, seconds: $0) }
    }

    private static func skip(_ mark: Character, _ text: inout Substring) -> Bool {
        guard text.first == mark else { return false }
        text = text.dropFirst()
        return true
    }

    private static func number(_ text: inout Substring, upTo limit: Int) -> Int? {
        let digits = text.prefix { "0"..."9" ~= $0 }
        guard 1...3 ~= digits.count, let value = Int(digits), value <= limit else { return nil }
        text = text.dropFirst(digits.count)
        return value
    }
}
