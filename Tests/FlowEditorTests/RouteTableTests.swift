import Base
import Fetch
import HTTP
import Postgres
import TestDesk
import Testing

/// What holds for every route of the desk: who may call it, with what, and in which form it answers.
@Suite(.timeLimit(.minutes(10))) struct RouteTableTests {
    private static func path(_ route: Route) -> String {
        var path = route.pattern.replacing("{id:int}", with: "1")
        for name in ["object", "key", "action", "place"] { path = path.replacing("{\(name)}", with: "x") }
        return path
    }

    @Test func `a stranger is sent to the login page, a program is told to log in`() async throws {
        try await withSyncedDesk { desk, _, _ in
            let protected = desk.routes.filter { $0.access.needsPerson }
            #expect(protected.count > 20)
            let browser = desk.stranger(accepting: "text/html,application/xhtml+xml")
            for route in protected {
                let path = Self.path(route)
                let isRead = route.method == .get
                let page = isRead ? try await browser.get(path) : try await browser.postForm(path, [])
                if isRead {
                    #expect(page.status == 302, "\(path)")
                    let next = path.split(separator: "/", omittingEmptySubsequences: false).joined(separator: "%2F")
                    #expect(page.headers["location"] == "/users/login/?next=\(next)")
                } else {
                    #expect(page.status == 401, "\(path)")
                }
                let program = isRead ? try await desk.stranger.get(path) : try await desk.stranger.post(path)
                #expect(program.status == 401 && program.headers["www-authenticate"] == "Bearer", "\(path)")
                #expect(program.headers["content-type"] == "application/problem+json")
                let guess = desk.program(token: "sluice_" + String(repeating: "A", count: 43))
                #expect(try await (isRead ? guess.get(path) : guess.post(path)).status == 401, "\(path)")
                #expect(try await (isRead ? desk.program(token: "x").get(path) : guess.post(path)).status == 401)
            }
            #expect(
                try await browser.get("/campaigns/?q=a%20b&sort=name").headers["location"]?.hasSuffix(
                    "next=%2Fcampaigns%2F%3Fq%3Da%2520b%26sort%3Dname") == true)
        }
    }

    @Test func `a form without the session's token changes nothing`() async throws {
        try await withSyncedDesk { desk, _, _ in
            let browser = try await desk.browser()
            // Whoever may do everything, so that nothing but the missing token is in the way.
            try await desk.database.execute("UPDATE users SET role = 'admin'")
            for route in desk.routes where route.method == .post && route.access.needsPerson {
                let path = Self.path(route)
                for token in [nil, "", "wrong"] as [String?] {
                    var forger = browser
                    forger.csrfToken = token
                    let form = try await forger.postForm(path, [("share", "50")])
                    #expect(form.status == 403 && form.text.contains("The form was too old"), "\(path): \(form.status)")
                    let json = try await forger.post(path, ["csrf_token": .string(browser.csrfToken ?? "")])
                    #expect(json.status == 403, "\(path): \(json.status)")
                }
            }
            #expect(try await browser.get("/campaigns/").status == 200)
        }
    }

    @Test func `a token in the form serves as one in the header`() async throws {
        try await withSyncedDesk { desk, _, _ in
            var browser = try await desk.browser()
            let token = try #require(browser.csrfToken)
            browser.csrfToken = nil
            let saved = try await browser.postForm("/users/settings/", [("name", "Ann"), ("csrf_token", token)])
            #expect(saved.status == 303)
            #expect(try await browser.get("/campaigns/").text.contains("Ann"))
        }
    }

    @Test func `a trailing slash never matters, HEAD answers as GET without content`() async throws {
        try await withSyncedDesk { desk, admin, _ in
            let scene = try await FlowScene(desk, visitor: admin)
            _ = try await scene.edit()
            let push = try await scene.post("push").json["push"]?["id"]?.intValue ?? 0
            let browser = try await desk.browser()
            let paths = [
                "/campaigns/", "/campaigns/\(scene.campaignID)/", "/campaigns/\(scene.campaignID)/check-sync/",
                "/campaigns/flow/\(scene.flowID)/", "/campaigns/pushes/", "/campaigns/pushes/\(push)/",
                "/campaigns/offers/autocomplete/",
            ]
            for path in paths {
                let bare = String(path.dropLast())
                for visitor in [admin, browser] {
                    let full = try await visitor.get(path)
                    #expect(full.status == 200, "\(path)")
                    #expect(try await visitor.get(bare).status == 200, "\(bare)")
                    let head = try await visitor.head(path)
                    #expect(head.status == 200 && head.body.isEmpty, "\(path)")
                    #expect(head.headers["content-type"] == full.headers["content-type"])
                    #expect(full.headers["vary"] == "Accept, Sluice-Fragment")
                    #expect(full.headers["x-request-id"]?.count == 16)
                }
            }
            #expect(try await admin.head("/").status == 302)
            #expect(try await admin.get("/").headers["location"] == "/campaigns/")
            #expect(try await admin.post("/campaigns/flow/\(scene.flowID)/cancel").status == 200)
            #expect(try await admin.get("/campaigns/flow/\(scene.flowID)/cancel/").status == 405)
            #expect(try await admin.get("/campaigns/nowhere/").status == 404)
        }
    }

    @Test func `pages speak the three languages and carry no inline script`() async throws {
        try await withSyncedDesk { desk, admin, _ in
            let scene = try await FlowScene(desk, visitor: admin)
            _ = try await scene.edit()
            let browser = try await desk.browser()
            for (language, word) in [("en", "Push to Keitaro"), ("uk", "Keitaro"), ("ru", "Keitaro")] {
                #expect(try await browser.postForm("/users/settings/", [("language", language)]).status == 303)
                for path in ["/campaigns/", "/campaigns/\(scene.campaignID)/", "/campaigns/pushes/", "/users/logout/"] {
                    let page = try await browser.get(path)
                    #expect(page.status == 200 && page.text.contains("lang=\"\(language)\""), "\(path)")
                    #expect(page.headers["content-security-policy"]?.contains("default-src 'none'") == true)
                    #expect(!page.text.contains(" style=\"") && !page.text.contains(" onclick="), "\(path)")
                }
                #expect(try await browser.get("/campaigns/\(scene.campaignID)/").text.contains(word))
            }
        }
    }

    @Test func `pieces of pages come on request`() async throws {
        try await withSyncedDesk { desk, admin, _ in
            let scene = try await FlowScene(desk, visitor: admin)
            let draft = try await scene.edit()
            let browser = try await desk.browser()
            let rows = try await browser.with("Sluice-Fragment", "rows").get("/campaigns/?drafts=1")
            #expect(rows.status == 200 && !rows.text.contains("<html"))
            let script = browser.accepting("application/json")
            let piece = script.with("Sluice-Fragment", "flow")
            let row = try await scene.row(scene.offers[0])
            let card = try await piece.post("/campaigns/flow-offer/\(row)/update-share/", ["share": 55])
            #expect(card.json["html"]?.stringValue?.contains("<") == true)
            let fetched = try await script.with("Sluice-Fragment", "flows")
                .post("/campaigns/\(scene.campaignID)/fetch-streams/")
            #expect(fetched.json["html"]?.stringValue?.contains("<") == true)
            let sync = try await script.with("Sluice-Fragment", "sync").get(
                "/campaigns/\(scene.campaignID)/check-sync/")
            #expect(sync.json["html"]?.stringValue?.contains("<") == true)
            try await desk.keitaro.setShares(ofStream: scene.streamID, [draft[0], draft[1]])
            let drift = try await script.with("Sluice-Fragment", "sync").get(
                "/campaigns/\(scene.campaignID)/check-sync/")
            #expect(drift.json["html"]?.stringValue?.contains("<") == true && drift.json["in_sync"] == false)
            let conflict = try await piece.post("/campaigns/flow/\(scene.flowID)/push/")
            #expect(conflict.status == 409 && conflict.json["html"]?.stringValue?.contains("<") == true)
            let listed = try await browser.with("Sluice-Fragment", "rows").get("/campaigns/pushes/")
            #expect(listed.status == 200 && !listed.text.contains("<html"))
            let id = try #require(try await admin.get("/campaigns/pushes/").json["pushes"]?[0]?["id"]?.intValue)
            let state = try await piece.get("/campaigns/pushes/\(id)/")
            #expect(state.json["html"]?.stringValue != nil && state.json["conflict_html"]?.stringValue != nil)
            #expect(state.json["push"]?["message"]?.stringValue?.contains("Keitaro changed Flow 1") == true)
        }
    }
}
