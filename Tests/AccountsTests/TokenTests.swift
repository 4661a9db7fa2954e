import Base
import Fetch
import Postgres
import Sandbox
import TestDesk
import Testing

@testable import Accounts

/// Scopes and ends of API tokens, and the page where people make their own.
@Suite(.timeLimit(.minutes(10))) struct TokenTests {
    @Test(arguments: [
        ("read", "GET /campaigns/", true), ("read", "POST /campaigns/stats/", true),
        ("read", "POST /campaigns/sync-campaigns/", false), ("read", "POST /campaigns/flow/1/push/", false),
        ("write", "POST /campaigns/sync-campaigns/", true), ("write", "POST /campaigns/flow/1/push/", false),
        ("write", "POST /campaigns/flow/1/cancel/", true), ("push", "POST /campaigns/flow/1/push/", true),
        ("push", "POST /campaigns/flow/1/cancel/", false), ("push", "GET /campaigns/", true),
    ])
    func `a token does what its scopes name`(scopes: String, line: String, isAllowed: Bool) async throws {
        try await withDesk { desk in
            // The administrator's program has the key that this one borrows.
            _ = try await desk.browser()
            let token = try await desk.accounts.createToken(
                name: "t", role: .admin, scopes: try #require(TokenScope.set(scopes)))
            let program = desk.program(token: token)
            let path = String(line.split(separator: " ")[1])
            let answer = line.hasPrefix("GET") ? try await program.get(path) : try await program.post(path)
            #expect((answer.status != 403) == isAllowed, "\(answer.text)")
            guard !isAllowed else { return }
            #expect(answer.json["type"] == "/problems/scope")
            let needed = try #require(answer.json["scope"]?.stringValue)
            #expect(
                answer.headers["www-authenticate"] == "Bearer error=\"insufficient_scope\", scope=\"\(needed)\"")
        }
    }

    @Test(
        arguments: [
            ("read", "read"), ("", "read"), ("push,write", "read write push"), ("admin read", "read admin"),
            ("everything", nil), ("read,", "read"), ("Read", nil),
        ] as [(String, String?)])
    func `scopes are read from a list`(text: String, scopes: String?) {
        #expect(TokenScope.set(text).map { TokenScope.list($0).joined(separator: " ") } == scopes)
    }

    @Test(
        arguments: [
            ("1d", 1), ("90d", 90), ("3650d", 3_650), ("3651d", nil), ("0d", nil), ("-1d", nil), ("90", nil),
            ("d", nil),
            ("9999999999999999999999d", nil), ("", nil), ("1.5d", nil),
        ] as [(String, Int64?)])
    func `a lifetime is a number of days`(text: String, days: Int64?) {
        #expect(TokenLifetime.days(text) == days)
    }

    @Test func `an expired token opens nothing`() async throws {
        try await withDesk { desk in
            let token = try await desk.accounts.createToken(name: "t", role: .buyer, days: 90)
            let program = desk.program(token: token)
            #expect(try await program.get("/users/tokens/").status == 200)
            let row = try await desk.database.one(
                "SELECT expires_at - now() BETWEEN interval '89 days' AND interval '90 days' AS right FROM api_tokens")
            #expect(try row.get("right", Bool.self))
            try await desk.database.execute("UPDATE api_tokens SET expires_at = now()")
            #expect(try await program.get("/users/tokens/").status == 401)
            #expect(try await desk.accounts.tokens().map(\.isExpired) == [true])
        }
    }

    @Test(
        arguments: [
            ("UPDATE api_tokens SET expires_at = now()", "This token has expired."),
            ("UPDATE api_tokens SET revoked_at = now(), expires_at = now()", "This token was revoked."),
            ("UPDATE users SET disabled_at = now()", "The account of this token is closed."),
            ("DELETE FROM api_tokens", "Sluice has no such token."),
        ] as [(SQL, String)])
    func `a token that opens nothing is told why`(change: SQL, sentence: String) async throws {
        try await withDesk { desk in
            let program = desk.program(token: try await desk.accounts.createToken(name: "t", role: .buyer))
            try await desk.database.execute(change)
            for answer in [
                try await program.get("/campaigns/"), try await program.post("/campaigns/sync-campaigns/"),
                try await program.post("/users/login/", ["api_key": "x"]),
            ] {
                #expect(answer.status == 401 && answer.detail.hasPrefix(sentence), "\(answer.text)")
                #expect(answer.headers["www-authenticate"] == "Bearer error=\"invalid_token\"")
            }
            #expect(
                try await desk.program(token: "short").get("/campaigns/").detail.hasPrefix("Sluice has no such token."))
            let ukrainian = try await program.with("Accept-Language", "uk").get("/campaigns/")
            #expect(
                ukrainian.status == 401 && ukrainian.detail.contains("/users/tokens/") || sentence.contains("closed"))
        }
    }

    @Test func `a person makes a token, sees it once, and revokes it`() async throws {
        try await withDesk { desk in
            let ann = try await desk.named("Ann", .buyer)
            let made = try await ann.postForm(
                "/users/tokens/", [("name", "reports"), ("scopes", "write"), ("expires", "90d")])
            #expect(made.status == 200 && made.headers["cache-control"] == "no-store")
            let start = try #require(made.text.firstRange(of: "<code>sluice_"))
            let token = "sluice_" + made.text[start.upperBound...].prefix { $0 != "<" }
            let page = try await ann.get("/users/tokens/")
            #expect(page.text.contains("reports") && page.text.contains("never used") && !page.text.contains(token))

            let program = desk.program(token: token)
            let listed = try await program.with("X-Forwarded-For", "203.0.113.77:5678").get("/users/tokens/").json[
                "tokens"]?[0]
            #expect(
                listed?["name"] == "reports" && listed?["scopes"] == ["read", "write"] && listed?["state"] == "active")
            #expect(listed?["last_used_address"] == "203.0.113.77")
            // It is hers: the name in the settings, and the role.
            #expect(try await program.get("/users/settings/login/").json["name"] == "Ann")

            let id = try #require(listed?["id"]?.intValue)
            let bob = try await desk.named("Bob", .admin)
            #expect(try await bob.postForm("/users/tokens/\(id)/revoke/", []).status == 404)
            #expect(try await bob.accepting("application/json").get("/users/tokens/").json["tokens"] == [])
            #expect(try await ann.postForm("/users/tokens/\(id)/revoke/", []).status == 303)
            #expect(try await ann.postForm("/users/tokens/\(id)/revoke/", []).status == 404)
            #expect(try await program.get("/users/tokens/").status == 401)
            #expect(try await ann.get("/users/tokens/").text.contains("revoked"))
        }
    }

    @Test func `nobody gives a token more than they have, and a token gives none`() async throws {
        try await withDesk { desk in
            let script = try await desk.named("Ann", .buyer).accepting("application/json")
            let cases: [(JSON, String)] = [
                (["name": ""], "name"), (["name": .string(String(repeating: "n", count: 81))], "name"),
                (["name": "a\nb"], "name"), (["name": "t", "scopes": ["read", "everything"]], "scopes"),
                (["name": "t", "scopes": ["admin"]], "scopes"), (["name": "t", "expires": "soon"], "expires"),
            ]
            for (body, field) in cases {
                let answer = try await script.post("/users/tokens/", body)
                #expect(answer.status == 422 && answer.fields == [field], "\(answer.text)")
            }
            let made = try await script.post("/users/tokens/", ["name": "t", "scopes": ["push", "write"]])
            let token = try #require(made.json["token"]?.stringValue)
            #expect(try await desk.program(token: token).post("/users/tokens/", ["name": "more"]).status == 403)
            // A role taken away takes the token's reach with it.
            try await desk.database.execute("UPDATE users SET role = 'content'")
            #expect(try await desk.program(token: token).get("/campaigns/").status == 403)
        }
    }
}
