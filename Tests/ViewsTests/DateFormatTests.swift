import Base
import Testing
import Views

struct DateFormatTests {
    private func every(_ offset: Int = 0, _ format: (DateFormat) -> String) -> [String] {
        Language.allCases.map { format(DateFormat($0, offsetMinutes: offset)) }
    }

    private func time(_ text: String) throws -> Timestamp { try #require(Timestamp(iso8601: text)) }

    @Test func `dates and times read as the language writes them`() throws {
        let time = try time("2026-11-21T12:32:05.999Z")
        #expect(
            every(120) { $0.dateTime(time) }
                == ["21 Nov 2026, 14:32", "21 лист. 2026, 14:32", "21 нояб. 2026, 14:32"])
        #expect(every { $0.date(time) } == ["21 Nov 2026", "21 лист. 2026", "21 нояб. 2026"])
        #expect(every { $0.day(time) } == ["21 Nov", "21 лист.", "21 нояб."])
        #expect(every(330) { $0.time(time) } == ["18:02", "18:02", "18:02"])
        #expect(every { $0.timeWithSeconds(time) } == ["12:32:05", "12:32:05", "12:32:05"])
        #expect(every { $0.dateTime(nil) } == ["—", "—", "—"])
    }

    static let moments: [(String, Int, String)] = [
        ("2026-11-21T23:59:59Z", 0, "21 Nov 2026, 23:59"), ("2026-11-21T23:59:59Z", 1, "22 Nov 2026, 00:00"),
        ("2026-12-31T22:00:00Z", 120, "1 Jan 2027, 00:00"), ("2027-01-01T04:59:00Z", -300, "31 Dec 2026, 23:59"),
        ("2024-02-28T23:00:00Z", 60, "29 Feb 2024, 00:00"), ("2023-02-28T23:00:00Z", 60, "1 Mar 2023, 00:00"),
        ("2000-02-29T12:00:00Z", 345, "29 Feb 2000, 17:45"), ("1970-01-01T00:00:00Z", 0, "1 Jan 1970, 00:00"),
        ("1969-12-31T23:59:59Z", 0, "31 Dec 1969, 23:59"), ("1970-01-01T00:00:00Z", -1, "31 Dec 1969, 23:59"),
    ]

    @Test(arguments: moments)
    func `an offset moves the day`(_ text: String, _ offset: Int, _ expected: String) throws {
        #expect(DateFormat(.en, offsetMinutes: offset).dateTime(try time(text)) == expected)
    }

    @Test func `every month has its short name`() {
        let names = Language.allCases.map { language in
            (1...12).compactMap { CivilDate(year: 2026, month: $0, day: 1) }
                .map { String(DateFormat(language, offsetMinutes: 0).day($0).dropFirst(2)) }
        }
        #expect(
            names == [
                ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
                [
                    "січ.", "лют.", "бер.", "квіт.", "трав.", "черв.", "лип.", "серп.", "вер.", "жовт.", "лист.",
                    "груд.",
                ],
                [
                    "янв.", "февр.", "мар.", "апр.", "мая", "июн.", "июл.", "авг.", "сент.", "окт.", "нояб.", "дек.",
                ],
            ])
    }

    @Test func `ranges leave out what both days share`() throws {
        func range(_ first: String, _ last: String, withYear: Bool = false) throws -> [String] {
            let (first, last) = (try time("\(first)T10:00:00Z"), try time("\(last)T10:00:00Z"))
            return every { $0.range(first, last, withYear: withYear) }
        }
        #expect(try range("2026-11-15", "2026-11-21") == ["15–21 Nov", "15–21 лист.", "15–21 нояб."])
        #expect(
            try range("2026-11-15", "2026-11-21", withYear: true)
                == ["15–21 Nov 2026", "15–21 лист. 2026", "15–21 нояб. 2026"])
        #expect(try range("2026-10-28", "2026-11-03") == ["28 Oct – 3 Nov", "28 жовт. – 3 лист.", "28 окт. – 3 нояб."])
        #expect(
            try range("2025-12-28", "2026-01-03")
                == ["28 Dec 2025 – 3 Jan 2026", "28 груд. 2025 – 3 січ. 2026", "28 дек. 2025 – 3 янв. 2026"])
        #expect(try range("2026-11-21", "2026-11-21") == ["21 Nov", "21 лист.", "21 нояб."])
    }

    @Test func `times at the ends of the calendar do not trap`() {
        for microseconds in [Int64.min, .max] {
            for offset in [Int.min, -840, 840, .max] {
                let format = DateFormat(.en, offsetMinutes: offset)
                #expect(!format.dateTime(Timestamp(microseconds: microseconds)).isEmpty)
            }
        }
    }
}
