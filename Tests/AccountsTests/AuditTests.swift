import Accounts
import Base
import Fetch
import Postgres
import Sandbox
import TestDesk
import Testing

/// Who did what is written down, and administrators find it.
@Suite(.timeLimit(.minutes(5))) struct AuditTests {
    private func lines(_ desk: TestDesk, _ filter: SQL = "true") async throws -> [String] {
        try await desk.database.query(
            "SELECT concat_ws(' ', person, action, object, after) AS line FROM audit_log WHERE \(filter) ORDER BY id"
        ).map { try $0.get("line") }
    }

    @Test func `writes are written down once they succeeded, reads and refusals are not`() async throws {
        try await withDesk { desk in
            let ann = try await desk.named("Ann", .buyer)
            #expect(try await lines(desk) == ["Ann users.invitation Ann"])
            #expect(try await ann.get("/users/tokens/").status == 200)
            #expect(try await ann.postForm("/users/tokens/", [("name", "")]).status == 422)
            #expect(try await ann.postForm("/users/settings/login/", [("api_key", "wrong-key")]).status == 403)
            var forger = ann
            forger.csrfToken = "wrong"
            #expect(try await forger.postForm("/users/settings/", [("name", "Eve")]).status == 403)
            #expect(try await desk.logIn("Ann", "wrong").status == 403)
            #expect(try await lines(desk).count == 1)

            #expect(try await ann.postForm("/users/tokens/", [("name", "t"), ("scopes", "push")]).status == 200)
            let answer = try await ann.with("X-Forwarded-For", "203.0.113.3").postForm(
                "/users/settings/", [("language", "en")])
            #expect(answer.status == 303)
            #expect(try await desk.logIn("Ann", TestDesk.password).status == 303)
            let row = try await desk.database.one(
                "SELECT address, request_id, user_id IS NOT NULL AS is_known FROM audit_log WHERE action = 'users.settings'"
            )
            #expect(try row.get("address", String.self) == "203.0.113.3")
            #expect(try row.get("request_id", String.self) == answer.headers["x-request-id"] ?? "?")
            #expect(try row.get("is_known", Bool.self))
            #expect(
                try await lines(desk) == [
                    "Ann users.invitation Ann", "Ann users.tokens token 1 t read push, no end",
                    "Ann users.settings /users/settings/", "Ann users.login Ann",
                ])
        }
    }

    @Test func `reads by a token make one line an hour and address`() async throws {
        try await withDesk { desk in
            let token = try await desk.accounts.createToken(name: "reports", role: .analyst)
            for address in ["203.0.113.1", "203.0.113.2", "203.0.113.1"] {
                let program = desk.program(token: token).with("X-Forwarded-For", address)
                for _ in 0..<3 { #expect(try await program.get("/users/tokens/").status == 200) }
            }
            let used: SQL = "action = 'token.use'"
            #expect(try await lines(desk, used) == Array(repeating: "reports token.use reports", count: 2))
            try await desk.database.execute("UPDATE audit_log SET window_start = window_start - interval '1 hour'")
            try await desk.database.execute("UPDATE api_tokens SET last_used_at = now() - interval '1 hour'")
            let again = desk.program(token: token).with("X-Forwarded-For", "203.0.113.1")
            #expect(try await again.get("/users/tokens/").status == 200)
            #expect(try await lines(desk, used).count == 3)
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
