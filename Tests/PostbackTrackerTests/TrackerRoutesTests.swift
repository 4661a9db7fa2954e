import Accounts
import Base
import Fetch
import Keitaro
import Postgres
import Sandbox
import TestDesk
import Testing

@testable import Postbacks

@Suite struct TrackerRoutesTests {
    /// A profile whose tracker is read with the asker's key; its id.
    private func makeProfile(_ admin: Visitor) async throws -> Int64 {
        let answer = try await admin.post("/postbacks/profiles/", ["name": "Main", "reconcile": true])
        return try #require(answer.json["profile"]?["id"]?.intValue, "\(answer.text)")
    }

    private func campaign(_ admin: Visitor) async throws -> Int64 {
        let list = try await admin.get("/campaigns/?state=active&sort=id&dir=asc").json
        return try #require(list["campaigns"]?[0]?["keitaro_id"]?.intValue)
    }

    @Test func `the change is shown, ordered as it was shown, and stands there`() async throws {
        try await withSyncedDesk { desk, _, _ in
            let browser = try await desk.browser()
            let admin = browser.accepting("application/json")
            let path = "/postbacks/profiles/\(try await makeProfile(admin))/installation/"
            let campaign = try await campaign(admin)
            let shown = try await admin.get("\(path)?target=\(campaign)&statuses=lead&statuses=sale")
            #expect(shown.status == 200, "\(shown.text)")
            let plan = try #require(shown.json["plan"])
            #expect(plan["deed"] == "add")
            #expect(!shown.text.contains("secret=") || shown.text.contains("secret=…"))
            let wish: JSON = [
                "target": .string("\(campaign)"), "statuses": ["lead", "sale"], "revision": plan["revision"] ?? .null,
            ]
            var stale = wish
            stale["revision"] = "0123456789abcdef"
            #expect(try await admin.post(path, stale).status == 409)
            let done = try await admin.post(path, wish)
            #expect(done.status == 200 && done.json["state"] == "installed", "\(done.text)")
            let again = try await admin.get("\(path)?target=\(campaign)&statuses=lead&statuses=sale").json
            #expect(again["plan"]?["deed"] == "nothing")
            #expect(again["places"]?[0]?["id"]?.intValue == campaign)
            // Ordered twice, done once.
            #expect(try await admin.post(path, wish).status == 200)
            let page = try await browser.get("\(path)?target=\(campaign)")
            #expect(page.status == 200 && page.text.contains("https://desk.example/integrations/keitaro/postback"))
        }
    }

    private static let impossible: [(wish: JSON, field: String)] = [
        (["target": "x", "revision": "r"], "target"), (["target": "1", "kind": "offer", "revision": "r"], "kind"),
        (["target": "1", "method": "PUT", "revision": "r"], "method"), (["target": "1"], "revision"),
        (["target": "1", "statuses": [], "revision": "r"], "statuses"),
        (["target": "1", "statuses": ["lead", "dep"], "revision": "r"], "statuses"),
    ]

    @Test(arguments: impossible)
    func `what can't be is named`(wish: JSON, field: String) async throws {
        try await withSyncedDesk { desk, admin, _ in
            let path = "/postbacks/profiles/\(try await makeProfile(admin))/installation/"
            let answer = try await admin.post(path, wish)
            #expect(answer.status == 422 && answer.fields == [field], "\(answer.text)")
        }
    }

    @Test func `a source of somebody else's is left alone, an unknown campaign is not there`() async throws {
        try await withSyncedDesk { desk, admin, _ in
            let path = "/postbacks/profiles/\(try await makeProfile(admin))/installation/"
            let world = desk.keitaro.world
            let sources = world.listTrafficSources(key: KeitaroWorld.adminKey).json?.arrayValue
            let taken = try #require(sources?.first { $0["postback_url"] != "" }?["id"]?.intValue)
            let plan = try #require(try await admin.get("\(path)?kind=source&target=\(taken)").json["plan"])
            #expect(plan["deed"] == "taken")
            let answer = try await admin.post(
                path,
                ["kind": "source", "target": .string("\(taken)"), "revision": plan["revision"] ?? .null])
            #expect(answer.status == 409)
            #expect(try await admin.get("\(path)?target=999999").status == 404)
        }
    }

    @Test func `others' profiles are not there, and a key of another tracker is refused`() async throws {
        try await withSyncedDesk { desk, admin, buyer in
            let id = try await makeProfile(admin)
            #expect(try await buyer.get("/postbacks/profiles/\(id)/installation/").status == 404)
            #expect(try await buyer.post("/postbacks/reconciliation/run/", ["profile_id": .integer(id)]).status == 404)
            try await desk.database.execute(
                """
                WITH other AS (INSERT INTO keitaro_trackers (name, url) VALUES ('other', 'http://other.example') RETURNING id)
                UPDATE keitaro_profiles SET tracker_id = other.id FROM other
                """)
            #expect(try await admin.get("/postbacks/profiles/\(id)/installation/").status == 409)
        }
    }

