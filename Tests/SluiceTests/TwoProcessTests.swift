import Base
import Fetch
import Glibc
import Postgres
import Reactor
import TestDesk
import Testing
import TestGround

/// Two processes of the program on one database, one of which dies.
@Suite(.timeLimit(.minutes(10))) struct TwoProcessTests {
    private struct Target: Sendable {
        let flowID: Int64
        let streamID: Int64
        let rowID: Int64
    }

    @Test func `pushes settle exactly once although one of two processes is killed`() async throws {
        try await withTestDatabaseURL { url in
            let tracker = try ProgramProcess(sluice: ["sandbox", "--port", "0"])
            let trackerURL = "http://" + (try tracker.line(after: "http://"))
            let settings = [
                "DATABASE_URL": url.reveal(), "KEITARO_URL": trackerURL, "SECRET_KEY": "a secret of the tests alone",
                "LOOPS": "2",
            ]
            let token = try ProgramProcess.answer(["token", "create", "--name", "tests"], settings)
            let (doomed, doomedURL) = try ProgramProcess.serve(settings)
            let (lasting, lastingURL) = try ProgramProcess.serve(settings)
            try await onLoop { loop in
                let database = try Database(url: url, loops: [loop], log: .silent)
                let fetch = Fetch(loops: [loop])
                let program = Visitor(
                    fetch: fetch, base: lastingURL,
                    headers: ["Accept": "application/json", "Authorization": "Bearer \(token)"])
                var doomedProgram = program
                doomedProgram.base = doomedURL
                let keitaro = Visitor(fetch: fetch, base: trackerURL, headers: ["Api-Key": "demo-admin-key"])
                try await database.execute("CREATE TABLE settlements (push_id bigint, state text)")
                try await database.execute(
                    """
                    CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
                    'BEGIN INSERT INTO settlements VALUES (NEW.id, NEW.state); RETURN NEW; END'
                    """)
                try await database.execute(
                    """
                    CREATE TRIGGER note AFTER UPDATE ON keitaro_pushes FOR EACH ROW
                    WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION note()
                    """)

                let targets = try await draftTwenty(program, doomedProgram)
                try #require(targets.count == 20)

                // Each PUT takes its time, so that the killed process dies over some of them.
                try #require(
                    try await keitaro.post(
                        "/sandbox/faults",
                        ["kind": "latency", "method": "PUT", "times": 100, "milliseconds": 150]
                    ).status == 200)
                let pushes = targets.enumerated().map { index, target in
                    let pusher = index.isMultiple(of: 2) ? program : doomedProgram
                    return Task { try await pusher.post("/campaigns/flow/\(target.flowID)/push/") }
                }
                #expect(
                    try await eventually(loop) {
                        let asked = try await keitaro.get("/sandbox/requests").json["requests"]?.arrayValue ?? []
                        return asked.count { $0.stringValue?.hasPrefix("PUT") == true } >= 6
                    })
                doomed.end(SIGKILL)
                // As half a minute later: the dead process's leases are over, and with them those of the other, whose work must
                // bear being repeated.
                try #require(
                    try await eventually(loop) {
                        try await database.first("SELECT 1 FROM outbox WHERE state = 'waiting' LIMIT 1") == nil
                    })
                let ended = try await database.execute("UPDATE outbox SET lease_until = now() WHERE state = 'running'")
                #expect(ended > 0)
                for (index, push) in pushes.enumerated() where index.isMultiple(of: 2) {
                    let answer = try? await push.value
                    #expect([200, 202].contains(answer?.status), "\(answer?.text ?? "no answer")")
                }
                for push in pushes { _ = await push.result }

                // What the dead process asked for is ordered again where its order was lost with it.
                for target in targets {
                    let ordered = try await database.first(
                        "SELECT 1 FROM keitaro_pushes WHERE flow_id = \(target.flowID)")
                    if ordered == nil {
                        #expect(try await program.post("/campaigns/flow/\(target.flowID)/push/").status == 200)
                    }
                }
                #expect(
                    try await eventually(loop, within: .seconds(60)) {
                        try await database.first("SELECT 1 FROM keitaro_pushes WHERE state = 'waiting' LIMIT 1") == nil
                    })
                let settled = try await database.query(
                    "SELECT state, count(*) AS n, count(DISTINCT push_id) AS pushes FROM settlements GROUP BY state")
                #expect(settled.count == 1)
                let row = try #require(settled.first)
                #expect(try row.get("state", String.self) == "pushed")
                #expect(try row.get("n", Int64.self) == 20)
                #expect(try row.get("pushes", Int64.self) == 20)
                let flows = try await database.one("SELECT count(DISTINCT flow_id) AS n FROM keitaro_pushes").get(
                    "n", Int64.self)
                #expect(flows == 20)
                #expect(
                    try await eventually(loop) {
                        try await database.first("SELECT 1 FROM outbox WHERE state <> 'done' LIMIT 1") == nil
                    })

                for target in targets {
                    let stream = try await keitaro.get("/admin_api/v1/streams/\(target.streamID)").json
                    let held = stream["offers"]?.arrayValue?.compactMap { $0["share"]?.intValue } ?? []
                    let flow = try await program.get("/campaigns/flow/\(target.flowID)/").json["flow"]
                    #expect(flow?["is_draft"] == false)
                    #expect(flow?["offers"]?.arrayValue?.compactMap { $0["keitaro_share"]?.intValue } == held)
                    #expect(held.contains(37), "\(held)")
                }
                await database.close()
                await fetch.close()
            }
            #expect(lasting.end(SIGTERM) == 0)
            #expect(tracker.end(SIGTERM) == 0)
        }
    }

    /// Twenty flows, each with one share set to 37, edited by way of both processes.
    private func draftTwenty(_ one: Visitor, _ other: Visitor) async throws -> [Target] {
        #expect(try await one.post("/users/login/", ["api_key": "demo-admin-key"]).status == 200)
        #expect(try await other.post("/campaigns/sync-campaigns/").status == 200)
        let list = try await one.get("/campaigns/?state=active&sort=id&dir=asc").json["campaigns"]?.arrayValue ?? []
        var targets: [Target] = []
        for campaign in list {
            let id = try #require(campaign["id"]?.intValue)
            let flows = try await one.post("/campaigns/\(id)/fetch-streams/").json["flows"]?.arrayValue ?? []
            for flow in flows where targets.count < 20 {
                let rows = (flow["offers"]?.arrayValue ?? []).filter { $0["state"] == "active" }
                guard rows.count > 1, flow["total"] == 100, !rows.contains(where: { $0["share"] == 37 }),
                    let flowID = flow["id"]?.intValue, let streamID = flow["stream_id"]?.intValue,
                    let rowID = rows[0]["id"]?.intValue
                else { continue }
                let editor = targets.count.isMultiple(of: 2) ? one : other
                let edited = try await editor.post("/campaigns/flow-offer/\(rowID)/update-share/", ["share": 37])
                #expect(edited.status == 200, "\(edited.text)")
                targets.append(Target(flowID: flowID, streamID: streamID, rowID: rowID))
            }
            if targets.count == 20 { break }
        }
        return targets
    }
}
