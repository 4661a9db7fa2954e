import Base

extension QuietHours {
    /// When they end that `moment` falls into; nil when it falls into none. The hours that begin and end alike are the whole
    /// day. Clocks that are moved on or back in the night move the end with them; it is always after `moment`.
    ///
    /// A zone nobody knows is taken as UTC: a message at a wrong hour is better than none.
    package func end(at moment: Timestamp) -> Timestamp? {
        let clock = ZoneClock.named(zone) ?? .utc
        let minute = clock.secondOfDay(at: moment) / 60
        let wraps = until <= from
        let isQuiet = wraps ? minute >= from || minute < until : minute >= from && minute < until
        guard isQuiet else { return nil }
        let today = clock.date(at: moment)
        let endsTomorrow = wraps && minute >= from
        let day = endsTomorrow ? CivilDate(daysSince1970: today.daysSince1970 + 1) : today
        let end = clock.moment(day, secondOfDay: until * 60)
        // An hour that clocks show twice: the second time is meant when the first has passed.
        return end > moment ? end : clock.lastMoment(day, secondOfDay: until * 60)
    }
}
