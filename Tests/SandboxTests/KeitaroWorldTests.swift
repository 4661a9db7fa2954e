import Base
import Testing

@testable import Sandbox

/// A Saturday, 14:32 in Kyiv.
let keitaroMoment = Timestamp(iso8601: "2026-11-21T12:32:00Z") ?? Timestamp(seconds: 0)

func makeKeitaroWorld(
    seed: UInt64 = 7, dialect: KeitaroDialect = .dimensions, sendsNumbersAsStrings: Bool = false,
    now: Timestamp = keitaroMoment
) -> KeitaroWorld {
    KeitaroWorld(
        seed: seed, asOf: keitaroMoment.date, dialect: dialect, sendsNumbersAsStrings: sendsNumbersAsStrings,
        now: { now })
}

let adminKey = KeitaroWorld.adminKey
let buyerKey = KeitaroWorld.buyerKey

extension KeitaroAnswer {
    /// The elements of a list; none for anything else.
    var list: [JSON] { json?.arrayValue ?? [] }
    var rows: [JSON] { json?["rows"]?.arrayValue ?? [] }
}

extension JSON {
    var id: Int64 { self["id"]?.intValue ?? 0 }
}

struct KeitaroWorldTests {
    @Test func `the world has the size of a working team`() {
        let world = makeKeitaroWorld()
        let campaigns = world.listCampaigns(key: adminKey).list
        let archived = world.listDeletedCampaigns(key: adminKey).list
        #expect(campaigns.count == 288)
        #expect(archived.count == 12)
        #expect(campaigns.count { $0["state"] == "disabled" } == 38)
        #expect(archived.allSatisfy { $0["state"] == "deleted" })
        #expect(Set(campaigns.map(\.id)).isDisjoint(with: archived.map(\.id)))
        #expect(Set((campaigns + archived).compactMap { $0["name"]?.stringValue }).count == 300)
        let offers = world.listOffers(key: adminKey).list
        #expect(offers.count == 1_000)
        #expect(offers.count { $0["state"] == "deleted" } == 24)
        #expect(Set(offers.map(\.id)).count == 1_000)
        #expect(world.listGroups(type: "campaigns", key: adminKey).list.count == 12)
        #expect(world.listGroups(type: "landings", key: adminKey).list.isEmpty)
        #expect(world.listAffiliateNetworks(key: adminKey).list.count == 9)
        #expect(world.listLandings(key: adminKey).list.count == 36)
    }

    @Test func `a seed always makes the same world and another seed another`() {
        let bytes = { (world: KeitaroWorld) in
            world.listCampaigns(key: adminKey).json?.text ?? "" + world.streams.map { $0.json.text }.joined()
        }
        #expect(bytes(makeKeitaroWorld()) == bytes(makeKeitaroWorld()))
        #expect(bytes(makeKeitaroWorld()) != bytes(makeKeitaroWorld(seed: 8)))
    }

    @Test func `streams have the kinds and the oddities of real ones`() {
        let streams = makeKeitaroWorld().streams
        let byCampaign = Dictionary(grouping: streams, by: \.campaignID)
        #expect(byCampaign.count == 300)
        #expect(byCampaign.values.allSatisfy { 1...7 ~= $0.count })
        #expect(Set(byCampaign.values.map(\.count)).count == 7)
        #expect(Set(streams.map(\.type)) == ["forced", "regular", "default"])
        #expect(Set(streams.map(\.state)) == ["active", "disabled"])
        let sold = streams.filter { $0.schema == "landings" }
        #expect(sold.allSatisfy { 1...8 ~= $0.offers.count && $0.landings.isEmpty })
        #expect(Set(sold.map(\.offers.count)).count >= 6)
        #expect(streams.contains { $0.schema == "redirect" && $0.offers.isEmpty })
        let totals = sold.map { $0.offers.filter(\.isActive).reduce(0) { $0 + $1.share } }
        #expect(totals.contains(50) && totals.contains(120))
        #expect(totals.count { $0 == 100 } > totals.count * 4 / 5)
        #expect(sold.contains { $0.offers.contains { $0.isActive && $0.share == 0 } })
        #expect(sold.contains { $0.offers.contains { !$0.isActive } })
        #expect(sold.allSatisfy { Set($0.offers.map(\.offerID)).count == $0.offers.count })
        let bindings = streams.flatMap(\.offers).map(\.id)
        #expect(Set(bindings).count == bindings.count)
    }

