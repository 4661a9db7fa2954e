import Accounts
import Audit
import Base
import DataKeeping
import Fetch
import HTTP
import Postgres
import TestDesk
import Testing

/// `/admin/data/`, as programs and browsers use it.
@Suite(.timeLimit(.minutes(5))) struct DataRoutesTests {
    private static func person(_ name: String, _ desk: TestDesk) async throws -> Int64 {
        try await desk.database.one("INSERT INTO users (name, role) VALUES (\(name), 'buyer') RETURNING id").get("id")
    }

    @Test func `rules are seen and changed, and nothing else is taken for days`() async throws {
        try await withDesk { desk in
            let admin = try await desk.program(.admin, key: nil)
            func days() async throws -> JSON? {
                let rules = try await admin.get("/admin/data/").json["retention"]?.arrayValue ?? []
                return rules.first { $0["table"] == "keitaro_reports" }?["keep_days"]
            }
            #expect(try await days() == 90)
            let path = "/admin/data/retention/"
            #expect(try await admin.post(path, ["table": "keitaro_reports", "keep_days": 7]).status == 200)
            #expect(try await days() == 7)
            #expect(try await admin.post(path, ["table": "keitaro_reports", "keep_days": nil]).status == 200)
            #expect(try await days() == .null)
            for (body, field) in [
                (["table": "keitaro_reports"], "keep_days"),
                (["table": "keitaro_reports", "keep_days": 0], "keep_days"),
                (["table": "keitaro_reports", "keep_days": 36_501], "keep_days"),
                (["table": "keitaro_reports", "keep_days": "7"], "keep_days"),
                (["table": "users", "keep_days": 1], "table"), (["keep_days": 1], "table"),
            ] as [(JSON, String)] {
                let refused = try await admin.post(path, body)
                #expect(refused.status == 422 && refused.fields == [field], "\(body.text)")
            }
            #expect(try await days() == .null)
        }
    }

    @Test func `a browser keeps rows for ever by an empty field, and is asked before it erases`() async throws {
        try await withDesk { desk in
            let browser = try await desk.browser()
            try await desk.database.execute("UPDATE users SET role = 'admin'")
            let id = try await Self.person("Ivan <b>", desk)
            let saved = try await browser.postForm(
                "/admin/data/retention/", [("table", "sessions"), ("keep_days", "")])
            #expect(saved.status == 303 && saved.headers["location"] == "/admin/data/?done=saved")
            let page = try await browser.get("/admin/data/?done=saved").text
            #expect(page.contains("Saved.") && page.contains("Ivan &lt;b&gt;") && !page.contains("Ivan <b>"))
            let erase = "/admin/data/people/\(id)/erase/"
            #expect(try await browser.get(erase).text.contains("Erase Ivan &lt;b&gt;?"))
            let unsure = try await browser.postForm(erase, [("confirm", "Ivan")])
            #expect(unsure.status == 422 && unsure.text.contains("Nothing was erased."))
            let erased = try await browser.postForm(erase, [("confirm", "Ivan <b>")])
            #expect(erased.status == 303 && erased.headers["location"] == "/admin/data/?done=erased")
            #expect(try await browser.get(erase).status == 404)
        }
    }

    @Test func `a person's data is a file that is not kept on the way; nobody erases themselves`() async throws {
        try await withDesk { desk in
            let admin = try await desk.program(.admin, key: nil, name: "root")
            let id = try await Self.person("Olena", desk)
            let file = try await admin.post("/admin/data/people/\(id)/export/")
            #expect(file.json["users"]?["name"] == "Olena" && file.headers["cache-control"] == "no-store")
            #expect(file.headers["content-disposition"] == "attachment; filename=\"person-\(id).json\"")
            let people = try await admin.get("/admin/data/").json["people"]?.arrayValue ?? []
            let own = try #require(people.first { $0["role"] == "admin" })
            let path = "/admin/data/people/\(own["id"]?.intValue ?? 0)/erase/"
            #expect(try await admin.post(path, ["confirm": own["name"] ?? .null]).status == 409)
            #expect(try await admin.post("/admin/data/people/\(id)/erase/", ["confirm": "olena"]).status == 422)
            #expect(try await admin.post("/admin/data/people/\(id)/erase/", ["confirm": "Olena"]).status == 200)
            for (path, body) in [("export", [:]), ("erase", ["confirm": "Olena"])] as [(String, JSON)] {
                #expect(try await admin.post("/admin/data/people/\(id)/\(path)/", body).status == 404)
            }
        }
    }

    @Test func `in the audit log an erased person is a number, wherever the name stood`() async throws {
        try await withDesk { desk in
            let database = desk.database
            let id = try await Self.person("Olena", desk)
            let token: Int64 = try await database.one(
                """
                INSERT INTO api_tokens (token_hash, name, user_id, scopes)
                VALUES ('\\x00', 'olenas-laptop', \(id), '{read}') RETURNING id
                """
            ).get("id")
            try await database.execute("UPDATE users SET login_name = 'Olena' WHERE id = \(id)")
            try await database.execute(
                "INSERT INTO login_failures (address, window_start, failures) VALUES ('name olena', now(), 1)")
            try await database.execute(
                """
                INSERT INTO audit_log (user_id, person, action, object, before, after, address) VALUES
                    (\(id), 'Olena', 'users.settings', '/users/settings/', 'Olena', 'Olenka', '192.0.2.1'),
                    (NULL, 'command line', 'tokens.add', \("token \(token) olenas-laptop"), NULL, 'buyer', ''),
                    (\(id), 'Olena', 'campaigns.flow.push', 'flow 7', '50/50', '60/40', '192.0.2.1'),
                    (NULL, 'command line', 'user.role', 'Olena', 'buyer', 'admin', '')
                """)
            try await PersonalData(database: database).erase(id: id, by: .commandLine)
            #expect(try await database.first("SELECT 1 FROM login_failures") == nil)
            let rows = try await database.query(
                "SELECT person, action, object, before, after, address FROM audit_log ORDER BY id")
            let lines = try rows.map { row in
                try ["person", "action", "object", "before", "after", "address"].map { column in
                    try row.get(column, String?.self) ?? "-"
                }.joined(separator: "|")
            }
            #expect(
                lines == [
                    "person \(id)|users.settings||-|-|",
                    "command line|tokens.add|token \(token)|-|buyer|",
                    "person \(id)|campaigns.flow.push|flow 7|50/50|60/40|",
                    "command line|user.role|person \(id)|buyer|admin|",
                    "command line|person.erase|user \(id)|-|erased|",
                ])
        }
    }

    @Test func `things that were theirs lose the name too, also in lines written before things were named by number`()
        async throws
    {
        try await withDesk { desk in
            let database = desk.database
            let id = try await Self.person("Zebulon", desk)
            let namesake = try await Self.person("Zebulon Quux", desk)
            try await database.execute("UPDATE users SET login_name = 'zebulon' WHERE id = \(id)")
            let token: Int64 = try await database.one(
                """
                INSERT INTO api_tokens (token_hash, name, user_id, scopes)
                VALUES ('\\x00', 'zebulons-laptop', \(id), '{read}') RETURNING id
                """
            ).get("id")
            try await database.execute(
                """
                INSERT INTO audit_log (user_id, person, action, object, before, after) VALUES
                    (\(id), 'Zeb', 'campaigns.flow.push', 'flow 7', NULL, NULL),
                    (\(id), 'Zebulon', 'tokens.use', 'token 999 zebulons-old-phone', NULL, NULL),
                    (NULL, 'root', 'admin.invitations.delete', 'invitations 8cb4 Zebulon', NULL, 'removed'),
                    (NULL, 'root', 'admin.sessions.end', 'sessions 8cb5 Zeb', NULL, 'removed'),
                    (NULL, 'root', 'admin.sessions.end', 'sessions 8cb6 Zebulon Quux', NULL, 'removed'),
                    (NULL, 'root', 'admin.keys.delete', 'keys 3 Zebulon, tracker', NULL, 'removed'),
                    (NULL, 'root', 'admin.tokens.edit', \("tokens \(token) zebulons-laptop"), 'name: zebulon', 'name: z'),
                    (NULL, 'root', 'admin.tokens.delete', 'tokens 999 zebulons-old-phone', NULL, 'removed'),
                    (NULL, 'root', 'admin.login_failures.delete', 'login_failures name zebulon name zebulon', NULL, NULL)
                """)
            // Used from two places within the hour.
            try await database.execute(
                """
                INSERT INTO audit_log (user_id, person, action, object, token_id, address, window_start)
                SELECT \(id), 'Zebulon', 'tokens.use', 'token ' || \(token)::bigint || ' zebulons-laptop', \(token), place,
                    date_trunc('hour', now()) FROM unnest('{192.0.2.1,192.0.2.2}'::text[]) AS place
                """)
            try await PersonalData(database: database).erase(id: id, by: .commandLine)
            #expect(
                try await Self.lines(desk) == [
                    "person \(id)|campaigns.flow.push|flow 7|-|-|", "person \(id)|tokens.use|token 999|-|-|",
                    "root|admin.invitations.delete|invitations 8cb4|-|removed|",
                    "root|admin.sessions.end|sessions 8cb5|-|removed|",
                    "root|admin.sessions.end|sessions 8cb6 Zebulon Quux|-|removed|",
                    "root|admin.keys.delete|keys 3|-|removed|", "root|admin.tokens.edit|tokens \(token)|-|-|",
                    "root|admin.tokens.delete|tokens 999|-|removed|",
                    "root|admin.login_failures.delete|login_failures|-|-|",
                    "person \(id)|tokens.use|token \(token)|-|-|", "person \(id)|tokens.use|token \(token)|-|-|",
                    "command line|person.erase|user \(id)|-|erased|",
                ])
            #expect(try await database.first("SELECT 1 FROM users WHERE id = \(namesake)") != nil)
        }
    }

    @Test
    func `whoever was removed is erased by the number, and the log does not name whose things were done away with`()
        async throws
    {
        try await withDesk { desk in
            let database = desk.database
            let admin = try await desk.program(.admin, key: nil, name: "root")
            let id = try await Self.person("Zebulon Quux", desk)
            try await database.execute(
                """
                INSERT INTO user_invitations (token_hash, user_id, expires_at)
                VALUES ('\\x01', \(id), now() + interval '1 day')
                """)
            try await database.execute(
                "INSERT INTO audit_log (user_id, person, action) VALUES (\(id), 'Zebulon Quux', 'campaigns.flow.push')")
            let invitations = try await admin.get("/admin/invitations/").json["rows"]?.arrayValue ?? []
            let key = try #require(invitations.first?["key"]?.stringValue)
            #expect(try await admin.post("/admin/invitations/\(key)/delete/", ["confirm": true]).status == 200)
            let removed = try await Self.lines(desk).filter { $0.contains("admin.invitations.delete") }
            #expect(removed.count == 1 && removed.allSatisfy { $0.contains("|invitations \(key)|") })
            #expect(try await admin.post("/admin/users/\(id)/delete/", ["confirm": true]).status == 200)

            let people = PersonalData(database: database)
            #expect(try await people.find("\(id)") == id)
            try await people.erase(id: id, by: .commandLine)
            let lines = try await Self.lines(desk)
            #expect(
                lines.allSatisfy { !$0.contains("Zebulon") } && lines.contains("person \(id)|campaigns.flow.push||-|-|")
            )
            #expect(try await Self.lines(desk).contains { $0.hasPrefix("root|") })
            await #expect(throws: PersonalData.Refusal.self) { try await people.find("\(id)") }
            await #expect(throws: PersonalData.Refusal.self) { try await people.erase(id: id, by: .commandLine) }
        }
    }

    private static func lines(_ desk: TestDesk) async throws -> [String] {
        try await desk.database.query(
            "SELECT person, action, object, before, after, address FROM audit_log ORDER BY id"
        )
        .map { row in
            try ["person", "action", "object", "before", "after", "address"].map { column in
                try row.get(column, String?.self) ?? "-"
            }.joined(separator: "|")
        }
    }
}
