import Base
import Testing

@testable import FlowEditor

struct StatisticsQuestionTests {
    private static let today = CivilDate(year: 2026, month: 3, day: 1)

    @Test(
        arguments: [
            ([:], "2026-02-23", "2026-03-01"), (["period": "7_days_ago"], "2026-02-23", "2026-03-01"),
            (["period": "7_days"], "2026-02-23", "2026-03-01"), (["period": "today"], "2026-03-01", "2026-03-01"),
            (["period": "yesterday"], "2026-02-28", "2026-02-28"), (["period": "30_days"], "2026-01-31", "2026-03-01"),
            (["from": "2024-02-29", "to": "2024-02-29"], "2024-02-29", "2024-02-29"),
            (["from": "2025-01-01", "to": "2026-01-01", "period": "today"], "2025-01-01", "2026-01-01"),
        ] as [(JSON, String, String)])
    func `a period is a first and a last day`(body: JSON, first: String, last: String) throws {
        let today = try #require(Self.today)
        let days = try StatisticsQuestion(body).days(today: today)
        #expect(StatisticsQuestion.text(days.first) == first && StatisticsQuestion.text(days.last) == last)
    }

    @Test(
        arguments: [
            (["from": "2026-01-02", "to": "2026-01-01"], .period), (["from": "2026-01-01"], .period),
            (["to": "2026-01-01"], .period), (["from": "2025-01-01", "to": "2026-01-02"], .period),
            (["from": "2025-02-29", "to": "2025-03-01"], .period), (["from": "1-1-1", "to": "2025-03-01"], .period),
            (["from": "2025-3-01", "to": "2025-03-01"], .period),
            (["from": "20x5-03-01", "to": "2025-03-01"], .period),
            (["timezone": ""], .timezone("")), (["timezone": "Europe/Kyiv; --"], .timezone("Europe/Kyiv; --")),
            (["timezone": "UTC+3"], .timezone("UTC+3")), (["timezone": "Foo/Bar3"], .timezone("Foo/Bar3")),
            (["timezone": .string(String(repeating: "z", count: 65))], .timezone(String(repeating: "z", count: 64))),
        ] as [(JSON, StatisticsQuestion.Refusal)])
    func `refuses`(body: JSON, refusal: StatisticsQuestion.Refusal) {
        #expect(throws: refusal) { try StatisticsQuestion(body) }
    }

    @Test(
        arguments: [
            (["period": "1_day"], "period"), (["by": "stream"], "by"), (["by": "offer"], "campaign_ids"),
            (["by": "offer", "campaign_ids": []], "campaign_ids"), (["campaign_ids": 5], "campaign_ids"),
            (["campaign_ids": [1, .null]], "campaign_ids"), (["campaign_ids": ["1.5"]], "campaign_ids"),
            (["campaign_ids": .array(Array(repeating: 1, count: 5_001))], "campaign_ids"),
        ] as [(JSON, String)])
    func `names the field that is wrong`(body: JSON, field: String) {
        do throws(StatisticsQuestion.Refusal) {
            _ = try StatisticsQuestion(body)
            Issue.record("it was taken")
        } catch {
            guard case .field(field, _) = error else {
                Issue.record("\(error)")
                return
            }
        }
    }

    @Test func `takes ids as numbers and as text, and none for all`() throws {
        #expect(try StatisticsQuestion(["campaign_ids": [1, "2"]]).campaignIDs == [1, 2])
        #expect(try StatisticsQuestion(["campaign_ids": .null]).campaignIDs == [])
        let question = try StatisticsQuestion([
            "by": "offer", "campaign_ids": [7], "timezone": "America/Argentina/Ushuaia",
        ])
        #expect(question.grouping == .offer && question.timezone == "America/Argentina/Ushuaia")
        for zone in ["Etc/GMT+5", "EST5EDT", "America/Port-au-Prince", "America/North_Dakota/New_Salem", "UTC"] {
            #expect(try StatisticsQuestion(["timezone": .string(zone)]).timezone == zone)
        }
    }

    @Test func `ratios over nothing are null, never zero`() {
        var object = JSONObject()
        StatisticsRow().write(into: &object)
        #expect(object["roi"] == .null && object["cr"] == .null && object["epc"] == .null && object["profit"] == 0.0)
        var row = StatisticsRow()
        row.clicks = 200
        row.conversions = 5
        row.cost = 40
        row.revenue = 30.1 + 0.2
        row.write(into: &object)
        #expect(object["cr"] == 2.5 && object["profit"] == .number(-9.7) && object["revenue"] == .number(30.3))
        #expect(object["epc"]?.doubleValue.map { abs($0 - 0.1515) < 1e-9 } == true)
        #expect(object["roi"]?.doubleValue.map { abs($0 + 24.25) < 1e-9 } == true)
    }

    @Test func `a sum of rows adds what can be added`() {
        var one = StatisticsRow()
        one.clicks = .max
        one.cost = 0.1
        var two = StatisticsRow()
        two.clicks = 1
        two.cost = 0.2
        // Wraps rather than traps: no tracker has that many clicks.
        #expect((one + two).clicks == .min)
        var object = JSONObject()
        (one + two).write(into: &object)
        #expect(object["cost"] == .number(0.3))
    }
}
