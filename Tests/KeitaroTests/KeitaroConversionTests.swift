import Base
import Fetch
import Testing

@testable import Keitaro

@Suite struct KeitaroConversionTests {
    private let key = Secret("k3y")
    private let query = KeitaroConversionQuery(
        from: CivilDate(daysSince1970: 20_600), through: CivilDate(daysSince1970: 20_602))

    private static let new =
        #"{"rows":[{"event_id":"019","datetime":"2026-05-27 10:00:00","sub_id":"abc","tid":"t1","status":"sale","revenue":12.5,"campaign_id":7}],"total":1}"#
    private static let old =
        #"{"rows":[{"conversion_id":5,"postback_datetime":"2026-05-27 10:00:00","sub_id":"abc","tid":"","status":"lead","revenue":"7"}],"total":1}"#
    private static let ignored = #"{"rows":[{"sub_id":"abc","status":"lead"}],"total":1}"#
    private static let unknown = #"{"error":"Unknown column 'event_id'"}"#

    @Test func `asks for the new columns first, a range of days in UTC, oldest first`() async throws {
        let tracker = try LoopbackTracker(.json(200, Self.new))
        let found = try await tracker.client().conversions(query, key)
        #expect(found.map(\.id) == ["019"])
        #expect(found.first?.at == Timestamp(iso8601: "2026-05-27T10:00:00Z"))
        #expect(found.first?.revenue == "12.5")
        #expect(tracker.lines == ["POST /admin_api/v1/conversions/log"])
        let body = try JSON(parsing: tracker.asked.first?.body ?? "")
        #expect(body["range"] == ["from": "2026-05-27", "to": "2026-05-29", "timezone": "UTC"])
        #expect(body["sort"] == [["name": "datetime", "order": "ASC"]])
        #expect(body["columns"]?.arrayValue?.contains("event_id") == true)
        #expect(body["filters"] == nil)
    }

    @Test(arguments: [
        LoopbackTracker.Answer.json(400, KeitaroConversionTests.unknown), .json(422, KeitaroConversionTests.unknown),
        .json(200, KeitaroConversionTests.ignored),
    ])
    func `falls back to the old columns, and remembers`(first: LoopbackTracker.Answer) async throws {
        let tracker = try LoopbackTracker(first, .json(200, Self.old), .json(200, Self.old))
        let dialects = KeitaroDialects()
        let client = tracker.client(dialects: dialects)
        #expect(try await client.conversions(query, key).map(\.id) == ["5"])
        #expect(try await client.conversions(query, key).map(\.transactionID) == [""])
        let columns = try tracker.asked.map { try JSON(parsing: $0.body)["columns"]?[0]?.stringValue }
        #expect(columns == ["event_id", "conversion_id", "conversion_id"])
    }

