import Base
import Fetch
import Postgres
import TestDesk
import Testing

/// Edits of a draft by way of its URLs, on a real database.
@Suite(.timeLimit(.minutes(10))) struct FlowEditsTests {
    typealias Share = FlowScene.Share

    @Test func `a share typed divides the rest among the others and grows the revision`() async throws {
        try await withScene { scene in
            let offers = scene.offers
            let before = try await scene.flow()
            #expect(before["is_draft"] == false && before["total"] == 100 && before["can_push"] == false)
            let answer = try await scene.post("update-share", row: offers[0], ["share": 60])
            #expect(answer.status == 200)
            let flow = try #require(answer.json["flow"])
            #expect(
                FlowScene.shares(flow) == [
                    Share(offers[0], 60), Share(offers[1], 20), Share(offers[2], 20), scene.base[3],
                ])
            #expect(flow["is_draft"] == true && flow["can_push"] == true)
            #expect(flow["revision"]?.intValue == (before["revision"]?.intValue).map { $0 + 1 })
            let changes = flow["offers"]?.arrayValue?.map { $0["change"]?.stringValue }
            #expect(changes == ["edited", "recounted", "none", "none"])
            #expect(try await scene.inKeitaro() == scene.base)
            let list = try await scene.visitor.get("/campaigns/?drafts=1").json
            #expect(list["campaigns"]?.arrayValue?.map { $0["id"] } == [.integer(scene.campaignID)])
        }
    }

    @Test func `an offer is added, removed and brought back`() async throws {
        try await withScene { scene in
            let offers = scene.offers
            let added = try await scene.post("add-offer", ["offer_id": .integer(offers[4])])
            #expect(added.status == 200)
            #expect(
                try await scene.draft() == [
                    Share(offers[0], 25), Share(offers[1], 25), Share(offers[2], 25), scene.base[3],
                    Share(offers[4], 25),
                ])
            let twice = try await scene.post("add-offer", ["offer_id": .integer(offers[4])])
            #expect(
                twice.status == 422 && twice.fields == ["offer_id"] && twice.detail.contains("already in this flow"))

            #expect(try await scene.post("remove", row: offers[1]).status == 200)
            let removed = try await scene.flow()
            #expect(FlowScene.shares(removed).map(\.share) == [33, 33, 10, 34])
            #expect(try await scene.post("remove", row: offers[1]).status == 422)
            #expect(try await scene.post("update-share", row: offers[1], ["share": 5]).status == 422)
            #expect(try await scene.post("bring-back", row: offers[1]).status == 200)
            #expect(try await scene.post("bring-back", row: offers[1]).status == 422)
            #expect(try await scene.draft().map(\.share) == [25, 25, 25, 10, 25])

            // A row that Keitaro never had leaves the flow.
            let row = try await scene.row(offers[4])
            #expect(try await scene.post("remove", row: offers[4]).status == 200)
            let gone = try await scene.visitor.post("/campaigns/flow-offer/\(row)/remove/")
            #expect(gone.status == 404 && gone.detail.contains("no longer in the flow"))
        }
    }

    @Test func `the last offer can't be removed, a row that is off can't be edited`() async throws {
        try await withScene { scene in
            let offers = scene.offers
            let off = try await scene.post("update-share", row: offers[3], ["share": 50])
            #expect(off.status == 422 && off.detail.contains("off in Keitaro"))
            #expect(try await scene.post("remove", row: offers[0]).status == 200)
            #expect(try await scene.post("remove", row: offers[1]).status == 200)
            let before = try await scene.flow()
            let last = try await scene.post("remove", row: offers[2])
            #expect(last.status == 422 && last.detail.contains("last offer"))
            #expect(try await scene.flow() == before)
        }
    }

    @Test func `a pinned share stays, through edits and through cancel`() async throws {
        try await withScene { scene in
            let offers = scene.offers
            #expect(try await scene.post("pin", row: offers[1], ["pinned": true]).status == 200)
            #expect(try await scene.isDraft() == false)
            try await scene.edit(share: 65)
            #expect(try await scene.draft().map(\.share) == [65, 30, 5, 10])
            let tooMuch = try await scene.post("update-share", row: offers[0], ["share": 70])
            #expect(tooMuch.status == 422 && tooMuch.fields == ["share"])
            #expect(tooMuch.title.contains("1 to 69%") && tooMuch.detail.contains("pinned at 30%"))
            #expect(try await scene.post("cancel").status == 200)
            let rows = try await scene.flow()["offers"]?.arrayValue ?? []
            #expect(rows.map { $0["pinned"] } == [false, true, false, false])
            #expect(try await scene.post("pin", row: offers[1], ["pinned": false]).status == 200)
            try await scene.edit(share: 70)
            #expect(try await scene.draft().map(\.share) == [70, 15, 15, 10])
        }
    }

    @Test func `a draft is dropped and brought back once`() async throws {
        try await withScene { scene in
            let none = try await scene.post("restore-draft")
            #expect(none.status == 409 && none.detail.contains("no dropped draft"))
            try await scene.edit()
            _ = try await scene.post("add-offer", ["offer_id": .integer(scene.offers[4])])
            _ = try await scene.post("remove", row: scene.offers[1])
            let cancelled = try await scene.post("cancel")
            #expect(cancelled.status == 200)
            #expect(cancelled.json["undo"]?["url"] == .string("/campaigns/flow/\(scene.flowID)/restore-draft/"))
            #expect(try await scene.draft() == scene.base)
            #expect(try await scene.isDraft() == false)

            try await scene.edit(share: 90)
            #expect(try await scene.post("restore-draft").status == 409)
            #expect(try await scene.draft().map(\.share) == [90, 5, 5, 10])
        }
        try await withScene { scene in
            try await scene.edit()
            _ = try await scene.post("add-offer", ["offer_id": .integer(scene.offers[4])])
            _ = try await scene.post("remove", row: scene.offers[1])
            let draft = Set(try await scene.draft())
            _ = try await scene.post("cancel")
            let restored = try await scene.post("restore-draft")
            #expect(restored.status == 200)
            #expect(Set(try await scene.draft()) == draft)
            _ = try await scene.post("cancel")
            #expect(try await scene.post("restore-draft").status == 200)
            #expect(try await scene.post("restore-draft").status == 409)
        }
    }

    @Test(
        arguments: [
            ["share": "abc"], ["share": .null], [:], ["share": 1.5], ["share": -1], ["share": 1e30], ["share": "12x"],
            ["share": true], ["share": [60]], ["share": 0], ["share": 101], ["share": 99],
        ] as [JSON])
    func `a share that is none is refused by name and changes nothing`(body: JSON) async throws {
        try await withScene { scene in
            let before = try await scene.flow()
            let answer = try await scene.post("update-share", row: scene.offers[0], body)
            #expect(answer.status == 422, "\(answer.text)")
            #expect(answer.fields == ["share"])
            #expect(try await scene.flow() == before)
        }
    }

    @Test func `other bad input is refused by name`() async throws {
        try await withScene { scene in
            let row = try await scene.row(scene.offers[0])
            let flow = "/campaigns/flow/\(scene.flowID)"
            let cases: [(String, JSON, Int, [String])] = [
                ("\(flow)/add-offer/", [:], 422, ["offer_id"]),
                ("\(flow)/add-offer/", ["offer_id": "x"], 422, ["offer_id"]),
                ("\(flow)/add-offer/", ["offer_id": 999_999_999], 422, ["offer_id"]),
                ("\(flow)/add-offer/", ["offer_id": -1], 422, ["offer_id"]),
                ("\(flow)/resolve/", [:], 422, ["use"]),
                ("\(flow)/resolve/", ["use": "theirs"], 422, ["use"]),
                ("/campaigns/flow-offer/\(row)/pin/", [:], 422, ["pinned"]),
                ("/campaigns/flow-offer/\(row)/pin/", ["pinned": "perhaps"], 422, ["pinned"]),
                ("\(flow)/add-offer/", [1, 2], 400, []),
                ("\(flow)/push/", "text", 400, []),
            ]
            for (path, body, status, fields) in cases {
                let answer = try await scene.visitor.post(path, body)
                #expect(answer.status == status && answer.fields == fields, "\(path) \(body): \(answer.text)")
                #expect(answer.headers["content-type"] == "application/problem+json")
            }
            let broken = try await scene.visitor.with("Content-Type", "application/json")
                .send(.post, "\(flow)/add-offer/", Array("{\"offer_id\":".utf8))
            #expect(broken.status == 400)
            #expect(try await scene.isDraft() == false)
        }
    }

    @Test func `cancelling twice keeps the draft for its undo`() async throws {
        try await withScene { scene in
            let row = try await scene.row(scene.offers[0])
            _ = try await scene.visitor.post("/campaigns/flow-offer/\(row)/update-share/", ["share": 70])
            let drafted = try await scene.draft()
            #expect(try await scene.post("cancel").status == 200)
            #expect(try await scene.post("cancel").status == 200)
            #expect(try await scene.isDraft() == false)
            #expect(try await scene.post("restore-draft").status == 200)
            #expect(try await scene.draft() == drafted)
        }
    }

    @Test func `cancelling in a conflict takes what Keitaro has`() async throws {
        try await withScene { scene in
            let row = try await scene.row(scene.offers[0])
            _ = try await scene.visitor.post("/campaigns/flow-offer/\(row)/update-share/", ["share": 70])
            let theirs = [FlowScene.Share(scene.offers[0], 10), FlowScene.Share(scene.offers[1], 90)]
            try await scene.desk.keitaro.setShares(ofStream: scene.streamID, theirs)
            try await scene.fetch()
            #expect(try await scene.flow()["in_conflict"] == true)
            #expect(try await scene.post("cancel").status == 200)
            let flow = try await scene.flow()
            #expect(flow["in_conflict"] == false && flow["is_draft"] == false)
            #expect(FlowScene.shares(flow).filter(\.isActive) == theirs)
        }
    }

    @Test func `an archived offer can't be added`() async throws {
        try await withScene { scene in
            try await scene.desk.database.execute(
                "UPDATE keitaro_offers SET state = 'deleted' WHERE keitaro_id = \(scene.offers[4])")
            #expect(try await scene.post("add-offer", ["offer_id": .integer(scene.offers[4])]).status == 422)
            #expect(try await scene.post("add-offer", ["offer_id": .integer(scene.offers[5])]).status == 200)
        }
    }

    @Test func `forms are taken as JSON is`() async throws {
        try await withScene { scene in
            let row = try await scene.row(scene.offers[0])
            let answer = try await scene.visitor.postForm(
                "/campaigns/flow-offer/\(row)/update-share/", [("share", "70")])
            #expect(answer.status == 200)
            let pinned = try await scene.visitor.postForm("/campaigns/flow-offer/\(row)/pin/", [("pinned", "true")])
            #expect(pinned.status == 200)
            #expect(try await scene.draft().map(\.share) == [70, 15, 15, 10])
        }
    }

    @Test func `edits at the same moment take turns`() async throws {
        try await withScene { scene in
            let revision = try #require(try await scene.flow()["revision"]?.intValue)
            let rows = [
                try await scene.row(scene.offers[0]), try await scene.row(scene.offers[1]),
                try await scene.row(scene.offers[2]),
            ]
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<12 {
                    group.addTask {
                        try await scene.visitor.post(
                            "/campaigns/flow-offer/\(rows[number % 3])/update-share/",
                            ["share": .integer(Int64(40 + number))]
                        ).status
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses == Array(repeating: 200, count: 12))
            let flow = try await scene.flow()
            #expect(flow["revision"]?.intValue == revision + 12 && flow["total"] == 100)
        }
    }

    @Test func `offers added at the same moment all come in and share the 100`() async throws {
        try await withScene { scene in
            let added = scene.offers.dropFirst(4)
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for offer in added {
                    group.addTask { try await scene.post("add-offer", ["offer_id": .integer(offer)]).status }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses == [200, 200, 200])
            let draft = try await scene.draft()
            #expect(Set(draft.map(\.offerID)) == Set(scene.offers))
            #expect(draft.filter(\.isActive).map(\.share) == [16, 16, 17, 17, 17, 17])
        }
    }

    @Test func `what is not there is not found`() async throws {
        try await withScene { scene in
            for id in ["999999", "9223372036854775807"] {
                for path in ["flow/\(id)/cancel", "flow/\(id)/push", "flow/\(id)/restore-draft", "\(id)/fetch-streams"]
                {
                    let answer = try await scene.visitor.post("/campaigns/\(path)/")
                    #expect(answer.status == 404, "\(path): \(answer.text)")
                }
                let bodies: [(String, JSON)] = [
                    ("update-share", ["share": 5]), ("remove", [:]), ("pin", ["pinned": true]),
                ]
                for (action, body) in bodies {
                    let answer = try await scene.visitor.post("/campaigns/flow-offer/\(id)/\(action)/", body)
                    #expect(answer.status == 404, "\(action): \(answer.text)")
                }
                for path in ["\(id)", "\(id)/check-sync", "flow/\(id)", "pushes/\(id)"] {
                    #expect(try await scene.visitor.get("/campaigns/\(path)/").status == 404, "\(path)")
                }
            }
            for id in ["9223372036854775808", "-1", "1x", "%31"] {
                let status = try await scene.visitor.get("/campaigns/flow/\(id)/").status
                #expect(status == 404 || id == "%31", "\(id)")
            }
        }
    }
}
