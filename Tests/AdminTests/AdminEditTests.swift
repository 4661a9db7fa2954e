import Accounts
import Base
import Fetch
import Postgres
import Sandbox
import TestDesk
import Testing

/// Edits and actions of `/admin/`: what they change, what they refuse, what they ask, what is written down.
@Suite(.timeLimit(.minutes(10))) struct AdminEditTests {
    private func lines(_ desk: TestDesk) async throws -> [String] {
        try await desk.database.query(
            """
            SELECT concat_ws(' | ', person, action, object, before, after) AS line FROM audit_log
            WHERE action LIKE 'admin.%' ORDER BY id
            """
        ).map { try $0.get("line") }
    }

    @Test func `fields are edited, and the audit log tells what was and what is`() async throws {
        try await withDesk { desk in
            let admin = try await desk.administrator()
            _ = try await desk.named("Ann", .buyer)
            let page = try await admin.get("/admin/users/2/")
            #expect(page.text.contains("value=\"Ann\""))
            let fields = [
                ("name", "Anna"), ("login_name", "anna"), ("role", "analyst"), ("language", ""), ("theme", "dark"),
            ]
            let saved = try await admin.postForm("/admin/users/2/", fields)
            #expect(saved.status == 303 && saved.headers["location"] == "/admin/users/2/?done=edit")
            #expect(try await admin.get("/admin/users/2/?done=edit").text.contains("Saved."))
            let script = admin.accepting("application/json")
            let json = try await script.post("/admin/users/2/", ["language": "uk", "theme": .null])
            #expect(json.status == 200 && json.json["fields"]?["language"] == "uk", "\(json.text)")
            #expect(json.json["fields"]?["theme"] == .null && json.json["fields"]?["role"] == "analyst")
            #expect(
                try await lines(desk) == [
                    "Boss | admin.users.edit | users 2 Anna | name: Ann; login_name: Ann; role: buyer; theme: – | "
                        + "name: Anna; login_name: anna; role: analyst; theme: dark",
                    "Boss | admin.users.edit | users 2 Anna | language: –; theme: dark | language: uk; theme: –",
                ])
        }
    }

    @Test func `what does not fit is refused with its field, and nothing is changed`() async throws {
        try await withDesk { desk in
            let admin = try await desk.administrator()
            _ = try await desk.named("Ann", .buyer)
            let script = admin.accepting("application/json")
            let cases: [(JSON, String?, Int)] = [
                (["name": ""], "name", 422), (["name": "a\nb"], "name", 422),
                (["name": .string(String(repeating: "n", count: 81))], "name", 422), (["role": "king"], "role", 422),
                (["role": .null], "role", 422), (["language": "fr"], "language", 422), (["id": 7], "id", 422),
                (["disabled_at": "2026-01-01"], "disabled_at", 422), (["name": ["x"]], "name", 422),
                (["login_name": "BOSS"], nil, 409),
            ]
            for (body, field, status) in cases {
                let answer = try await script.post("/admin/users/2/", body)
                #expect(answer.status == status && answer.fields.first == field, "\(body): \(answer.text)")
            }
            let page = try await admin.postForm("/admin/users/2/", [("name", " "), ("role", "brand")])
            #expect(page.status == 422 && page.text.contains("From 1 to 80 characters"))
            var forger = admin
            forger.csrfToken = "wrong"
            #expect(try await forger.postForm("/admin/users/2/", [("name", "Eve")]).status == 403)
            #expect(try await forger.postForm("/admin/users/2/delete/", [("confirm", "true")]).status == 403)
            #expect(try await lines(desk) == [])
            #expect(try await script.get("/admin/users/2/").json["fields"]?["name"] == "Ann")
        }
    }

    @Test func `an edit of what somebody else changed meanwhile is refused`() async throws {
        try await withDesk { desk in
            let script = try await desk.administrator().accepting("application/json")
            _ = try await desk.named("Ann", .buyer)
            let mark = try #require(try await script.get("/admin/users/2/").json["mark"]?.stringValue)
            #expect(try await script.post("/admin/users/2/", ["name": "B", "mark": .string(mark)]).status == 200)
            #expect(try await script.post("/admin/users/2/", ["name": "C", "mark": .string(mark)]).status == 409)
            #expect(try await script.get("/admin/users/2/").json["fields"]?["name"] == "B")
            let browser = script.accepting("text/html")
            let stale = try await browser.postForm("/admin/users/2/", [("name", "C"), ("mark", mark)])
            #expect(stale.status == 409 && stale.text.contains("value=\"B\"") && !stale.text.contains(mark))
        }
    }

    @Test func `nobody loses the last administrator, nor closes their own account`() async throws {
        try await withDesk { desk in
            let script = try await desk.administrator().accepting("application/json")
            for (path, body) in [
                ("", ["role": "buyer"]), ("close/", ["confirm": true]), ("delete/", ["confirm": true]),
            ] as [(String, JSON)] {
                #expect(try await script.post("/admin/users/1/\(path)", body).status == 422, "\(path)")
            }
            _ = try await desk.named("Second", .admin)
            #expect(try await script.post("/admin/users/2/", ["role": "buyer"]).status == 200)
            #expect(try await script.post("/admin/users/2/close/", ["confirm": true]).status == 200)
        }
    }

    @Test func `what is destructive asks first, and names what goes with it`() async throws {
        try await withSyncedDesk { desk, _, _ in
            let admin = try await desk.administrator()
            let ann = try await desk.named("Ann", .buyer)
            #expect(try await ann.postForm("/users/tokens/", [("name", "t")]).status == 200)
            let key = try await ann.accepting("application/json").get("/users/settings/login/")
            #expect(key.json["login_name"] == "Ann")
            let id: Int64 = try await desk.database.one("SELECT id FROM users WHERE login_name = 'Ann'").get("id")
            let page = try await admin.get("/admin/users/\(id)/delete/")
            for sentence in [
                "Delete “Ann”?", "1 session ends", "1 API token goes with it", "the password goes with it",
            ] {
                #expect(page.text.contains(sentence), "\(sentence)")
            }
            // Without the confirmation the browser is led to the question, and a program is told.
            let asked = try await admin.postForm("/admin/users/\(id)/delete/", [])
            #expect(asked.status == 303 && asked.headers["location"] == "/admin/users/\(id)/delete/")
            let script = admin.accepting("application/json")
            let told = try await script.post("/admin/users/\(id)/delete/")
            #expect(told.status == 409 && told.json["type"] == "/problems/confirm")
            #expect(
                told.json["goes_with"]?.arrayValue?.contains(["name": "sessions", "count": 1, "stays": false]) == true)
            #expect(try await ann.get("/users/tokens/").status == 200)

            let done = try await admin.postForm("/admin/users/\(id)/delete/", [("confirm", "true")])
            #expect(done.status == 303 && done.headers["location"] == "/admin/users/?done=delete")
            #expect(try await ann.get("/users/tokens/").status == 302)
            #expect(try await script.get("/admin/users/\(id)/").status == 404)
            #expect(try await script.post("/admin/users/\(id)/delete/", ["confirm": true]).status == 404)
            let row = try await desk.database.one(
                "SELECT count(*) AS lines FROM audit_log WHERE person = 'Ann' AND user_id IS NULL")
            #expect(try row.get("lines", Int.self) > 1)
            #expect(
                try await lines(desk).last?.hasPrefix("Boss | admin.users.delete | users \(id) Ann | removed, ") == true
            )
        }
    }

    @Test func `an administrator makes people and their links, shown once`() async throws {
        try await withDesk { desk in
            let admin = try await desk.administrator()
            #expect(try await admin.get("/admin/users/new/").text.contains("New person"))
            let refused = try await admin.postForm("/admin/users/new/", [("login_name", ""), ("role", "king")])
            #expect(refused.status == 422)
            #expect(
                try await admin.postForm("/admin/users/new/", [("login_name", "boss"), ("role", "buyer")]).status == 422
            )
            let made = try await admin.postForm("/admin/users/new/", [("login_name", "Ann"), ("role", "analyst")])
            #expect(made.status == 200 && made.headers["cache-control"] == "no-store")
            let start = try #require(made.text.firstRange(of: "/users/invitation/?token="))
            let token = String(made.text[start.upperBound...].prefix { $0 != "<" && $0 != "\"" })
            let ann = try await desk.follow(token)
            #expect(try await ann.accepting("application/json").get("/users/settings/login/").json["role"] == "analyst")
            #expect(try await admin.get("/admin/invitations/").text.contains(token) == false)

            // A lost password: another link, after which the old sessions are over.
            let script = admin.accepting("application/json")
            let again = try await script.post("/admin/users/2/invite/")
            let link = try #require(again.json["link"]?.stringValue)
            #expect(again.status == 200 && link.hasPrefix("http://127.0.0.1:"))
            _ = try await desk.follow(String(link[try #require(link.firstRange(of: "token=")).upperBound...]))
            #expect(try await ann.get("/users/tokens/").status == 302)
            #expect(
                try await lines(desk) == [
                    "Boss | admin.users.add | users 2 Ann | login_name: Ann; role: analyst",
                    "Boss | admin.users.invite | users 2 Ann | a one-time link",
                ])
            let stored = try await desk.database.query("SELECT after FROM audit_log WHERE strpos(after, \(token)) > 0")
            #expect(stored.isEmpty)
        }
    }

    @Test func `closing ends sessions and tokens, opening brings the account back`() async throws {
        try await withDesk { desk in
            let script = try await desk.administrator().accepting("application/json")
            let ann = try await desk.named("Ann", .buyer)
            let made = try await ann.accepting("application/json").post("/users/tokens/", ["name": "t"])
            let program = desk.program(token: try #require(made.json["token"]?.stringValue))
            #expect(try await script.post("/admin/users/2/close/", ["confirm": true]).status == 200)
            #expect(try await script.post("/admin/users/2/close/", ["confirm": true]).status == 409)
            #expect(try await ann.get("/users/tokens/").status == 302)
            #expect(try await program.get("/users/tokens/").status == 401)
            #expect(try await script.get("/admin/users/?state=closed").json["total"] == 1)
            #expect(try await script.post("/admin/users/2/open/").status == 200)
            #expect(try await program.get("/users/tokens/").status == 200)
        }
    }

    @Test func `a pin is edited as on the campaign's page, and not under a push`() async throws {
        try await withSyncedDesk { desk, buyer, _ in
            try await Stock.fill(desk, buyer)
            let script = try await desk.administrator().accepting("application/json")
            let row = try await desk.database.one(
                """
                SELECT keitaro_flow_offers.id, flow_id, revision FROM keitaro_flow_offers
                JOIN keitaro_flows ON keitaro_flows.id = flow_id LIMIT 1
                """)
            let path = "/admin/flow_offers/\(try row.get("id", Int64.self))/"
            #expect(try await script.post(path, ["is_pinned": true]).json["fields"]?["is_pinned"] == true)
            let flowID: Int64 = try row.get("flow_id")
            let after: Int64 = try await desk.database.one("SELECT revision FROM keitaro_flows WHERE id = \(flowID)")
                .get(
                    "revision")
            #expect(try after == row.get("revision", Int64.self) + 1)
            #expect(try await script.post(path, ["share": 50]).fields == ["share"])
            try await desk.database.execute(
                """
                INSERT INTO keitaro_pushes (flow_id, request_id, revision, before, after)
                VALUES (\(flowID), 'r', 1, '[]', '[]')
                """)
            #expect(try await script.post(path, ["is_pinned": false]).status == 422)
            let pushes =
                try await script.get("/admin/pushes/?state=waiting").json["rows"]?[0]?["key"]?.stringValue ?? ""
            #expect(try await script.post("/admin/pushes/\(pushes)/delete/", ["confirm": true]).status == 409)
        }
    }

    @Test func `what failed is tried again, what waits is not thrown away`() async throws {
        try await withDesk { desk in
            let script = try await desk.administrator().accepting("application/json")
            try await desk.database.execute(
                """
                INSERT INTO outbox (kind, payload, state, settled_at, unique_key, run_at)
                VALUES ('none', '{}', 'failed', now(), 'a', now()), ('none', '{}', 'waiting', NULL, NULL, now() + interval '1 day'),
                    ('none', '{}', 'failed', now(), 'b', now()), ('none', '{}', 'waiting', NULL, 'b', now())
                """)
            #expect(try await script.post("/admin/outbox/1/retry/").status == 200)
            #expect(try await script.get("/admin/outbox/1/").json["fields"]?["state"] == "waiting")
            #expect(try await script.post("/admin/outbox/2/delete/", ["confirm": true]).status == 409)
            #expect(try await script.post("/admin/outbox/2/run_now/").status == 200)
            #expect(try await script.post("/admin/outbox/3/retry/").status == 409)
            #expect(try await script.post("/admin/outbox/3/delete/", ["confirm": true]).status == 200)
        }
    }

    @Test func `nothing is done that can't be written down`() async throws {
        try await withDesk { desk in
            let script = try await desk.administrator().accepting("application/json")
            _ = try await desk.named("Ann", .buyer)
            try await desk.database.execute(
                """
                CREATE FUNCTION refuse_line() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN RAISE EXCEPTION 'the audit log is full'; END $$
                """)
            try await desk.database.execute(
                "CREATE TRIGGER refuse BEFORE INSERT ON audit_log FOR EACH ROW EXECUTE FUNCTION refuse_line()")
            for (path, body) in [
                ("users/2/", ["name": "B"]), ("users/2/close/", ["confirm": true]),
                ("users/2/delete/", ["confirm": true]), ("users/2/invite/", [:]),
                ("users/new/", ["login_name": "New", "role": "buyer"]),
            ] as [(String, JSON)] {
                #expect(try await script.post("/admin/\(path)", body).status == 500, "\(path)")
            }
            #expect(try await script.get("/admin/users/2/").json["fields"]?["name"] == "Ann")
            #expect(try await script.get("/admin/users/").json["total"] == 2)
            #expect(try await script.get("/admin/invitations/?state=waiting").json["total"] == 0)
        }
    }
}
