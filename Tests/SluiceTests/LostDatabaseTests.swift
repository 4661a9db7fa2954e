import Base
import Fetch
import Glibc
import Postgres
import Reactor
import TestDesk
import Testing
import TestGround

/// The private database dies under a desk that serves.
@Suite(.timeLimit(.minutes(10))) struct LostDatabaseTests {
    @Test func `what was answered stays, what was refused can be repeated, and the desk recovers by itself`()
        async throws
    {
        let folder = try TemporaryFolder("lost")
        defer { folder.remove() }
        let directory = folder.path
        let settings = [
            "DEMO_DATA_DIR": directory, "LIMIT_REQUESTS_PER_MINUTE": "0", "LIMIT_TOKEN_REQUESTS_PER_MINUTE": "0",
        ]
        let (desk, url) = try ProgramProcess.serve(settings, ["--demo", "serve"])
        let token = try ProgramProcess.answer(["--demo", "token", "create", "--admin", "--name", "tests"], settings)
        try await onLoop { loop in
            let fetch = Fetch(loops: [loop])
            let program = Visitor(
                fetch: fetch, base: url, headers: ["Accept": "application/json", "Authorization": "Bearer \(token)"])
            let (flow, row) = try await someFlow(program)
            var revision = try #require(
                try await program.get("/campaigns/flow/\(flow)/").json["flow"]?["revision"]?.intValue)

            for round in 0..<2 {
                var refused: Int64 = 0
                var share: Int64 = 0
                var answered = 0
                var sinceReturn = 0
                for attempt in 0..<4_000 {
                    let wanted = Int64(10 + attempt % 50)
                    let answer = try await program.post(
                        "/campaigns/flow-offer/\(row)/update-share/", ["share": .integer(wanted)])
                    switch answer.status {
                    case 200:
                        // Each edit counts one; one that was refused may have been made, at most once.
                        let now = try #require(answer.json["flow"]?["revision"]?.intValue)
                        #expect((revision + 1...revision + 1 + refused).contains(now), "round \(round)")
                        revision = now
                        share = wanted
                        refused = 0
                        answered += 1
                        if sinceReturn > 0 { sinceReturn += 1 }
                        if answered == 5 { kill(try postmaster(directory), SIGKILL) }
                    case 503:
                        #expect(answer.json["type"] == "/problems/database-away")
                        #expect(answer.headers["retry-after"].flatMap { Int($0) }.map { $0 >= 1 } == true)
                        refused += 1
                        sinceReturn = 1
                        await loop.sleep(for: .milliseconds(10))
                    default: Issue.record("round \(round): \(answer.status) \(answer.text)")
                    }
                    if sinceReturn > 5 { break }
                }
                #expect(sinceReturn > 5)
                let flowNow = try await program.get("/campaigns/flow/\(flow)/").json["flow"]
                #expect(flowNow?["revision"]?.intValue == revision)
                let kept = flowNow?["offers"]?.arrayValue?.first { $0["id"]?.intValue == row }
                #expect(kept?["share"]?.intValue == share)
                #expect(flowNow?["total"] == 100)
            }

            try await everyStep(program, directory, loop, flow: flow, row: row)

            // The last edit may have led back to what Keitaro has, which would leave nothing to push.
            for share in [61, 62] as [Int64] {
                let edited = try await program.post(
                    "/campaigns/flow-offer/\(row)/update-share/", ["share": .integer(share)])
                if edited.json["flow"]?["is_draft"] == true { break }
            }
            // Work outside waits for the database too, and goes on.
            let push = try await program.post("/campaigns/flow/\(flow)/push/")
            #expect(push.status == 200, "\(push.text)")
            #expect(try await program.get("/ready").status == 200)
            await fetch.close()
        }
        #expect(desk.end(SIGTERM) == 0)
        // The last one out stopped its database.
        #expect(FileSystem.kind(of: "\(directory)/postgres/data/postmaster.pid") == nil)
    }

    /// The database dies while a step is on its way, which is then repeated as a person would: each is done in the end, and what was
    /// drafted before it is still there.
    private func everyStep(
        _ program: Visitor, _ directory: String, _ loop: EventLoop, flow: Int64, row: Int64
    ) async throws {
        func now() async throws -> JSON { try await program.get("/campaigns/flow/\(flow)/").json["flow"] ?? .null }
        func shares(_ flow: JSON) -> [Int64: Int64] {
            (flow["offers"]?.arrayValue ?? []).reduce(into: [:]) { shares, offer in
                if let id = offer["offer_id"]?.intValue, let share = offer["share"]?.intValue { shares[id] = share }
            }
        }
        let campaign = try #require(try await now()["campaign_id"]?.intValue)
        let present = Set(shares(try await now()).keys)
        let found = try await program.get("/campaigns/offers/autocomplete/?q=").json["offers"]?.arrayValue ?? []
        let extra = try #require(found.compactMap { $0["offer_id"]?.intValue }.first { !present.contains($0) })
        let isPinned: @Sendable (JSON) -> Bool = { flow in
            flow["offers"]?.arrayValue?.first { $0["id"]?.intValue == row }?["pinned"] == true
        }
        var drafted: [Int64: Int64] = [:]
        let steps: [(String, JSON, (JSON) -> Bool)] = [
            ("flow/\(flow)/add-offer/", ["offer_id": .integer(extra)], { shares($0)[extra] != nil }),
            ("flow-offer/\(row)/pin/", ["pinned": true], { isPinned($0) && shares($0) == drafted }),
            ("\(campaign)/fetch-streams/", [:], { shares($0) == drafted && isPinned($0) }),
            ("flow/\(flow)/cancel/", [:], { $0["is_draft"] == false && isPinned($0) }),
            ("flow/\(flow)/restore-draft/", [:], { shares($0)[extra] != nil && isPinned($0) }),
            ("flow-offer/\(row)/pin/", ["pinned": false], { !isPinned($0) && shares($0) == drafted }),
            ("flow/\(flow)/push/", [:], { shares($0) == drafted && $0["is_draft"] == false }),
        ]
        for (path, body, isDone) in steps {
            drafted = shares(try await now())
            let process = try postmaster(directory)
            async let first = program.post("/campaigns/\(path)", body)
            kill(process, SIGKILL)
            var answer = try await first
            for _ in 0..<2_000 where answer.status == 503 {
                await loop.sleep(for: .milliseconds(10))
                answer = try await program.post("/campaigns/\(path)", body)
            }
            // One that was done although its answer was lost is refused the second time.
            #expect([200, 202, 409, 422].contains(answer.status), "\(path): \(answer.status) \(answer.text)")
            var state = JSON.null
            let isThere = try await eventually(loop, within: .seconds(60)) {
                state = try await now()
                return isDone(state)
            }
            #expect(isThere, "\(path): \(answer.status) \(answer.text) \(state)")
            #expect(state["total"] == 100, "\(path)")
        }
    }

    private func postmaster(_ directory: String) throws -> pid_t {
        let file = try FileSystem.read("\(directory)/postgres/data/postmaster.pid", limit: 4096)
        let line = String(decoding: file, as: UTF8.self).split(separator: "\n").first
        return try #require(line.flatMap { pid_t($0) }.flatMap { $0 > 1 ? $0 : nil })
    }

    /// A flow with at least two active offers, and its first row.
    private func someFlow(_ program: Visitor) async throws -> (flow: Int64, row: Int64) {
        #expect(try await program.post("/campaigns/sync-campaigns/").status == 200)
        let list = try await program.get("/campaigns/?state=active&sort=id&dir=asc").json["campaigns"]?.arrayValue ?? []
        for campaign in list {
            let id = try #require(campaign["id"]?.intValue)
            let flows = try await program.post("/campaigns/\(id)/fetch-streams/").json["flows"]?.arrayValue ?? []
            for flow in flows {
                let rows = (flow["offers"]?.arrayValue ?? []).filter { $0["state"] == "active" }
                if rows.count > 1, flow["total"] == 100, let flowID = flow["id"]?.intValue,
                    let row = rows[0]["id"]?.intValue
                {
                    return (flowID, row)
                }
            }
        }
        throw TestFailure("no flow to edit")
    }
}
