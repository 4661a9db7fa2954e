import Base
import Testing

@testable import Keitaro

@Suite struct KeitaroModelTests {
    private func fields(_ text: String, _ kind: String = "thing") throws -> KeitaroFields {
        try KeitaroFields(JSON(parsing: text), kind)
    }

    @Test(arguments: [
        #"{"id":1001,"alias":"aB3","name":"Demo","state":"active","type":"weight","group_id":7,"token":"hush","notes":null}"#,
        #"{"id":"1001","alias":"aB3","name":"Demo","state":"active","type":"weight","group_id":"7","new_field":{"a":[1]}}"#,
        #"{"id":1001.0,"alias":"aB3","name":"Demo","type":"weight","group_id":7.0}"#,
        #"[{"id":1001,"alias":"aB3","name":"Demo","type":"weight","group_id":7}]"#,
    ])
    func `reads a campaign in all its forms`(text: String) throws {
        let campaign = try KeitaroCampaign(fields(text, "campaign"))
        #expect(campaign.id == 1001)
        #expect(campaign.alias == "aB3")
        #expect(campaign.name == "Demo")
        #expect(campaign.state == .active)
        #expect(campaign.type == "weight")
        #expect(campaign.groupID == 7)
        #expect(!String(reflecting: campaign).contains("hush"))
    }

    @Test(arguments: [
        #"{"id":1}"#, #"{"id":1,"group_id":null,"name":null}"#, #"{"id":1,"group_id":0}"#, #"{"id":1,"group_id":""}"#,
    ])
    func `takes absent fields for empty ones`(text: String) throws {
        let campaign = try KeitaroCampaign(fields(text, "campaign"))
        #expect(campaign.groupID == nil)
        #expect(campaign.name == "")
        #expect(campaign.state == .active)
        #expect(campaign.type == "position")
    }

    @Test(arguments: [
        ("active", KeitaroState.active), ("disabled", .disabled), ("deleted", .deleted), ("paused", .other("paused")),
    ])
    func `keeps states it does not know`(text: String, state: KeitaroState) {
        #expect(KeitaroState(text) == state)
        #expect(KeitaroState(text).description == text)
    }

