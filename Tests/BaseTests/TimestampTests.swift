import Base
import Testing

@Suite struct TimestampTests {
    static let known: [(Int64, String, String)] = [
        (0, "1970-01-01T00:00:00.000Z", "1970-01-01 00:00:00.000000+00"),
        (1_795_235_916_123_456, "2026-11-21T04:38:36.123Z", "2026-11-21 04:38:36.123456+00"),
        (951_782_400_000_000, "2000-02-29T00:00:00.000Z", "2000-02-29 00:00:00.000000+00"),
        (4_107_542_399_999_999, "2100-02-28T23:59:59.999Z", "2100-02-28 23:59:59.999999+00"),
        (4_107_542_400_000_000, "2100-03-01T00:00:00.000Z", "2100-03-01 00:00:00.000000+00"),
        (-1, "1969-12-31T23:59:59.999Z", "1969-12-31 23:59:59.999999+00"),
        (-62_135_596_800_000_000, "0001-01-01T00:00:00.000Z", "0001-01-01 00:00:00.000000+00"),
        (-62_135_596_800_000_001, "0000-12-31T23:59:59.999Z", "0001-12-31 23:59:59.999999+00 BC"),
        (-62_198_755_200_000_000, "-000001-01-01T00:00:00.000Z", "0002-01-01 00:00:00.000000+00 BC"),
        (253_402_300_799_999_000, "9999-12-31T23:59:59.999Z", "9999-12-31 23:59:59.999000+00"),
        (253_402_300_800_000_000, "+010000-01-01T00:00:00.000Z", "10000-01-01 00:00:00.000000+00"),
        (.max, "+294247-01-10T04:00:54.775Z", "294247-01-10 04:00:54.775807+00"),
        (.min, "-290308-12-21T19:59:05.224Z", "290309-12-21 19:59:05.224192+00 BC"),
    ]

