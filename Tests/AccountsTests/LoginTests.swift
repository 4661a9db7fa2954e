import Accounts
import Base
import Fetch
import Keitaro
import Postgres
import Sandbox
import TestDesk
import Testing

/// The login page and the login of programs, with every answer a tracker can give.
@Suite(.timeLimit(.minutes(10))) struct LoginTests {
    @Test func `a key opens a session that lasts until it is closed`() async throws {
        try await withDesk { desk in
            let browser = try await desk.browser()
            #expect(try await browser.get("/campaigns/").status == 200)
            let row = try await desk.database.one(
                "SELECT expires_at - now() BETWEEN interval '29 days' AND interval '30 days' AS right FROM sessions")
            #expect(try row.get("right", Bool.self))
            let asked = try await browser.get("/users/logout/")
            #expect(asked.status == 200 && asked.text.contains("csrf_token"))
            let left = try await browser.postForm("/users/logout/", [])
            #expect(left.status == 303 && left.headers["location"] == "/users/login/?left=1")
            #expect(TestDesk.cookie("sluice_session", in: left) == "")
            #expect(try await browser.get("/campaigns/").status == 302)
            #expect(
                try await desk.stranger(accepting: "text/html").get("/users/login/?left=1").text.contains(
                    "You are logged out"))
            #expect(try await desk.database.query("SELECT 1 FROM sessions").isEmpty)
        }
    }

    @Test func `cookies can't be read by scripts nor sent from other sites`() async throws {
        try await withDesk { desk in
            let form = try await desk.loginForm()
            let answer = try await form.visitor.postForm(
                "/users/login/", [("api_key", KeitaroWorld.adminKey), ("csrf_token", form.token)])
            let cookies = answer.headers.all("set-cookie")
            #expect(cookies.count == 2)
            #expect(
                cookies.allSatisfy { $0.contains("HttpOnly") && $0.contains("SameSite=Lax") && $0.contains("Path=/") })
        }
    }

    @Test(arguments: [
        ("/campaigns/7/?x=1", "/campaigns/7/?x=1"), ("//evil.example/", "/campaigns/"),
        ("https://evil.example/", "/campaigns/"),
        ("/\\evil.example", "/campaigns/"), ("/users/logout/", "/campaigns/"), ("", "/campaigns/"),
        ("/a\r\nSet-Cookie: x=1", "/campaigns/"), ("javascript:alert(1)", "/campaigns/"),
        (String(repeating: "/a", count: 300), "/campaigns/"),
    ])
    func `a login leads on to a page of ours only`(wanted: String, target: String) async throws {
        try await withDesk { desk in
            let form = try await desk.loginForm()
            let answer = try await form.visitor.postForm(
                "/users/login/", [("api_key", KeitaroWorld.adminKey), ("csrf_token", form.token), ("next", wanted)])
            #expect(answer.status == 303 && answer.headers["location"] == target)
        }
    }

    @Test func `the form must be the one that was shown`() async throws {
        try await withDesk { desk in
            let form = try await desk.loginForm()
            let key = ("api_key", KeitaroWorld.adminKey)
            let stranger = desk.stranger(accepting: "text/html")
            let cases: [(Visitor, [(String, String)])] = [
                (form.visitor, [key]), (form.visitor, [key, ("csrf_token", "")]),
                (form.visitor, [key, ("csrf_token", form.token + "x")]), (stranger, [key, ("csrf_token", form.token)]),
                (stranger.with("Cookie", "sluice_login=other"), [key, ("csrf_token", form.token)]),
            ]
            for (visitor, fields) in cases {
                let answer = try await visitor.postForm("/users/login/", fields)
                #expect(answer.status == 403 && answer.text.contains("open for too long"))
            }
            #expect(try await desk.keitaro.requests().isEmpty)
        }
    }

    @Test(arguments: [
        ("", 422, "Type the API key"), ("   ", 422, "Type the API key"), ("two words", 422, "not an API key"),
        (String(repeating: "k", count: 201), 422, "not an API key"), ("ключ", 422, "not an API key"),
        ("wrong-key", 403, "does not accept this key"), ("demo-basic-key", 402, "This Keitaro edition has no API"),
        ("  demo-admin-key ", 303, ""),
    ])
    func `a key is checked`(key: String, status: Int, says: String) async throws {
        try await withDesk { desk in
            let form = try await desk.loginForm()
            let answer = try await form.visitor.postForm(
                "/users/login/", [("api_key", key), ("csrf_token", form.token)])
            #expect(answer.status == status && answer.text.contains(says), "\(answer.text)")
            #expect(!answer.text.contains("wrong-key"))
            let users = try await desk.database.one("SELECT count(*) AS n FROM users").get("n", Int64.self)
            #expect(users == (status == 303 ? 1 : 0))
        }
    }

    struct Fault: Sendable, CustomTestStringConvertible {
        let kind: String
        let more: JSON
        let status: Int
        let title: String
        var testDescription: String { "\(kind) \(more)" }
    }

    @Test(arguments: [
        Fault(kind: "status", more: ["status": 401], status: 403, title: "Keitaro does not accept this key."),
        Fault(kind: "status", more: ["status": 402], status: 402, title: "This Keitaro edition has no API."),
        Fault(kind: "status", more: ["status": 403], status: 403, title: "127.0.0.1 does not answer like Keitaro."),
        Fault(kind: "cloudflare", more: [:], status: 502, title: "Cloudflare stopped the request before Keitaro."),
        Fault(kind: "html", more: [:], status: 502, title: "127.0.0.1 does not answer like Keitaro."),
        Fault(kind: "plain_not_found", more: [:], status: 404, title: "127.0.0.1 does not answer like Keitaro."),
        Fault(kind: "latency", more: ["milliseconds": 60_000], status: 504, title: "Keitaro did not answer in 1 s."),
        Fault(kind: "reset", more: [:], status: 502, title: "127.0.0.1 cannot be reached from this server."),
        Fault(kind: "status", more: ["status": 500], status: 502, title: "127.0.0.1 failed with status 500."),
        Fault(kind: "rate_limit", more: [:], status: 429, title: "127.0.0.1 asks to slow down."),
    ])
    func `a probe that fails admits nobody and says what to do`(fault: Fault) async throws {
        try await withDesk(deadlines: KeitaroClient.Deadlines(read: .seconds(1))) { desk in
            var json: JSON = ["kind": .string(fault.kind), "times": 99]
            for member in fault.more.objectValue ?? [:] { json[member.key] = member.value }
            try await desk.keitaro.fail(json)
            let form = try await desk.loginForm()
            let page = try await form.visitor.postForm(
                "/users/login/", [("api_key", KeitaroWorld.adminKey), ("csrf_token", form.token)])
            #expect(page.status == fault.status)
            #expect(page.text.contains(fault.title))
            // The page is a form again, ready for the next try.
            #expect(page.text.contains("name=\"api_key\"") && !page.text.contains(KeitaroWorld.adminKey))

            let token = try await desk.accounts.createToken(name: "t", role: .buyer)
            let program = try await desk.program(token: token).post(
                "/users/login/", ["api_key": .string(KeitaroWorld.adminKey)])
            #expect(program.status == fault.status && program.title == fault.title, "\(program.text)")
            #expect(program.fields == ["api_key"])

            try await desk.keitaro.endFaults()
            let again = try await form.visitor.postForm(
                "/users/login/", [("api_key", KeitaroWorld.adminKey), ("csrf_token", form.token)])
            #expect(again.status == 303)
            // Only a refused key counts as a failure of whoever typed it, and no success forgets it.
            let counted = try await desk.database.one("SELECT sum(failures)::bigint AS n FROM login_failures")
            #expect(try counted.get("n", Int64.self) == (fault.more["status"] == 401 ? 2 : 0))
        }
    }

    @Test func `a key may be one that sees no groups`() async throws {
        try await withDesk { desk in
            try await desk.keitaro.fail(["kind": "status", "status": 403, "path": "groups"])
            _ = try await desk.browser()
            #expect(try await desk.keitaro.requests() == ["GET /admin_api/v1/groups", "GET /admin_api/v1/campaigns"])
        }
    }

    @Test func `ten refused keys close the door for their address alone`() async throws {
        try await withDesk { desk in
            let form = try await desk.loginForm()
            func attempt(_ key: String, from address: String) async throws -> Visitor.Answer {
                try await form.visitor.with("X-Forwarded-For", address).postForm(
                    "/users/login/", [("api_key", key), ("csrf_token", form.token)])
            }
            for number in 1...10 {
                #expect(try await attempt("wrong-\(number)", from: "203.0.113.5").status == 403)
            }
            let asked = try await desk.keitaro.requests().count
            let closed = try await attempt(KeitaroWorld.adminKey, from: "203.0.113.5")
            #expect(closed.status == 429 && closed.text.contains("Too many tries. Try again in "))
            #expect(try await desk.keitaro.requests().count == asked)
            let seconds = closed.text.firstRange(of: "Try again in ").map {
                Int(closed.text[$0.upperBound...].prefix { $0.isNumber }) ?? 0
            }
            #expect((1...900).contains(seconds ?? 0))
            // The proxy's own word counts, not what the client wrote before it.
            let lying = try await attempt(KeitaroWorld.adminKey, from: "198.51.100.1, 203.0.113.5")
            #expect(lying.status == 429)
            #expect(try await attempt(KeitaroWorld.adminKey, from: "203.0.113.6").status == 303)

            try await desk.database.execute(
                "UPDATE login_failures SET window_start = window_start - interval '15 minutes'")
            #expect(try await attempt(KeitaroWorld.adminKey, from: "203.0.113.5").status == 303)
            #expect(try await attempt("wrong", from: "203.0.113.5").status == 403)
        }
    }

    @Test func `guesses at the same moment are all counted`() async throws {
        try await withDesk { desk in
            let form = try await desk.loginForm()
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<30 {
                    group.addTask {
                        try await form.visitor.postForm(
                            "/users/login/", [("api_key", "wrong-\(number)"), ("csrf_token", form.token)]
                        ).status
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.filter { $0 == 403 }.count == 10 && statuses.filter { $0 == 429 }.count == 20)
            #expect(try await desk.keitaro.requests().count == 10)
            let closed = try await form.visitor.postForm(
                "/users/login/", [("api_key", "wrong"), ("csrf_token", form.token)])
            #expect(closed.status == 429)
        }
    }

    @Test func `one key is one user, whoever logs in first`() async throws {
        try await withDesk { desk in
            let form = try await desk.loginForm()
            try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<5 {
                    group.addTask {
                        try await form.visitor.postForm(
                            "/users/login/", [("api_key", KeitaroWorld.adminKey), ("csrf_token", form.token)]
                        ).status
                    }
                }
                for try await status in group { #expect(status == 303) }
            }
            let row = try await desk.database.one(
                "SELECT (SELECT count(*) FROM users) AS users, (SELECT count(*) FROM keitaro_keys) AS keys, (SELECT count(*) FROM sessions) AS sessions"
            )
            #expect(try row.get("users", Int64.self) == 1)
            #expect(try row.get("keys", Int64.self) == 1)
            #expect(try row.get("sessions", Int64.self) == 5)
        }
    }

    @Test func `the page is shown in the language chosen, and keeps it`() async throws {
        try await withDesk { desk in
            let stranger = desk.stranger(accepting: "text/html")
            let chosen = try await stranger.get("/users/login/?lang=uk&next=/campaigns/5/")
            #expect(chosen.status == 302 && chosen.headers["location"] == "/users/login/?next=%2Fcampaigns%2F5%2F")
            #expect(TestDesk.cookie("language", in: chosen) == "uk")
            #expect(try await stranger.with("Cookie", "language=uk").get("/users/login/").text.contains("lang=\"uk\""))
            #expect(
                try await stranger.with("Accept-Language", "ru-RU,en;q=0.5").get("/users/login/").text.contains(
                    "lang=\"ru\""))
            #expect(try await stranger.with("Cookie", "language=xx").get("/users/login/").text.contains("lang=\"en\""))
        }
    }

    @Test func `without a tracker the page says what is missing`() async throws {
        try await withDesk { desk in
            try await desk.database.execute("DELETE FROM keitaro_trackers")
            let form = try await desk.loginForm()
            let answer = try await form.visitor.postForm(
                "/users/login/", [("api_key", KeitaroWorld.adminKey), ("csrf_token", form.token)])
            #expect(answer.status == 503 && answer.text.contains("KEITARO_URL"))
        }
    }
}
