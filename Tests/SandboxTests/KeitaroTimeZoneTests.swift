import Base
import Testing

@testable import Sandbox

struct KeitaroTimeZoneTests {
    @Test(arguments: [
        ("UTC", "2026-07-01", 0, "2026-07-01T00:00:00.000Z"),
        ("Europe/Kyiv", "2026-11-21", 0, "2026-11-20T22:00:00.000Z"),
        ("Europe/Kyiv", "2026-07-01", 0, "2026-06-30T21:00:00.000Z"),
        ("Asia/Almaty", "2026-07-01", 3_600, "2026-06-30T20:00:00.000Z"),
        ("Asia/Kathmandu", "2026-01-01", 0, "2025-12-31T18:15:00.000Z"),
        ("America/New_York", "2026-03-08", 0, "2026-03-08T05:00:00.000Z"),
        ("America/New_York", "2026-03-09", 0, "2026-03-09T04:00:00.000Z"),
        ("America/New_York", "2026-11-02", 0, "2026-11-02T05:00:00.000Z"),
        // The clocks change on 29 March and 25 October.
        ("Europe/Berlin", "2026-03-29", 7_199, "2026-03-29T00:59:59.000Z"),
        ("Europe/Berlin", "2026-03-29", 10_800, "2026-03-29T01:00:00.000Z"),
        ("Europe/Berlin", "2026-10-25", 0, "2026-10-24T22:00:00.000Z"),
        ("Europe/Berlin", "2026-10-25", 10_800, "2026-10-25T02:00:00.000Z"),
        ("Europe/Berlin", "2026-10-26", 0, "2026-10-25T23:00:00.000Z"),
    ])
    func `a local time has its moment`(zone: String, date: String, second: Int64, expected: String) throws {
        let zone = try #require(KeitaroTimeZone(zone))
        let date = try #require(Timestamp(iso8601: date, offsetWhenAbsent: 0)?.date)
        let moment = zone.moment(date, secondOfDay: second)
        #expect(moment.iso8601 == expected)
        #expect(zone.date(at: moment) == date)
        #expect(zone.hour(at: moment) == Int(second / 3_600))
    }

    @Test func `an unknown zone is nobody's`() {
        #expect(KeitaroTimeZone("Europe/Atlantis") == nil)
    }
}