    @Test func `does without what only describes`() async throws {
        let refused = LoopbackTracker.Answer.json(400, #"{"error":"Unknown column 'offer'"}"#)
        let tracker = try LoopbackTracker(refused, refused, .json(200, Self.new))
        #expect(try await tracker.client().conversions(query, key).count == 1)
        let columns = try tracker.asked.map { try JSON(parsing: $0.body)["columns"]?.arrayValue?.contains("offer") }
        #expect(columns == [true, true, false])
    }

    @Test func `gives up with the first complaint`() async throws {
        let answers = (1...4).map { LoopbackTracker.Answer.json(400, #"{"error":"complaint \#($0)"}"#) }
        let tracker = try LoopbackTracker(answers[0], answers[1], answers[2], answers[3])
        let client = tracker.client()
        do throws(KeitaroFailure) {
            _ = try await client.conversions(query, key)
            Issue.record("nothing was thrown")
        } catch {
            #expect(error.error == .rejectedFields([.init(field: "", messages: ["complaint 1"])]))
        }
    }

    @Test func `does not try another dialect when the key is refused`() async throws {
        let tracker = try LoopbackTracker(.json(401, "{}"))
        let client = tracker.client()
        do throws(KeitaroFailure) {
            _ = try await client.conversions(query, key)
            Issue.record("nothing was thrown")
        } catch {
            #expect(error.error == .keyRefused)
        }
        #expect(tracker.lines.count == 1)
    }

    @Test func `collects pages, each conversion once`() async throws {
        let page = { (numbers: Range<Int>) in
            #"{"rows":["#
                + numbers.map { #"{"event_id":"\#($0)","datetime":"2026-05-27 10:00:00","sub_id":"a","revenue":1}"# }
                .joined(separator: ",") + "]}"
        }
        let tracker = try LoopbackTracker(.json(200, page(0..<1000)), .json(200, page(999..<1005)))
        let found = try await tracker.client().conversions(query, key)
        #expect(found.count == 1005)
        let offsets = try tracker.asked.map { try JSON(parsing: $0.body)["offset"]?.intValue }
        #expect(offsets == [0, 1000])
    }

    @Test(arguments: [
        ("12.5", "12.5"), ("-3", "-3"), ("0", "0"), (#""1550.00""#, "1550.00"), ("1e-05", "0.000010"),
        ("1.5e3", "1500"), ("null", "0"), (#""""#, "0"), (#""+7""#, "7.000000"),
    ])
    func `reads revenue as decimal text`(written: String, read: String) throws {
        let page = try KeitaroConversionPage(
            JSON(parsing: #"{"rows":[{"sub_id":"a","datetime":"2026-05-27 10:00:00","revenue":\#(written)}]}"#), .events
        )
        #expect(page.conversions.map(\.revenue) == [read])
    }

    @Test(arguments: [
        (#"{"total":0}"#, "conversions, field rows: expected a list, found nothing"),
        (
            #"{"rows":[{"sub_id":"a","datetime":"soon"}]}"#,
            "conversion (place 1), field datetime: expected a time, found a string"
        ),
        (
            #"{"rows":[{"sub_id":"a","datetime":"2026-05-27 10:00:00","revenue":"much"}]}"#,
            "conversion (place 1), field revenue: expected a number, found a string"
        ),
    ])
    func `says what it could not read`(text: String, sentence: String) throws {
        let error = #expect(throws: KeitaroModelProblem.self) {
            try KeitaroConversionPage(JSON(parsing: text), .events)
        }
        #expect(error?.description == sentence)
    }

    // MARK: Postbacks

    private static let campaign =
        #"{"id":7,"name":"K","token":"secret","postbacks":[{"id":1,"campaign_id":7,"method":"GET","statuses":["sale"],"url":"https://a.example/?x={subid}","delay":3}]}"#

    @Test func `puts a campaign's postbacks back with all they had, and nothing else of it`() async throws {
        let tracker = try LoopbackTracker(.json(200, Self.campaign), .json(200, Self.campaign))
        let client = tracker.client()
        let campaign = try await client.postbacks(ofCampaign: 7, key)
        #expect(campaign.postbacks.map(\.url) == ["https://a.example/?x={subid}"])
        let own = KeitaroPostback(method: "POST", statuses: ["lead", "sale"], url: "https://desk.example/?secret=s")
        _ = try await client.putPostbacks(ofCampaign: 7, campaign.postbacks + [own], key)
        #expect(tracker.lines == ["GET /admin_api/v1/campaigns/7", "PUT /admin_api/v1/campaigns/7"])
        #expect(
            try JSON(parsing: tracker.asked.last?.body ?? "") == [
                "postbacks": [
                    [
                        "id": 1, "campaign_id": 7, "method": "GET", "statuses": ["sale"],
                        "url": "https://a.example/?x={subid}", "delay": 3,
                    ],
                    ["method": "POST", "statuses": ["lead", "sale"], "url": "https://desk.example/?secret=s"],
                ]
            ])
    }

    @Test(arguments: [
        #"{"id":7,"name":"K"}"#, #"{"id":7,"postbacks":"many"}"#, #"{"id":7,"postbacks":[{"method":"GET"}]}"#,
    ])
    func `does not take a campaign for one without postbacks`(text: String) throws {
        #expect(throws: KeitaroModelProblem.self) { try KeitaroCampaignPostbacks(JSON(parsing: text)) }
        let listed = try KeitaroCampaign(JSON(parsing: text))
        #expect(listed.postbacks == nil)
    }

    @Test func `takes null for none`() throws {
        #expect(try KeitaroCampaignPostbacks(JSON(parsing: #"{"id":7,"postbacks":null}"#)).postbacks.isEmpty)
    }

    @Test func `never prints an address`() throws {
        let postback = KeitaroPostback(method: "GET", statuses: [], url: "https://desk.example/?secret=s3cret")
        let campaign = try KeitaroCampaignPostbacks(JSON(parsing: Self.campaign))
        #expect(!String(reflecting: postback).contains("s3cret"))
        #expect(!"\(postback)\(campaign)".contains("example"))
    }

    @Test func `puts a source's address and statuses alone`() async throws {
        let source = #"{"id":3,"name":"TikTok","postback_url":"https://b.example/","postback_statuses":["lead"]}"#
        let tracker = try LoopbackTracker(.json(200, "[\(source)]"), .json(200, source), .json(200, source))
        let client = tracker.client()
        #expect(try await client.trafficSources(key).map(\.postbackURL) == ["https://b.example/"])
        #expect(try await client.trafficSource(3, key).postbackStatuses == ["lead"])
        _ = try await client.putPostback(ofSource: 3, url: "https://c.example/", statuses: ["sale"], key)
        #expect(tracker.asked.last?.body == #"{"postback_url":"https://c.example/","postback_statuses":["sale"]}"#)
    }
}
