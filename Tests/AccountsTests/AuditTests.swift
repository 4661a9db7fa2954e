import Accounts
import Base
import Fetch
import Postgres
import Sandbox
import TestDesk
import Testing

/// Who did what is written down, and administrators find it.
@Suite(.timeLimit(.minutes(10))) struct AuditTests {
    private func lines(_ desk: TestDesk, _ filter: SQL = "true") async throws -> [String] {
        try await desk.database.query(
            "SELECT concat_ws(' ', person, action, object, after) AS line FROM audit_log WHERE \(filter) ORDER BY id"
        ).map { try $0.get("line") }
    }

    /// What Ann's link and her first login have left.
    private static let beginning = [
        "command line users.invite user 1 Ann buyer", "Ann users.password user 1 a password chosen",
        "Ann users.login user 1",
    ]

    @Test func `writes are written down once they succeeded, reads and refusals are not`() async throws {
        try await withDesk { desk in
            let ann = try await desk.named("Ann", .buyer)
            #expect(try await lines(desk) == Self.beginning)
            #expect(try await ann.get("/users/tokens/").status == 200)
            #expect(try await ann.postForm("/users/tokens/", [("name", "")]).status == 422)
            #expect(try await ann.postForm("/users/settings/login/", [("api_key", "wrong-key")]).status == 403)
            var forger = ann
            forger.csrfToken = "wrong"
            #expect(try await forger.postForm("/users/settings/", [("name", "Eve")]).status == 403)
            #expect(try await desk.logIn("Ann", "wrong").status == 403)
            #expect(try await lines(desk).count == 3)

            #expect(try await ann.postForm("/users/tokens/", [("name", "t"), ("scopes", "push")]).status == 200)
            let answer = try await ann.with("X-Forwarded-For", "203.0.113.3").postForm(
                "/users/settings/", [("language", "en")])
            #expect(answer.status == 303)
            let row = try await desk.database.one(
                """
                SELECT address, request_id, user_id IS NOT NULL AS is_known, before FROM audit_log
                WHERE action = 'users.settings'
                """)
            #expect(try row.get("address", String.self) == "203.0.113.3")
            #expect(try row.get("request_id", String.self) == answer.headers["x-request-id"] ?? "?")
            #expect(try row.get("is_known", Bool.self))
            #expect(try row.get("before", String.self) == "Ann, auto, auto")
            #expect(try await ann.postForm("/users/tokens/1/revoke/", []).status == 303)
            #expect(
                try await ann.postForm("/users/settings/login/", [("api_key", KeitaroWorld.adminKey)]).status == 303)
            #expect(try await desk.logIn("Ann", TestDesk.password).status == 303)
            #expect(try await ann.postForm("/users/logout/", []).status == 303)
            #expect(
                try await lines(desk).dropFirst(3) == [
                    "Ann tokens.add token 1 t read push, no end", "Ann users.settings user 1 Ann, en, auto",
                    "Ann tokens.revoke token 1 t revoked", "Ann keys.add key 1 at trk-test user 1 Ann",
                    "Ann keys.use user 1 key 1", "Ann users.login user 1", "Ann users.logout user 1",
                ])
        }
    }

    @Test func `a first login with a Keitaro key tells of the account it made`() async throws {
        try await withDesk { desk in
            _ = try await desk.browser()
            let told = try await lines(desk)
            #expect(told.count == 2)
            #expect(told.first?.contains("keys.add key 1 at trk-test new user 1") == true, "\(told)")
            #expect(told.last?.contains("users.login user 1") == true, "\(told)")
        }
    }

    @Test func `commands are written down too`() async throws {
        try await withDesk { desk in
            let store = desk.accounts
            _ = try await store.createToken(name: "t", role: .buyer, scopes: [.read, .write], days: 90)
            #expect(try await store.revokeToken(id: 1))
            #expect(try await store.revokeToken(id: 1) == false)
            #expect(try await store.setRole(userID: 1, .analyst))
            #expect(try await store.setRole(userID: 9, .analyst) == false)
            #expect(try await store.setClosed(userID: 1, true))
            #expect(try await store.setClosed(userID: 1, false))
            _ = try await store.invite(loginName: "Ann", role: .brand)
            #expect(
                try await lines(desk) == [
                    "command line tokens.add token 1 t read write, 90 days, new user 1, buyer",
                    "command line tokens.revoke token 1 t revoked", "command line users.role user 1 t analyst",
                    "command line users.close user 1 t closed, 0 sessions ended",
                    "command line users.open user 1 t open",
                    "command line users.invite user 2 Ann brand",
                ])
        }
    }

    @Test func `no change is made that can't be written down`() async throws {
        try await withDesk { desk in
            let ann = try await desk.named("Ann", .buyer)
            #expect(try await ann.postForm("/users/tokens/", [("name", "t")]).status == 200)
            let invitation = try await desk.accounts.invite(loginName: "Bob", role: .buyer)
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
                    SELECT concat_ws(' / ', (SELECT json_agg(users ORDER BY id) FROM users),
                        (SELECT json_agg(sessions ORDER BY token_hash) FROM sessions),
                        (SELECT json_agg(api_tokens ORDER BY id) FROM api_tokens),
                        (SELECT json_agg(keitaro_keys ORDER BY id) FROM keitaro_keys),
                        (SELECT json_agg(user_invitations ORDER BY token_hash) FROM user_invitations),
                        (SELECT json_agg(user_passwords ORDER BY user_id) FROM user_passwords)) AS stored
                    """
                ).get("stored")
            }
            let before = try await stored()
            #expect(try await ann.postForm("/users/settings/", [("name", "Eve")]).status == 500)
            #expect(try await ann.postForm("/users/tokens/", [("name", "u")]).status == 500)
            #expect(try await ann.postForm("/users/tokens/1/revoke/", []).status == 500)
            #expect(
                try await ann.postForm("/users/settings/login/", [("api_key", KeitaroWorld.adminKey)]).status == 500)
            #expect(try await ann.postForm("/users/logout/", []).status == 500)
            #expect(try await desk.logIn("Ann", TestDesk.password).status == 500)
            #expect(try await desk.choose("another password here", invitation: invitation).status == 500)
            let store = desk.accounts
            await #expect(throws: PostgresError.self) { try await store.createToken(name: "x", role: .admin) }
            await #expect(throws: PostgresError.self) { try await store.revokeToken(id: 1) }
            await #expect(throws: PostgresError.self) { try await store.setRole(userID: 1, .admin) }
            await #expect(throws: PostgresError.self) { try await store.setClosed(userID: 1, true) }
            await #expect(throws: PostgresError.self) { try await store.invite(loginName: "Eve", role: .admin) }
            #expect(try await stored() == before)
        }
    }

    @Test func `reads by a token make one line an hour and address`() async throws {
        try await withDesk { desk in
            let token = try await desk.accounts.createToken(name: "reports", role: .analyst)
            for address in ["203.0.113.1", "203.0.113.2", "203.0.113.1"] {
                let program = desk.program(token: token).with("X-Forwarded-For", address)
                for _ in 0..<3 { #expect(try await program.get("/users/tokens/").status == 200) }
            }
            let used: SQL = "action = 'tokens.use'"
            #expect(try await lines(desk, used) == Array(repeating: "reports tokens.use token 1 reports", count: 2))
            try await desk.database.execute(
                "UPDATE audit_log SET window_start = window_start - interval '1 hour' WHERE window_start IS NOT NULL")
            try await desk.database.execute("UPDATE api_tokens SET last_used_at = now() - interval '1 hour'")
            let again = desk.program(token: token).with("X-Forwarded-For", "203.0.113.1")
            #expect(try await again.get("/users/tokens/").status == 200)
            #expect(try await lines(desk, used).count == 3)
        }
    }

    @Test func `the export is the search as CSV, with a line of its own`() async throws {
        try await withDesk { desk in
            try await desk.database.execute(
                """
                INSERT INTO audit_log (at, person, action, object, before, after)
                SELECT timestamptz '2026-01-01T12:00Z', '=cmd', 'campaigns.flow.cancel', 'flow ' || number, NULL, 'a, "b"'
                FROM generate_series(1, 2100) AS number
                """)
            let admin = try await desk.named("Boss", .admin)
            let answer = try await admin.get("/users/audit/export/?action=campaigns&object=FLOW")
            #expect(answer.status == 200 && answer.headers["content-type"] == "text/csv; charset=utf-8")
            #expect(answer.headers["content-disposition"] == "attachment; filename=\"audit.csv\"")
            let rows = answer.text.split(separator: "\r\n", omittingEmptySubsequences: true)
            #expect(
                rows.count == 2_101
                    && rows.first?.hasSuffix(
                        "id,at,user_id,person,token_id,action,object,before,after,address,request_id") == true
            )
            #expect(
                rows.dropFirst().first
                    == "2100,2026-01-01T12:00:00.000Z,,\"'=cmd\",,campaigns.flow.cancel,flow 2100,,\"a, \"\"b\"\"\",,")
            #expect(
                try await lines(desk, "action = 'users.audit.export'") == [
                    "Boss users.audit.export /users/audit/export/?action=campaigns&object=FLOW"
                ])
            #expect(try await admin.get("/users/audit/export/?to=never").status == 422)
            #expect(try await desk.named("Ann", .analyst).get("/users/audit/export/").status == 403)
        }
    }

    @Test func `administrators search it, page by page, others don't`() async throws {
        try await withDesk { desk in
            try await desk.database.execute(
                """
                INSERT INTO audit_log (at, person, action, object, after)
                SELECT timestamptz '2026-01-01T12:00Z' + number * interval '1 day',
                    CASE WHEN number % 2 = 0 THEN 'Олена' ELSE 'Bob' END,
                    CASE WHEN number % 3 = 0 THEN 'campaigns.flow.push' ELSE 'campaigns.flow.cancel' END,
                    'flow ' || number, 'a 60, b 40'
                FROM generate_series(0, 249) AS number
                """)
            let admin = try await desk.named("Boss", .admin)
            let script = admin.accepting("application/json")
            var seen: [String] = []
            var next: String? = "/users/audit/?action=campaigns.flow"
            while let path = next {
                let page = try await script.get(path)
                #expect(page.status == 200)
                let entries = page.json["entries"]?.arrayValue ?? []
                #expect(entries.count <= 100)
                seen += entries.compactMap { $0["object"]?.stringValue }
                next = page.json["older"]?.stringValue
            }
            #expect(seen == (0..<250).reversed().map { "flow \($0)" })

            func count(_ query: String) async throws -> Int {
                try await script.get("/users/audit/?\(query)").json["entries"]?.arrayValue?.count ?? -1
            }
            #expect(try await count("person=%D0%BE%D0%BB%D0%B5&from=2026-01-01&to=2026-01-10") == 5)
            #expect(try await count("action=campaigns.flow.push&to=2026-01-04") == 2)
            #expect(try await count("from=2026-01-04&to=2026-01-04") == 1)
            #expect(try await count("q=FLOW%20249") == 1)
            #expect(try await count("object=Flow%2024") == 11)
            #expect(try await count("object=a%2060") == 0)
            #expect(try await count("q=nothing") == 0)
            #expect(try await count("person=%25") == 0)
            #expect(try await script.get("/users/audit/?from=yesterday").fields == ["from"])
            let page = try await admin.get("/users/audit/?q=flow%20249&person=Bob")
            #expect(page.status == 200 && page.text.contains("campaigns.flow.push") && page.text.contains("a 60, b 40"))
            #expect(try await desk.named("Ann", .buyer).get("/users/audit/").status == 403)
            let narrow = try await desk.accounts.createToken(name: "t", role: .admin, scopes: [.read, .write])
            #expect(try await desk.program(token: narrow).get("/users/audit/").status == 403)
        }
    }
}