    @Test func `a profile is compared as soon as it has a key, not when something else is changed`() async throws {
        try await withSyncedDesk { desk, _, _ in
            let browser = try await desk.browser()
            let admin = browser.accepting("application/json")
            func ordered() async throws -> Int {
                try await desk.database.one("SELECT count(*) FROM outbox WHERE kind = 'keitaro.reconcile_profile'")
                    .get(0)
            }
            let empty = try await browser.get("/postbacks/reconciliation/")
            #expect(!empty.text.contains("/reconciliation/run/"))
            let main = try await makeProfile(admin)
            #expect(try await ordered() == 1)
            let one = try await browser.get("/postbacks/reconciliation/")
            #expect(one.text.contains("Compare now: Main") && one.text.contains("on its way"))
            #expect(try await admin.post("/postbacks/profiles/", ["name": "Other"]).status == 201)
            #expect(try await ordered() == 1)
            try await desk.database.execute("DELETE FROM outbox")
            #expect(try await admin.post("/postbacks/profiles/\(main)/", ["name": "First"]).status == 200)
            #expect(try await ordered() == 0)
            let other = main + 1
            #expect(try await admin.post("/postbacks/profiles/\(other)/", ["reconcile": true]).status == 200)
            #expect(try await ordered() == 1)
            let two = try await browser.get("/postbacks/reconciliation/")
            #expect(two.text.contains("<option value=\"\(other)\">Other</option>"))
        }
    }

    @Test func `days and differences are shown, and a comparison is ordered`() async throws {
        try await withSyncedDesk { desk, _, buyer in
            let browser = try await desk.browser()
            let admin = browser.accepting("application/json")
            let id = try await makeProfile(admin)
            try await desk.database.execute(
                """
                INSERT INTO keitaro_reconciliations (profile_id, day, theirs, ours, matching, warned)
                VALUES (\(id), current_date, 100, 97, 96, 2)
                """)
            try await desk.database.execute(
                """
                INSERT INTO keitaro_differences (profile_id, day, kind, click_id, transaction_id, theirs, ours)
                SELECT \(id), current_date, kind, 'c1', '', '{"status": "sale", "revenue": "5", "campaign": "<A>"}', NULL
                FROM unnest(ARRAY['never_arrived', 'status_lag', 'amount', 'unknown_click']) AS kind
                """)
            let json = try await admin.get("/postbacks/reconciliation/").json
            #expect(json["days"]?[0]?["gap_percent"]?.doubleValue == 3.96)
            #expect(json["differences"]?.arrayValue?.count == 4)
            let narrow = try await admin.get("/postbacks/reconciliation/?profile=\(id)&kind=amount").json
            #expect(narrow["differences"]?.arrayValue?.count == 1)
            #expect(try await buyer.get("/postbacks/reconciliation/").json["days"] == [])
            let page = try await browser.get("/postbacks/reconciliation/")
            #expect(page.status == 200 && page.text.contains("&lt;A&gt;"), "\(page.text)")
            #expect(try await admin.post("/postbacks/reconciliation/run/", ["profile_id": .integer(id)]).status == 202)
            #expect(try await admin.post("/postbacks/reconciliation/run/").status == 422)
            // An alarm that nobody hears is said here; `97` of `100` was told.
            #expect(json["silences"] == [] && json["days"]?[0]?["unheard"] == 0)
            #expect(page.text.contains("/postbacks/?profile=\(id)&amp;q=c1"))
            try await desk.database.execute("UPDATE keitaro_reconciliations SET passed = 5")
            try await desk.database.execute(
                "INSERT INTO keitaro_silences (profile_id, silent_since) VALUES (\(id), now() - interval '1 day')")
            let unheard = try await admin.get("/postbacks/reconciliation/").json
            #expect(unheard["days"]?[0]?["unheard"] == 5)
            #expect(unheard["silences"]?[0]?["announced_at"] == .null && unheard["silences"]?[0]?["profile"] == "Main")
            let said = try await admin.accepting("text/html").get("/postbacks/reconciliation/").text
            #expect(said.contains("Nobody is told of Main") && said.contains("Main: no conversion since"))
            #expect(try await buyer.get("/postbacks/reconciliation/").json["silences"] == [])
            let waiting = try await desk.database.one(
                "SELECT count(*) FROM outbox WHERE kind = 'keitaro.reconcile_profile'")
            #expect(try waiting.get(0, Int.self) == 1)
        }
    }
}
