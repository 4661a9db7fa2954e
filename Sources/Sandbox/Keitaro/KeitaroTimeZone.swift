import Base

/// The time zones a report may be asked in: today's rules, without history, which is enough for invented traffic.
struct KeitaroTimeZone {
    private enum Summer {
        case none
        /// Last Sunday of March to last Sunday of October, at 01:00 UTC.
        case european
        /// Second Sunday of March to first Sunday of November, at 02:00 local time.
        case american
    }

    /// Minutes east of UTC in winter.
    private let standardOffset: Int
    private let summer: Summer

    /// Nil for a name the sandbox does not know.
    init?(_ name: String) {
        guard let zone = Self.zones[name] else { return nil }
        (standardOffset, summer) = zone
    }

    private static let zones: [String: (Int, Summer)] = [
        "UTC": (0, .none), "Etc/UTC": (0, .none), "GMT": (0, .none), "Europe/London": (0, .european),
        "Europe/Lisbon": (0, .european), "Europe/Dublin": (0, .european), "Europe/Madrid": (60, .european),
        "Europe/Paris": (60, .european), "Europe/Berlin": (60, .european), "Europe/Rome": (60, .european),
        "Europe/Prague": (60, .european), "Europe/Warsaw": (60, .european), "Europe/Vienna": (60, .european),
        "Europe/Amsterdam": (60, .european), "Europe/Budapest": (60, .european), "Europe/Kyiv": (120, .european),
        "Europe/Kiev": (120, .european), "Europe/Bucharest": (120, .european), "Europe/Sofia": (120, .european),
        "Europe/Athens": (120, .european), "Europe/Vilnius": (120, .european), "Europe/Riga": (120, .european),
        "Europe/Tallinn": (120, .european), "Europe/Chisinau": (120, .european), "Europe/Istanbul": (180, .none),
        "Europe/Moscow": (180, .none), "Europe/Minsk": (180, .none), "Asia/Tbilisi": (240, .none),
        "Asia/Dubai": (240, .none), "Asia/Yerevan": (240, .none), "Asia/Baku": (240, .none),
        "Asia/Almaty": (300, .none),
        "Asia/Qyzylorda": (300, .none), "Asia/Tashkent": (300, .none), "Asia/Kolkata": (330, .none),
        "Asia/Kathmandu": (345, .none), "Asia/Dhaka": (360, .none), "Asia/Bishkek": (360, .none),
        "Asia/Bangkok": (420, .none), "Asia/Jakarta": (420, .none), "Asia/Ho_Chi_Minh": (420, .none),
        "Asia/Shanghai": (480, .none), "Asia/Singapore": (480, .none), "Asia/Manila": (480, .none),
        "Asia/Tokyo": (540, .none), "America/Sao_Paulo": (-180, .none), "America/Argentina/Buenos_Aires": (-180, .none),
        "America/Bogota": (-300, .none), "America/Lima": (-300, .none), "America/New_York": (-300, .american),
        "America/Chicago": (-360, .american), "America/Mexico_City": (-360, .none), "America/Denver": (-420, .american),
        "America/Los_Angeles": (-480, .american), "Africa/Lagos": (60, .none), "Africa/Cairo": (120, .none),
        "Africa/Nairobi": (180, .none), "Africa/Johannesburg": (120, .none),
    ]

    /// Seconds east of UTC.
    func offset(at time: Timestamp) -> Int64 {
        let standard = Int64(standardOffset) * 60
        let year = time.date.year
        let change: (start: Int64, end: Int64)
        switch summer {
        case .none: return standard
        case .european:
            let start = Self.sunday(last: true, of: 3, in: year) + 3_600
            change = (start, Self.sunday(last: true, of: 10, in: year) + 3_600)
        case .american:
            let start = Self.sunday(last: false, of: 3, in: year) + 7 * 86_400 + 7_200 - standard
            change = (start, Self.sunday(last: false, of: 11, in: year) + 3_600 - standard)
        }
        return change.start <= time.seconds && time.seconds < change.end ? standard + 3_600 : standard
    }

    /// The moment when clocks here show this. A time that a change of clocks skips or repeats is taken as winter time.
    func moment(_ date: CivilDate, secondOfDay: Int64 = 0) -> Timestamp {
        let wall = Int64(date.daysSince1970) * 86_400 + secondOfDay
        let guess = Timestamp(seconds: wall - Int64(standardOffset) * 60)
        let moment = Timestamp(seconds: wall - offset(at: guess))
        return offset(at: moment) == offset(at: guess) ? moment : guess
    }

    func date(at time: Timestamp) -> CivilDate {
        Timestamp(seconds: time.seconds + offset(at: time)).date
    }

    func hour(at time: Timestamp) -> Int {
        let local = time.seconds + offset(at: time)
        return Int(((local % 86_400) + 86_400) % 86_400 / 3_600)
    }

    /// The first or last Sunday of a month, in seconds since 1970 at 00:00 UTC.
    private static func sunday(last: Bool, of month: Int, in year: Int) -> Int64 {
        let day = last ? CivilDate.days(inMonth: month, of: year) : 7
        guard let date = CivilDate(year: year, month: month, day: day) else { return 0 }
        return Int64(date.daysSince1970 - date.weekday % 7) * 86_400
    }
}
