import Base
import Testing

@testable import Sandbox

struct KeitaroPutStreamTests {
    private let world = makeKeitaroWorld()

    /// A stream of at least three active offers.
    private func stream() throws -> KeitaroStream {
        try #require(world.streams.first { $0.offers.count >= 3 && $0.offers.allSatisfy(\.isActive) })
    }

    private func put(_ id: Int64, _ offers: [(Int64, Int64)]) -> KeitaroAnswer {
        let rows = offers.map { JSON.object(["offer_id": .integer($0.0), "share": .integer($0.1), "state": "active"]) }
        return world.putStream(id, body: ["offers": .array(rows)], key: adminKey)
    }

    private func shares(_ answer: KeitaroAnswer) -> [Int64: Int64] {
        Dictionary(
            (answer.json?["offers"]?.arrayValue ?? []).map {
                ($0["offer_id"]?.intValue ?? 0, $0["share"]?.intValue ?? 0)
            }
        ) { $1 }
    }

    @Test func `the offers array replaces the set and survivors keep their binding`() throws {
        let before = try stream()
        let (first, second) = (before.offers[0], before.offers[1])
        let answer = put(before.id, [(77_777, 20), (second.offerID, 50), (first.offerID, 30)])
        #expect(answer.status == 200)
        let rows = try #require(answer.json?["offers"]?.arrayValue)
        #expect(rows.map { $0["offer_id"]?.intValue } == [first.offerID, second.offerID, 77_777])
        #expect(rows.map { $0["share"]?.intValue } == [30, 50, 20])
        #expect(rows[0].id == first.id && rows[1].id == second.id)
        #expect(rows[0]["created_at"] == first.createdAt.keitaroJSON)
        #expect(rows[2]["created_at"] == keitaroMoment.keitaroJSON)
        #expect(world.stream(before.id, key: adminKey).json == answer.json)
    }

    @Test func `a removed offer that returns has a new binding`() throws {
        let before = try stream()
        let kept = before.offers[0].offerID
        let gone = before.offers[1]
        _ = put(before.id, [(kept, 100)])
        let rows = try #require(put(before.id, [(gone.offerID, 50), (kept, 50)]).json?["offers"]?.arrayValue)
        #expect(rows.map { $0["offer_id"]?.intValue } == [kept, gone.offerID])
        #expect(rows[1].id != gone.id)
        #expect(!world.streams.flatMap(\.offers).contains { $0.id == rows[1].id && $0.offerID != gone.offerID })
    }

    @Test func `the total is not enforced and the empty set is taken`() throws {
        let id = try stream().id
        #expect(shares(put(id, [(1, 50)])) == [1: 50])
        #expect(shares(put(id, [(1, 70), (2, 50)])) == [1: 70, 2: 50])
        #expect(shares(put(id, [(1, 0)])) == [1: 0])
        #expect(put(id, []).json?["offers"] == [])
    }

    @Test func `a doubled offer collapses`() throws {
        let answer = put(try stream().id, [(1, 50), (2, 20), (1, 30)])
        #expect(shares(answer) == [1: 30, 2: 20])
        #expect(answer.json?["offers"]?.arrayValue?.count == 2)
    }

    @Test func `fields that are not sent stay`() throws {
        let before = try stream()
        let answer = world.putStream(before.id, body: ["name": "Renamed", "unknown": 1], key: adminKey)
        var expected = before.json
        expected["name"] = "Renamed"
        expected["updated_at"] = keitaroMoment.keitaroJSON
        #expect(answer.json == expected)
        let off = world.putStream(
            before.id, body: ["offers": [["offer_id": 1, "share": "40", "state": "disabled"]]], key: adminKey)
        #expect(off.json?["offers"]?[0]?["state"] == "disabled")
        let kept = world.putStream(before.id, body: ["offers": [["offer_id": 1, "share": 41]]], key: adminKey)
        #expect(kept.json?["offers"]?[0]?["state"] == "disabled")
    }

    @Test func `removing an offer leaves no trace in the times`() throws {
        let before = try stream()
        let answer = put(before.id, before.offers.dropLast().map { ($0.offerID, $0.share) })
        #expect(answer.json?["updated_at"] == before.updatedAt.keitaroJSON)
        for (row, old) in zip(answer.json?["offers"]?.arrayValue ?? [], before.offers) {
            #expect(row["updated_at"] == old.updatedAt.keitaroJSON)
        }
    }

    @Test func `sending the same set again changes nothing`() throws {
        let before = try stream()
        let set = before.offers.map { ($0.offerID, $0.share) }
        #expect(put(before.id, set).json == before.json)
        #expect(world.streams.first { $0.id == before.id }?.versions.count == 1)
    }

    @Test(arguments: [
        "[]", "5", #"{"offers":5}"#, #"{"offers":[5]}"#, #"{"offers":[{"offer_id":1}]}"#,
        #"{"offers":[{"share":1}]}"#, #"{"offers":[{"offer_id":1,"share":-1}]}"#,
        #"{"offers":[{"offer_id":1,"share":9223372036854775807}]}"#, #"{"offers":[{"offer_id":1,"share":1.5}]}"#,
        #"{"offers":[{"offer_id":1,"share":1,"state":"deleted"}]}"#, #"{"state":"gone"}"#, #"{"name":5}"#,
    ])
    func `a body that cannot be read changes nothing`(body: String) throws {
        let before = try stream()
        let answer = world.putStream(before.id, body: try JSON(parsing: body.utf8), key: adminKey)
        #expect(answer.status == 400)
        #expect(world.stream(before.id, key: adminKey).json == before.json)
    }

    @Test func `changed streams survive a restart`() throws {
        let before = try stream()
        _ = put(before.id, [(before.offers[0].offerID, 60), (77_777, 40)])
        _ = world.putStream(before.id, body: ["name": "Renamed"], key: adminKey)
        let kept = try JSON(parsing: world.changedStreams.bytes)
        let restarted = makeKeitaroWorld(now: keitaroMoment.adding(.seconds(3_600)))
        try restarted.restore(changedStreams: kept)
        #expect(restarted.changedStreams == world.changedStreams)
        for other in world.streams {
            #expect(restarted.stream(other.id, key: adminKey) == world.stream(other.id, key: adminKey))
        }
        let body: JSON = ["offers": [["offer_id": 88_888, "share": 100]]]
        let binding = restarted.putStream(before.id, body: body, key: adminKey).json?["offers"]?[0]
        #expect(binding?.id == world.nextBindingID)
    }

    @Test func `changes of another world are refused whole`() throws {
        let before = try stream()
        _ = put(before.id, [(1, 100)])
        let kept = world.changedStreams
        #expect(throws: KeitaroChangesError.self) { try makeKeitaroWorld(seed: 8).restore(changedStreams: kept) }
        var broken = kept
        broken["streams"] = .array((kept["streams"]?.arrayValue ?? []) + [["id": 1]])
        let fresh = makeKeitaroWorld()
        #expect(throws: KeitaroChangesError.self) { try fresh.restore(changedStreams: broken) }
        #expect(fresh.changedStreams["streams"] == [])
        #expect(fresh.stream(before.id, key: adminKey).json == before.json)
    }
}
