import Accounts
import Base
import Fetch
import HTTP
import Postgres
import TestDesk
import Testing

/// What a route takes, as it is described, and what it then really takes.
@Suite(.timeLimit(.minutes(10))) struct RequestContractTests {
    /// Values of JSON that a shape can't be read from, told by its schema.
    private static func wrong(_ shape: Shape) -> [JSON] {
        let schema = shape.schema()
        let types = schema["type"]?.arrayValue?.compactMap(\.stringValue) ?? [schema["type"]?.stringValue ?? ""]
        let samples: [(type: String, values: [JSON])] = [
            ("null", [.null]), ("boolean", [true]), ("number", [1.5]), ("integer", [5]), ("object", [["a": 1]]),
            ("array", [[], [["a": 1]]]), ("string", ["", "abc", "99999999999999999999999"]),
        ]
        var values = samples.filter { !types.contains($0.type) }.flatMap(\.values)
        if types.contains("number") { values.removeAll { $0 == 5 || $0 == 1.5 } }
        if schema["enum"] != nil { values.append("no such word") }
        if types.contains("array") { values += [[["a": 1]], [["b": true], ["c": .null]]] }
        return values
    }

    /// Everything but what a request as such leaves behind: the use of a token, and counts of requests.
    private static func state(_ desk: TestDesk) async throws -> String {
        try await desk.database.one(
            """
            SELECT string_agg(line, chr(10) ORDER BY line) AS state FROM (
                SELECT count(*) || ' tokens' AS line FROM api_tokens
                UNION ALL SELECT count(*) || ' sessions' FROM sessions
                UNION ALL SELECT 'keitaro_flows ' || t::text FROM keitaro_flows AS t
                UNION ALL SELECT 'keitaro_flow_offers ' || t::text FROM keitaro_flow_offers AS t
                UNION ALL SELECT 'keitaro_pushes ' || t::text FROM keitaro_pushes AS t
                UNION ALL SELECT 'outbox ' || t::text FROM outbox AS t
                UNION ALL SELECT 'retention_rules ' || t::text FROM retention_rules AS t
                UNION ALL SELECT 'users ' || t::text FROM users AS t
                UNION ALL SELECT 'keitaro_keys ' || t::text FROM keitaro_keys AS t
                UNION ALL SELECT 'user_passwords ' || t::text FROM user_passwords AS t
                UNION ALL SELECT 'user_invitations ' || t::text FROM user_invitations AS t
                UNION ALL SELECT 'keitaro_profiles ' || t::text FROM keitaro_profiles AS t
                UNION ALL SELECT 'keitaro_routes ' || t::text FROM keitaro_routes AS t
                UNION ALL SELECT 'keitaro_installation_orders ' || t::text FROM keitaro_installation_orders AS t
                UNION ALL SELECT 'telegram_messages ' || t::text FROM telegram_messages AS t
            ) AS lines
            """
        ).get("state")
    }

    private static func path(_ route: Route, _ scene: FlowScene, row: Int64) -> String {
        let pattern = route.pattern
        let id =
            pattern.hasPrefix("/campaigns/flow-offer/")
            ? row : pattern.hasPrefix("/campaigns/flow/") ? scene.flowID : scene.campaignID
        return pattern.replacing("{id:int}", with: "\(pattern.hasPrefix("/campaigns/") ? id : 1)")
            .replacing("{object}", with: "users").replacing("{key}", with: "1").replacing("{action}", with: "close")
    }

    /// What the addresses of the postbacks desk are about: the first of their tables.
    private static func addProfile(as visitor: Visitor) async throws {
        let made = try await visitor.post("/postbacks/profiles/", ["name": "P", "reconcile": true])
        let route = try await visitor.post("/postbacks/profiles/1/routes/", ["chat_id": -1])
        try #require(made.status == 201 && route.status == 201, "\(route.text)")
    }

    @Test func `a member of a wrong type, or an unknown one, is refused by name and nothing changes`() async throws {
        try await withSyncedDesk { desk, admin, _ in
            let scene = try await FlowScene(desk, visitor: admin)
            let row = try await scene.row(scene.offers[0])
            // There is something to push, and somebody to be.
            try await scene.edit()
            let script = try await desk.browser().accepting("application/json")
            try await Self.addProfile(as: script)
            let before = try await Self.state(desk)
            let sent = try await desk.keitaro.requests().count
            var members = 0
            var found: [String] = []
            func refuses(_ route: Route, _ field: String, _ json: JSON) async throws {
                let answer = try await script.post(Self.path(route, scene, row: row), json)
                if answer.status != 422 || answer.fields != [field] {
                    found.append("\(route.name) \(json.text): \(answer.status) \(answer.text.prefix(200))")
                }
            }
            for route in desk.routes where route.method == .post && route.access != .admin {
                let content = try #require(route.description?.content, "\(route.name)")
                guard content.types.contains(RouteDescription.Content.json), route.name != "POST /users/login/" else {
                    continue
                }
                for member in content.fields.members {
                    members += 1
                    for value in Self.wrong(member.shape) where member.shape.mismatch(of: value) != nil {
                        // What else must be there is, so that nothing but this value is in the way.
                        var json: JSON = [:]
                        for other in content.fields.members where other.isRequired {
                            json[other.name] = other.shape.example
                        }
                        json[member.name] = value
                        try await refuses(route, member.name, json)
                    }
                }
                if !content.fields.isOpen { try await refuses(route, "no_such_member", ["no_such_member": 1]) }
            }
            #expect(found == [])
            #expect(members > 15)
            #expect(try await Self.state(desk) == before)
            #expect(try await desk.keitaro.requests().count == sent)
        }
    }

    @Test func `a field of a form that can't be read, an unknown one, or one given twice is refused`() async throws {
        try await withSyncedDesk { desk, admin, _ in
            let scene = try await FlowScene(desk, visitor: admin)
            let row = try await scene.row(scene.offers[0])
            try await scene.edit()
            let script = try await desk.browser().accepting("application/json")
            let before = try await Self.state(desk)
            let push = "/campaigns/flow/\(scene.flowID)/push/"
            let pin = "/campaigns/flow-offer/\(row)/pin/"
            for (path, fields, refused) in [
                (push, [("revision", "abc")], "revision"), (push, [("revision", "")], "revision"),
                (push, [("revision", "1.5")], "revision"), (push, [("revison", "1")], "revison"),
                (push, [("revision", "1"), ("revision", "1")], "revision"),
                (push, [(#"{"revision":1}"#, "")], #"{"revision":1}"#), (pin, [("pinned", "yes")], "pinned"),
                ("/users/tokens/", [("name", "t"), ("expire", "90d")], "expire"),
                ("/users/settings/", [("theme", "")], "theme"),
            ] {
                let answer = try await script.postForm(path, fields)
                #expect(answer.status == 422 && answer.fields == [refused], "\(path) \(fields): \(answer.text)")
            }
            #expect(try await Self.state(desk) == before)
        }
    }

    @Test func `content of a type that the route does not take is refused, whatever is in it`() async throws {
        try await withSyncedDesk { desk, admin, _ in
            let scene = try await FlowScene(desk, visitor: admin)
            let row = try await scene.row(scene.offers[0])
            try await scene.edit()
            let script = try await desk.browser().accepting("application/json")
            let before = try await Self.state(desk)
            for route in desk.routes where route.method == .post && route.access != .admin {
                let path = Self.path(route, scene, row: row)
                guard route.name != "POST /users/login/",
                    route.description?.content?.types != [RouteDescription.Content.anyType]
                else { continue }
                for type in ["text/plain", "application/xml", "multipart/form-data; boundary=x", "application/jso", ""]
                {
                    let sender = type.isEmpty ? script : script.with("Content-Type", type)
                    let answer = try await sender.send(.post, path, Array(#"{"revision": 1}"#.utf8))
                    #expect(answer.status == 415, "\(route.name) \(type): \(answer.text)")
                    #expect(answer.headers["accept"]?.contains("application/") == true)
                }
            }
            #expect(try await Self.state(desk) == before)
        }
    }

    @Test func `a parameter that can't be read is refused by name; an empty one is as good as none`() async throws {
        try await withSyncedDesk { desk, admin, _ in
            let scene = try await FlowScene(desk, visitor: admin)
            let row = try await scene.row(scene.offers[0])
            try await Self.addProfile(as: admin)
            var walked = 0
            for route in desk.routes where route.method == .get && !route.isBare && route.access != .admin {
                for parameter in route.description?.parameters ?? [] where parameter.place == .query {
                    guard parameter.shape.unreadable("no such value") != nil else { continue }
                    walked += 1
                    // Everybody with a role for it sees campaigns.
                    let path =
                        Self.path(route, scene, row: row).replacing("/admin/users/", with: "/admin/campaigns/")
                        + (route.pattern.hasSuffix("/live/") ? "?once=1&" : "?")
                    let answer = try await admin.get("\(path)\(parameter.name)=no+such+value")
                    #expect(answer.status == 422 && answer.fields == [parameter.name], "\(route.name): \(answer.text)")
                    let empty = try await admin.get("\(path)\(parameter.name)=")
                    #expect(empty.status < 400, "\(route.name): \(empty.text)")
                }
            }
            #expect(walked >= 8)
        }
    }
}
