import Base
import Testing

struct ZoneClockTests {
    @Test(
        arguments: [
            ("UTC", "2026-11-21T12:00:00Z", 0), ("Europe/Kyiv", "2026-01-15T12:00:00Z", 7_200),
            ("Europe/Kyiv", "2026-07-15T12:00:00Z", 10_800), ("Europe/Kyiv", "2026-03-29T00:59:59Z", 7_200),
            ("Europe/Kyiv", "2026-03-29T01:00:00Z", 10_800), ("Europe/Kyiv", "2026-10-25T00:59:59Z", 10_800),
            ("Europe/Kyiv", "2026-10-25T01:00:00Z", 7_200), ("Asia/Kathmandu", "2026-05-01T00:00:00Z", 20_700),
            ("Asia/Kolkata", "2026-05-01T00:00:00Z", 19_800), ("Asia/Almaty", "2024-02-01T00:00:00Z", 21_600),
            ("Asia/Almaty", "2024-03-02T00:00:00Z", 18_000), ("America/New_York", "2026-03-08T07:00:00Z", -14_400),
            ("America/New_York", "2026-03-08T06:59:59Z", -18_000),
            ("America/Sao_Paulo", "2018-12-01T00:00:00Z", -7_200),
            // Beyond the table, by the rule in the file's last line; below the equator summer wraps around the year.
            ("Europe/Kyiv", "2090-01-15T12:00:00Z", 7_200), ("Europe/Kyiv", "2090-07-15T12:00:00Z", 10_800),
            ("Australia/Sydney", "2090-01-15T12:00:00Z", 39_600), ("Australia/Sydney", "2090-07-15T12:00:00Z", 36_000),
        ])
    func `a zone's offset is that of its own history and rules`(zone: String, at: String, offset: Int) throws {
        let moment = try #require(Timestamp(iso8601: at))
        let clock = try #require(ZoneClock.named(zone))
        #expect(clock.offset(at: moment) == offset)
    }

    @Test(
        arguments: [
            "", "Nowhere/City", "../../etc/passwd", "Europe/../Europe/Kyiv", "/Europe/Kyiv", "Europe/", "Europe/Kyiv\0",
            "zone.tab",
            "Europe", String(repeating: "a", count: 65),
        ])
    func `a name that is no zone is none`(name: String) {
        #expect(ZoneClock.named(name)?.name == nil)
    }

    @Test func `a time of the clock that is skipped is the change, one that comes twice has a first and a last moment`()
        throws
    {
        let kyiv = try #require(ZoneClock.named("Europe/Kyiv"))
        let spring = try #require(CivilDate(year: 2026, month: 3, day: 29))
        #expect(kyiv.moment(spring, secondOfDay: 3 * 3_600 + 1_800) == Timestamp(iso8601: "2026-03-29T01:00:00Z"))
        #expect(kyiv.moment(spring, secondOfDay: 4 * 3_600) == Timestamp(iso8601: "2026-03-29T01:00:00Z"))
        #expect(kyiv.moment(spring, secondOfDay: 2 * 3_600) == Timestamp(iso8601: "2026-03-29T00:00:00Z"))
        let autumn = try #require(CivilDate(year: 2026, month: 10, day: 25))
        #expect(kyiv.moment(autumn, secondOfDay: 3 * 3_600 + 1_800) == Timestamp(iso8601: "2026-10-25T00:30:00Z"))
        #expect(kyiv.lastMoment(autumn, secondOfDay: 3 * 3_600 + 1_800) == Timestamp(iso8601: "2026-10-25T01:30:00Z"))
        #expect(kyiv.moment(autumn) == kyiv.lastMoment(autumn))
    }

    @Test(arguments: [
        "Europe/Kyiv", "Asia/Kathmandu", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Apia", "UTC",
    ])
    func `what clocks show leads back to the moment`(zone: String) throws {
        let clock = try #require(ZoneClock.named(zone))
        var moment = try #require(Timestamp(iso8601: "2011-12-20T00:00:00Z"))
        let end = try #require(Timestamp(iso8601: "2013-01-10T00:00:00Z"))
        while moment < end {
            let date = clock.date(at: moment)
            let second = clock.secondOfDay(at: moment)
            #expect(0..<86_400 ~= second)
            let found = [clock.moment(date, secondOfDay: second), clock.lastMoment(date, secondOfDay: second)]
            #expect(found.contains(moment), "\(zone) \(moment)")
            moment = moment.adding(.seconds(3_599 * 7))
        }
    }
}
