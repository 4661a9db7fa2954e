import Base
import Fetch
import Keitaro
import Postgres
import TestDesk
import Testing

/// Numbers by way of `POST /campaigns/stats/`.
@Suite(.timeLimit(.minutes(10))) struct StatisticsTests {
    @Test func `both report dialects and both number forms give the same numbers`() async throws {
        try await withSyncedDesk { desk, admin, _ in
            var answers: [JSON] = []
            for dialect in ["dimensions", "grouping"] {
                for asStrings in [false, true] {
                    try await desk.keitaro.set(["dialect": .string(dialect), "numbers_as_strings": .bool(asStrings)])
                    try await desk.database.execute("DELETE FROM keitaro_reports")
                    let answer = try await admin.post("/campaigns/stats/", ["period": "yesterday"])
                    #expect(answer.status == 200, "\(answer.text)")
                    answers.append(answer.json["rows"] ?? .null)
                }
            }
            #expect((answers[0].arrayValue?.count ?? 0) > 50)
            #expect(answers.allSatisfy { $0 == answers[0] })
            let row = try #require(answers[0][0])
            for field in ["clicks", "unique_clicks", "conversions"] { #expect(row[field]?.intValue != nil, "\(field)") }
            for field in ["cost", "revenue", "profit"] { #expect(row[field]?.doubleValue != nil, "\(field)") }
        }
    }

    @Test func `both paging dialects list all campaigns`() async throws {
        try await withSyncedDesk { desk, admin, _ in
            var counts: [JSON?] = []
            for dialect in ["dimensions", "grouping"] {
                try await desk.keitaro.set(["dialect": .string(dialect)])
                let answer = try await admin.post("/campaigns/sync-campaigns/").json
                counts.append(answer["campaigns"])
                #expect(answer["new"] == 0)
            }
            #expect(counts[0] == counts[1] && counts[0] == 300)
        }
    }

    @Test func `totals add up, by campaign and by offer`() async throws {
        try await withSyncedDesk { desk, admin, buyer in
            let all = try await admin.post("/campaigns/stats/", ["period": "30_days"]).json
            let sum = all["rows"]?.arrayValue?.reduce(0) { $0 + ($1["clicks"]?.intValue ?? 0) }
            #expect(all["total"]?["clicks"]?.intValue == sum && all["currency"] == "USD" && all["stale"] == false)
            let some = try await buyer.post("/campaigns/stats/", ["period": "30_days"]).json
            #expect((some["rows"]?.arrayValue?.count ?? 0) < (all["rows"]?.arrayValue?.count ?? 0))

            let scene = try await FlowScene(desk, visitor: admin)
            let keitaroID = try #require(
                try await admin.get("/campaigns/\(scene.campaignID)/").json["campaign"]?["keitaro_id"])
            let offers = try await admin.post(
                "/campaigns/stats/", ["period": "30_days", "by": "offer", "campaign_ids": [keitaroID]]
            ).json
            let rows = offers["rows"]?.arrayValue ?? []
            let flows = try await admin.get("/campaigns/\(scene.campaignID)/").json["flows"]?.arrayValue ?? []
            let streams = Set(flows.compactMap { $0["stream_id"]?.intValue })
            #expect(!rows.isEmpty)
            #expect(
                rows.allSatisfy { streams.contains($0["flow_id"]?.intValue ?? 0) && $0["offer_id"]?.intValue != nil })
            let listed = all["rows"]?.arrayValue?.first { $0["campaign_id"] == keitaroID }
            #expect(listed?["clicks"] != nil)
        }
    }

    @Test(
        arguments: [
            (["period": "century"], "period"), (["from": "2026-01-02", "to": "2026-01-01"], "from"),
            (["from": "2026-01-02"], "from"), (["from": "2025-01-01", "to": "2026-06-01"], "from"),
            (["from": "2026-02-30", "to": "2026-03-01"], "from"), (["timezone": "Mars/Olympus"], "timezone"),
            (["timezone": "'; DROP"], "timezone"), (["by": "flow"], "by"), (["by": "offer"], "campaign_ids"),
            (["by": "offer", "campaign_ids": [1, 2]], "campaign_ids"), (["campaign_ids": "7"], "campaign_ids"),
            (["campaign_ids": ["x"]], "campaign_ids"),
        ] as [(JSON, String)])
    func `a question that can't be answered names its field`(body: JSON, field: String) async throws {
        try await withSyncedDesk { desk, admin, _ in
            let answer = try await admin.post("/campaigns/stats/", body)
            #expect(answer.status == 422 && answer.fields == [field], "\(answer.text)")
            #expect(try await desk.keitaro.requests().contains { $0.contains("report") } == false)
        }
    }

    @Test func `a question is put to Keitaro once a minute for one key`() async throws {
        try await withSyncedDesk { desk, admin, buyer in
            func reports() async throws -> Int {
                try await desk.keitaro.requests().count { $0.contains("report/build") }
            }
            let first = try await admin.post("/campaigns/stats/", ["period": "today"])
            let asked = try await reports()
            let second = try await admin.post("/campaigns/stats/", ["period": "today"])
            #expect(first.json == second.json)
            #expect(try await reports() == asked)
            _ = try await buyer.post("/campaigns/stats/", ["period": "today"])
            #expect(try await reports() > asked)
        }
    }

    @Test func `while Keitaro is away the kept numbers are shown with their date`() async throws {
        try await withSyncedDesk { desk, admin, _ in
            let fresh = try await admin.post("/campaigns/stats/", ["period": "yesterday"]).json
            try await desk.database.execute("UPDATE keitaro_reports SET fetched_at = fetched_at - interval '2 minutes'")
            try await desk.keitaro.fail(["kind": "status", "status": 500, "path": "report", "times": 99])
            let stale = try await admin.post("/campaigns/stats/", ["period": "yesterday"])
            #expect(stale.status == 200)
            #expect(stale.json["stale"] == true && stale.json["rows"] == fresh["rows"])
            #expect(stale.json["message"]?.stringValue?.contains("error 500") == true)
            let unknown = try await admin.post("/campaigns/stats/", ["period": "today"])
            #expect(unknown.status == 502 && unknown.json["keitaro"] == "server_error")
            try await desk.keitaro.endFaults()
            try await desk.keitaro.fail(["kind": "status", "status": 401, "path": "report", "times": 99])
            #expect(try await admin.post("/campaigns/stats/", ["period": "yesterday"]).status == 403)
            #expect(try await admin.get("/campaigns/").json["type"] == "/problems/keitaro-key-refused")
        }
    }

    @Test(
        arguments: [
            ("status", ["status": 402], 402, "edition"), ("status", ["status": 403], 403, "forbidden"),
            ("cloudflare", [:], 502, "firewall"), ("html", [:], 502, "unexpected"), ("reset", [:], 502, "unreachable"),
            ("plain_not_found", [:], 404, "gone"), ("rate_limit", [:], 429, "limited"),
            ("latency", ["milliseconds": 60_000], 504, "timeout"), ("status", ["status": 500], 502, "server_error"),
        ] as [(String, JSON, Int, String)])
    func `a sync, a fetch and a check that fail change nothing and say why`(
        kind: String, more: JSON, status: Int, problem: String
    ) async throws {
        // Only where lateness is the fault may the machine's own be taken for it.
        let read: Duration = kind == "latency" ? .seconds(1) : .seconds(30)
        try await withScene(deadlines: KeitaroClient.Deadlines(read: read)) { scene in
            _ = try await scene.edit()
            let before = try await scene.flow()
            let list = try await scene.visitor.get("/campaigns/").json
            var fault: JSON = ["kind": .string(kind), "times": 99]
            for member in more.objectValue ?? [:] { fault[member.key] = member.value }
            fault["path"] = "campaigns"
            try await scene.desk.keitaro.fail(fault)
            let fetched = try await scene.fetch()
            #expect(fetched.status == status && fetched.json["keitaro"]?.stringValue == problem, "\(fetched.text)")
            let checked = try await scene.visitor.get("/campaigns/\(scene.campaignID)/check-sync/")
            #expect(checked.status == status && checked.json["type"] == "/problems/keitaro")
            let synced = try await scene.visitor.post("/campaigns/sync-campaigns/")
            #expect(synced.status == status && synced.json["keitaro"]?.stringValue == problem, "\(synced.text)")
            if status == 429 { #expect(synced.headers["retry-after"] == "2") }
            try await scene.desk.keitaro.endFaults()
            #expect(try await scene.flow() == before)
            #expect(try await scene.visitor.get("/campaigns/").json == list)
        }
    }
}