    @Test(arguments: known)
    func `writes and reads known moments`(_ microseconds: Int64, _ iso: String, _ postgres: String) {
        let moment = Timestamp(microseconds: microseconds)
        #expect(moment.iso8601 == iso)
        #expect(moment.postgresText == postgres)
        if microseconds != .min {  // its second began before the range does
            #expect(Timestamp(iso8601: postgres) == moment)
            #expect(
                Timestamp(iso8601: iso)?.microseconds == moment.microseconds - (moment.microseconds % 1_000 + 1_000)
                    % 1_000)
        }
    }

    @Test(arguments: [
        ("2026-11-21T04:38:36Z", "2026-11-21T04:38:36.000Z"),
        ("2026-11-21t04:38:36.5z", "2026-11-21T04:38:36.500Z"),
        ("2026-11-21T04:38Z", "2026-11-21T04:38:00.000Z"),
        ("2026-11-21T04:38:36.123456789123Z", "2026-11-21T04:38:36.123Z"),
        ("2026-11-21 04:38:36.1+05:30", "2026-11-20T23:08:36.100Z"),
        ("2026-11-21 04:38:36-0330", "2026-11-21T08:08:36.000Z"),
        ("2026-11-21 04:38:36+02", "2026-11-21T02:38:36.000Z"),
        ("1900-01-01 00:00:00+02:02:04", "1899-12-31T21:57:56.000Z"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z"),
        ("0044-03-15 12:00:00+00 BC", "-000043-03-15T12:00:00.000Z"),
        ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000Z"),
    ])
    func `reads the forms others write`(_ text: String, _ expected: String) {
        #expect(Timestamp(iso8601: text)?.iso8601 == expected)
    }

    @Test(arguments: [
        "", "infinity", "-infinity", "now", "2026", "2026-11-21", "2026-11-21T04:38:36", "2026-11-21T04:38:36.Z",
        "2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
        "2026-04-31T00:00:00Z", "2026-04-00T00:00:00Z", "2026-11-21T24:00:00Z", "2026-11-21T04:60:00Z",
        "2026-11-21T04:38:61Z", "2026-11-21T04:38:36ZZ", "2026-11-21T04:38:36+24:00", "2026-11-21T04:38:36+1",
        "2026-11-21T04:38:36+05:3", "2026-11-21T04:38:36 Z", " 2026-11-21T04:38:36Z", "2026-11-21  04:38:36Z",
        "2026-1-21T04:38:36Z", "226-11-21T04:38:36Z", "+2026-11-21T04:38:36Z", "0000-01-01 00:00:00+00 BC",
        "999999-01-01T00:00:00Z", "294247-01-10T04:00:54.775808Z", "-290308-12-21T19:59:05.224191Z",
        "2026-11-21T04:38:36Z\u{0}", "２０２６-11-21T04:38:36Z",
        "2026-11-21T04:38:36.000000000000000000000000000000000000000000000000Z",
    ])
    func `refuses what is no moment`(_ text: String) {
        #expect(Timestamp(iso8601: text) == nil)
    }

    @Test func `reads text without a zone only when told which`() {
        #expect(Timestamp(iso8601: "2026-11-21", offsetWhenAbsent: 0)?.iso8601 == "2026-11-21T00:00:00.000Z")
        #expect(
            Timestamp(iso8601: "2026-11-21 04:38:36", offsetWhenAbsent: 7_200)?.iso8601 == "2026-11-21T02:38:36.000Z")
        #expect(
            Timestamp(iso8601: "2026-11-21 04:38:36Z", offsetWhenAbsent: 7_200)?.iso8601 == "2026-11-21T04:38:36.000Z")
        #expect(Timestamp(iso8601: "2026-11-21", offsetWhenAbsent: .max) == nil)
        #expect(Timestamp(iso8601: "2026-11-21", offsetWhenAbsent: .min) == nil)
    }

    @Test func `every day from 1890 to 2110 follows the one before`() throws {
        var date = try #require(CivilDate(year: 1890, month: 1, day: 1))
        var number = date.daysSince1970
        #expect(number == -29_219)
        while date.year < 2110 {
            let next = CivilDate(daysSince1970: number + 1)
            let isNextMonth = next.day == 1 && date.day == CivilDate.days(inMonth: date.month, of: date.year)
            #expect(isNextMonth || (next.day == date.day + 1 && next.month == date.month))
            #expect(next.daysSince1970 == number + 1)
            #expect(next > date)
            #expect(next.weekday == date.weekday % 7 + 1)
            date = next
            number += 1
        }
    }

    @Test func `knows weekdays and leap years`() {
        #expect(CivilDate(year: 2026, month: 11, day: 21)?.weekday == 6)
        #expect(CivilDate(year: 1970, month: 1, day: 1)?.weekday == 4)
        #expect(
            [1900, 2000, 2023, 2024, 2100, 0, -4, -100].map(CivilDate.isLeap) == [
                false, true, false, true, false, true, true, false,
            ])
        #expect(CivilDate(year: .max, month: 1, day: 1) == nil)
        #expect(CivilDate(year: .min, month: 1, day: 1) == nil)
        #expect(CivilDate(daysSince1970: .max).year > 290_000)
        #expect(CivilDate(daysSince1970: .min).year < -290_000)
    }

    @Test func `writes the date of HTTP`() {
        #expect(Timestamp(microseconds: 784_111_777_000_000).httpDate == "Sun, 06 Nov 1994 08:49:37 GMT")
    }

    @Test func `stops at the ends of its range`() {
        let last = Timestamp(microseconds: .max)
        let first = Timestamp(microseconds: .min)
        #expect(last.adding(.seconds(1)) == last)
        #expect(first.adding(.seconds(-1)) == first)
        #expect(last.adding(.seconds(Int64.max)) == last)
        #expect(first.adding(.seconds(Int64.min)) == first)
        #expect(Timestamp(seconds: .max) == last)
        #expect(Timestamp(seconds: .min) == first)
        #expect(Timestamp(microseconds: 5).adding(.microseconds(-7)).microseconds == -2)
        #expect(Timestamp(microseconds: 5).adding(.seconds(2)).since(Timestamp(microseconds: 5)) == .seconds(2))
        #expect(last.since(first) == .microseconds(Int64.max))
        #expect(first.since(last) == .microseconds(Int64.min))
    }

    @Test func `any text is a moment or nil`() {
        var random = SeededGenerator(seed: 1)
        let letters = Array("0123456789-+:.TZ BC".unicodeScalars)
        for _ in 0..<20_000 {
            var text = Array("2026-11-21T04:38:36.123+05:30".unicodeScalars)
            for _ in 0..<Int.random(in: 0...4, using: &random) {
                let place = Int.random(in: 0..<text.count, using: &random)
                text[place] = letters.randomElement(using: &random) ?? " "
            }
            var string = String.UnicodeScalarView()
            string.append(contentsOf: text.prefix(Int.random(in: 0...text.count, using: &random)))
            if let moment = Timestamp(iso8601: String(string)) {
                #expect(Timestamp(iso8601: moment.postgresText) == moment)
            }
        }
    }
}
