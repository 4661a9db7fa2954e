import Accounts
import Base
import Fetch
import HTTP
import StoredObjects
import TestDesk
import Testing

/// Every route of the desk, sent what no honest client sends. Nothing may make it answer with a failure of its own, let alone end the
/// process.
@Suite(.timeLimit(.minutes(10))) struct HostileInputTests {
    /// One value as it stands in JSON, and percent-encoded as a form or a query has it.
    struct Hostile: Sendable {
        let json: String
        let form: String

        init(_ json: String, _ form: String) {
            self.json = json
            self.form = form
        }

        /// A text of plain characters.
        init(text: String) {
            json = JSON.string(text).text
            form = Visitor.encode(text)
        }

        /// A number, which a form writes in the same way.
        init(number: String) {
            json = number
            form = Visitor.encode(number)
        }
    }

    static let nul = Hostile(#""a\u0000b""#, "a%00b")

    static let values: [Hostile] = [
        nul,
        // Half a surrogate pair; bytes that are no UTF-8.
        Hostile(#""\ud800""#, "%ED%A0%80"), Hostile(#""\udfff\ud800x""#, "%FF%FE"),
        Hostile(text: ""), Hostile(text: " "), Hostile(text: String(repeating: "я", count: 600)),
        // Too long for an index even when it is compressed.
        Hostile(text: (0..<3_000).map { String($0 &* 2_654_435_761 % 1_000_003, radix: 36) }.joined()),
        Hostile(text: "'; DROP TABLE users; --"), Hostile(text: "\u{202E}{{x}}<script>%s\u{7F}\r\n"),
        Hostile(text: "infinity"), Hostile(text: "292277-01-01"), Hostile(text: "-4714-01-01"),
        Hostile(text: "9999-12-31"), Hostile(text: "0000-00-00"),
        Hostile(number: "-1"), Hostile(number: "0"), Hostile(number: "2147483648"),
        Hostile(number: "9223372036854775807"), Hostile(number: "-9223372036854775808"),
        Hostile(number: "99999999999999999999"), Hostile(number: "1e308"), Hostile(number: "-0.0001"),
        Hostile("[1,[2]]", "%5B1%5D"), Hostile(#"{"a":{}}"#, "%7B%7D"), Hostile("null", "null"),
        Hostile("true", "true"),
    ]

    /// The few that a page could trip over when it shows them again.
    private static let said = [nul, Hostile(#""\ud800""#, "%ED%A0%80"), script, Hostile(number: "-1")]
    private static let script = Hostile(text: "\u{202E}{{x}}<script>%s\u{7F}\r\n")

    /// What most fields want to be, so that the hostile one is reached.
    private static let honest: [String: String] = [
        "table": #""outbox""#, "keep_days": "7", "offer_id": "1", "share": "10", "pinned": "true", "name": #""x""#,
        "confirm": #""true""#, "range": #""7d""#, "role": #""buyer""#, "api_key": #""none""#, "revision": "1",
    ]

    /// Of those that end what the walk needs, nothing but the refusals is seen.
    private static func path(_ route: Route) -> String {
        route.pattern.replacing("{id:int}", with: route.pattern.hasPrefix("/users/tokens/") ? "999" : "1")
            .replacing("{object}", with: "users").replacing("{key}", with: "1")
            .replacing("{action}", with: "deactivate").replacing("{path*}", with: "x")
            // Nobody waits for a stream that has no end.
            .replacing("/postbacks/live/", with: "/postbacks/live/?once=1")
    }

    /// A program that may do everything, whose token no route has ended.
    private func program(_ desk: TestDesk) async throws -> Visitor {
        desk.program(token: try await desk.accounts.createToken(name: "t", role: .admin))
    }

    private struct Findings {
        var list: [String] = []

        mutating func note(_ answer: Visitor.Answer, _ what: String) {
            // On a busy machine the simulated Keitaro may be late, which is no failure of the desk.
            if answer.status == 504, answer.json["keitaro"] == "timeout" { return }
            if answer.status >= 500 { list.append("\(answer.status): \(what.prefix(300)): \(answer.text.prefix(300))") }
        }

        /// A walk whose token was ended on the way would see nothing but doors.
        mutating func noteInside(_ answer: Visitor.Answer, _ what: String) {
            note(answer, what)
            if answer.status == 401 { list.append("shut out: \(what.prefix(300))") }
        }
    }

    @Test func `no value in a query string or a path is answered with a failure`() async throws {
        try await withSyncedDesk { desk, _, _ in
            var found = Findings()
            let page = try await desk.named("person", .admin)
            for route in desk.routes where route.method == .get {
                let path = Self.path(route)
                let sign = path.contains("?") ? "&" : "?"
                let program = try await program(desk)
                let named = (route.description?.parameters ?? []).filter { $0.place == .query }.map(\.name)
                for name in Set(named + ["done", "q"]) {
                    for value in Self.values {
                        let target = "\(path)\(sign)\(name)=\(value.form)"
                        found.noteInside(try await program.get(target), target)
                    }
                    // What a page says back to its asker.
                    for value in Self.said where route.needsPerson {
                        let target = "\(path)\(sign)\(name)=\(value.form)"
                        found.noteInside(try await page.get(target), "page \(target)")
                    }
                }
                guard route.pattern.contains("{") else { continue }
                for value in Self.values {
                    let target = Self.filled(route.pattern, value.form)
                    found.note(try await program.get(target), target)
                }
            }
            #expect(found.list == [])
        }
    }

    /// Hostile in all places of the path at once, and with a kind that is there.
    private static func filled(_ pattern: String, _ value: String) -> String {
        pattern.split(separator: "/").map { part in
            part == "{object}" ? "users" : part.hasPrefix("{") ? value : String(part)
        }.reduce("") { $0 + "/" + $1 } + "/"
    }

    @Test func `no value in a JSON object or a form is answered with a failure`() async throws {
        try await withSyncedDesk { desk, _, _ in
            var found = Findings()
            for route in desk.routes where route.method == .post {
                let path = Self.path(route)
                let program = try await program(desk)
                let members = (route.description?.content?.fields.members ?? []).map(\.name)
                let free = route.pattern.hasPrefix("/admin/{object}") ? ["login_name", "mark", "confirm"] : []
                for name in members + free {
                    for value in Self.values {
                        let others = members.filter { $0 != name }.compactMap { other in
                            Self.honest[other].map { (other, $0) }
                        }
                        let json =
                            "{"
                            + (others + [(name, value.json)]).map { #""\#($0.0)": \#($0.1)"# }.joined(separator: ", ")
                            + "}"
                        found.noteInside(
                            try await program.with("Content-Type", "application/json")
                                .send(.post, path, Array(json.utf8)), "\(path) \(json)")
                        let form =
                            (others.map { ($0.0, Visitor.encode($0.1.filter { $0 != "\"" })) } + [(name, value.form)])
                            .map { "\($0.0)=\($0.1)" }.joined(separator: "&")
                        found.note(
                            try await program.with("Content-Type", "application/x-www-form-urlencoded")
                                .send(.post, path, Array(form.utf8)), "\(path) \(form)")
                    }
                }
            }
            #expect(found.list == [])
        }
    }

    @Test func `a NUL in a field is refused by name, wherever the field is read`() async throws {
        try await withSyncedDesk { desk, _, _ in
            let program = try await program(desk)
            for (path, json, field) in [
                ("/admin/data/retention/", #"{"table": "a\u0000", "keep_days": 1}"#, "table"),
                ("/users/settings/", #"{"name": "a\u0000"}"#, "name"),
                ("/admin/users/new/", #"{"login_name": "a\u0000", "role": "buyer"}"#, "login_name"),
                ("/campaigns/stats/", #"{"from": "\u0000"}"#, "from"),
            ] {
                let answer = try await program.with("Content-Type", "application/json")
                    .send(.post, path, Array(json.utf8))
                #expect(answer.status == 400, "\(path): \(answer.text)")
                #expect(answer.fields == [field], "\(path): \(answer.text)")
            }
            let form = try await program.postForm("/admin/data/retention/", [("table", "a\0"), ("keep_days", "1")])
            #expect(form.status == 400 && form.fields == ["table"])
            let query = try await program.get("/users/audit/?q=a%00")
            #expect(query.status == 400 && query.fields == ["q"])
        }
    }

    @Test func `no field of what is stored can be filtered or written into a failure`() async throws {
        try await withSyncedDesk { desk, _, _ in
            var found = Findings()
            let program = try await program(desk)
            let values = [Self.values[0], Self.values[1]] + Self.values.dropFirst(5)
            for object in TestDesk.things.objects {
                let list = "/admin/\(object.name)/"
                for name in object.fields.map(\.name) + ["sort"] {
                    for value in values {
                        let target = "\(list)?\(name)=\(value.form)"
                        found.note(try await program.get(target), target)
                    }
                }
                let first = try await program.get(list).json["rows"]?[0]?["key"]?.stringValue ?? "1"
                let edited = object.fields.filter { $0.rule != nil }.map { ("\(list)\(first)/", $0.name) }
                let added = (object.addition?.fields ?? []).map { ("\(list)new/", $0.name) }
                for (path, name) in edited + added {
                    for value in values {
                        let json = #"{"login_name": "x", "role": "buyer", "\#(name)": \#(value.json)}"#
                        found.note(
                            try await program.with("Content-Type", "application/json")
                                .send(.post, path, Array(json.utf8)), "\(path) \(json)")
                    }
                }
            }
            #expect(found.list == [])
        }
    }

    /// Contents that are not what the route takes, or nothing at all.
    private static let contents: [(type: String, bytes: [UInt8])] = [
        ("application/json", []), ("application/json", Array("[]".utf8)), ("application/json", Array("[".utf8)),
        ("application/json", Array("null".utf8)), ("application/json", Array("\"x\"".utf8)),
        ("application/json", Array("1e400".utf8)), ("application/json", Array(repeating: 0x5B, count: 60_000)),
        ("application/json", Array(#"{"a":"#.utf8) + [0xFF]), ("application/json", [0]),
        ("application/json", Array("name=x&confirm=true".utf8)), ("application/problem+json", Array("{}".utf8)),
        ("application/x-www-form-urlencoded", Array("%".utf8)), ("application/x-www-form-urlencoded", [0, 0xFF]),
        ("application/x-www-form-urlencoded", Array(repeating: 0x26, count: 60_000)),
        ("application/x-www-form-urlencoded", Array(String(repeating: "a=1&", count: 2_000).utf8)),
        ("application/x-www-form-urlencoded", Array("{}".utf8)), ("text/plain", Array("x".utf8)),
        ("multipart/form-data", Array("--".utf8)), ("multipart/form-data; boundary=x", Array("--x\r\n\r\n".utf8)),
        ("application/octet-stream", [UInt8](repeating: 0, count: 4_096)), ("", Array("{}".utf8)),
        (";;;", Array("{}".utf8)),
    ]

    @Test func `no content of a wrong kind is answered with a failure`() async throws {
        try await withSyncedDesk { desk, _, _ in
            var found = Findings()
            let page = try await desk.named("person", .admin)
            for route in desk.routes where route.method == .post {
                let path = Self.path(route)
                let program = try await program(desk)
                for (type, bytes) in Self.contents {
                    let what = "\(path) \(type) \(bytes.prefix(40))"
                    found.note(try await program.with("Content-Type", type).send(.post, path, bytes), what)
                    if !route.needsPerson {
                        found.note(try await desk.stranger.with("Content-Type", type).send(.post, path, bytes), what)
                    }
                    // A session that says goodbye is gone.
                    if route.name == "POST /users/logout/" { continue }
                    found.noteInside(try await page.with("Content-Type", type).send(.post, path, bytes), "page \(what)")
                }
            }
            #expect(found.list == [])
        }
    }

    /// What a client says about itself.
    private static let headers: [(String, String)] = [
        ("Accept", String(repeating: "text/html;q=9,", count: 200)), ("Accept-Language", "*;q=99999999999999999999,,;"),
        ("Accept-Encoding", "gzip;q=-1, ;q=, \u{1F980}"), ("Cookie", "sluice_session=%00; sluice_session; =;;"),
        ("Cookie", "sluice_login=\u{FF}"), ("Authorization", "Bearer "), ("Authorization", "Basic AAAA"),
        ("Authorization", "Bearer " + String(repeating: "x", count: 4_000)), ("X-CSRF-Token", "\u{E9}"),
        ("X-Forwarded-For", "::::, 999.1.1.1, %00"), ("X-Forwarded-For", String(repeating: "1.2.3.4,", count: 400)),
        ("Range", "bytes=9223372036854775807-9223372036854775808"), ("If-None-Match", "\"\"\",W/,*"),
        ("If-Modified-Since", "Sun, 99 Nov 99999 99:99:99 GMT"), ("Last-Event-ID", "-9223372036854775808"),
        ("Sluice-Fragment", "rows"), ("Sluice-Fragment", "../../etc"), ("User-Agent", "\u{1F980}\u{202E}"),
    ]

    @Test func `no header is answered with a failure`() async throws {
        try await withSyncedDesk { desk, _, _ in
            var found = Findings()
            let program = try await program(desk)
            for route in desk.routes where route.method == .get {
                let path = Self.path(route)
                for (name, value) in Self.headers {
                    let sender = name == "Authorization" || name == "Cookie" ? desk.stranger : program
                    found.note(try await sender.with(name, value).get(path), "\(path) \(name): \(value)")
                }
            }
            #expect(found.list == [])
        }
    }
}
