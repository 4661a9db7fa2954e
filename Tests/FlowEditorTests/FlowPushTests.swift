import Base
import Keitaro
import Postgres
import TestDesk
import Testing

/// Pushes from the request to Keitaro's database and back.
@Suite(.timeLimit(.minutes(10))) struct FlowPushTests {
    typealias Share = FlowScene.Share

    @Test func `a push sends the whole set, leaves the row that is off alone, and is recorded`() async throws {
        try await withScene { scene in
            let draft = try await scene.edit()
            let answer = try await scene.post("push", ["revision": try await scene.flow()["revision"] ?? .null])
            #expect(answer.status == 200, "\(answer.text)")
            #expect(answer.json["push"]?["state"] == "pushed")
            #expect(answer.json["message"] == "Flow 1 pushed. Keitaro confirmed 3 offers.")
            #expect(try await scene.inKeitaro() == draft)
            #expect(draft[3] == scene.base[3])
            let flow = try #require(answer.json["flow"])
            #expect(flow["is_draft"] == false && flow["pushed_at"]?.stringValue != nil)
            #expect(flow["offers"]?.arrayValue?.map { $0["keitaro_share"] } == [60, 20, 20, 10])

            let id = try #require(answer.json["push"]?["id"]?.intValue)
            let listed = try await scene.visitor.get("/campaigns/pushes/").json["pushes"]?[0]
            #expect(listed?["id"]?.intValue == id && listed?["state"] == "pushed" && listed?["by"] == "program")
            #expect(listed?["before"]?.arrayValue?.map { $0["share"] } == [50, 30, 20, 10])
            #expect(listed?["after"]?.arrayValue?.map { $0["share"] } == [60, 20, 20, 10])
            let one = try await scene.visitor.get("/campaigns/pushes/\(id)/").json
            #expect(
                one["push"]?["state"] == "pushed" && one["undo"]?["url"] == .string("/campaigns/pushes/\(id)/undo/"))
            let other = try await scene.visitor.get("/campaigns/pushes/?flow=\(scene.flowID + 1)").json["pushes"]
            #expect(other == [])
            #expect(
                try await scene.desk.database.one("SELECT state FROM outbox").get("state", String.self) == "done")

            let again = try await scene.post("push")
            #expect(again.status == 409 && again.detail.contains("nothing to push"))
        }
    }

    @Test func `what was added and removed arrives`() async throws {
        try await withScene { scene in
            _ = try await scene.post("add-offer", ["offer_id": .integer(scene.offers[4])])
            _ = try await scene.post("remove", row: scene.offers[1])
            _ = try await scene.post("remove", row: scene.offers[3])
            let draft = try await scene.draft()
            #expect(try await scene.post("push").status == 200)
            #expect(try await scene.inKeitaro() == draft)
            #expect(draft.map(\.offerID) == [scene.offers[0], scene.offers[2], scene.offers[4]])
            #expect(try await scene.draft() == draft)
            #expect(try await scene.isDraft() == false)
        }
    }

    @Test func `a total that is not 100 waits`() async throws {
        try await withScene { scene in
            let offers = scene.offers
            try await scene.desk.keitaro.setShares(
                ofStream: scene.streamID,
                [Share(offers[0], 54), Share(offers[1], 50), Share(offers[3], 7, isActive: false)])
            try await scene.fetch()
            // Removing the row that is off is an edit that leaves the 104 as they are.
            #expect(try await scene.post("remove", row: offers[3]).status == 200)
            let answer = try await scene.post("push")
            #expect(answer.status == 422 && answer.detail.contains("104%"))
            #expect(try await scene.putCount() == 2)
        }
    }

    @Test func `a revision that was overtaken is refused and nothing is sent`() async throws {
        try await withScene { scene in
            try await scene.edit()
            let seen = try await scene.flow()["revision"] ?? .null
            try await scene.edit(share: 70)
            let stale = try await scene.post("push", ["revision": seen])
            #expect(stale.status == 409 && stale.json["type"] == "/problems/stale")
            #expect(stale.title == "This draft was changed in another window.")
            #expect(try await scene.putCount() == 1)
            let now = try await scene.flow()["revision"] ?? .null
            #expect(try await scene.post("push", ["revision": now]).status == 200)
        }
    }

    @Test func `two pushes of one flow at once make one PUT`() async throws {
        try await withScene { scene in
            try await scene.fail("latency", "PUT", ["milliseconds": 200])
            let draft = try await scene.edit()
            async let one = scene.post("push")
            async let two = scene.post("push")
            async let three = scene.post("push")
            let answers = try await [one, two, three]
            let pushed = answers.filter { $0.status == 200 }
            #expect(!pushed.isEmpty && answers.allSatisfy { $0.status == 200 || $0.status == 409 })
            #expect(Set(pushed.map { $0.json["push"]?["id"] }).count == 1)
            // One of the scene, one of the push.
            #expect(try await scene.putCount() == 2)
            #expect(try await scene.inKeitaro() == draft)
            let count = try await scene.desk.database.one("SELECT count(*) AS n FROM keitaro_pushes").get(
                "n", Int64.self)
            #expect(count == 1)
        }
    }

    @Test func `a flow on its way is not edited`() async throws {
        try await withScene { scene in
            try await scene.edit()
            try await scene.fail("latency", "PUT", ["milliseconds": 60_000])
            let push = Task { try await scene.post("push") }
            #expect(
                try await eventually(scene.desk.loop) {
                    try await scene.putCount() == 2
                })
            let edit = try await scene.post("update-share", row: scene.offers[0], ["share": 70])
            #expect(edit.status == 409 && edit.detail.contains("being pushed"))
            #expect(try await scene.post("cancel").status == 409)
            push.cancel()
            _ = await push.result
        }
    }

    @Test func `a push is undone as a draft, once, the last one only`() async throws {
        try await withScene { scene in
            try await scene.edit()
            let first = try await scene.post("push").json["push"]?["id"]?.intValue ?? 0
            _ = try await scene.post("remove", row: scene.offers[1])
            _ = try await scene.post("add-offer", ["offer_id": .integer(scene.offers[4])])
            let second = try await scene.post("push").json["push"]?["id"]?.intValue ?? 0
            let notLast = try await scene.visitor.post("/campaigns/pushes/\(first)/undo/")
            #expect(notLast.status == 409 && notLast.detail.contains("pushed again since"))

            try await scene.edit(share: 80)
            #expect(try await scene.visitor.post("/campaigns/pushes/\(second)/undo/").status == 409)
            _ = try await scene.post("cancel")
            let undone = try await scene.visitor.post("/campaigns/pushes/\(second)/undo/")
            #expect(undone.status == 200)
            let back = [
                Share(scene.offers[0], 60), Share(scene.offers[1], 20), Share(scene.offers[2], 20), scene.base[3],
            ]
            #expect(Set(try await scene.draft()) == Set(back))
            #expect(try await scene.visitor.post("/campaigns/pushes/\(second)/undo/").status == 409)
            #expect(try await scene.post("push").status == 200)
            #expect(Set(try await scene.inKeitaro()) == Set(back))
            let states = try await scene.visitor.get("/campaigns/pushes/").json["pushes"]?.arrayValue?.map {
                $0["undone"]
            }
            #expect(states == [false, true, false])
        }
    }

    // MARK: Conflicts

    @Test func `a change in Keitaro stops the push, shows both sides and keeps both`() async throws {
        try await withScene { scene in
            let draft = try await scene.edit()
            let theirs = [
                Share(scene.offers[0], 40), Share(scene.offers[1], 40), Share(scene.offers[2], 20), scene.base[3],
            ]
            try await scene.desk.keitaro.setShares(ofStream: scene.streamID, theirs)
            let refused = try await scene.post("push")
            #expect(refused.status == 409 && refused.json["type"] == "/problems/conflict")
            #expect(refused.title == "Keitaro changed Flow 1 while you were editing")
            let changes = refused.json["changes"]?.arrayValue ?? []
            #expect(changes.map { $0["offer_id"] } == [.integer(scene.offers[0]), .integer(scene.offers[1])])
            #expect(changes.map { $0["base"]?["share"] } == [50, 30])
            #expect(changes.map { $0["keitaro"]?["share"] } == [40, 40])
            #expect(changes.map { $0["mine"]?["share"] } == [60, 20])
            #expect(try await scene.inKeitaro() == theirs)
            #expect(try await scene.draft() == draft)
            #expect(try await scene.flow()["in_conflict"] == true)

            // Nothing more is sent before somebody chooses.
            let again = try await scene.post("push")
            #expect(again.status == 409 && again.json["type"] == "/problems/conflict")
            #expect(try await scene.putCount() == 2)

            let resolved = try await scene.post("resolve", ["use": "keitaro"])
            #expect(resolved.status == 200)
            #expect(try await scene.draft() == theirs)
            let flow = try await scene.flow()
            #expect(flow["in_conflict"] == false && flow["is_draft"] == false)
        }
    }

    @Test func `mine can be kept over Keitaro's change and is then pushed`() async throws {
        try await withScene { scene in
            let draft = try await scene.edit()
            try await scene.desk.keitaro.setShares(
                ofStream: scene.streamID,
                [Share(scene.offers[0], 40), Share(scene.offers[4], 60), scene.base[3]])
            #expect(try await scene.post("push").status == 409)
            #expect(try await scene.post("resolve", ["use": "mine"]).status == 200)
            let flow = try await scene.flow()
            #expect(flow["in_conflict"] == false && flow["is_draft"] == true)
            #expect(Set(FlowScene.shares(flow)) == Set(draft))
            #expect(try await scene.post("push").status == 200)
            #expect(Set(try await scene.inKeitaro()) == Set(draft))
        }
    }

    @Test func `a fetch keeps the draft, and shows the conflict`() async throws {
        try await withScene { scene in
            let draft = try await scene.edit()
            let kept = try await scene.fetch()
            #expect(kept.json["drafts"] == 1 && kept.json["conflicts"] == 0)
            #expect(kept.json["message"]?.stringValue?.contains("1 draft is kept.") == true)
            try await scene.desk.keitaro.setShares(ofStream: scene.streamID, [Share(scene.offers[2], 100)])
            let conflict = try await scene.fetch()
            #expect(conflict.json["conflicts"] == 1)
            #expect(try await scene.draft() == draft)
            #expect(try await scene.flow()["in_conflict"] == true)
            // A colleague takes the change back: the conflict is over.
            try await scene.desk.keitaro.setShares(ofStream: scene.streamID, scene.base)
            #expect(try await scene.fetch().json["conflicts"] == 0)
            #expect(try await scene.flow()["in_conflict"] == false)
            #expect(try await scene.post("push").status == 200)
        }
    }

    @Test func `Keitaro already as the draft wants it counts as pushed, without a PUT`() async throws {
        try await withScene { scene in
            let draft = try await scene.edit()
            try await scene.desk.keitaro.setShares(ofStream: scene.streamID, draft)
            let before = try await scene.putCount()
            #expect(try await scene.post("push").status == 200)
            #expect(try await scene.putCount() == before)
            #expect(try await scene.isDraft() == false)
        }
    }

    @Test func `check-sync tells the difference and changes nothing`() async throws {
        try await withScene { scene in
            let same = try await scene.visitor.get("/campaigns/\(scene.campaignID)/check-sync/").json
            #expect(same["in_sync"] == true && same["flows"] == [])
            try await scene.desk.keitaro.setShares(
                ofStream: scene.streamID,
                [
                    Share(scene.offers[0], 40), Share(scene.offers[1], 30), Share(scene.offers[4], 30),
                    Share(scene.offers[3], 10),
                ])
            try await scene.desk.keitaro.setStream(scene.streamID, ["name": "Renamed", "state": "disabled"])
            let before = try await scene.flow()
            let drift = try await scene.visitor.get("/campaigns/\(scene.campaignID)/check-sync/").json
            #expect(drift["in_sync"] == false)
            let flow = drift["flows"]?[0]
            #expect(flow?["notes"] == ["renamed", "turned_off"])
            let offers = flow?["offers"]?.arrayValue ?? []
            #expect(offers.map { $0["here"]?["share"] ?? .null } == [50, 20, 10, .null])
            #expect(offers.map { $0["keitaro"]?["share"] ?? .null } == [40, .null, 10, 30])
            #expect(offers[2]["keitaro"]?["is_active"] == true)
            #expect(try await scene.flow() == before)
        }
    }
}
