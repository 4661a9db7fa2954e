import Base
import Testing

@testable import FlowEditor
@testable import Keitaro

struct CampaignDriftTests {
    private static func flow(_ id: Int64, _ rows: [FlowOfferRow], state: String = "active", isGone: Bool = false)
        -> Flow
    {
        Flow(
            id: id, campaignID: 1, keitaroID: 100 + id, number: Int(id), name: "Flow \(id)", type: "regular",
            schema: "landings", state: state, weight: nil, filters: [], fetchedAt: .now(), revision: 0, rows: rows,
            networks: [:], theirs: nil, theirsAt: nil, lastPushed: nil, newestPush: nil, isGone: isGone)
    }

    private static func stream(_ id: Int64, _ offers: [(Int64, Int64, Bool)], name: String? = nil, isOn: Bool = true)
        throws
        -> KeitaroStream
    {
        try KeitaroStream.one([
            "id": .integer(100 + id), "campaign_id": 1, "name": .string(name ?? "Flow \(id)"),
            "state": isOn ? "active" : "disabled", "type": "regular", "schema": "landings", "position": .integer(id),
            "weight": 100,
            "offers": .array(
                offers.map { offer, share, isActive in
                    [
                        "id": 1, "offer_id": .integer(offer), "share": .integer(share),
                        "state": isActive ? "active" : "disabled",
                    ]
                }),
        ])
    }

    private static func drift(_ stored: [Flow], _ streams: [KeitaroStream]) -> CampaignDrift {
        CampaignDrift(stored: stored, streams: streams, checkedAt: Timestamp(microseconds: 0))
    }

    @Test func `the same is the same, drafts and order aside`() throws {
        let rows = try ShareDistribution.setShare(of: 1, to: 90, in: [offerRow(1, 50), offerRow(2, 50)])
        let drift = Self.drift(
            [Self.flow(1, rows)], [try Self.stream(1, [(2002, 50, true), (2001, 50, true)])])
        #expect(drift.isSame && drift.differenceCount == 0 && drift.json == [])
    }

    @Test func `shares, rows and switches are told apart`() throws {
        let rows = [offerRow(1, 50), offerRow(2, 30), offerRow(3, 20), offerRow(4, 10, off: true)]
        let drift = Self.drift(
            [Self.flow(1, rows)],
            [try Self.stream(1, [(2001, 60, true), (2002, 30, false), (2004, 10, true), (2009, 10, true)])])
        #expect(!drift.isSame && drift.differenceCount == 5)
        let changes = drift.flows[0].offers.map(\.changes)
        #expect(
            changes == [
                [.changedShare(from: 50, to: 60)], [.switchedOff], [.removed], [.switchedOn], [.added(share: 10)],
            ])
        #expect(drift.flows[0].offerNames[2001] == "Offer 1")
        let json = try #require(drift.json[0]?["offers"]?.arrayValue)
        #expect(json[2] == ["offer_id": 2003, "here": ["share": 20, "is_active": true], "keitaro": .null])
    }

    @Test func `flows that came, went, were renamed or switched`() throws {
        let rows = [offerRow(1, 100)]
        let drift = Self.drift(
            [
                Self.flow(1, rows), Self.flow(2, rows), Self.flow(3, rows, state: "disabled"),
                Self.flow(4, rows, isGone: true),
            ],
            [
                try Self.stream(1, [(2001, 100, true)], name: "Other", isOn: false),
                try Self.stream(3, [(2001, 100, true)]),
                try Self.stream(9, []),
            ])
        #expect(drift.flows.map(\.streamID) == [101, 102, 103, 109])
        #expect(drift.flows.map(\.notes) == [[.renamed("Other"), .turnedOff], [.gone], [.turnedOn], [.new]])
        #expect(drift.flows[3].number == 3)
        #expect(
            drift.json.arrayValue?.map { $0["notes"] } == [
                ["renamed", "turned_off"], ["gone"], ["turned_on"], ["new"],
            ])
    }

    @Test func `a flow that is gone here and back there is new`() throws {
        let drift = Self.drift(
            [Self.flow(4, [offerRow(1, 100)], isGone: true)], [try Self.stream(4, [(2001, 100, true)])])
        #expect(drift.flows.map(\.notes) == [[.new]])
    }
}
