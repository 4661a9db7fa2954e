/// A day of the proleptic Gregorian calendar, without a time zone. Year 0 is 1 BC.
package struct CivilDate: Hashable, Comparable, Sendable {
    package let year: Int
    /// 1...12
    package let month: Int
    /// 1...31
    package let day: Int

    /// Years a date may have; wide enough for every `Timestamp`.
    static let years = -300_000...300_000

    /// Nil when the calendar has no such day.
    package init?(year: Int, month: Int, day: Int) {
        guard Self.years.contains(year), 1...12 ~= month, day >= 1, day <= Self.days(inMonth: month, of: year) else {
            return nil
        }
        self.year = year
        self.month = month
        self.day = day
    }

    /// The day `days` after 1 January 1970; days beyond the years that a `Timestamp` can hold are clamped.
    package init(daysSince1970 days: Int) {
        // Counting years from 1 March puts the leap day last, so the months before it have fixed lengths.
        let limit = 109_000_000
        let sinceMarchOfYear0 = min(max(days, -limit), limit) + 719_468
        let era = sinceMarchOfYear0.flooredQuotient(146_097)
        let dayOfEra = sinceMarchOfYear0 - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100)
        let monthSinceMarch = (dayOfYear * 5 + 2) / 153
        day = dayOfYear - (monthSinceMarch * 153 + 2) / 5 + 1
        month = monthSinceMarch < 10 ? monthSinceMarch + 3 : monthSinceMarch - 9
        year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
    }

    /// Days after 1 January 1970; negative before it.
    package var daysSince1970: Int {
        let yearFromMarch = month <= 2 ? year - 1 : year
        let era = yearFromMarch.flooredQuotient(400)
        let yearOfEra = yearFromMarch - era * 400
        let monthSinceMarch = month > 2 ? month - 3 : month + 9
        let dayOfYear = (monthSinceMarch * 153 + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    /// 1 (Monday) ... 7 (Sunday), as ISO 8601 counts.
    package var weekday: Int {
        let sinceMonday = daysSince1970 + 3
        return sinceMonday - sinceMonday.flooredQuotient(7) * 7 + 1
    }

    package static func isLeap(_ year: Int) -> Bool {
        year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    }

    /// 28...31; 0 for a month that does not exist.
    package static func days(inMonth month: Int, of year: Int) -> Int {
        switch month {
        case 1, 3, 5, 7, 8, 10, 12: 31
        case 4, 6, 9, 11: 30
        case 2: isLeap(year) ? 29 : 28
        default: 0
        }
    }

    package static func < (left: CivilDate, right: CivilDate) -> Bool {
        (left.year, left.month, left.day) < (right.year, right.month, right.day)
    }
}

extension FixedWidthInteger {
    /// Division that rounds towards negative infinity. The divisor is a positive constant of ours, never outside input.
    func flooredQuotient(_ divisor: Self) -> Self {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
