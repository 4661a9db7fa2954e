import Base

/// Dates and times for people, by look.md "Numbers and dates": 24 hours, the month as a short word, the year in four
/// digits. The zone is a fixed offset east of UTC in minutes; naming it is the page's part.
package struct DateFormat: Sendable {
    package let language: Language
    package let offsetMinutes: Int

    package init(_ language: Language, offsetMinutes: Int) {
        self.language = language
        // No zone is further off; a wild setting must not overflow.
        self.offsetMinutes = min(max(offsetMinutes, -24 * 60), 24 * 60)
    }

    /// "21 Nov 2026, 14:32"
    package func dateTime(_ time: Timestamp?) -> String {
        wall(time).map { "\(date($0.date)), \(clock($0))" } ?? NumberFormat.missing
    }

    /// "21 Nov 2026"
    package func date(_ time: Timestamp?) -> String { wall(time).map { date($0.date) } ?? NumberFormat.missing }

    /// "21 Nov"
    package func day(_ time: Timestamp?) -> String { wall(time).map { day($0.date) } ?? NumberFormat.missing }

    /// "14:32"
    package func time(_ time: Timestamp?) -> String { wall(time).map(clock) ?? NumberFormat.missing }

    /// "14:32:05"
    package func timeWithSeconds(_ time: Timestamp?) -> String {
        wall(time).map { "\(clock($0)):\(twoDigits($0.second))" } ?? NumberFormat.missing
    }

    /// "21 Nov 2026"
    package func date(_ date: CivilDate) -> String { "\(day(date)) \(date.year)" }

    /// "21 Nov"
    package func day(_ date: CivilDate) -> String { "\(date.day) \(month(date.month))" }

    /// The days on which the two moments fall, both included; see `range` of two dates.
    package func range(_ first: Timestamp, _ last: Timestamp, withYear: Bool = false) -> String {
        range(WallClock(first, offsetMinutes).date, WallClock(last, offsetMinutes).date, withYear: withYear)
    }

    /// Both days included: "15–21 Nov", "28 Oct – 3 Nov", "21 Nov" for one day. Years are written when the two differ,
    /// or when `withYear` asks for them: "15–21 Nov 2026", "28 Dec 2025 – 3 Jan 2026".
    package func range(_ first: CivilDate, _ last: CivilDate, withYear: Bool = false) -> String {
        if first.year != last.year { return "\(date(first)) – \(date(last))" }
        let end = withYear ? date(last) : day(last)
        if first.month != last.month { return "\(day(first)) – \(end)" }
        return first.day == last.day ? end : "\(first.day)–\(end)"
    }

    /// A moment as a clock on the wall at the offset shows it.
    private struct WallClock {
        let date: CivilDate
        let hour, minute, second: Int

        init(_ time: Timestamp, _ offsetMinutes: Int) {
            let shifted = time.adding(.seconds(offsetMinutes * 60))
            date = shifted.date
            let midnight = Timestamp(date).seconds
            let ofDay = Int(shifted.seconds - midnight)
            hour = ofDay / 3_600
            minute = ofDay / 60 % 60
            second = ofDay % 60
        }
    }

    private func wall(_ time: Timestamp?) -> WallClock? { time.map { WallClock($0, offsetMinutes) } }

    private func clock(_ wall: WallClock) -> String { "\(twoDigits(wall.hour)):\(twoDigits(wall.minute))" }

    private func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

    private func month(_ number: Int) -> String {
        let names =
            switch language {
            case .en: Self.english
            case .uk: Self.ukrainian
            case .ru: Self.russian
            }
        return names.indices.contains(number - 1) ? names[number - 1] : ""
    }

    // CLDR's short month names as they stand after a day.
    private static let english = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    private static let ukrainian = [
        "січ.", "лют.", "бер.", "квіт.", "трав.", "черв.", "лип.", "серп.", "вер.", "жовт.", "лист.", "груд.",
    ]
    private static let russian = [
        "янв.", "февр.", "мар.", "апр.", "мая", "июн.", "июл.", "авг.", "сент.", "окт.", "нояб.", "дек.",
    ]
}
