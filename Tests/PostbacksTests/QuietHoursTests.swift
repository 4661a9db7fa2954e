import Base
import Testing

@testable import Postbacks

struct QuietHoursTests {
    @Test(
        arguments: [
            // Within a day, and over midnight; the end is not quiet any more.
            (600, 720, "UTC", "2026-11-21T09:59:59Z", nil),
            (600, 720, "UTC", "2026-11-21T10:00:00Z", "2026-11-21T12:00:00Z"),
            (600, 720, "UTC", "2026-11-21T11:59:59Z", "2026-11-21T12:00:00Z"),
            (600, 720, "UTC", "2026-11-21T12:00:00Z", nil),
            (1_380, 480, "UTC", "2026-11-21T22:59:00Z", nil),
            (1_380, 480, "UTC", "2026-11-21T23:00:00Z", "2026-11-22T08:00:00Z"),
            (1_380, 480, "UTC", "2026-11-22T07:59:59Z", "2026-11-22T08:00:00Z"),
            (1_380, 480, "UTC", "2026-11-22T08:00:00Z", nil),
            (1_380, 0, "UTC", "2026-12-31T23:30:00Z", "2027-01-01T00:00:00Z"),
            (1_380, 0, "UTC", "2027-01-01T00:00:00Z", nil),
            // Begin and end alike: always.
            (480, 480, "UTC", "2026-11-21T07:00:00Z", "2026-11-21T08:00:00Z"),
            (480, 480, "UTC", "2026-11-21T08:00:00Z", "2026-11-22T08:00:00Z"),
            // In the zone's own time.
            (0, 480, "Asia/Kathmandu", "2026-11-20T18:15:00Z", "2026-11-21T02:15:00Z"),
            (0, 480, "Asia/Kathmandu", "2026-11-20T18:14:59Z", nil),
            (0, 480, "America/New_York", "2026-11-21T05:00:00Z", "2026-11-21T13:00:00Z"),
            // Clocks go on at 03:00 in Kyiv: the night is an hour shorter; an end within the hour that is skipped is the change.
            (1_380, 480, "Europe/Kyiv", "2026-03-28T21:00:00Z", "2026-03-29T05:00:00Z"),
            (1_380, 210, "Europe/Kyiv", "2026-03-28T21:00:00Z", "2026-03-29T01:00:00Z"),
            // And back at 04:00: longer, and 03:30 comes twice.
            (1_380, 480, "Europe/Kyiv", "2026-10-24T20:00:00Z", "2026-10-25T06:00:00Z"),
            (1_380, 210, "Europe/Kyiv", "2026-10-24T20:00:00Z", "2026-10-25T00:30:00Z"),
            (1_380, 210, "Europe/Kyiv", "2026-10-25T01:10:00Z", "2026-10-25T01:30:00Z"),
            (1_380, 210, "Europe/Kyiv", "2026-10-25T01:30:00Z", nil),
            // A zone nobody knows is UTC.
            (600, 720, "Mars/Olympus", "2026-11-21T10:00:00Z", "2026-11-21T12:00:00Z"),
        ] as [(Int, Int, String, String, String?)])
    func `they end when the clock on the wall says so`(
        from: Int, until: Int, zone: String, at: String, end: String?
    ) throws {
        let moment = try #require(Timestamp(iso8601: at))
        let hours = QuietHours(from: from, until: until, zone: zone, mode: .digest)
        #expect(hours.end(at: moment) == end.flatMap { Timestamp(iso8601: $0) })
    }

    @Test(arguments: ["Europe/Kyiv", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Tehran"])
    func `the end is always ahead and within a day and two hours`(zone: String) throws {
        var moment = try #require(Timestamp(iso8601: "2026-01-01T00:00:00Z"))
        var minute = 0
        for _ in 0..<5_000 {
            moment = moment.adding(.seconds(7_001))
            minute = (minute + 611) % 1_440
            let hours = QuietHours(from: minute, until: (minute + 37 * 13) % 1_440, zone: zone, mode: .silent)
            guard let end = hours.end(at: moment) else { continue }
            #expect(end > moment && end.since(moment) <= .seconds(26 * 3_600), "\(zone) \(moment) \(hours)")
        }
    }
}