    @Test func `reads an offer`() throws {
        let offer = try KeitaroOffer(
            fields(
                #"""
                {"id":"102","name":"Nutra | US","state":"active","affiliate_network_id":"3","affiliate_network":"Northwind",
                 "payout_value":"12.50","payout_currency":"USD","country":["US","CA"],"archive":null}
                """#, "offer"))
        #expect(offer.id == 102)
        #expect(offer.networkID == 3)
        #expect(offer.networkName == "Northwind")
        #expect(offer.payoutValue == "12.50")
        #expect(offer.payoutCurrency == "USD")
        #expect(offer.countries == ["US", "CA"])
    }

    @Test(arguments: [
        (#"["US","CA"]"#, ["US", "CA"]), (#""US,CA""#, ["US", "CA"]), (#""US, CA""#, ["US", "CA"]),
        (#"{"0":"US","2":"CA"}"#, ["US", "CA"]),
        ("[]", []), ("null", []), (#""""#, []), (#""US""#, ["US"]),
    ])
    func `reads an offer's countries`(json: String, countries: [String]) throws {
        let offer = try KeitaroOffer(fields(#"{"id":1,"affiliate_network_id":0,"country":\#(json)}"#, "offer"))
        #expect(offer.countries == countries)
        #expect(offer.networkID == nil)
    }

    @Test(arguments: [
        ("10", "10"), ("10.5", "10.5"), (#""0.10""#, "0.10"), ("null", nil), (#""""#, nil), (#""a lot""#, nil),
    ])
    func `reads a payout as decimal text`(json: String, payout: String?) throws {
        #expect(try KeitaroOffer(fields(#"{"id":1,"payout_value":\#(json)}"#, "offer")).payoutValue == payout)
    }

    private static let stream = #"""
        {"id":5002,"type":"regular","name":"Flow 2","campaign_id":"1001","position":2,"weight":"100",
         "state":"active","schema":"landings","action_type":"http","action_payload":{"a":1},"action_options":null,
         "collect_clicks":true,"filter_or":false,"comments":null,"updated_at":"2026-01-01 10:05:00",
         "filters":[{"id":1,"stream_id":5002,"name":"country","mode":"accept","payload":["AU"],"oid":"0"},
                    {"name":"limit","mode":"reject","payload":"[\"1\",\"2\"]"}],
         "triggers":[{"taget":"stream"}],"landings":[],
         "offers":[{"id":900003,"stream_id":5002,"offer_id":103,"state":"active","share":"75","created_at":"x"},
                   {"id":"900001","offer_id":"101","state":"disabled","share":25.0}]}
        """#

    @Test func `reads a stream with its offers in order`() throws {
        let stream = try KeitaroStream(fields(Self.stream, "stream"))
        #expect(stream.id == 5002)
        #expect(stream.campaignID == 1001)
        #expect(stream.weight == "100")
        #expect(stream.filters.map(\.name) == ["country", "limit"])
        #expect(stream.filters.map(\.payload) == [["AU"], ["1", "2"]])
        #expect(!stream.filtersAreAlternatives)
        #expect(
            stream.offers == [
                .init(bindingID: 900003, offerID: 103, share: 75, state: .active),
                .init(bindingID: 900001, offerID: 101, share: 25, state: .disabled),
            ])
    }

    @Test(arguments: ["null", "[]", "{}", #""""#])
    func `takes every nothing for an empty set`(nothing: String) throws {
        let stream = try KeitaroStream(
            fields(#"{"id":1,"campaign_id":2,"filters":\#(nothing),"offers":\#(nothing)}"#, "stream"))
        #expect(stream.offers.isEmpty)
        #expect(stream.filters.isEmpty)
    }

    @Test(arguments: [
        (#"["AU","NZ"]"#, ["AU", "NZ"]), (#""AU""#, ["AU"]), (#""[\"AU\"]""#, ["AU"]), ("[]", []), ("null", []),
        ("7", ["7"]),
        ("true", ["true"]), (#"{"0":"AU"}"#, ["AU"]), (#"{"per_hour":5,"total":"9"}"#, ["per_hour: 5", "total: 9"]),
        (#""[not json""#, ["[not json"]),
    ])
    func `reads a filter's payload of any kind`(json: String, texts: [String]) throws {
        #expect(try KeitaroStream.texts(JSON(parsing: json)) == texts)
    }

    @Test(arguments: [
        (#"{"name":"x"}"#, "campaign", "id", "nothing"),
        (#"{"id":"abc"}"#, "campaign", "id", "a string"),
        (#"{"id":1.5}"#, "campaign", "id", "a number with a fraction"),
        (#""hello""#, "campaign", "", "a string"),
        (#"[{"id":1},{"id":2}]"#, "campaign", "", "a list"),
        ("null", "campaign", "", "null"),
    ])
    func `says what of a campaign it could not read`(text: String, object: String, field: String, found: String) throws
    {
        let error = #expect(throws: KeitaroModelProblem.self) {
            try KeitaroCampaign(KeitaroFields(JSON(parsing: text), "campaign"))
        }
        #expect(error?.object == object)
        #expect(error?.field == field)
        #expect(error?.found == found)
    }

    @Test(arguments: [
        (#"{"id":5002}"#, "stream 5002, field campaign_id: expected a whole number, found nothing"),
        (
            #"{"id":5002,"campaign_id":1,"offers":[{"id":9,"offer_id":1,"share":50},{"offer_id":2,"share":33.5}]}"#,
            "stream 5002, offers (place 2), field share: expected a whole number, found a number with a fraction"
        ),
        (
            #"{"id":5002,"campaign_id":1,"offers":[{"id":9,"share":50}]}"#,
            "stream 5002, offers 9, field offer_id: expected a whole number, found nothing"
        ),
        (
            #"{"id":5002,"campaign_id":1,"offers":"none"}"#,
            "stream 5002, offers: expected a list, found a string"
        ),
    ])
    func `says what of a stream it could not read`(text: String, sentence: String) throws {
        let error = #expect(throws: KeitaroModelProblem.self) { try KeitaroStream(fields(text, "stream")) }
        #expect(error?.description == sentence)
    }

    @Test func `reads lists as PHP writes them`() throws {
        for text in [#"[{"id":1},{"id":2}]"#, #"{"0":{"id":1},"5":{"id":2}}"#] {
            #expect(try KeitaroFields.list(JSON(parsing: text), "group").map(KeitaroGroup.init).map(\.id) == [1, 2])
        }
        for text in ["[]", "{}"] {
            #expect(try KeitaroFields.list(JSON(parsing: text), "group").isEmpty)
        }
        for text in [#"{"error":"x"}"#, "1", "null"] {
            #expect(throws: KeitaroModelProblem.self) { try KeitaroFields.list(JSON(parsing: text), "group") }
        }
    }
}
