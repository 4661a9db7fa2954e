import Base
import Testing

@testable import Keitaro
@testable import Mirror

struct MirrorReadingTests {
    private static func campaign(_ id: Int64, _ name: String = "C", state: String = "active") throws -> KeitaroCampaign
    {
        let list = try KeitaroCampaign.list([
            ["id": .integer(id), "name": .string(name), "alias": "AliaS", "state": .string(state), "group_id": 3]
        ])
        return try #require(list.first)
    }

    private static func offer(_ id: Int64, network: String? = nil, networkID: Int64? = nil) throws -> KeitaroOffer {
        let list = try KeitaroOffer.list([
            [
                "id": .integer(id), "name": "Offer", "state": "active",
                "affiliate_network": network.map { .string($0) } ?? .null,
                "affiliate_network_id": networkID.map { .integer($0) } ?? .null, "payout_value": 12.5,
                "payout_currency": "USD",
            ]
        ])
        return try #require(list.first)
    }

    @Test func `an archived campaign is archived, even where both lists have it`() throws {
        let reading = MirrorReading(
            listed: [try Self.campaign(1), try Self.campaign(2)],
            archived: [try Self.campaign(2), try Self.campaign(3)],
            groups: [], offers: [], networks: [])
        #expect(reading.campaigns.map(\.id) == [1, 2, 3])
        #expect(reading.campaigns.map(\.state) == ["active", "deleted", "deleted"])
    }

    @Test func `what is listed twice counts once`() throws {
        let reading = MirrorReading(
            listed: [try Self.campaign(1, "First"), try Self.campaign(1, "Second")], archived: [], groups: [],
            offers: [try Self.offer(5), try Self.offer(5)], networks: [])
        #expect(reading.campaigns.map(\.name) == ["First"] && reading.offers.count == 1)
    }

    @Test func `is searched without case, in any script`() throws {
        let reading = MirrorReading(
            listed: [try Self.campaign(42, "ПОЛЬЩА Крипто")], archived: [], groups: [], offers: [], networks: [])
        #expect(reading.campaigns[0].searchText == "польща крипто alias 42")
    }

    @Test func `an offer's network is named by itself or by the list of networks`() throws {
        let networks = try KeitaroNetwork.list([["id": 9, "name": "Nine"]])
        let reading = MirrorReading(
            listed: [], archived: [], groups: [],
            offers: [
                try Self.offer(1, network: "Own", networkID: 9), try Self.offer(2, networkID: 9),
                try Self.offer(3, networkID: 8),
            ],
            networks: networks)
        #expect(reading.offers.map(\.networkName) == ["Own", "Nine", nil])
    }
}
