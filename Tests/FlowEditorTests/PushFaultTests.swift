import Base
import Keitaro
import Postgres
import TestDesk
import Testing

/// Every way in which Keitaro can let a push down, and that the draft survives it.
@Suite(.timeLimit(.minutes(10))) struct PushFaultTests {
    typealias Share = FlowScene.Share

    struct Case: Sendable, CustomTestStringConvertible {
        let kind: String
        let more: JSON
        /// How the push's problem is called.
        let problem: String
        /// What the title says of it.
        let says: String
        var detail = "draft is"

        var testDescription: String { "\(kind) \(more)" }
    }

    /// Faults of the PUT itself, which was not applied.
    static let refusals: [Case] = [
        Case(kind: "status", more: ["status": 401], problem: "key_refused", says: "does not accept this key"),
        Case(kind: "status", more: ["status": 402], problem: "edition", says: "has no API", detail: "Expert"),
        Case(kind: "status", more: ["status": 403], problem: "forbidden", says: "does not let your user"),
        Case(kind: "cloudflare", more: [:], problem: "firewall", says: "Cloudflare stopped", detail: "403"),
        Case(kind: "plain_not_found", more: [:], problem: "gone", says: "no longer has this flow"),
        Case(kind: "fields", more: [:], problem: "rejected", says: "refused these shares", detail: "Share is invalid"),
        Case(kind: "html", more: [:], problem: "unexpected", says: "answered with an error", detail: "earlier shares"),
        Case(kind: "reset", more: [:], problem: "unreachable", says: "cannot be reached"),
        Case(kind: "latency", more: ["milliseconds": 60_000], problem: "timeout", says: "did not answer in 1 s"),
        Case(kind: "status", more: ["status": 500], problem: "server_error", says: "answered with an error"),
        Case(kind: "status", more: ["status": 418], problem: "rejected", says: "refused these shares"),
        Case(kind: "rate_limit", more: [:], problem: "limited", says: "slow down"),
    ]

    @Test(arguments: refusals)
    func `a PUT that fails leaves Keitaro and the draft as they were`(fault: Case) async throws {
        try await withScene(deadlines: KeitaroClient.Deadlines(write: .seconds(1))) { scene in
            try await scene.desk.retryAtOnce()
            let draft = try await scene.edit()
            try await scene.fail(fault.kind, "PUT", times: 99, fault.more)
            let answer = try await scene.post("push")
            #expect(answer.status == 502, "\(answer.text)")
            #expect(answer.json["type"] == "/problems/push-failed")
            #expect(answer.json["keitaro"]?.stringValue == fault.problem)
            #expect(answer.title.contains(fault.says), "\(answer.title)")
            #expect(answer.detail.contains(fault.detail), "\(answer.detail)")
            #expect(answer.json["facts"]?.stringValue?.hasPrefix("PUT /admin_api/v1/streams/") == true)
            if fault.problem == "firewall" {
                #expect(answer.json["steps"]?[0]?.stringValue?.contains("desk.example") == true)
            }
            try await scene.desk.keitaro.endFaults()
            #expect(try await scene.inKeitaro() == scene.base)
            let push = try await scene.desk.database.one("SELECT state, problem ->> 'kind' AS kind FROM keitaro_pushes")
            #expect(try push.get("state", String.self) == "failed" && push.get("kind", String.self) == fault.problem)

            if fault.problem == "key_refused" {
                // The key opens nothing until somebody logs in with it again.
                let closed = try await scene.visitor.get("/campaigns/flow/\(scene.flowID)/")
                #expect(closed.status == 403 && closed.json["type"] == "/problems/keitaro-key-refused")
                let login = try await scene.visitor.post("/users/login/", ["api_key": "demo-admin-key"])
                #expect(login.status == 200)
            }
            #expect(try await scene.draft() == draft)
            #expect(try await scene.isDraft())
            #expect(try await scene.post("push").status == 200)
            #expect(try await scene.inKeitaro() == draft)
        }
    }

    /// Faults of the read before the PUT: nothing is sent.
    @Test(
        arguments: [
            ("status", ["status": 401], "key_refused"), ("status", ["status": 402], "edition"),
            ("status", ["status": 403], "forbidden"), ("cloudflare", [:], "firewall"), ("plain_not_found", [:], "gone"),
            ("html", [:], "unexpected"), ("reset", [:], "unreachable"),
            ("latency", ["milliseconds": 60_000], "timeout"),
            ("status", ["status": 503], "server_error"), ("rate_limit", [:], "limited"),
        ] as [(String, JSON, String)])
    func `a read that fails sends nothing`(kind: String, more: JSON, problem: String) async throws {
        try await withScene(deadlines: KeitaroClient.Deadlines(read: .seconds(1))) { scene in
            try await scene.desk.retryAtOnce()
            let draft = try await scene.edit()
            try await scene.fail(kind, "GET", times: 99, more)
            let answer = try await scene.post("push")
            #expect(answer.status == 502 && answer.json["keitaro"]?.stringValue == problem, "\(answer.text)")
            try await scene.desk.keitaro.endFaults()
            #expect(try await scene.putCount() == 1)
            #expect(try await scene.inKeitaro() == scene.base)
            let rows = try await scene.desk.database.query(
                "SELECT share FROM keitaro_flow_offers WHERE flow_id = \(scene.flowID) ORDER BY position")
            #expect(try rows.map { try $0.get("share", Int64.self) } == draft.map(\.share))
        }
    }

    @Test(
        arguments: [
            ("reset", [:]), ("html", [:]), ("status", ["status": 500]), ("status", ["status": 504]),
            ("latency", ["milliseconds": 60_000]),
        ] as [(String, JSON)])
    func `a PUT that was applied but not confirmed ends as pushed`(kind: String, more: JSON) async throws {
        try await withScene(deadlines: KeitaroClient.Deadlines(write: .seconds(1))) { scene in
            let draft = try await scene.edit()
            var more = more
            more["after"] = true
            try await scene.fail(kind, "PUT", more)
            let answer = try await scene.post("push")
            #expect(answer.status == 200, "\(answer.text)")
            #expect(try await scene.inKeitaro() == draft)
            #expect(try await scene.isDraft() == false)
            #expect(try await scene.putCount() == 2)
        }
    }

    @Test func `a hiccup is overcome without anybody noticing`() async throws {
        try await withScene { scene in
            try await scene.desk.retryAtOnce()
            let draft = try await scene.edit()
            // Of the three tries the first can't read, the second is asked to slow down.
            try await scene.fail("status", "GET", ["status": 500])
            try await scene.fail("rate_limit", "PUT")
            let answer = try await scene.post("push")
            #expect(answer.status == 200, "\(answer.text)")
            #expect(try await scene.inKeitaro() == draft)
        }
    }

    @Test func `nobody knows whether a PUT was applied while Keitaro stays away, and the push says so`() async throws {
        try await withScene { scene in
            try await scene.desk.retryAtOnce()
            let draft = try await scene.edit()
            // Applied, never confirmed, and every later read fails: the first read of all must not.
            try await scene.fail("reset", "PUT", ["after": true, "milliseconds": 100])
            let push = Task { try await scene.post("push") }
            #expect(try await eventually(scene.desk.loop) { try await scene.putCount() == 2 })
            try await scene.fail("status", "GET", times: 99, ["status": 503])
            let answer = try await push.value
            #expect(answer.status == 502 && answer.json["keitaro"] == "unknown", "\(answer.text)")
            #expect(answer.title.contains("did not say whether it saved"))
            try await scene.desk.keitaro.endFaults()
            #expect(try await scene.draft() == draft)
            // It was: the next push finds that out without sending anything.
            #expect(try await scene.post("push").status == 200)
            #expect(try await scene.putCount() == 2)
            #expect(try await scene.inKeitaro() == draft)
        }
    }

    @Test func `other shares than were sent are a failure of their own`() async throws {
        try await withScene { scene in
            let draft = try await scene.edit()
            try await scene.fail("html", "PUT", ["after": true, "milliseconds": 300])
            let push = Task { try await scene.post("push") }
            #expect(try await eventually(scene.desk.loop) { try await scene.putCount() == 2 })
            let others = [Share(scene.offers[0], 1), Share(scene.offers[1], 99)]
            try await scene.desk.keitaro.setShares(ofStream: scene.streamID, others)
            let answer = try await push.value
            #expect(answer.status == 502 && answer.json["keitaro"] == "mismatch", "\(answer.text)")
            #expect(answer.title == "Keitaro saved other shares than were sent.")
            #expect(try await scene.draft() == draft)
            #expect(try await scene.inKeitaro() == others)
            let row = try await scene.desk.database.one("SELECT answer -> 1 ->> 'share' AS share FROM keitaro_pushes")
            #expect(try row.get("share", String.self) == "99")
            // The next push meets the change as a conflict.
            #expect(try await scene.post("push").json["type"] == "/problems/conflict")
        }
    }
}
