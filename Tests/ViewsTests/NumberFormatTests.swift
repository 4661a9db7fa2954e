import Testing
import Views

/// In these tables "_" stands for U+00A0 and "-" for U+2212.
private func shown(_ text: String) -> String {
    text.replacing("_", with: "\u{A0}").replacing("-", with: "\u{2212}")
}

struct NumberFormatTests {
    private let all = Language.allCases.map { NumberFormat($0) }

    private func every(_ format: (NumberFormat) -> String) -> [String] { all.map(format) }

    static let numbersTable: [(Double, Int, String, String)] = [
        (35882.5, 1, "35,882.5", "35_882,5"), (-24.8, 1, "-24.8", "-24,8"), (0, 0, "0", "0"), (0, 2, "0.00", "0,00"),
        (7, 0, "7", "7"), (999, 0, "999", "999"), (1000, 0, "1,000", "1_000"), (-1000, 0, "-1,000", "-1_000"),
        (1_284_600, 0, "1,284,600", "1_284_600"), (0.05, 1, "0.1", "0,1"), (0.04, 1, "0.0", "0,0"),
        (-0.04, 1, "0.0", "0,0"), (-0.05, 1, "-0.1", "-0,1"), (1.005, 2, "1.01", "1,01"), (2.675, 2, "2.68", "2,68"),
        (0.285, 2, "0.29", "0,29"), (1.115, 2, "1.12", "1,12"), (0.5, 0, "1", "1"), (1.5, 0, "2", "2"),
        (2.5, 0, "3", "3"), (-2.5, 0, "-3", "-3"), (0.49999999, 0, "0", "0"), (999.999, 2, "1,000.00", "1_000,00"),
        (0.0000123, 3, "0.000", "0,000"), (1e-7, 7, "0.0000001", "0,0000001"),
        (.leastNonzeroMagnitude, 2, "0.00", "0,00"),
        (1e16, 0, "10,000,000,000,000,000", "10_000_000_000_000_000"), (-0.0, 0, "0", "0"),
        (0.1 + 0.2, 1, "0.3", "0,3"),
        (.nan, 0, "—", "—"), (.infinity, 2, "—", "—"), (-.infinity, 2, "—", "—"), (1e300, 0, "—", "—"),
    ]

    @Test(arguments: numbersTable)
    func `numbers are grouped and halves round away from zero`(
        _ value: Double, _ places: Int, _ english: String, _ slavic: String
    ) {
        #expect(every { $0.number(value, places: places) } == [shown(english), shown(slavic), shown(slavic)])
    }

    static let textsTable: [(String, Int, String)] = [
        ("35882.5", 1, "35,882.5"), ("0.145", 2, "0.15"), ("-0.145", 2, "-0.15"), ("+12", 0, "12"), ("12.", 0, "12"),
        (".5", 1, "0.5"), ("1234567890123456789012.345", 2, "1,234,567,890,123,456,789,012.35"), ("1e3", 0, "1,000"),
        ("12E-1", 1, "1.2"), ("0.999999999999999999999999999999999999999999", 2, "1.00"), ("0e999", 0, "0"),
        ("NaN", 0, "—"), ("", 0, "—"), ("-", 0, "—"), (".", 0, "—"), ("1.2.3", 0, "—"), ("1,2", 0, "—"),
        ("12a", 0, "—"),
        ("1e", 0, "—"), ("1e99999999999999999999", 0, "—"), ("1e39", 0, "—"), ("0x10", 0, "—"), ("--1", 0, "—"),
        ("1000000000000000000000000000000000000000", 0, "—"),
    ]

    @Test(arguments: textsTable)
    func `decimal text keeps every digit`(_ text: String, _ places: Int, _ expected: String) {
        #expect(NumberFormat(.en).number(DecimalNumber(text: text), places: places) == shown(expected))
    }

    @Test func `whole numbers at their ends`() {
        #expect(NumberFormat(.en).number(Int64.max) == "9,223,372,036,854,775,807")
        #expect(NumberFormat(.en).number(Int64.min) == shown("-9,223,372,036,854,775,808"))
        #expect(NumberFormat(.en).number(Int64.max, places: 12).hasSuffix("807.000000000000"))
    }

    @Test func `a sign is shown on changes only, and never on zero`() {
        let english = NumberFormat(.en)
        #expect(english.number(16, sign: .always) == "+16")
        #expect(english.number(-16, sign: .always) == shown("-16"))
        #expect(english.number(0, sign: .always) == "0")
        #expect(english.number(0.004, places: 2, sign: .always) == "0.00")
        #expect(english.number(16) == "16")
    }

