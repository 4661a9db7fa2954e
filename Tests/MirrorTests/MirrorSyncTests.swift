import Base
import Fetch
import Postgres
import Reactor
import Sandbox
import TestDesk
import Testing

@testable import Keitaro
@testable import Mirror

/// Syncs between the simulated tracker and a real database.
@Suite(.timeLimit(.minutes(10))) struct MirrorSyncTests {
    /// A tracker with two keys, whose rows the mirror's refer to.
    private struct Place: Sendable {
        let database: Database
        let keitaro: SimulatedKeitaro
        let sync: MirrorSync
        let store: MirrorStore
        let fetch: Fetch

        init(_ database: Database, _ loop: EventLoop) async throws {
            self.database = database
            keitaro = try SimulatedKeitaro(loop: loop)
            fetch = Fetch(loops: [loop])
            sync = MirrorSync(database: database, trackers: KeitaroTrackers(fetch: fetch, log: .silent))
            store = MirrorStore(database: database)
            try await database.execute("INSERT INTO users (name) VALUES ('u')")
            try await database.execute(
                "INSERT INTO keitaro_trackers (name, url) VALUES ('t', 'http://t'), ('s', 'http://s')")
            try await database.execute(
                "INSERT INTO keitaro_keys (user_id, tracker_id, key_lookup, key_cipher) VALUES (1, 1, '\\x01', ''), (1, 1, '\\x02', '')"
            )
        }

        func run(_ key: String, keyID: Int64) async throws -> MirrorSync.Result {
            try await sync.run(key: Secret(key), keyID: keyID, trackerID: 1, trackerURL: keitaro.url)
        }

        func count(_ sql: SQL) async throws -> Int64 { try await database.one(sql).get(0) }

        func stop() async {
            await fetch.close()
            await keitaro.stop()
        }
    }

    private func withPlace(_ body: @escaping @Sendable (Place) async throws -> Void) async throws {
        try await withTestDatabase { database, loop in
            let place = try await Place(database, loop)
            do {
                try await body(place)
                await place.stop()
            } catch {
                await place.stop()
                throw error
            }
        }
    }

    @Test func `a tracker is read whole, twice alike`() async throws {
        try await withPlace { place in
            let first = try await place.run(KeitaroWorld.adminKey, keyID: 1)
            #expect(first.campaigns == 300 && first.new == 300 && first.archived > 0 && first.offers == 1000)
            #expect(try await place.count("SELECT count(*) FROM keitaro_campaigns") == 300)
            #expect(
                try await place.count(
                    "SELECT count(*) FROM keitaro_offers WHERE network_name IS NOT NULL AND payout IS NOT NULL") == 1000
            )
            #expect(
                try await place.count(
                    "SELECT count(*) FROM keitaro_campaigns c JOIN keitaro_groups g ON g.keitaro_id = c.group_id")
                    == 300)
            let ids = "SELECT sum(hashtext(id::text || '-' || keitaro_id::text)) FROM keitaro_campaigns" as SQL
            let before = try await place.count(ids)
            let second = try await place.run(KeitaroWorld.adminKey, keyID: 1)
            #expect(second.campaigns == 300 && second.new == 0)
            #expect(try await place.count(ids) == before)
            #expect(try await place.count("SELECT campaigns + offers FROM keitaro_syncs WHERE key_id = 1") == 1300)
            #expect(try await place.count("SELECT count(*) FROM keitaro_landings WHERE name <> ''") == 36)
        }
    }

    @Test func `absence from one key's list ends its view and removes nothing`() async throws {
        try await withPlace { place in
            _ = try await place.run(KeitaroWorld.buyerKey, keyID: 2)
            // It may not list them, which is no failure.
            #expect(try await place.count("SELECT count(*) FROM keitaro_landings") == 0)
            let seen = try await place.count("SELECT count(*) FROM keitaro_campaign_access WHERE key_id = 2")
            _ = try await place.run(KeitaroWorld.adminKey, keyID: 1)
            _ = try await place.run(KeitaroWorld.buyerKey, keyID: 2)
            #expect(try await place.count("SELECT count(*) FROM keitaro_campaigns") == 300)
            #expect(try await place.count("SELECT count(*) FROM keitaro_campaign_access WHERE key_id = 1") == 300)
            #expect(try await place.count("SELECT count(*) FROM keitaro_campaign_access WHERE key_id = 2") == seen)

            // The buyer is given the administrator's rights, and loses them again.
            _ = try await place.run(KeitaroWorld.adminKey, keyID: 2)
            #expect(try await place.count("SELECT count(*) FROM keitaro_campaign_access WHERE key_id = 2") == 300)
            #expect(try await place.count("SELECT count(*) FROM keitaro_offer_access WHERE key_id = 2") == 1000)
            _ = try await place.run(KeitaroWorld.buyerKey, keyID: 2)
            #expect(try await place.count("SELECT count(*) FROM keitaro_campaign_access WHERE key_id = 2") == seen)
            #expect(try await place.count("SELECT count(*) FROM keitaro_offer_access WHERE key_id = 2") < 1000)
            #expect(try await place.count("SELECT count(*) FROM keitaro_offers") == 1000)
        }
    }

    @Test(arguments: ["campaigns", "deleted", "groups", "offers", "affiliate_networks", "landing_pages"])
    func `a read that fails halfway changes nothing`(part: String) async throws {
        try await withPlace { place in
            try await place.keitaro.fail(["kind": "status", "status": 500, "path": .string(part), "times": 99])
            await #expect(throws: KeitaroFailure.self) { _ = try await place.run(KeitaroWorld.adminKey, keyID: 1) }
            #expect(try await place.count("SELECT count(*) FROM keitaro_campaigns") == 0)
            #expect(try await place.count("SELECT count(*) FROM keitaro_offers") == 0)
            #expect(try await place.count("SELECT count(*) FROM keitaro_syncs") == 0)
        }
    }

    @Test(arguments: ["deleted", "affiliate_networks", "landing_pages"])
    func `what a key may not list is left out`(part: String) async throws {
        try await withPlace { place in
            try await place.keitaro.fail([
                "kind": "status", "status": 403, "path": .string(part), "times": 99,
            ])
            let result = try await place.run(KeitaroWorld.adminKey, keyID: 1)
            #expect(result.offers == 1000 && (part == "deleted" ? result.archived == 0 : result.archived > 0))
        }
    }

    @Test func `syncs of one tracker at the same moment take turns`() async throws {
        try await withPlace { place in
            async let one = place.run(KeitaroWorld.adminKey, keyID: 1)
            async let two = place.run(KeitaroWorld.buyerKey, keyID: 2)
            async let three = place.run(KeitaroWorld.adminKey, keyID: 1)
            let results = try await [one, two, three]
            #expect(results.reduce(0) { $0 + $1.new } == 300)
            #expect(try await place.count("SELECT count(*) FROM keitaro_campaigns") == 300)
        }
    }

    @Test func `a campaign that changed is written over, under its own number`() async throws {
        try await withPlace { place in
            func reading(_ name: String, isArchived: Bool = false) throws -> MirrorReading {
                let campaigns = try KeitaroCampaign.list([
                    ["id": 7, "name": .string(name), "alias": "a", "state": "active"]
                ])
                return MirrorReading(
                    listed: isArchived ? [] : campaigns, archived: isArchived ? campaigns : [], groups: [], offers: [],
                    networks: [])
            }
            func write(_ reading: MirrorReading, trackerID: Int64) async throws -> Int {
                try await place.store.write(reading, keyID: 1, trackerID: trackerID) { new, _ in new }
            }
            #expect(try await write(try reading("Before"), trackerID: 1) == 1)
            #expect(try await write(try reading("After", isArchived: true), trackerID: 1) == 0)
            // The same number on another tracker is another campaign.
            #expect(try await write(try reading("Other"), trackerID: 2) == 1)
            let rows = try await place.database.query(
                "SELECT name || ' ' || state AS text FROM keitaro_campaigns ORDER BY id")
            #expect(try rows.map { try $0.get("text", String.self) } == ["After deleted", "Other active"])
        }
    }
}
