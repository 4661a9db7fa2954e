import Accounts
import Base
import Fetch
import Postbacks
import Postgres
import TestDesk
import Testing

/// Profiles and their routes over the API.
@Suite(.timeLimit(.minutes(10))) struct ProfileTests {
    @Test func `a new profile has a URL of its own, whose secret the database can't tell`() async throws {
        try await withDesk { desk in
            let buyer = try await desk.program(.buyer, name: "buyer")
            let profile = try await PostbackScene.profile(buyer, "KZ", ["language": "uk", "chat_id": -100123])
            let url = try #require(profile["url"]?.stringValue)
            let id = try #require(profile["id"]?.intValue)
            #expect(url.hasPrefix("http://127.0.0.1:\(desk.port)/integrations/keitaro/postback?secret="))
            let secret = String(url.split(separator: "=")[1].prefix { $0 != "&" })
            #expect(secret.utf8.count == 32)
            let row = try await desk.database.one(
                "SELECT secret_lookup, secret_cipher FROM keitaro_profiles WHERE id = \(id)")
            let lookup: [UInt8] = try row.get("secret_lookup")
            let cipher: [UInt8] = try row.get("secret_cipher")
            let vault = PostbackVault(SecretKey(Secret("a secret of the tests alone")))
            #expect(vault.lookup(Secret(secret)) == lookup)
            #expect(try vault.open(cipher) == Secret(secret))
            let other = PostbackVault(SecretKey(Secret("another secret of the tests")))
            #expect(throws: (any Error).self) { try other.open(cipher) }
            let again = try await PostbackScene.profile(buyer, "KZ 2")
            #expect(again["url"] != profile["url"])
            let dump = try await desk.database.query("SELECT to_json(audit_log)::text AS line FROM audit_log")
            for line in dump { #expect(try !line.get("line", String.self).contains(secret)) }
        }
    }

    @Test func `a chat named by its number has a place in the queue, and a topic leaves with its chat`() async throws {
        try await withDesk { desk in
            let admin = try await desk.program(.admin, name: "admin")
            let profile = try await PostbackScene.profile(admin, "A", ["chat_id": -1005, "topic_id": 7])
            let path = "/postbacks/profiles/\(profile["id"]?.intValue ?? 0)/"
            #expect(profile["topic_id"] == 7)
            let chats = try await admin.get("/postbacks/chats/")
            #expect(chats.json["chats"]?[0]?["id"] == -1005)
            let moved = try await admin.post(path, ["chat_id": -1006])
            #expect(moved.json["profile"]?["chat_id"] == -1006)
            #expect(moved.json["profile"]?["topic_id"] == .null)
        }
    }

    @Test func `only what is named changes, and the audit log says what`() async throws {
        try await withDesk { desk in
            let admin = try await desk.program(.admin, name: "admin")
            let profile = try await PostbackScene.profile(admin, "A", ["dedup_ttl_sec": 60])
            let path = "/postbacks/profiles/\(profile["id"]?.intValue ?? 0)/"
            let answer = try await admin.post(
                path,
                ["status_mappings": ["Qualified ": "registration"], "policies": ["rebill": "new"], "enabled": false])
            let edited = try #require(answer.json["profile"])
            #expect(edited["status_mappings"] == ["qualified": "registration"])
            #expect(edited["policies"] == ["rebill": "new"])
            #expect(edited["enabled"] == false)
            #expect(edited["dedup_ttl_sec"] == 60)
            #expect(edited["url"] == profile["url"])
            let line = try await desk.database.one(
                "SELECT before, after FROM audit_log WHERE object = 'postback profile A' ORDER BY id DESC LIMIT 1")
            #expect(try line.get("before", String.self) == "enabled: true; mappings: {}; policies: {}")
            #expect(
                try line.get("after", String.self)
                    == "enabled: false; mappings: {\"qualified\":\"registration\"}; policies: {\"rebill\":\"new\"}")
        }
    }

    @Test func `who ends the comparison leaves the profile at its tracker`() async throws {
        try await withDesk { desk in
            let admin = try await desk.program(.admin, name: "admin")
            let profile = try await PostbackScene.profile(admin, "A", ["reconcile": true])
            #expect(profile["reconciles"] == true)
            let keyless = try await desk.program(.admin, key: nil, name: "keyless")
            let answer = try await keyless.post(
                "/postbacks/profiles/\(profile["id"]?.intValue ?? 0)/", ["reconcile": false])
            #expect(answer.json["profile"]?["reconciles"] == false)
            #expect(answer.json["profile"]?["tracker"] == profile["tracker"])
            #expect(profile["tracker"]?.stringValue != nil)
        }
    }

    struct Refusal: CustomTestStringConvertible, Sendable {
        let content: JSON
        let field: String
        init(_ content: JSON, _ field: String) { (self.content, self.field) = (content, field) }
        var testDescription: String { content.text }
    }

    @Test(arguments: [
        Refusal(["name": ""], "name"), Refusal(["name": .string(String(repeating: "x", count: 81))], "name"),
        Refusal(["chat_id": "many"], "chat_id"), Refusal(["chat_id": 0], "chat_id"),
        Refusal(["language": "de"], "language"), Refusal(["enabled": "maybe"], "enabled"),
        Refusal(["rate_limit_rps": 0], "rate_limit_rps"), Refusal(["dedup_ttl_sec": -1], "dedup_ttl_sec"),
        Refusal(["dedup_ttl_sec": 1e300], "dedup_ttl_sec"), Refusal(["policies": ["deposit": "double"]], "policies"),
        Refusal(["status_mappings": [1, 2]], "status_mappings"),
        Refusal(["status_mappings": ["a": 1]], "status_mappings"),
    ])
    func `what can't be is refused by its name and changes nothing`(_ refusal: Refusal) async throws {
        try await withDesk { desk in
            let admin = try await desk.program(.admin, name: "admin")
            let profile = try await PostbackScene.profile(admin, "A")
            let path = "/postbacks/profiles/\(profile["id"]?.intValue ?? 0)/"
            let answer = try await admin.post(path, refusal.content)
            #expect(answer.status == 422)
            #expect(answer.fields == [refusal.field])
            #expect(try await admin.get(path).json["profile"] == profile)
        }
    }

    @Test(arguments: [
        Refusal(["match": "campaign_id"], "match_value"), Refusal(["match": "offer"], "match"),
        Refusal(["chat_id": .null], "chat_id"), Refusal(["quiet_from": "08:00"], "quiet_until"),
        Refusal(["quiet_from": "24:00", "quiet_until": "08:00"], "quiet_from"),
        Refusal(["quiet_from": "23:00", "quiet_until": "08:00", "quiet_zone": "Mars/Base"], "quiet_zone"),
        Refusal(["quiet_from": "23:00", "quiet_until": "08:00", "quiet_zone": "../../../etc/passwd"], "quiet_zone"),
        Refusal(["priority": -1], "priority"),
    ])
    func `a route that can't be is refused by its field`(_ refusal: Refusal) async throws {
        try await withDesk { desk in
            let admin = try await desk.program(.admin, name: "admin")
            let profile = try await PostbackScene.profile(admin, "A")
            var content: JSON = ["chat_id": 5, "match": "any"]
            for member in refusal.content.objectValue ?? [:] { content[member.key] = member.value }
            let answer = try await admin.post(
                "/postbacks/profiles/\(profile["id"]?.intValue ?? 0)/routes/", content)
            #expect(answer.status == 422)
            #expect(answer.fields == [refusal.field])
        }
    }

    @Test func `pages keep statuses of one's own, and a log that a link narrowed stays narrowed`() async throws {
        try await withDesk { desk in
            let admin = try await desk.program(.admin, name: "admin")
            let profile = try await PostbackScene.profile(admin, "A")
            let path = "/postbacks/profiles/\(profile["id"]?.intValue ?? 0)/"
            _ = try await admin.post(
                path,
                [
                    "policies": ["kyc": "ignore"], "templates": ["vip": "VIP {click_id}"],
                    "status_mappings": ["qualified": "checked"],
                ])
            _ = try await admin.post(path + "routes/", ["chat_id": 5, "statuses": ["kyc"]])
            let browser = try await desk.browser()
            try await desk.database.execute(
                "UPDATE keitaro_profiles SET user_id = (SELECT id FROM users ORDER BY id DESC LIMIT 1)")
            let page = try await browser.get(path).text
            for name in ["policy.kyc", "policy.vip", "policy.checked", "template.vip", "template.kyc"] {
                #expect(page.contains("name=\"\(name)\""), "\(name)")
            }
            #expect(page.contains("VIP {click_id}"))
            let routes = try await browser.get("/postbacks/routes/").text
            for status in ["kyc", "checked", "deposit"] {
                #expect(routes.contains("name=\"statuses\" value=\"\(status)\""), "\(status)")
            }
            let log = try await browser.get("/postbacks/?campaign=7&outcome=duplicate&q=x").text
            #expect(log.contains(#"<input type="hidden" name="campaign" value="7">"#))
            #expect(log.contains(#"<input type="hidden" name="outcome" value="duplicate">"#))
            #expect(!log.contains(#"<input type="hidden" name="q""#))
        }
    }

    @Test func `a route is made, changed, found in its order and removed`() async throws {
        try await withDesk { desk in
            let admin = try await desk.program(.admin, name: "admin")
            let profile = try await PostbackScene.profile(admin, "A")
            let path = "/postbacks/profiles/\(profile["id"]?.intValue ?? 0)/"
            let last = try await admin.post(path + "routes/", ["chat_id": 5, "priority": 20])
            let first = try await admin.post(
                path + "routes/",
                [
                    "chat_id": 6, "priority": 10, "match": "campaign_id", "match_value": "4127",
                    "statuses": ["Deposit", "rebill"], "countries": ["kz", "ua"], "quiet_from": "23:30",
                    "quiet_until": "08:00", "quiet_zone": "Asia/Almaty", "quiet_mode": "digest", "continues": true,
                ])
            #expect(last.status == 201 && first.status == 201)
            let route = try #require(first.json["route"])
            #expect(route["statuses"] == ["deposit", "rebill"])
            #expect(route["countries"] == ["KZ", "UA"])
            #expect(route["quiet_from"] == "23:30" && route["quiet_until"] == "08:00")
            let routes = try await admin.get(path).json["profile"]?["routes"]?.arrayValue ?? []
            #expect(routes.map { $0["priority"] } == [10, 20])
            let id = try #require(route["id"]?.intValue)
            let edited = try await admin.post("/postbacks/routes/\(id)/", ["quiet_from": .null, "quiet_until": .null])
            #expect(edited.json["route"]?["quiet_from"] == .null)
            #expect(edited.json["route"]?["match_value"] == "4127")
            #expect(try await admin.post("/postbacks/routes/\(id)/remove/").status == 200)
            #expect(try await admin.get("/postbacks/routes/\(id)/").status == 404)
            #expect(try await admin.get("/postbacks/routes/").json["routes"]?.arrayValue?.count == 1)
        }
    }

    @Test func `a new secret comes with a grace time for the old one`() async throws {
        try await withDesk { desk in
            let admin = try await desk.program(.admin, name: "admin")
            let profile = try await PostbackScene.profile(admin, "A")
            let id = profile["id"]?.intValue ?? 0
            let before: [UInt8] = try await desk.database.one(
                "SELECT secret_lookup FROM keitaro_profiles WHERE id = \(id)"
            ).get("secret_lookup")
            let answer = try await admin.post("/postbacks/profiles/\(id)/rotate/", ["grace_hours": 2])
            #expect(answer.json["profile"]?["url"] != profile["url"])
            #expect(answer.json["profile"]?["old_secret_until"]?.stringValue != nil)
            let row = try await desk.database.one(
                """
                SELECT old_secret_lookup, old_secret_until BETWEEN now() + interval '119 minutes'
                    AND now() + interval '2 hours' AS is_right FROM keitaro_profiles WHERE id = \(id)
                """)
            #expect(try row.get("old_secret_lookup", [UInt8].self) == before)
            #expect(try row.get("is_right", Bool.self))
            let atOnce = try await admin.post("/postbacks/profiles/\(id)/rotate/", ["grace_hours": 0])
            #expect(atOnce.json["profile"]?["old_secret_until"] == .null)
        }
    }

    @Test func `buyers have their own profiles, administrators all, analysts read them without URLs`() async throws {
        try await withDesk { desk in
            let one = try await desk.program(.buyer, name: "one")
            let two = try await desk.program(.buyer, name: "two")
            let admin = try await desk.program(.admin, name: "admin")
            let analyst = try await desk.program(.analyst, name: "analyst")
            let profile = try await PostbackScene.profile(one, "Mine")
            let path = "/postbacks/profiles/\(profile["id"]?.intValue ?? 0)/"
            let event = try await PostbackScene.event(desk.database, profile: profile["id"]?.intValue ?? 0)
            let writes: [(path: String, content: JSON)] = [
                (path, ["name": "Yours"]), (path + "rotate/", [:]), (path + "remove/", [:]),
                (path + "routes/", ["chat_id": 5]),
            ]
            for (write, content) in writes {
                #expect(try await two.post(write, content).status == 404)
                #expect(try await analyst.post(write).status == 403)
            }
            #expect(try await two.get(path).status == 404)
            #expect(try await two.get("/postbacks/profiles/").json["profiles"] == [])
            #expect(try await two.get("/postbacks/").json["events"] == [])
            #expect(try await two.get("/postbacks/events/\(event)/").status == 404)
            #expect(try await two.post("/postbacks/events/\(event)/resend/").status == 404)
            let read = try await analyst.get(path)
            #expect(read.json["profile"]?["name"] == "Mine")
            #expect(read.json["profile"]?["url"] == .null)
            #expect(try await analyst.get("/postbacks/").json["events"]?.arrayValue?.count == 1)
            #expect(try await admin.get(path).json["profile"]?["url"] == profile["url"])
            #expect(try await admin.post(path, ["name": "Ours"]).status == 200)
            #expect(try await one.post(path + "remove/").status == 200)
            #expect(try await admin.get(path).status == 404)
            // What it received stays.
            #expect(try await admin.get("/postbacks/").json["events"]?.arrayValue?.count == 1)
        }
    }

    @Test func `copies of profiles are told of each change`() async throws {
        try await withDesk { desk in
            let admin = try await desk.program(.admin, name: "admin")
            let notices = try desk.database.notifications(on: PostbackChannel.profiles)
            // Once it listens, whatever was before may have been missed.
            #expect(await notices.next() == .mayHaveMissed)
            let profile = try await PostbackScene.profile(admin, "A")
            #expect(await notices.next() == .said(""))
            _ = try await admin.post(
                "/postbacks/profiles/\(profile["id"]?.intValue ?? 0)/routes/", ["chat_id": 5])
            #expect(await notices.next() == .said(""))
        }
    }
}
