import Base
import Fetch
import Postgres
import Sandbox
import TestDesk
import Testing

/// A key sees what Keitaro shows to it, and nothing that another key may see.
@Suite(.timeLimit(.minutes(10))) struct CampaignAccessTests {
    private static func ids(_ visitor: Visitor, _ query: String = "state=all") async throws -> Set<Int64> {
        let list = try await visitor.get("/campaigns/?\(query)").json
        return Set((list["campaigns"]?.arrayValue ?? []).compactMap { $0["id"]?.intValue })
    }

    @Test func `a restricted key sees fewer, and its sync takes nothing from anybody`() async throws {
        try await withDesk { desk in
            let buyer = try await desk.program(key: KeitaroWorld.buyerKey)
            let admin = try await desk.program(key: KeitaroWorld.adminKey)
            #expect(try await Self.ids(buyer).isEmpty)
            #expect(try await buyer.get("/campaigns/").json["synced_at"] == .null)
            let first = try await buyer.post("/campaigns/sync-campaigns/").json
            let buyers = try await Self.ids(buyer)
            #expect(!buyers.isEmpty && first["new"] == first["campaigns"])
            #expect(try await Self.ids(admin).isEmpty)

            let second = try await admin.post("/campaigns/sync-campaigns/").json
            let all = try await Self.ids(admin)
            #expect(buyers.isStrictSubset(of: all))
            #expect(
                second["new"]?.intValue
                    == (second["campaigns"]?.intValue ?? 0) - (first["campaigns"]?.intValue ?? 0))
            let rows: SQL =
                "SELECT (SELECT count(*) FROM keitaro_campaigns) AS campaigns, (SELECT count(*) FROM keitaro_offers) AS offers"
            let before = try await desk.database.one(rows)

            let third = try await buyer.post("/campaigns/sync-campaigns/").json
            #expect(third["new"] == 0 && third["campaigns"] == first["campaigns"])
            let after = try await desk.database.one(rows)
            #expect(try after.get("campaigns", Int64.self) == before.get("campaigns", Int64.self))
            #expect(try after.get("offers", Int64.self) == before.get("offers", Int64.self))
            #expect(try await Self.ids(admin) == all)
            #expect(try await Self.ids(buyer) == buyers)
            #expect(
                second["message"]?.stringValue?.hasPrefix(
                    "Synced. \(second["campaigns"]?.intValue ?? 0) campaigns read") == true)
        }
    }

    @Test func `a key that never synced is led from any campaign to the list, where it can`() async throws {
        try await withDesk { desk in
            let program = try await desk.program(key: KeitaroWorld.buyerKey)
            let person = try await desk.browser(key: KeitaroWorld.buyerKey)
            let led = try await person.get("/campaigns/1/")
            #expect(led.status == 303 && led.headers["location"] == "/campaigns/", "\(led.status)")
            #expect(try await program.get("/campaigns/1/").status == 404)
            #expect(try await program.post("/campaigns/sync-campaigns/").status == 200)
            #expect(try await person.get("/campaigns/999999999/").status == 404)
        }
    }

    @Test func `what the key may not see is not there`() async throws {
        try await withSyncedDesk { desk, admin, buyer in
            let hidden = try #require(try await Self.ids(admin).subtracting(Self.ids(buyer)).min())
            let flows = try await admin.post("/campaigns/\(hidden)/fetch-streams/").json["flows"]?.arrayValue ?? []
            let flow = try #require(flows.first { ($0["offers"]?.arrayValue?.count ?? 0) > 1 } ?? flows.first)
            let flowID = try #require(flow["id"]?.intValue)
            let row = flow["offers"]?[0]?["id"]?.intValue ?? 1
            let reads = [
                "/campaigns/\(hidden)/", "/campaigns/\(hidden)/check-sync/", "/campaigns/flow/\(flowID)/",
            ]
            for path in reads {
                #expect(try await admin.get(path).status == 200, "\(path)")
                #expect(try await buyer.get(path).status == 404, "\(path)")
            }
            let writes: [(String, JSON)] = [
                ("/campaigns/\(hidden)/fetch-streams/", [:]), ("/campaigns/flow/\(flowID)/add-offer/", ["offer_id": 1]),
                ("/campaigns/flow/\(flowID)/cancel/", [:]), ("/campaigns/flow/\(flowID)/restore-draft/", [:]),
                ("/campaigns/flow/\(flowID)/resolve/", ["use": "mine"]), ("/campaigns/flow/\(flowID)/push/", [:]),
                ("/campaigns/flow-offer/\(row)/remove/", [:]), ("/campaigns/flow-offer/\(row)/bring-back/", [:]),
                ("/campaigns/flow-offer/\(row)/update-share/", ["share": 10]),
                ("/campaigns/flow-offer/\(row)/pin/", ["pinned": true]),
            ]
            let before = try await admin.get("/campaigns/flow/\(flowID)/").json["flow"]
            for (path, body) in writes {
                let answer = try await buyer.post(path, body)
                #expect(answer.status == 404, "\(path): \(answer.text)")
            }
            #expect(try await admin.get("/campaigns/flow/\(flowID)/").json["flow"] == before)
            let keitaroID = try #require(try await admin.get("/campaigns/\(hidden)/").json["campaign"]?["keitaro_id"])
            let stats = try await buyer.post("/campaigns/stats/", ["campaign_ids": [keitaroID]])
            #expect(stats.status == 404)
        }
    }

    @Test func `another's pushes are not there either`() async throws {
        try await withSyncedDesk { desk, admin, buyer in
            let hidden = try #require(try await Self.ids(admin).subtracting(Self.ids(buyer)).min())
            try await desk.database.execute(
                """
                WITH flow AS (
                    INSERT INTO keitaro_flows (campaign_id, keitaro_id, name, type, schema, state, position, fetched_at)
                    VALUES (\(hidden), 1, 'Flow', 'regular', 'landings', 'active', 0, now()) RETURNING id
                )
                INSERT INTO keitaro_pushes (flow_id, request_id, revision, state, before, after, settled_at)
                SELECT id, 'r', 1, 'pushed', '[]', '[]', now() FROM flow
                """)
            let id = try #require(try await admin.get("/campaigns/pushes/").json["pushes"]?[0]?["id"]?.intValue)
            #expect(try await admin.get("/campaigns/pushes/\(id)/").status == 200)
            #expect(try await buyer.get("/campaigns/pushes/").json["pushes"] == [])
            #expect(try await buyer.get("/campaigns/pushes/\(id)/").status == 404)
            #expect(try await buyer.post("/campaigns/pushes/\(id)/undo/").status == 404)
        }
    }

    @Test func `offers are found by name and number, only those the key sees`() async throws {
        try await withSyncedDesk { desk, admin, buyer in
            let all = try await admin.get("/campaigns/offers/autocomplete/").json
            #expect(all["offers"]?.arrayValue?.count == 10)
            let fewer = try await buyer.get("/campaigns/offers/autocomplete/").json
            #expect((fewer["total"]?.intValue ?? 0) < (all["total"]?.intValue ?? 0))
            let row = try await desk.database.one(
                "SELECT keitaro_id, name FROM keitaro_offers WHERE state = 'active' AND keitaro_id % 7 = 3 ORDER BY id LIMIT 1"
            )
            let id: Int64 = try row.get("keitaro_id")
            let name: String = try row.get("name")
            let byID = try await admin.get("/campaigns/offers/autocomplete/?q=\(id)").json["offers"]
            #expect(byID?[0]?["offer_id"]?.intValue == id && byID?[0]?["name"]?.stringValue == name)
            let hidden = try await buyer.get("/campaigns/offers/autocomplete/?q=\(id)").json["offers"]?.arrayValue ?? []
            #expect(!hidden.contains { $0["offer_id"]?.intValue == id })
            let word = try #require(name.split(separator: " ").first.map { String($0.uppercased()) })
            let byName = try await admin.get("/campaigns/offers/autocomplete/?q=\(Visitor.encode(word))").json["offers"]
            #expect(byName?.arrayValue?.isEmpty == false)
            // The wildcards of LIKE stand for themselves.
            for text in ["%", "_____", "\\"] {
                let found = try await admin.get("/campaigns/offers/autocomplete/?q=\(Visitor.encode(text))").json
                #expect(
                    found["offers"]?.arrayValue?.allSatisfy { $0["name"]?.stringValue?.contains(text) == true } == true)
            }
            let scene = try await FlowScene(desk, visitor: admin)
            let inFlow = try await admin.get(
                "/campaigns/offers/autocomplete/?q=\(scene.offers[0])&flow=\(scene.flowID)"
            ).json["offers"]?[0]
            #expect(inFlow?["in_flow"] == true)
            let refused = try await buyer.post("/campaigns/flow/\(scene.flowID)/add-offer/", ["offer_id": .integer(id)])
            #expect(refused.status == 422 && refused.fields == ["offer_id"])
        }
    }

    @Test func `the list filters, counts and sorts`() async throws {
        try await withSyncedDesk { _, admin, _ in
            let list = try await admin.get("/campaigns/?state=all").json["campaigns"]?.arrayValue ?? []
            #expect(list.allSatisfy { $0["state"] != "archived" })
            let archived = try await admin.get("/campaigns/?state=archived").json["campaigns"]?.arrayValue ?? []
            #expect(!archived.isEmpty && archived.allSatisfy { $0["state"] == "archived" })
            let one = try #require(list.first?["keitaro_id"]?.intValue)
            let found = try await admin.get("/campaigns/?q=\(one)").json["campaigns"]?.arrayValue ?? []
            #expect(found.contains { $0["keitaro_id"]?.intValue == one } && found.count < list.count)
            let ascending = try await admin.get("/campaigns/?sort=id&dir=asc").json["campaigns"]?.arrayValue ?? []
            let numbers = ascending.compactMap { $0["keitaro_id"]?.intValue }
            #expect(numbers == numbers.sorted())
            // A filter that can't be read is not taken for none.
            let edited = try await admin.get("/campaigns/?sort=x&dir=y&state=z&group=q&other=1")
            #expect(edited.status == 422 && Set(edited.fields) == ["sort", "dir", "state", "group"])
            #expect(
                try await admin.get("/campaigns/?sort=&dir=&state=&group=").json["total"]?.intValue
                    == Int64(list.count))
            let bad = try await admin.get("/campaigns/?q=%FF")
            #expect(bad.status == 400)
        }
    }
}