    @Test func `percent and points have their marks`() {
        #expect(every { $0.percent(19.1) } == ["19.1%", "19,1_%", "19,1_%"].map(shown))
        #expect(every { $0.percent(70, places: 0) } == ["70%", "70_%", "70_%"].map(shown))
        #expect(every { $0.percent(-3.25, places: 2) } == ["-3.25%", "-3,25_%", "-3,25_%"].map(shown))
        #expect(every { $0.percent(1.2, sign: .always) } == ["+1.2%", "+1,2_%", "+1,2_%"].map(shown))
        #expect(every { $0.points(0.12) } == ["0.12_pp", "0,12_п.п.", "0,12_п.п."].map(shown))
        #expect(every { $0.points(-1.5, places: 1) } == ["-1.5_pp", "-1,5_п.п.", "-1,5_п.п."].map(shown))
    }

    @Test func `ROI always has its sign`() {
        #expect(every { $0.roi(124.84) } == ["+124.8%", "+124,8_%", "+124,8_%"].map(shown))
        #expect(every { $0.roi(-24.8) } == ["-24.8%", "-24,8_%", "-24,8_%"].map(shown))
        #expect(every { $0.roi(0) } == ["0.0%", "0,0_%", "0,0_%"].map(shown))
        #expect(every { $0.roi(Double.nan) } == ["—", "—", "—"])
    }

    static let moneyTable: [(Double, String, Int, String, String)] = [
        (1550, "USD", 0, "$1,550", "1_550_$"), (1_284_600, "UAH", 0, "₴1,284,600", "1_284_600_₴"),
        (250, "XTR", 0, "250_⭐", "250_⭐"), (12.345, "EUR", 2, "€12.35", "12,35_€"),
        (-1550, "USD", 0, "-$1,550", "-1_550_$"), (990, "RUB", 0, "₽990", "990_₽"), (990, "KZT", 0, "₸990", "990_₸"),
        (1500, "PLN", 0, "1,500_zł", "1_500_zł"), (1500, "GBP", 2, "1,500.00_GBP", "1_500,00_GBP"),
        (0, "USD", 2, "$0.00", "0,00_$"), (.nan, "USD", 0, "—", "—"),
    ]

    @Test(arguments: moneyTable)
    func `money has its symbol where the language puts it`(
        _ value: Double, _ currency: String, _ places: Int, _ english: String, _ slavic: String
    ) {
        #expect(every { $0.money(value, currency, places: places) } == [shown(english), shown(slavic), shown(slavic)])
    }

    @Test func `a change of money has its sign before the symbol`() {
        #expect(every { $0.money(16, "USD", sign: .always) } == ["+$16", "+16_$", "+16_$"].map(shown))
    }

    @Test func `what is missing is a dash`() {
        let nothing: Int64? = nil
        for format in all {
            #expect(format.number(nothing) == "—")
            #expect(format.percent(nothing) == "—")
            #expect(format.points(nothing) == "—")
            #expect(format.roi(nothing) == "—")
            #expect(format.money(nothing, "USD") == "—")
            #expect(format.duration(nil) == "—")
        }
    }

    @Test func `a wild number of places is held in bounds`() {
        #expect(NumberFormat(.en).number(1.5, places: -3) == "2")
        #expect(NumberFormat(.en).number(1.5, places: .max) == "1.500000000000")
    }

    static let durationsTable: [(Duration, String, String, String)] = [
        (.seconds(157), "2_min 37_s", "2_хв 37_с", "2_мин 37_с"), (.seconds(37), "37_s", "37_с", "37_с"),
        (.seconds(120), "2_min", "2_хв", "2_мин"), (.seconds(0), "0_s", "0_с", "0_с"),
        (.milliseconds(850), "850_ms", "850_мс", "850_мс"), (.microseconds(90), "0_s", "0_с", "0_с"),
        (.milliseconds(1999), "1_s", "1_с", "1_с"), (.seconds(3900), "1_h 5_min", "1_год 5_хв", "1_ч 5_мин"),
        (.seconds(3605), "1_h", "1_год", "1_ч"), (.seconds(86_400 * 3 + 7200), "3_d 2_h", "3_д 2_год", "3_д 2_ч"),
        (.seconds(86_400 * 1500), "1,500_d", "1_500_д", "1_500_д"),
        (.seconds(-157), "-2_min 37_s", "-2_хв 37_с", "-2_мин 37_с"),
        (.milliseconds(-20), "-20_ms", "-20_мс", "-20_мс"),
    ]

    @Test(arguments: durationsTable)
    func `durations show their two largest units`(
        _ duration: Duration, _ english: String, _ ukrainian: String, _ russian: String
    ) {
        #expect(every { $0.duration(duration) } == [shown(english), shown(ukrainian), shown(russian)])
    }

    @Test func `the longest durations do not trap`() {
        #expect(!NumberFormat(.en).duration(.seconds(Int64.min)).isEmpty)
        #expect(!NumberFormat(.en).duration(.seconds(Int64.max)).isEmpty)
    }
}
