import Base
import Testing

@testable import Postbacks

struct PostbackFieldsTests {
    private static func fields(
        _ query: String = "", body: String = "", as contentType: String = "application/x-www-form-urlencoded"
    ) -> PostbackFields {
        PostbackFields(query: query.utf8, contentType: contentType, body: Array(body.utf8))
    }

    @Test func `query, form and JSON say the same`() {
        let said = "click_id=abc&status=lead&conversion_revenue=12.5&campaign_name=%D0%9A%D0%97+%C2%B7+TikTok&foreign=1"
        let json =
            #"{"click_id":"abc","status":"lead","conversion_revenue":12.5,"campaign_name":"КЗ · TikTok","foreign":1}"#
        let all = [
            Self.fields("secret=s&" + said), Self.fields("secret=s", body: said), Self.fields(body: "secret=s&" + said),
            Self.fields("secret=s", body: json, as: "application/json; charset=utf-8"),
            // Senders that name the wrong kind, or none.
            Self.fields("secret=s", body: json), Self.fields("secret=s", body: said, as: ""),
            Self.fields("secret=s", body: said, as: "text/plain"),
        ]
        for fields in all {
            #expect(fields.secret == "s")
            #expect(fields[.clickID] == "abc")
            #expect(fields[.status] == "lead")
            #expect(fields[.revenue] == "12.5")
            #expect(fields[.campaignName] == "КЗ · TikTok")
            #expect(
                fields.pairs.map { "\($0.name)=\($0.value)" } == [
                    "click_id=abc", "status=lead", "conversion_revenue=12.5", "campaign_name=КЗ · TikTok", "foreign=1",
                ])
        }
    }

    @Test(
        arguments: [
            (.clickID, "subid=x"), (.clickID, "click_id=x&subid=y"), (.clickID, "subid=y&click_id=x"),
            (.clickID, "click_id=&subid=x"), (.clickID, "click_id={subid}&subid=x"), (.clickID, "Click-ID=x"),
            (.clickID, "SubID=x"), (.clickID, "click_id=%20x%0A"), (.transactionID, "tid=x"),
            (.transactionID, "txid=x"),
            (.campaignID, "keitaro_campaign_id=x"), (.campaignName, "campaign=x"), (.offerName, "offer=x"),
            (.landingName, "landing=x"), (.country, "geo=x"), (.country, "country_code=x"),
            (.source, "traffic_source_name=x"), (.source, "source={source}&traffic_source=x"), (.subID1, "sub1=x"),
            (.subID2, "subid2=x"), (.revenue, "revenue=x"), (.revenue, "conversion_revenue=%7Brevenue%7D&revenue=x"),
            (.reason, "reject_reason=x"), (.reason, "comment=x"), (.eventID, "event_id=x"),
            (.status, "status=__STATUS__&event=x"), (.creativeID, "creative_id={{ad.id}}&creative=x"),
            (.status, "status=x&&=&a&%"),
        ] as [(PostbackField, String)])
    func `a field is found under its names, and one that says nothing leaves room for the next`(
        field: PostbackField, query: String
    ) {
        #expect(Self.fields(query)[field] == "x")
    }

    @Test(arguments: [
        "", "   ", "%0d%0A", "{offer_name}", "{{ad.name}}", "%7Boffer_name%7D", "{date:Y-m-d H:i:s}", "__OFFER__",
    ])
    func `blanks and macros nobody filled in are missing, and are kept as sent`(value: String) {
        let fields = Self.fields("offer_name=\(value)")
        #expect(fields[.offerName] == "")
        #expect(fields.pairs.count == 1)
    }

    @Test(arguments: ["{", "}", "a{b}", "{b}a", "____", "__a__", "0", "null", "-"])
    func `other texts are none`(value: String) {
        #expect(Self.fields("offer_name=\(value)")[.offerName] == value)
    }

    @Test func `a name is one name however it is spelled, and what was stored reads as it came`() {
        let sent = PostbackFields(
            query: "payout=10&Payout=20&Click-ID=a&click_id=b&status=lead".utf8, contentType: "application/json",
            body: Array(#"{"Status": "sale"}"#.utf8))
        #expect(sent.pairs.map(\.name) == ["payout", "Click-ID", "status"])
        #expect(sent[.payout] == "10" && sent[.clickID] == "a" && sent[.status] == "sale")
        let stored = PostbackFields(pairs: sent.pairs.sorted { $0.name < $1.name })
        #expect(stored[.payout] == "10" && stored[.clickID] == "a" && stored[.status] == "sale")
    }

    @Test func `a mark before the content is no part of it`() {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let json = PostbackFields(
            query: "".utf8, contentType: "application/json", body: mark + Array(#"{"status": "sale"}"#.utf8))
        let form = PostbackFields(query: "".utf8, body: mark + Array("status=sale".utf8))
        #expect(json[.status] == "sale" && form[.status] == "sale")
    }

    @Test func `the body counts before the query, unless it says nothing`() {
        let fields = Self.fields("status=lead&tid=1&status=late", body: "status=sale&tid={tid}&tid=&sub_id_1=a")
        #expect(fields[.status] == "sale")
        #expect(fields[.transactionID] == "1")
        #expect(fields.pairs.map(\.name) == ["status", "tid", "sub_id_1"])
    }

    @Test(
        arguments: [
            ("a=100%", "100%"), ("a=%zz%2", "%zz%2"), ("a=%D0%94%D0%B0", "Да"), ("a=%C4%E0", "Да"), ("a=x%00y", "xy"),
            ("a=1+2%2B3", "1 2+3"), ("a=b=c", "b=c"), ("a=%F0%9F%92%B0", "💰"), ("a=%E2%82", "в‚"),
        ])
    func `what is badly encoded is read as well as it can be`(query: String, value: String) {
        #expect(Self.fields(query).pairs.first?.value == value)
    }

    @Test(
        arguments: [
            (#"{"a":null}"#, ""), (#"{"a":true}"#, "true"), (#"{"a":12.0}"#, "12"),
            (#"{"a":{"b":[1]}}"#, #"{"b":[1]}"#),
            (#"{"a":"x\u0000y"}"#, "xy"), (#" {"a" : "1"} "#, "1"),
        ])
    func `a value of JSON becomes a text`(body: String, value: String) {
        #expect(Self.fields(body: body, as: "application/json").pairs.first?.value == value)
    }

    @Test(arguments: ["{\"a\":", "[1]", "\u{1}", "\"text\"", "<xml/>"])
    func `a body that is none of these adds nothing`(body: String) {
        let fields = Self.fields("status=sale", body: body, as: "application/json")
        #expect(fields.pairs.map(\.name) == ["status"])
        #expect(fields[.status] == "sale")
    }

    @Test func `the texts of a multipart form are read, files are not`() {
        let body = [
            "preamble", "--b", "Content-Disposition: form-data; name=\"subid\"", "", "клік", "--b",
            "Content-Disposition: form-data; name=\"status\"; filename=\"x\"", "", "sale", "--b",
            "Content-Disposition: form-data; name=\"secret\"", "", "0123456789", "--b",
            "Content-Disposition: form-data; name=\"revenue\"", "", "12,5", "--b--", "",
        ].joined(separator: "\r\n")
        let fields = Self.fields("status=lead", body: body, as: "multipart/form-data; boundary=b")
        #expect(fields[.clickID] == "клік" && fields[.status] == "lead" && fields[.revenue] == "12,5")
        #expect(fields.secret == "0123456789")
        #expect(fields.pairs.map(\.name) == ["status", "subid", "revenue"])
        // What breaks off in the middle keeps what came whole.
        let broken = Self.fields("", body: String(body.prefix(60)), as: "multipart/form-data; boundary=b")
        #expect(broken.pairs.isEmpty)
        #expect(Self.fields("status=lead", body: body, as: "multipart/form-data")[.clickID] == "")
    }

    @Test func `the secret is in no other value`() {
        let fields = Self.fields(
            "secret=0123456789abcdef&referrer=https://x/?secret=0123456789abcdef%26a=1&Secret=other")
        #expect(fields.secret == "0123456789abcdef")
        #expect(fields.pairs.map(\.name) == ["referrer"])
        #expect(fields.pairs.first?.value == "https://x/?secret=***&a=1")
        let named = Self.fields("secret=0123456789abcdef&x0123456789abcdef=1&subid=c")
        #expect(named.pairs.map(\.name) == ["x***", "subid"])
    }

    @Test func `no more than the limits is read, and what goes into an index is cut between letters`() {
        let many = (0..<1_000).map { "n\($0)=\($0)" }.joined(separator: "&")
        #expect(Self.fields(many, body: many).pairs.count == PostbackFields.limit)
        let long = String(repeating: "щ", count: 700)
        #expect(Self.fields("click_id=\(long)")[.clickID] == String(repeating: "щ", count: 256))
        #expect("aщ".cut(toBytes: 2) == "a")
        #expect("aщ".cut(toBytes: 3) == "aщ")
        #expect("💰".cut(toBytes: 3) == "")
    }

    @Test func `noise is read without harm`() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<2_000 {
            let length = Int.random(in: 0...60, using: &generator)
            let bytes = (0..<length).map { _ in
                Bool.random(using: &generator)
                    ? UInt8.random(in: 0...255, using: &generator) : Array("{}%&=\"_status ".utf8).randomElement() ?? 0
            }
            let fields = PostbackFields(query: bytes, contentType: "", body: bytes)
            #expect(fields.pairs.allSatisfy { !$0.value.utf8.contains(0) && !$0.name.utf8.contains(0) })
        }
    }
}