    @Test func `objects carry the fields of the interface`() throws {
        let world = makeKeitaroWorld()
        let campaign = try #require(world.listCampaigns(key: adminKey).list.first)
        #expect(campaign["token"]?.stringValue?.count == 32)
        #expect(campaign["group_id"]?.intValue != nil)
        let created = try #require(campaign["created_at"]?.stringValue)
        #expect(Timestamp(keitaroText: created)?.keitaroText == created && created.count == 19)
        let stream = try #require(
            world.listStreams(ofCampaign: campaign.id, key: adminKey).list.first { $0["offers"]?[0] != nil })
        #expect(
            stream.objectValue?.keys == [
                "id", "type", "name", "campaign_id", "position", "weight", "state", "schema", "action_type",
                "action_payload", "action_options", "collect_clicks", "filter_or", "comments", "updated_at", "filters",
                "triggers", "landings", "offers",
            ])
        #expect(
            stream["offers"]?[0]?.objectValue?.keys == [
                "id", "stream_id", "offer_id", "state", "share", "created_at", "updated_at",
            ])
        #expect(world.stream(stream.id, key: adminKey).json == stream)
        #expect(world.campaign(campaign.id, key: adminKey).json == campaign)
    }

    @Test func `an archived or unknown campaign is not found, in plain text`() throws {
        let world = makeKeitaroWorld()
        let archived = try #require(world.listDeletedCampaigns(key: adminKey).list.first?.id)
        let expected = KeitaroAnswer(status: 404, body: .text("Traffic\\Model\\Campaign #\(archived) not found"))
        #expect(world.campaign(archived, key: adminKey) == expected)
        #expect(world.campaign(1, key: adminKey).status == 404)
        #expect(world.listStreams(ofCampaign: 1, key: adminKey).status == 404)
        #expect(world.stream(1, key: adminKey).body == .text("Traffic\\Model\\Stream #1 not found"))
    }

    @Test(arguments: [(nil, 401), ("", 401), ("wrong", 401), (KeitaroWorld.lowerEditionKey, 402)])
    func `a key that may nothing is told why`(key: String?, status: Int) {
        let world = makeKeitaroWorld()
        let answers = [
            world.listCampaigns(key: key), world.listOffers(key: key), world.listGroups(type: "campaigns", key: key),
            world.stream(1, key: key), world.putStream(1, body: [:], key: key), world.report([:], key: key),
        ]
        #expect(answers.allSatisfy { $0.status == status && $0.json?["error"]?.stringValue != nil })
    }

    @Test func `a restricted key sees less without being told`() throws {
        let world = makeKeitaroWorld()
        let all = world.listCampaigns(key: adminKey).list
        let seen = world.listCampaigns(key: buyerKey).list
        #expect(!seen.isEmpty && seen.count < all.count / 2)
        #expect(Set(seen.compactMap { $0["group_id"]?.intValue }) == [1, 2, 5, 8])
        #expect(world.listGroups(type: "campaigns", key: buyerKey).list.map(\.id) == [1, 2, 5, 8])
        let offers = world.listOffers(key: buyerKey).list.count
        #expect(offers < 1_000 && offers > 700)
        #expect(world.listUsers(key: buyerKey).status == 403)
        #expect(world.listUsers(key: adminKey).status == 200)
        let hidden = try #require(all.first { $0["group_id"] == 3 })
        #expect(world.campaign(hidden.id, key: buyerKey).status == 403)
        let stream = try #require(world.listStreams(ofCampaign: hidden.id, key: adminKey).list.first)
        #expect(world.stream(stream.id, key: buyerKey).status == 403)
        #expect(world.putStream(stream.id, body: ["name": "mine"], key: buyerKey).status == 403)
        #expect(world.stream(stream.id, key: adminKey).json == stream)
    }

    @Test func `campaigns are paged in the new dialect only`() {
        let world = makeKeitaroWorld()
        let all = world.listCampaigns(key: adminKey).list
        #expect(world.listCampaigns(key: adminKey, limit: 100, offset: 250).list == Array(all[250...]))
        #expect(world.listCampaigns(key: adminKey, limit: 10).list == Array(all[..<10]))
        #expect(world.listCampaigns(key: adminKey, limit: -1, offset: -5).list.isEmpty)
        #expect(world.listCampaigns(key: adminKey, limit: .max, offset: .max).list.isEmpty)
        world.dialect = .grouping
        #expect(world.listCampaigns(key: adminKey, limit: 10, offset: 5).list.count == 288)
    }

    @Test func `the type of groups is required`() {
        #expect(makeKeitaroWorld().listGroups(type: nil, key: adminKey).status == 400)
        #expect(makeKeitaroWorld().listGroups(type: "other", key: adminKey).status == 400)
    }
}
