import Base
import Postgres
import TestDesk
import Testing

/// What the audit log says about flows, and that nothing changes without it.
@Suite(.timeLimit(.minutes(10))) struct FlowAuditTests {
    private struct Line: Equatable {
        let action: String
        let object: String
        let before: String?
        let after: String?
    }

    private func lines(_ desk: TestDesk) async throws -> [Line] {
        try await desk.database.query(
            "SELECT action, object, before, after FROM audit_log WHERE action LIKE 'campaigns%' ORDER BY id"
        ).map {
            Line(
                action: try $0.get("action"), object: try $0.get("object"), before: try $0.get("before"),
                after: try $0.get("after"))
        }
    }

    @Test func `edits and pushes are told with what was and what is`() async throws {
        try await withScene { scene in
            try await scene.desk.database.execute("DELETE FROM audit_log")
            try await scene.edit()
            #expect(try await scene.post("pin", row: scene.offers[1], ["pinned": true]).status == 200)
            #expect(try await scene.post("push").status == 200)
            let names = try await scene.flow()["offers"]?.arrayValue?.compactMap { $0["name"]?.stringValue } ?? []
            try #require(names.count == 4)
            let name = try await scene.flow()["name"]?.stringValue ?? ""
            let flow = name.isEmpty ? "flow \(scene.flowID)" : "flow \(scene.flowID) \(name)"
            let old = "\(names[0]) 50%, \(names[1]) 30%, \(names[2]) 20%"
            let told = try await lines(scene.desk)
            try #require(told.count == 4)
            #expect(told[0].object == flow && told[0].before == old)
            #expect(told[0].action == "campaigns.flow_offer.update_share")
            #expect(told[0].after?.hasPrefix("\(names[0]) 60%, ") == true)
            #expect(told[1].action == "campaigns.flow_offer.pin" && told[1].after?.contains("% pinned") == true)
            #expect(told[2].action == "campaigns.flow.push" && told[2].before == old)
            #expect(told[2].after?.hasPrefix("\(names[0]) 60%, ") == true)
            #expect(
                told[3]
                    == Line(
                        action: "campaigns.flow.push.settled", object: "flow \(scene.flowID), push 1",
                        before: "waiting", after: "pushed"))
            #expect(try await scene.post("push").status == 409)
            try await scene.fetch()
            #expect(try await scene.visitor.post("/campaigns/sync-campaigns/").status == 200)
            let after = try await lines(scene.desk)
            #expect(after.dropFirst(4).map(\.action) == ["campaigns.fetch_streams", "campaigns.sync_campaigns"])
            #expect(after.last?.after?.contains(" campaigns, 0 new, ") == true)
        }
    }

    @Test func `no flow changes without a line in the audit log`() async throws {
        try await withScene { scene in
            let desk = scene.desk
            try await scene.edit()
            #expect(try await scene.post("cancel").status == 200)
            try await scene.edit(share: 70)
            let rows = try await [scene.row(scene.offers[0]), scene.row(scene.offers[1])]
            try await desk.database.execute(
                """
                CREATE FUNCTION refuse_line() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN RAISE EXCEPTION 'the audit log is full'; END $$
                """)
            try await desk.database.execute(
                "CREATE TRIGGER refuse BEFORE INSERT ON audit_log FOR EACH ROW EXECUTE FUNCTION refuse_line()")
            func stored() async throws -> String {
                try await desk.database.one(
                    """
                    SELECT concat_ws(' / ', (SELECT json_agg(keitaro_flows ORDER BY id) FROM keitaro_flows),
                        (SELECT json_agg(keitaro_flow_offers ORDER BY id) FROM keitaro_flow_offers),
                        (SELECT json_agg(keitaro_pushes ORDER BY id) FROM keitaro_pushes),
                        (SELECT json_agg(outbox ORDER BY id) FROM outbox),
                        (SELECT json_agg(keitaro_campaigns ORDER BY id) FROM keitaro_campaigns)) AS stored
                    """
                ).get("stored")
            }
            let before = try await stored()
            let flow = "/campaigns/flow/\(scene.flowID)"
            let writes: [(String, JSON)] = [
                ("/campaigns/sync-campaigns/", [:]), ("/campaigns/\(scene.campaignID)/fetch-streams/", [:]),
                ("\(flow)/add-offer/", ["offer_id": .integer(scene.offers[5])]), ("\(flow)/cancel/", [:]),
                ("\(flow)/resolve/", ["use": "mine"]), ("\(flow)/push/", [:]),
                ("/campaigns/flow-offer/\(rows[0])/remove/", [:]),
                ("/campaigns/flow-offer/\(rows[0])/update-share/", ["share": 10]),
                ("/campaigns/flow-offer/\(rows[1])/pin/", ["pinned": true]),
            ]
            for (path, body) in writes {
                #expect(try await scene.visitor.post(path, body).status == 500, "\(path)")
            }
            #expect(try await stored() == before)
        }
    }
}
