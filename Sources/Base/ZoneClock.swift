import Synchronization

/// What clocks show in a time zone of the IANA database, by the machine's own copy of it (tzdata), without glibc's `TZ`,
/// which belongs to the whole process.
package struct ZoneClock: Sendable {
    package let name: String
    private let zone: ZoneFile

    package static let utc = ZoneClock(name: "UTC", zone: .utc)

    /// Nil when there is no such zone here. The first question about a zone reads a file of some kilobytes, further ones
    /// read nothing. Any thread.
    package static func named(_ name: String) -> ZoneClock? {
        if name == "UTC" || name == "Etc/UTC" { return ZoneClock(name: name, zone: .utc) }
        if let found = read.withLock({ $0[name] }) { return found }
        let clock = ZoneFile.read(name).map { ZoneClock(name: name, zone: $0) }
        // There are some 600; names that are none come from outside, and would take their room.
        if let clock { read.withLock { $0[name] = clock } }
        return clock
    }

    private static let read = Mutex<[String: ZoneClock]>([:])

    /// Seconds east of UTC.
    package func offset(at moment: Timestamp) -> Int { zone.offset(at: moment.seconds) }

    package func date(at moment: Timestamp) -> CivilDate { shown(at: moment).date }

    /// 0..<86,400
    package func secondOfDay(at moment: Timestamp) -> Int {
        let shown = shown(at: moment)
        return Int(shown.seconds - Int64(shown.date.daysSince1970) * 86_400)
    }

    /// The first moment at which clocks show this. A time that a change of clocks skips is the moment of the change.
    package func moment(_ date: CivilDate, secondOfDay: Int = 0) -> Timestamp {
        moments(date, secondOfDay).first
    }

    /// The last moment at which clocks show this: another than the first only for an hour that comes twice.
    package func lastMoment(_ date: CivilDate, secondOfDay: Int = 0) -> Timestamp {
        moments(date, secondOfDay).last
    }

    private func shown(at moment: Timestamp) -> Timestamp {
        Timestamp(seconds: moment.seconds + Int64(offset(at: moment)))
    }

    private func moments(_ date: CivilDate, _ secondOfDay: Int) -> (first: Timestamp, last: Timestamp) {
        let wall = Int64(date.daysSince1970) * 86_400 + Int64(secondOfDay)
        // No zone is further than 26 hours from another time of itself.
        let before = zone.offset(at: wall - 93_600)
        let after = zone.offset(at: wall + 93_600)
        let candidates = Set([before, after]).map { wall - Int64($0) }.filter { zone.offset(at: $0) == Int(wall - $0) }
        if let first = candidates.min(), let last = candidates.max() {
            return (Timestamp(seconds: first), Timestamp(seconds: last))
        }
        let change = zone.change(between: wall - Int64(max(before, after)), and: wall - Int64(min(before, after)))
        return (Timestamp(seconds: change), Timestamp(seconds: change))
    }
}
