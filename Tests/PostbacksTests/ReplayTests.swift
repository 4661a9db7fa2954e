import Accounts
import Base
import Fetch
import Postbacks
import Postgres
import TestDesk
import Testing

/// From the URL of a profile to its log, and what goes that way again.
@Suite(.timeLimit(.minutes(10))) struct ReplayTests {
    private static func address(_ profile: JSON) throws -> String {
        let url = try #require(profile["url"]?.stringValue)
        let path = try #require(url.firstRange(of: "/integrations"))
        return String(url[path.lowerBound...].prefix { $0 != "&" })
    }

    @Test func `what comes to a profile's URL is in its log, with its message in the queue`() async throws {
        try await withDesk { desk in
            let admin = try await desk.program(.admin, name: "admin")
            let profile = try await PostbackScene.profile(admin, "A", ["chat_id": -1])
            let address = try Self.address(profile)
            let form = [("status", "sale"), ("subid", "c1"), ("tid", "t1"), ("revenue", "12,50"), ("currency", "usd")]
            #expect(try await desk.stranger.postForm(address, form).text == "ok")
            #expect(try await desk.stranger.postForm(address, form).text == "ok")
            let events = try await admin.get("/postbacks/").json["events"]?.arrayValue ?? []
            #expect(events.map { $0["outcome"] } == ["duplicate", "accepted"])
            #expect(events.map { $0["delivery"]?["state"] } == ["duplicate", "queued"])
            #expect(events.last?["revenue"] == "12.50" || events.last?["revenue"] == "12.5")
            #expect(events.last?["status"] == "deposit")
            // Not even the administrator's log tells the secret.
            let secret = String(address.split(separator: "=")[1])
            let raw = try await admin.get("/postbacks/raw/")
            #expect(!raw.text.contains(secret))
            #expect(raw.json["requests"]?.arrayValue?.map { $0["address"] } == ["127.0.0.1", "127.0.0.1"])
            let chart = try await admin.get("/postbacks/charts/?days=1")
            #expect(chart.json["series"]?[0]?["total"] == 1)
        }
    }

    @Test func `a test is told and counts for nothing`() async throws {
        try await withDesk { desk in
            let admin = try await desk.program(.admin, name: "admin")
            let profile = try await PostbackScene.profile(admin, "A", ["chat_id": -1])
            let path = "/postbacks/profiles/\(profile["id"]?.intValue ?? 0)/test/"
            #expect(try await admin.post(path, ["status": "rebill"]).status == 200)
            #expect(try await admin.post(path, ["status": "rebill"]).status == 200)
            let events = try await admin.get("/postbacks/").json["events"]?.arrayValue ?? []
            #expect(events.map { $0["origin"] } == ["test", "test"])
            #expect(events.allSatisfy { $0["outcome"] == "accepted" && $0["delivery"]?["state"] == "queued" })
            let conversions = try await desk.database.one("SELECT count(*) AS n FROM conversions")
            #expect(try conversions.get("n", Int64.self) == 0)
            #expect(try await admin.post(path, ["status": "maybe"]).fields == ["status"])
        }
    }

    @Test func `all that fit a filter are read anew, a part at a time, and told if that is wished`() async throws {
        try await withDesk { desk in
            let admin = try await desk.program(.admin, name: "admin")
            let profile = try await PostbackScene.profile(admin, "A", ["chat_id": -1])
            let id = profile["id"]?.intValue ?? 0
            // More than one part.
            try await PostbackScene.event(
                desk.database, profile: id, at: Timestamp.now().adding(.seconds(-3600)), status: "qualified",
                outcome: "unmapped", click: "0")
            try await desk.database.execute(
                "UPDATE postback_events SET fields = '{\"status\": \"qualified\", \"clickid\": \"0\"}'")
            try await desk.database.execute(
                """
                INSERT INTO postback_events
                SELECT (jsonb_populate_record(event, jsonb_build_object('id', gen_random_uuid(), 'click_id', number::text,
                    'fields', jsonb_build_object('status', 'qualified', 'clickid', number::text),
                    'created_at', event.created_at + number * interval '1 second'))).*
                FROM postback_events event, generate_series(1, 520) number
                """)
            try await PostbackScene.event(desk.database, profile: id, status: "deposit", click: "other")
            let path = "/postbacks/profiles/\(id)/"
            #expect(try await admin.post(path, ["status_mappings": ["qualified": "registration"]]).status == 200)
            #expect(await desk.readProfiles() == nil)
            let filter: JSON = ["profile": .string("\(id)"), "outcome": "unmapped"]
            let first = try await admin.post("/postbacks/replay/", ["filter": filter, "tell": true]).json
            #expect(first["replayed"] == 500)
            let more = try #require(first["more"])
            let second = try await admin.post("/postbacks/replay/", ["filter": filter, "after": more]).json
            #expect(second["replayed"] == 21 && second["more"] == .null)
            let told = try await desk.database.one("SELECT count(*) FROM telegram_messages").get(0, Int.self)
            #expect(told == 500)
            let conversions = try await desk.database.one(
                "SELECT count(*) FROM conversions WHERE status = 'registration'"
            ).get(0, Int.self)
            #expect(conversions == 521)
            // Replays and what was refused are not replayed, and somebody else's are not found.
            let refused = try await admin.post("/postbacks/replay/", ["filter": ["outcome": "refused"]]).json
            #expect(refused["replayed"] == 0 && refused["unchanged"] == 0)
            let buyer = try await desk.program(.buyer, name: "buyer")
            let foreign = try await buyer.post("/postbacks/replay/", ["filter": filter]).json
            #expect(foreign["replayed"] == 0 && foreign["missing"] == 0)
            let wrong = try await admin.post("/postbacks/replay/", ["filter": ["outcome": "maybe"]])
            #expect(wrong.fields == ["outcome"])
        }
    }

    @Test func `stored requests are read anew after a mapping was added, by those they belong to`() async throws {
        try await withDesk { desk in
            let buyer = try await desk.program(.buyer, name: "one")
            let other = try await desk.program(.buyer, name: "two")
            let profile = try await PostbackScene.profile(buyer, "A")
            let address = try Self.address(profile)
            let form = [("status", "qualified"), ("subid", "c1")]
            #expect(try await desk.stranger.postForm(address, form).text == "ok")
            let event = try #require(try await buyer.get("/postbacks/").json["events"]?[0])
            #expect(event["outcome"] == "unmapped")
            let place = try #require(event["place"])
            let path = "/postbacks/profiles/\(profile["id"]?.intValue ?? 0)/"
            let unchanged = try await buyer.post("/postbacks/replay/", ["events": [place]])
            #expect(unchanged.json["replayed"] == 0 && unchanged.json["unchanged"] == 1)
            #expect(try await buyer.post(path, ["status_mappings": ["qualified": "registration"]]).status == 200)
            // Every process drops its copy of the profile; ours is told as the others are.
            #expect(await desk.readProfiles() == nil)
            let foreign = try await other.post("/postbacks/replay/", ["events": [place]])
            #expect(foreign.json["missing"] == 1)
            let replayed = try await buyer.post("/postbacks/replay/", ["events": [place]])
            #expect(replayed.json["replayed"] == 1)
            let events = try await buyer.get("/postbacks/").json["events"]?.arrayValue ?? []
            #expect(events.map { $0["status"] } == ["registration", "qualified"])
            #expect(try await buyer.post("/postbacks/replay/", ["events": []]).fields == ["events"])
            #expect(try await buyer.post("/postbacks/replay/", [:]).fields == ["events"])
        }
    }

    @Test func `what a policy kept out counts once the policy is another`() async throws {
        try await withDesk { desk in
            let admin = try await desk.program(.admin, name: "admin")
            let profile = try await PostbackScene.profile(admin, "A", ["policies": ["rebill": "ignore"]])
            let path = "/postbacks/profiles/\(profile["id"]?.intValue ?? 0)/"
            let address = try Self.address(profile)
            for (status, revenue) in [("sale", "50"), ("rebill", "7")] {
                let form = [("status", status), ("subid", "c1"), ("tid", "t1"), ("revenue", revenue)]
                #expect(try await desk.stranger.postForm(address, form).text == "ok")
            }
            let ignored = try #require(try await admin.get("/postbacks/").json["events"]?[0])
            #expect(ignored["outcome"] == "ignored")
            let events: JSON = ["events": [ignored["place"] ?? .null]]
            #expect(try await admin.post("/postbacks/replay/", events).json["unchanged"] == 1)
            #expect(try await admin.post(path, ["policies": ["rebill": "increment"]]).status == 200)
            #expect(await desk.readProfiles() == nil)
            #expect(try await admin.post("/postbacks/replay/", events).json["replayed"] == 1)
            let revenue = try await desk.database.one("SELECT revenue::text FROM conversions")
            #expect(try revenue.get(0, String.self) == "57")
            #expect(try await admin.post("/postbacks/replay/", events).json["unchanged"] == 1)
        }
    }

    @Test func `an event that is named twice, by its place and its id, is one`() async throws {
        try await withDesk { desk in
            let admin = try await desk.program(.admin, name: "admin")
            let profile = try await PostbackScene.profile(admin, "A")
            let id = try await PostbackScene.event(desk.database, profile: profile["id"]?.intValue ?? 0)
            let place = try #require(try await admin.get("/postbacks/").json["events"]?[0]?["place"])
            let names: [JSON] = [
                .string(id), .string(id), place, .string(id.uppercased()), "00000000-0000-0000-0000-000000000001",
            ]
            let answer = try await admin.post("/postbacks/replay/", ["events": .array(names)]).json
            #expect(answer["unchanged"] == 1 && answer["missing"] == 1, "\(answer)")
        }
    }

    @Test func `a filter's status is the word that was sent`() async throws {
        try await withDesk { desk in
            let admin = try await desk.program(.admin, name: "admin")
            let profile = try await PostbackScene.profile(admin, "A")
            let address = try Self.address(profile)
            #expect(try await desk.stranger.postForm(address, [("status", "Qualified"), ("subid", "c1")]).text == "ok")
            let path = "/postbacks/profiles/\(profile["id"]?.intValue ?? 0)/"
            #expect(try await admin.post(path, ["status_mappings": ["qualified": "registration"]]).status == 200)
            #expect(await desk.readProfiles() == nil)
            let answer = try await admin.post("/postbacks/replay/", ["filter": ["status": "Qualified"]])
            #expect(answer.json["replayed"] == 1)
        }
    }
}
