import Base
import Testing

@testable import Keitaro

@Suite struct KeitaroReportTests {
    private let query = KeitaroReportQuery(
        .interval("7_days_ago"), dimensions: ["stream_id", "offer_id"], measures: ["clicks", "revenue"],
        filters: [.init("campaign_id", "EQUALS", 1001)])

    @Test func `puts the question in both dialects`() throws {
        let common = #""filters":[{"name":"campaign_id","operator":"EQUALS","expression":1001}]"#
        #expect(
            query.body(in: .new).text
                == #"{"range":{"interval":"7_days_ago","timezone":"UTC"},"dimensions":["stream_id","offer_id"],"measures":["clicks","revenue"],\#(common)}"#
        )
        #expect(
            query.body(in: .old).text
                == #"{"range":{"interval":"7_days_ago","timezone":"UTC"},"grouping":["stream_id","offer_id"],"metrics":["clicks","revenue"],\#(common)}"#
        )
    }

    @Test func `puts a range of days`() {
        let query = KeitaroReportQuery(.between("2026-01-14", "2026-01-19"), timezone: "Europe/Kyiv", dimensions: [])
        #expect(
            query.body(in: .new)["range"] == ["from": "2026-01-14", "to": "2026-01-19", "timezone": "Europe/Kyiv"])
    }

    @Test(arguments: [
        #"{"rows":[{"stream_id":5002,"offer_id":102,"clicks":462,"revenue":111.64}],"total":1,"meta":[]}"#,
        #"{"rows":[{"stream_id":"5002","offer_id":"102","clicks":"462","revenue":"111.64"}]}"#,
        #"{"rows":{"3":{"stream_id":5002,"offer_id":102,"clicks":462.0,"revenue":111.64,"cr":null}}}"#,
    ])
    func `reads numbers in all their forms`(text: String) throws {
        let report = try KeitaroReport(JSON(parsing: text), for: query)
        let row = report.row(["stream_id": "5002", "offer_id": "102"])
        #expect(row.clicks == 462)
        #expect(row.revenue == 111.64)
        #expect(row.conversions == 0)
        #expect(report.answers(query))
    }

    @Test func `has zero for what has no row`() throws {
        let report = try KeitaroReport(JSON(parsing: #"{"rows":[],"total":0}"#), for: query)
        #expect(report.row(["offer_id": "102"]) == .zero)
        #expect(report.row(["offer_id": "102"]).clicks == 0)
        #expect(report.answers(query))
    }

    @Test(arguments: ["null", #""""#]) func `takes an empty number for zero`(value: String) throws {
        let report = try KeitaroReport(JSON(parsing: #"{"rows":[{"stream_id":1,"clicks":\#(value)}]}"#), for: query)
        #expect(report.rows.map(\.clicks) == [0])
    }

    @Test func `sees that its words were ignored`() throws {
        let report = try KeitaroReport(JSON(parsing: #"{"rows":[{"campaign":"x"}]}"#), for: query)
        #expect(!report.answers(query))
    }

    @Test(arguments: [
        (#"{"total":0}"#, "report, field rows: expected a list, found nothing"),
        (#"[]"#, "report, field rows: expected a list, found nothing"),
        (#"{"rows":["a"]}"#, "report row (place 1): expected an object, found a string"),
        (#"{"rows":[{"clicks":"many"}]}"#, "report row (place 1), field clicks: expected a number, found a string"),
    ])
    func `says what it could not read`(text: String, sentence: String) throws {
        let error = #expect(throws: KeitaroModelProblem.self) { try KeitaroReport(JSON(parsing: text), for: query) }
        #expect(error?.description == sentence)
    }
}
