import Accounts
import Base
import Fetch
import Postgres
import Sandbox
import TestDesk
import Testing

/// Sessions, settings, tokens and what ends them.
@Suite(.timeLimit(.minutes(10))) struct SessionTests {
    @Test func `a session ends by its time, by its account and by its key`() async throws {
        try await withDesk { desk in
            let late = try await desk.browser()
            try await desk.database.execute("UPDATE sessions SET expires_at = now() - interval '1 second'")
            #expect(try await late.get("/campaigns/").status == 302)

            let closed = try await desk.browser()
            let user = try await desk.database.one("SELECT id FROM users").get("id", Int64.self)
            #expect(try await desk.accounts.setClosed(userID: user, true))
            #expect(try await closed.get("/campaigns/").status == 302)
            let form = try await desk.loginForm()
            let refused = try await form.visitor.postForm(
                "/users/login/", [("api_key", KeitaroWorld.adminKey), ("csrf_token", form.token)])
            #expect(refused.status == 403 && refused.text.contains("This account is closed here"))
            #expect(try await desk.accounts.setClosed(userID: user, false))
            #expect(try await desk.browser().get("/campaigns/").status == 200)
            #expect(try await desk.accounts.setClosed(userID: 999, true) == false)
        }
    }

    @Test func `an hour later the session's end moves on`() async throws {
        try await withDesk { desk in
            let browser = try await desk.browser()
            try await desk.database.execute(
                "UPDATE sessions SET seen_at = now() - interval '2 hours', expires_at = now() + interval '1 day'")
            #expect(try await browser.get("/campaigns/").status == 200)
            let row = try await desk.database.one(
                "SELECT expires_at > now() + interval '29 days' AND seen_at > now() - interval '1 minute' AS moved FROM sessions"
            )
            #expect(try row.get("moved", Bool.self))
        }
    }

    @Test func `settings are saved, or refused by name`() async throws {
        try await withDesk { desk in
            let script = try await desk.browser().accepting("application/json")
            let saved = try await script.post(
                "/users/settings/", ["name": " Олена ", "language": "uk", "theme": "dark"])
            #expect(saved.status == 200)
            func row() async throws -> String {
                let row = try await desk.database.one(
                    "SELECT concat_ws(' ', name, coalesce(language, '-'), coalesce(theme, '-')) AS text FROM users")
                return try row.get("text")
            }
            #expect(try await row() == "Олена uk dark")
            let cases: [(JSON, String)] = [
                (["name": ""], "name"), (["name": "  "], "name"),
                (["name": .string(String(repeating: "n", count: 81))], "name"),
                (["name": "a\nb"], "name"), (["language": "de"], "language"), (["theme": "sepia"], "theme"),
            ]
            for (body, field) in cases {
                let answer = try await script.post("/users/settings/", body)
                #expect(answer.status == 422 && answer.fields == [field], "\(answer.text)")
            }
            #expect(try await row() == "Олена uk dark")
            #expect(try await script.post("/users/settings/", ["theme": "auto"]).status == 200)
            #expect(try await row() == "Олена uk -")
            let form = try await desk.browser().postForm(
                "/users/settings/", [("language", "en"), ("next", "/campaigns/pushes/")])
            #expect(form.status == 303 && form.headers["location"] == "/campaigns/pushes/")
            #expect(try await row() == "Олена en -")
        }
    }

    @Test func `a token has no key of its own until it sends one`() async throws {
        try await withDesk { desk in
            let program = try await desk.program(key: nil)
            let none = try await program.get("/campaigns/")
            #expect(none.status == 409 && none.json["type"] == "/problems/no-keitaro-key")
            let missing = try await program.post("/users/login/")
            #expect(missing.status == 422 && missing.fields == ["api_key"])
            let given = try await program.post("/users/login/", ["api_key": .string(KeitaroWorld.buyerKey)])
            #expect(given.status == 200)
            #expect(try await program.get("/campaigns/").status == 200)
            let byForm = try await program.postForm("/users/login/", [("api_key", KeitaroWorld.adminKey)])
            #expect(byForm.status == 200)
            #expect(try await program.post("/users/logout/").status == 409)
        }
    }

    @Test func `a token that may only read can't give itself another key`() async throws {
        try await withDesk { desk in
            let token = try await desk.accounts.createToken(name: "t", role: .admin, scopes: [.read])
            let refused = try await desk.program(token: token).post(
                "/users/login/", ["api_key": .string(KeitaroWorld.buyerKey)])
            #expect(refused.status == 403 && refused.json["type"] == "/problems/scope", "\(refused.text)")
            #expect(try await desk.database.first("SELECT 1 FROM keitaro_keys") == nil)
        }
    }

    @Test func `a closed account's key serves no token any more, neither one that has it nor an administrator's`()
        async throws
    {
        try await withDesk { desk in
            _ = try await desk.browser(key: KeitaroWorld.buyerKey)
            let holder: Int64 = try await desk.database.one("SELECT user_id FROM keitaro_keys").get("user_id")
            let program = try await desk.program(.buyer, key: nil)
            let given = try await program.post("/users/login/", ["api_key": .string(KeitaroWorld.buyerKey)])
            let admin = try await desk.program(.admin, key: nil)
            #expect(given.status == 200)
            for visitor in [program, admin] { #expect(try await visitor.get("/campaigns/").status == 200) }
            #expect(try await desk.accounts.setClosed(userID: holder, true))
            for visitor in [program, admin] {
                let refused = try await visitor.get("/campaigns/")
                #expect(refused.status == 409 && refused.json["type"] == "/problems/no-keitaro-key")
            }
            #expect(try await desk.accounts.setClosed(userID: holder, false))
            #expect(try await program.get("/campaigns/").status == 200)
        }
    }

    @Test func `an administrator's token uses the key verified last`() async throws {
        try await withDesk { desk in
            let admin = try await desk.program(.admin, key: nil)
            let other = try await desk.program(.buyer, key: nil)
            #expect(try await admin.get("/campaigns/").status == 409)
            let browser = try await desk.browser()
            #expect(try await browser.accepting("application/json").post("/campaigns/sync-campaigns/").status == 200)
            #expect((try await admin.get("/campaigns/").json["total"]?.intValue ?? 0) > 200)
            #expect(try await other.get("/campaigns/").status == 409)
            // A key that Keitaro refuses is nobody's help.
            try await desk.database.execute("UPDATE keitaro_keys SET refused_at = now()")
            #expect(try await admin.get("/campaigns/").status == 409)
        }
    }

    @Test func `a revoked token opens nothing, and its list says so`() async throws {
        try await withDesk { desk in
            let program = try await desk.program()
            #expect(try await program.get("/campaigns/").status == 200)
            let tokens = try await desk.accounts.tokens()
            #expect(tokens.map(\.name) == ["program"] && tokens[0].lastUsedAt != nil && !tokens[0].isRevoked)
            #expect(try await desk.accounts.revokeToken(id: tokens[0].id))
            #expect(try await desk.accounts.revokeToken(id: tokens[0].id) == false)
            #expect(try await program.get("/campaigns/").status == 401)
            #expect(try await program.post("/users/login/", ["api_key": .string(KeitaroWorld.adminKey)]).status == 401)
            #expect(try await desk.accounts.tokens().map(\.isRevoked) == [true])
        }
    }

    @Test func `a refused key sends a browser back to the login, until somebody logs in with it`() async throws {
        try await withDesk { desk in
            let browser = try await desk.browser()
            try await desk.keitaro.fail(["kind": "status", "status": 401])
            let refused = try await browser.accepting("application/json").post("/campaigns/sync-campaigns/")
            #expect(refused.status == 403)
            let page = try await browser.get("/campaigns/")
            #expect(page.status == 403 && page.text.contains("action=\"/users/logout/\""))
            #expect(
                try await browser.accepting("application/json").get("/campaigns/").json["type"]
                    == "/problems/keitaro-key-refused")
            _ = try await desk.browser()
            #expect(try await browser.get("/campaigns/").status == 200)
        }
    }

    @Test func `no table holds a key, a token or a session as it is`() async throws {
        try await withDesk { desk in
            let browser = try await desk.browser()
            let script = browser.accepting("application/json")
            let program = try await desk.program(key: KeitaroWorld.buyerKey)
            #expect(try await script.post("/campaigns/sync-campaigns/").status == 200)
            #expect(try await program.post("/campaigns/sync-campaigns/").status == 200)
            #expect(try await script.post("/campaigns/stats/").status == 200)
            let campaign = try #require(
                try await script.get("/campaigns/?state=active").json["campaigns"]?[0]?["id"]?.intValue)
            #expect(try await script.post("/campaigns/\(campaign)/fetch-streams/").status == 200)

            // Every row of every table as text; bytes show as hex there.
            try await desk.database.execute(
                """
                CREATE FUNCTION places(needle text) RETURNS SETOF text LANGUAGE plpgsql AS $body$
                DECLARE place text; found boolean;
                BEGIN
                    FOR place IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
                        EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I t WHERE strpos(t::text, $1) > 0 OR strpos(t::text, $2) > 0)',
                            place) INTO found USING needle, encode(convert_to(needle, 'UTF8'), 'hex');
                        IF found THEN RETURN NEXT place; END IF;
                    END LOOP;
                END $body$
                """)
            func places(_ text: String) async throws -> [String] {
                try await desk.database.query("SELECT places(\(text)) AS place").map { try $0.get("place") }
            }
            #expect(try await places("trk-test").sorted() == ["audit_log", "keitaro_trackers"])
            let session = browser.headers["cookie"]?.split(separator: "=").last.map(String.init) ?? ""
            let token = program.headers["authorization"]?.split(separator: " ").last.map(String.init) ?? ""
            #expect(session.count > 40 && token.hasPrefix("sluice_"))
            for secret in [KeitaroWorld.adminKey, KeitaroWorld.buyerKey, session, token, String(token.dropFirst(7))] {
                #expect(try await places(secret) == [])
            }
        }
    }

    @Test func `a sealed key is bound to its place and to SECRET_KEY, and entered again when it can't be read`()
        async throws
    {
        try await withDesk { desk in
            let browser = try await desk.browser()
            let program = try await desk.program()
            try await desk.database.execute(
                "UPDATE keitaro_keys SET key_cipher = set_byte(key_cipher, 20, get_byte(key_cipher, 20) # 1)")
            let answer = try await browser.accepting("text/html").get("/campaigns/")
            #expect(answer.status == 302 && answer.headers["location"] == "/users/login/?next=%2Fcampaigns%2F")
            #expect(try await program.get("/campaigns/").text.contains("/problems/no-keitaro-key"))
        }
    }
}
