import Base
import Fetch
import Postgres
import Sandbox
import TestDesk
import Testing

@testable import Accounts

/// Login by name and password, one-time links, and what happens to keys that are rotated.
@Suite(.timeLimit(.minutes(10))) struct PasswordTests {
    @Test func `a link lets its holder choose a password, once`() async throws {
        try await withDesk { desk in
            let token = try await desk.accounts.invite(loginName: "Олена", role: .analyst)
            let page = try await desk.stranger(accepting: "text/html").get("/users/invitation/?token=\(token)")
            #expect(page.status == 200 && page.text.contains("Олена") && page.text.contains("new-password"))
            // Looking uses nothing up.
            let short = try await desk.choose("short", invitation: token)
            #expect(short.status == 422 && short.text.contains("at least 10 characters"))
            #expect(try await desk.choose("ОЛЕНА", invitation: token).status == 422)
            #expect(try await desk.choose(String(repeating: "p", count: 201), invitation: token).status == 422)
            let chosen = try await desk.choose(TestDesk.password, invitation: token)
            #expect(chosen.status == 303 && chosen.headers["location"] == "/campaigns/")
            #expect(try await desk.visitor(of: chosen).get("/users/settings/login/").text.contains("analyst"))

            let again = try await desk.choose("another long password", invitation: token)
            #expect(again.status == 410 && again.text.contains("This link no longer works"))
            #expect(try await desk.logIn("Олена", "another long password").status == 403)
            #expect(try await desk.logIn("олена", TestDesk.password).status == 303)
            #expect(try await desk.stranger(accepting: "text/html").get("/users/invitation/?token=x").status == 410)
        }
    }

    @Test func `a link ends by its time, by a newer one and with its account`() async throws {
        try await withDesk { desk in
            let first = try await desk.accounts.invite(loginName: "Ann", role: .buyer)
            let second = try await desk.accounts.invite(loginName: "ann", role: nil)
            let people = try await desk.accounts.users()
            #expect(people.map(\.name) == ["Ann"] && people[0].role == "buyer")
            #expect(try await desk.choose(TestDesk.password, invitation: first).status == 410)
            try await desk.database.execute("UPDATE user_invitations SET expires_at = now() - interval '1 second'")
            #expect(try await desk.choose(TestDesk.password, invitation: second).status == 410)
            let third = try await desk.accounts.invite(loginName: "Ann", role: nil)
            #expect(try await desk.accounts.setClosed(userID: people[0].id, true))
            #expect(try await desk.choose(TestDesk.password, invitation: third).status == 410)
            #expect(try await desk.accounts.setClosed(userID: people[0].id, false))
            #expect(try await desk.choose(TestDesk.password, invitation: third).status == 303)
        }
    }

    @Test func `a reset ends all sessions and the old password`() async throws {
        try await withDesk { desk in
            let before = try await desk.named("Ann", .buyer)
            #expect(try await before.get("/users/settings/login/").status == 200)
            let token = try await desk.accounts.invite(loginName: "Ann", role: .brand)
            // Until the link is used, nothing ends.
            #expect(try await before.get("/users/settings/login/").status == 200)
            let chosen = try await desk.choose("a second long password", invitation: token)
            #expect(chosen.status == 303 && chosen.headers["location"] == "/users/settings/login/")
            #expect(try await before.get("/users/settings/login/").status == 302)
            #expect(try await desk.logIn("Ann", TestDesk.password).status == 403)
            let after = try await desk.logIn("Ann", "a second long password")
            #expect(after.status == 303 && after.headers["location"] == "/users/settings/login/")
        }
    }

    @Test func `an account with a Keitaro key can get a name, a taken name it can't`() async throws {
        try await withDesk { desk in
            _ = try await desk.browser()
            let id = try await desk.database.one("SELECT id FROM users").get("id", Int64.self)
            let token = try await desk.accounts.invite(loginName: "Ann", role: nil, userID: id)
            let ann = try await desk.visitor(of: desk.choose(TestDesk.password, invitation: token))
            // The key of the account serves the session that was opened by name.
            #expect(try await ann.get("/campaigns/").status == 200)
            _ = try await desk.accounts.invite(loginName: "Bob", role: .buyer)
            await #expect(throws: AccountStore.InvitationRefusal.nameTaken) {
                _ = try await desk.accounts.invite(loginName: "bob", role: nil, userID: id)
            }
            await #expect(throws: AccountStore.InvitationRefusal.noSuchUser) {
                _ = try await desk.accounts.invite(loginName: "Eve", role: nil, userID: 999)
            }
        }
    }

    @Test func `a name nobody has is answered like a wrong password`() async throws {
        try await withDesk { desk in
            _ = try await desk.named("Ann", .buyer)
            let wrong = try await desk.logIn("Ann", "not the password")
            let nobody = try await desk.logIn("Nobody", "not the password")
            for answer in [wrong, nobody] {
                #expect(answer.status == 403 && answer.text.contains("do not belong together"))
                #expect(!answer.text.contains("not the password"))
            }
            for (name, password) in [("", "x"), ("Ann", ""), ("  ", "x")] {
                #expect(try await desk.logIn(name, password).status == 422)
            }
            for (name, password) in [
                ("Ann", String(repeating: "x", count: 801)), (String(repeating: "n", count: 81), "x"),
            ] {
                #expect(try await desk.logIn(name, password).status == 403)
            }
            _ = try await desk.named("Closed", .buyer)
            try await desk.database.execute("UPDATE users SET disabled_at = now() WHERE login_name = 'Closed'")
            #expect(try await desk.logIn("Closed", "not the password").text.contains("do not belong together"))
            #expect(try await desk.logIn("Closed", TestDesk.password).text.contains("This account is closed"))
        }
    }

    @Test func `ten wrong passwords close the name for every address, and the address for every name`() async throws {
        try await withDesk { desk in
            _ = try await desk.named("Ann", .buyer)
            _ = try await desk.named("Bob", .buyer)
            for number in 1...10 {
                #expect(try await desk.logIn("Ann", "wrong", from: "203.0.113.\(number)").status == 403)
            }
            let closed = try await desk.logIn("ann", TestDesk.password, from: "198.51.100.1")
            #expect(closed.status == 429 && closed.text.contains("Too many tries"))
            #expect(try await desk.logIn("Bob", TestDesk.password, from: "203.0.113.1").status == 303)

            for number in 1...10 {
                #expect(try await desk.logIn("Nobody \(number)", "wrong", from: "198.51.100.7").status == 403)
            }
            #expect(try await desk.logIn("Bob", TestDesk.password, from: "198.51.100.7").status == 429)
            // The door of the keys is the same door.
            let form = try await desk.loginForm()
            let byKey = try await form.visitor.with("X-Forwarded-For", "198.51.100.7").postForm(
                "/users/login/", [("api_key", KeitaroWorld.adminKey), ("csrf_token", form.token)])
            #expect(byKey.status == 429)
            try await desk.database.execute(
                "UPDATE login_failures SET window_start = window_start - interval '15 minutes'")
            #expect(try await desk.logIn("Ann", TestDesk.password, from: "198.51.100.7").status == 303)
        }
    }

    @Test func `tries at one moment can't all pass`() async throws {
        try await withDesk { desk in
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<15 { group.addTask { try await desk.logIn("Ann", "wrong").status } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.filter { $0 == 403 }.count == 10)
            #expect(statuses.filter { $0 == 429 }.count == 5)
        }
    }

    @Test func `a password kept at another cost is right, and kept at today's after the login`() async throws {
        try await withDesk { desk in
            _ = try await desk.named("Ann", .buyer)
            let quick = Scrypt.Parameters(cost: 16, blockSize: 1, parallelism: 1)
            let salt: [UInt8] = [1, 2, 3]
            let hash = try #require(Scrypt.derive(Secret(TestDesk.password), salt: salt, quick))
            try await desk.database.execute(
                """
                UPDATE user_passwords SET salt = \(salt), hash = \(hash), cost = 16, block_size = 1, parallelism = 1,
                    set_at = now() - interval '1 year'
                """)
            #expect(try await desk.logIn("Ann", "wrong").status == 403)
            #expect(try await desk.logIn("Ann", TestDesk.password).status == 303)
            let cost = try await desk.database.one("SELECT cost FROM user_passwords").get("cost", Int64.self)
            #expect(cost == Scrypt.Parameters.standard.cost)
            #expect(try await desk.logIn("Ann", TestDesk.password).status == 303)
        }
    }

    @Test func `without a Keitaro key its pages explain, and take one`() async throws {
        try await withDesk { desk in
            let ann = try await desk.named("Ann", .buyer)
            for path in ["/campaigns/", "/campaigns/1/", "/campaigns/pushes/"] {
                let page = try await ann.get(path)
                #expect(page.status == 403 && page.text.contains("This page needs a Keitaro key"), "\(path)")
            }
            let script = ann.accepting("application/json")
            #expect(try await script.get("/campaigns/").json["type"] == "/problems/no-keitaro-key")
            let wrong = try await ann.postForm("/users/settings/login/", [("api_key", "wrong-key")])
            #expect(wrong.status == 403 && wrong.text.contains("does not accept this key"))
            let given = try await ann.postForm(
                "/users/settings/login/", [("api_key", KeitaroWorld.buyerKey), ("next", "/campaigns/pushes/")])
            #expect(given.status == 303 && given.headers["location"] == "/campaigns/pushes/")
            #expect(try await ann.get("/campaigns/").status == 200)
            // It is the account's, not the session's.
            let later = try await desk.visitor(of: desk.logIn("Ann", TestDesk.password))
            #expect(try await later.get("/campaigns/").status == 200)
            #expect(try await desk.accounts.users().map(\.keys) == [1])
        }
    }

    @Test(arguments: ["settings", "login page"])
    func `a rotated key attaches to the same user, and what used the old one uses it`(way: String) async throws {
        try await withDesk { desk in
            let browser = try await desk.browser()
            let other = try await desk.browser()
            let program = try await desk.program()
            try await desk.keitaro.fail(["kind": "status", "status": 401])
            #expect(
                try await browser.accepting("application/json").post("/campaigns/sync-campaigns/").status == 403)
            let user = try await desk.database.one("SELECT user_id FROM sessions LIMIT 1").get("user_id", Int64.self)
            if way == "settings" {
                let page = try await browser.get("/campaigns/")
                #expect(page.text.contains("Keitaro no longer accepts your key"))
                #expect(page.text.contains("action=\"/users/settings/login/\""))
                let given = try await browser.postForm(
                    "/users/settings/login/", [("api_key", KeitaroWorld.buyerKey), ("next", "/campaigns/")])
                #expect(given.status == 303 && given.headers["location"] == "/campaigns/")
                #expect(try await browser.get("/campaigns/").status == 200)
                #expect(try await other.get("/campaigns/").status == 200)
                #expect(try await program.get("/campaigns/").status == 200)
            } else {
                let form = try await desk.loginForm()
                let session = try #require(browser.headers["cookie"])
                let nonce = try #require(form.visitor.headers["cookie"])
                let given = try await desk.stranger(accepting: "text/html").with("Cookie", "\(session); \(nonce)")
                    .postForm("/users/login/", [("api_key", KeitaroWorld.buyerKey), ("csrf_token", form.token)])
                #expect(given.status == 303)
                #expect(try await desk.visitor(of: given).get("/campaigns/").status == 200)
            }
            let owners = try await desk.database.query("SELECT user_id FROM keitaro_keys")
                .map { try $0.get("user_id", Int64.self) }
            #expect(owners == [user, user])
        }
    }

    @Test func `a key of somebody else is not taken over`() async throws {
        try await withDesk { desk in
            _ = try await desk.browser()
            let ann = try await desk.named("Ann", .buyer)
            let refused = try await ann.postForm("/users/settings/login/", [("api_key", KeitaroWorld.adminKey)])
            #expect(refused.status == 409 && refused.text.contains("belongs to another account"))
            #expect(try await ann.get("/campaigns/").status == 403)
            #expect(
                try await ann.accepting("application/json").post(
                    "/users/settings/login/", ["api_key": .string(KeitaroWorld.adminKey)]
                ).status == 409)
        }
    }

    @Test func `no table holds a password or the token of a link`() async throws {
        try await withDesk { desk in
            let token = try await desk.accounts.invite(loginName: "Ann", role: .buyer)
            let used = try await desk.accounts.invite(loginName: "Bob", role: .buyer)
            #expect(try await desk.choose(TestDesk.password, invitation: used).status == 303)
            let tables: [SQL] = [
                "users", "user_passwords", "user_invitations", "sessions", "login_failures", "audit_log",
            ]
            for table in tables {
                for secret in [token, used, TestDesk.password] {
                    let found = try await desk.database.query(
                        "SELECT 1 FROM \(table) t WHERE strpos(t::text, \(secret)) > 0")
                    #expect(found.isEmpty, "\(table)")
                }
            }
        }
    }
}
