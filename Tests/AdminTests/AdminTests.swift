import Accounts
import Base
import Fetch
import HTTP
import Postgres
import Sandbox
import StoredObjects
import TestDesk
import Testing
import Views

/// What every kind of stored thing has in common, asked of each.
@Suite(.timeLimit(.minutes(10))) struct AdminTests {
    @Test func `every kind is listed, searched, sorted, filtered and opened, as a page and as JSON`() async throws {
        try await withSyncedDesk { desk, buyer, _ in
            try await Stock.fill(desk, buyer)
            let admin = try await desk.administrator()
            let script = admin.accepting("application/json")
            let home = try await script.get("/admin/").json["objects"]?.arrayValue ?? []
            #expect(home.compactMap { $0["name"]?.stringValue } == TestDesk.things.objects.map(\.name))
            for object in TestDesk.things.objects {
                let list = try await script.get("/admin/\(object.name)/")
                let rows = list.json["rows"]?.arrayValue ?? []
                #expect(list.status == 200 && !rows.isEmpty, "\(object.name): \(list.text)")
                #expect(try await admin.get("/admin/\(object.name)/").status == 200)
                var questions = ["q=a", "q=%25'%3B--", "page=999999999999999999", "page=-1", "sort=nothing&dir=asc"]
                for field in object.fields {
                    if field.isSortable && field.isListed {
                        questions += ["sort=\(field.name)&dir=asc", "sort=\(field.name)&dir=desc&page=2"]
                    }
                    if case .choice(let words) = field.kind { questions += words.map { "\(field.name)=\($0)" } }
                    if field.kind == .flag { questions += ["\(field.name)=true", "\(field.name)=false"] }
                    if field.link != nil { questions += ["\(field.name)=1", "\(field.name)='x"] }
                    questions.append("\(field.name)=%00")
                }
                for question in questions where !question.contains("%00") {
                    let answer = try await script.get("/admin/\(object.name)/?\(question)")
                    #expect(answer.status == 200, "\(object.name)?\(question): \(answer.text)")
                }
                for (question, field) in [("page=9999999999999999999", "page"), ("sort=nothing&dir=x", "dir")] {
                    let answer = try await script.get("/admin/\(object.name)/?\(question)")
                    #expect(
                        answer.status == 422 && answer.fields == [field], "\(object.name)?\(question): \(answer.text)")
                }
                let key = try #require(rows.first?["key"]?.stringValue)
                let path = "/admin/\(object.name)/\(TestDesk.encoded(key))/"
                let one = try await script.get(path)
                #expect(one.status == 200 && one.json["key"] == .string(key), "\(path): \(one.text)")
                #expect(try await admin.get(path).status == 200)
                for action in one.json["actions"]?.arrayValue ?? [] {
                    let name = try #require(action["name"]?.stringValue)
                    #expect(try await script.get("\(path)\(name)/").json["action"] == .string(name))
                    #expect(try await admin.get("\(path)\(name)/").status == 200)
                }
                for strange in ["0", "-1", "99999999999999999999", "x'--", "%F0%9F%9A%A2"] {
                    #expect(try await script.get("/admin/\(object.name)/\(strange)/").status == 404)
                }
            }
            #expect(try await script.get("/admin/nothing/").status == 404)
            #expect(try await script.get("/admin/users/1/nothing/").status == 404)
        }
    }

    @Test func `a search finds parts of what is shown, in any case, and says when there is nothing`() async throws {
        try await withDesk { desk in
            let admin = try await desk.administrator()
            try await desk.database.execute(
                "INSERT INTO users (name, role) SELECT 'Ігор ' || number, 'content' FROM generate_series(1, 120) AS number"
            )
            let script = admin.accepting("application/json")
            let found = try await script.get("/admin/users/?q=%D1%96%D0%93%D0%9E%D0%A0%2011")
            #expect(found.json["total"] == 11)
            let first = try await script.get("/admin/users/?role=content&sort=name&dir=desc")
            #expect(first.json["rows"]?.arrayValue?.count == 50 && first.json["total"] == 120)
            #expect(first.json["rows"]?[0]?["label"] == "Ігор 99")
            var seen = 50
            var next = first.json["next"]?.stringValue
            while let path = next {
                let page = try await script.get(path)
                seen += page.json["rows"]?.arrayValue?.count ?? 0
                next = page.json["next"]?.stringValue
            }
            #expect(seen == 120)
            let none = try await admin.get("/admin/users/?q=nobody")
            #expect(none.status == 200 && none.text.contains("Nothing matches"))
            #expect(try await admin.get("/admin/flows/").text.contains("Nothing here yet"))
        }
    }

    @Test func `no page and no answer holds what is secret`() async throws {
        try await withSyncedDesk { desk, buyer, _ in
            try await Stock.fill(desk, buyer)
            let admin = try await desk.administrator()
            let secrets = try await desk.database.query(
                """
                SELECT encode(token_hash, 'hex') AS secret FROM sessions UNION ALL SELECT csrf_token FROM sessions
                    WHERE user_id <> (SELECT id FROM users WHERE login_name = 'Boss')
                UNION ALL SELECT encode(token_hash, 'hex') FROM api_tokens
                UNION ALL SELECT encode(key_lookup, 'hex') FROM keitaro_keys
                UNION ALL SELECT encode(key_cipher, 'hex') FROM keitaro_keys
                UNION ALL SELECT encode(hash, 'hex') FROM user_passwords
                UNION ALL SELECT encode(salt, 'hex') FROM user_passwords
                UNION ALL SELECT encode(token_hash, 'hex') FROM user_invitations
                """
            ).map { try $0.get("secret", String.self) }
            #expect(secrets.count > 8)
            for object in TestDesk.things.objects {
                let script = admin.accepting("application/json")
                let list = try await script.get("/admin/\(object.name)/")
                var answers = [list, try await admin.get("/admin/\(object.name)/")]
                for row in list.json["rows"]?.arrayValue ?? [] {
                    let path = "/admin/\(object.name)/\(TestDesk.encoded(row["key"]?.stringValue ?? ""))/"
                    answers += [try await script.get(path), try await admin.get(path)]
                    if answers.count > 12 { break }
                }
                for answer in answers {
                    #expect(answer.status == 200)
                    #expect(!secrets.contains { answer.text.contains($0) }, "\(object.name)")
                    #expect(!answer.text.contains(KeitaroWorld.adminKey), "\(object.name)")
                }
            }
        }
    }

    @Test func `whoever is asked about a removal is told of every row that hangs on it`() async throws {
        try await withDesk { desk in
            for object in TestDesk.things.objects where object.actions.contains(where: \.isRemoval) {
                let told = Set(
                    TestDesk.things.dependents.filter { $0.object == object.name }.map {
                        "\($0.table).\($0.column) \($0.stays ? "n" : "c")"
                    })
                let table = object.table.text.filter { $0 != "\"" }
                let keys = try await desk.database.query(
                    """
                    SELECT conrelid::regclass::text || '.' || attname || ' ' || confdeltype::text AS line
                    FROM pg_constraint JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[1]
                    WHERE contype = 'f' AND confrelid = \(table)::regclass
                    """
                ).map { try $0.get("line", String.self) }
                #expect(Set(keys) == told, "\(object.name)")
            }
        }
    }

    @Test(arguments: Language.allCases)
    func `every name has its words`(language: Language) throws {
        let bytes = try FileSystem.read("\(TestPlaces.templates)/words/\(language.rawValue).json", limit: 1 << 20)
        let words = try JSON(parsing: bytes)["admin"] ?? .null
        func check(_ kind: String, _ name: String) {
            #expect(words[kind]?[name] != nil, "\(language): admin.\(kind).\(name)")
        }
        for object in TestDesk.things.objects {
            check("object", object.name)
            check("about", object.name)
            check("group", object.group.rawValue)
            if let addition = object.addition {
                check("new", object.name)
                check("new_text", object.name)
                for field in addition.fields { check("field", field.name) }
            }
            for field in object.fields {
                check("field", field.name)
                if case .choice(let values) = field.kind { for value in values { check("value", value) } }
            }
            for action in object.actions { for kind in ["action", "ask", "done"] { check(kind, action.name) } }
            #expect(object.fields.contains { $0.name == object.order.field && $0.isSortable }, "\(object.name)")
            #expect(
                object.fields.allSatisfy { field in
                    field.link.map { link in TestDesk.things.objects.contains { $0.name == link.object } } ?? true
                })
        }
        for dependent in TestDesk.things.dependents { check(dependent.stays ? "stays" : "with", dependent.name) }
    }

    // MARK: Roles

    /// Who reads each kind; whose own rows everybody sees is here too.
    private static let readers: [String: Set<Role>] = [
        "users": [.admin], "invitations": [.admin], "login_failures": [.admin], "trackers": [.admin],
        "reports": [.admin], "outbox": [.admin], "schedules": [.admin],
        "keys": Set(Role.allCases), "sessions": Set(Role.allCases), "tokens": Set(Role.allCases),
        "campaigns": [.admin, .buyer, .analyst], "offers": [.admin, .buyer, .analyst],
        "flows": [.admin, .buyer, .analyst], "flow_offers": [.admin, .buyer, .analyst],
        "pushes": [.admin], "postback_profiles": [.admin], "postback_routes": [.admin], "conversions": [.admin],
        "postback_refusals": [.admin],
    ]
    private static let writers = readers.merging([
        "campaigns": [.admin], "offers": [.admin], "flows": [.admin], "flow_offers": [.admin, .buyer],
    ]) { _, writers in writers }

    @Test(arguments: Role.allCases)
    func `each kind serves the roles that the table gives it`(role: Role) async throws {
        try await withDesk { desk in
            let person = try await desk.named("Person", role).accepting("application/json")
            let home = try await person.get("/admin/").json["objects"]?.arrayValue ?? []
            let shown = Set(home.compactMap { $0["name"]?.stringValue })
            #expect(shown == Set(Self.readers.filter { $0.value.contains(role) }.keys))
            #expect(Set(TestDesk.things.objects.map(\.name)) == Set(Self.readers.keys))
            for (name, readers) in Self.readers {
                let status = try await person.get("/admin/\(name)/").status
                #expect(status == (readers.contains(role) ? 200 : 403), "\(name)")
                let write = try await person.post("/admin/\(name)/999999/delete/").status
                #expect(write == (Self.writers[name]?.contains(role) == true ? 404 : 403), "\(name)")
            }
        }
    }

    @Test func `others see and end what is their own`() async throws {
        try await withDesk { desk in
            let ann = try await desk.named("Ann", .brand)
            let script = ann.accepting("application/json")
            let bob = try await desk.named("Bob", .content).accepting("application/json")
            #expect(try await script.post("/users/tokens/", ["name": "hers"]).status == 200)
            #expect(try await script.get("/admin/sessions/").json["total"] == 1)
            #expect(try await script.get("/admin/tokens/").json["total"] == 1)
            #expect(try await bob.get("/admin/tokens/").json["total"] == 0)
            #expect(try await bob.get("/admin/tokens/1/").status == 404)
            #expect(try await bob.post("/admin/tokens/1/revoke/", ["confirm": true]).status == 404)
            #expect(try await bob.post("/admin/tokens/1/", ["name": "his"]).status == 404)
            #expect(try await script.get("/admin/users/").status == 403)
            // The name of the owner leads nowhere for whoever may not go there.
            #expect(try await !ann.get("/admin/tokens/1/").text.contains("/admin/users/"))
            #expect(try await script.post("/admin/tokens/1/revoke/", ["confirm": true]).status == 200)
            let session = try await script.get("/admin/sessions/").json["rows"]?[0]?["key"]?.stringValue ?? ""
            #expect(try await ann.postForm("/admin/sessions/\(session)/end/", [("confirm", "true")]).status == 303)
            #expect(try await ann.get("/admin/").status == 302)
        }
    }

    @Test func `a buyer sees the campaigns of their key alone`() async throws {
        try await withSyncedDesk { desk, _, _ in
            let all = try await desk.administrator().accepting("application/json").get("/admin/campaigns/").json[
                "total"]
            let buyer = try await desk.browser(key: KeitaroWorld.buyerKey).accepting("application/json")
            let own = try await buyer.get("/admin/campaigns/").json["total"]?.intValue ?? 0
            #expect(own > 0 && own < all?.intValue ?? 0)
            let hidden: Int64 = try await desk.database.one(
                """
                SELECT id FROM keitaro_campaigns WHERE NOT EXISTS (
                    SELECT 1 FROM keitaro_campaign_access JOIN keitaro_keys ON keitaro_keys.id = key_id
                        JOIN users ON users.id = user_id WHERE campaign_id = keitaro_campaigns.id AND users.name = 'buyer')
                LIMIT 1
                """
            ).get("id")
            #expect(try await buyer.get("/admin/campaigns/\(hidden)/").status == 404)
            // Nor the names of offers that it does not see.
            try await desk.database.execute(
                """
                INSERT INTO keitaro_flows (campaign_id, keitaro_id, name, type, schema, state, position, fetched_at)
                SELECT campaign_id, 1, 'f', 'regular', 'landings', 'active', 0, now() FROM keitaro_campaign_access
                JOIN keitaro_keys ON keitaro_keys.id = key_id JOIN users ON users.id = user_id
                WHERE users.name = 'buyer' LIMIT 1
                """)
            try await desk.database.execute(
                """
                INSERT INTO keitaro_flow_offers (flow_id, offer_id, position, share)
                SELECT (SELECT max(id) FROM keitaro_flows), keitaro_id, 0, 1 FROM keitaro_offers
                """)
            let seen: Int64 = try await desk.database.one(
                """
                SELECT count(*) AS n FROM keitaro_offer_access JOIN keitaro_keys ON keitaro_keys.id = key_id
                JOIN users ON users.id = user_id WHERE users.name = 'buyer'
                """
            ).get("n")
            let offers: Int64 = try await desk.database.one("SELECT count(*) AS n FROM keitaro_offers").get("n")
            #expect(try await buyer.get("/admin/flow_offers/").json["total"] == .integer(seen) && seen < offers)
        }
    }
}
