import Base
import Fetch
import Postgres
import TestDesk
import Testing

/// Each route of the postbacks desk once, with an answer that isn't a problem.
enum PostbackWalk {
    static func take(_ desk: TestDesk, as admin: Visitor, browser: Visitor) async throws {
        func good(_ answer: Visitor.Answer) throws -> JSON {
            try #require((200..<400).contains(answer.status), "\(answer.text)")
            return answer.json
        }
        let made = try good(try await admin.post("/postbacks/profiles/", ["name": "Walk", "chat_id": -100]))
        let id = try #require(made["profile"]?["id"]?.intValue)
        let profile = "/postbacks/profiles/\(id)"
        let url = try #require(made["profile"]?["url"]?.stringValue)
        let path = try #require(url.firstRange(of: "/integrations"))
        let target = String(url[path.lowerBound...].prefix { $0 != "&" })
        #expect(try await desk.stranger.get("\(target)&status=sale").text == "ok")
        #expect(try await desk.stranger.postForm(target, [("click_id", "w-1")]).text == "ok")
        _ = try good(try await admin.post("\(profile)/", ["status_mappings": ["qualified": "registration"]]))
        _ = try good(try await admin.post("\(profile)/rotate/", ["grace_hours": 1]))
        _ = try good(try await admin.post("\(profile)/try/", ["profile": ["dedup_ttl_sec": 5]]))
        _ = try good(try await admin.post("\(profile)/preview/", ["template": "{campaign_name}"]))
        _ = try good(try await admin.post("\(profile)/test/", ["status": "rejected"]))
        let route = try good(try await admin.post("\(profile)/routes/", ["chat_id": -100, "statuses": ["deposit"]]))
        let routeID = try #require(route["route"]?["id"]?.intValue)
        _ = try good(try await admin.post("/postbacks/routes/\(routeID)/", ["priority": 5]))
        _ = try good(try await admin.get("/postbacks/routes/\(routeID)/"))
        let event: String = try await desk.database.one(
            """
            INSERT INTO postback_events (id, created_at, profile_id, origin, outcome, status, original_status, click_id,
                transaction_id, campaign_id, campaign_name, offer_id, offer_name, landing_id, landing_name, country, source,
                creative_id, currency, reason, fields, raw)
            VALUES (gen_random_uuid(), now(), \(id), 'keitaro', 'accepted', 'deposit', 'sale', 'c', 't', '7', 'C', '', '', '', '',
                'UA', '', '', 'USD', '', '{"status": "sale"}', '{"method": "GET", "target": "/x", "headers": {}, "body": ""}')
            RETURNING id
            """
        ).get("id")
        for path in [
            "/postbacks/", "/postbacks/?q=c", "/postbacks/live/?once=1", "/postbacks/summary/", "/postbacks/export/",
            "/postbacks/charts/", "/postbacks/raw/", "/postbacks/chats/", "/postbacks/routes/", "/postbacks/profiles/",
            "\(profile)/", "/postbacks/events/\(event)/",
        ] {
            _ = try good(try await admin.get(path))
        }
        _ = try good(try await admin.post("/postbacks/events/\(event)/resend/"))
        _ = try good(try await admin.post("/postbacks/replay/", ["events": [.string(event)]]))
        _ = try good(try await admin.post("/postbacks/chats/check/", ["chat_id": -100]))
        try await desk.database.execute("UPDATE users SET role = 'admin'")
        for path in [
            "/postbacks/", "/postbacks/charts/", "/postbacks/raw/", "/postbacks/routes/", "/postbacks/profiles/",
            "\(profile)/", "/postbacks/events/\(event)/",
        ] {
            _ = try good(try await browser.get(path))
        }
        let strip = try await browser.with("Sluice-Fragment", "strip").get("/postbacks/summary/")
        #expect(strip.text.contains("card-note"))
        let panel = try await browser.with("Sluice-Fragment", "panel").get("/postbacks/events/\(event)/")
        #expect(panel.text.contains("panel-raw"))
        let live = try await browser.get("/postbacks/live/?once=1&html=1")
        #expect(live.text.contains("event: events") && live.text.contains("<tr"))
        try await takeTracker(browser)
        _ = try good(try await admin.post("/postbacks/routes/\(routeID)/remove/"))
        _ = try good(try await admin.post("\(profile)/remove/"))
    }

    /// What is between a profile and its tracker, by somebody with a key.
    private static func takeTracker(_ browser: Visitor) async throws {
        let script = browser.accepting("application/json")
        let profile = try await script.post("/postbacks/profiles/", ["name": "Tracked", "reconcile": true])
        let id = try #require(profile.json["profile"]?["id"]?.intValue, "\(profile.text)")
        let campaigns = try await script.get("/campaigns/?state=active&sort=id&dir=asc").json["campaigns"]
        let campaign = try #require(campaigns?[0]?["keitaro_id"]?.intValue)
        let path = "/postbacks/profiles/\(id)/installation/"
        let shown = try await script.get("\(path)?target=\(campaign)")
        let revision = try #require(shown.json["plan"]?["revision"], "\(shown.text)")
        let installed = try await script.post(path, ["target": .string("\(campaign)"), "revision": revision])
        #expect(installed.status == 200, "\(installed.text)")
        let compared = try await script.post("/postbacks/reconciliation/run/", ["profile_id": .integer(id)])
        #expect(compared.status == 202, "\(compared.text)")
        for path in [path, "/postbacks/reconciliation/"] {
            for visitor in [script, browser] { #expect(try await visitor.get(path).status == 200) }
        }
    }
}
