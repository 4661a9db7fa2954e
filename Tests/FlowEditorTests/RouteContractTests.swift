import Accounts
import Base
import Fetch
import HTTP
import Postgres
import TestDesk
import Testing

/// The description of the API and the API itself.
@Suite(.timeLimit(.minutes(10))) struct RouteContractTests {
    @Test func `every route is described, and every part of its path`() async throws {
        try await withSyncedDesk { desk, _, _ in
            #expect(desk.routes.count > 25)
            for route in desk.routes {
                let description = try #require(route.description, "\(route.name)")
                #expect(!description.answers.isEmpty && !route.summary.isEmpty, "\(route.name)")
                #expect(route.pathParameters.allSatisfy { $0.note?.isEmpty == false }, "\(route.name)")
                let parts = Set(route.pathParameters.map(\.name))
                for parameter in description.parameters where parameter.place == .path {
                    #expect(parts.contains(parameter.name), "\(route.name) has no \(parameter.name)")
                }
                #expect((description.content != nil) == (route.method == .post), "\(route.name)")
            }
        }
    }

    /// The desk compares each answer with its description; this makes sure that each route gave one.
    @Test func `every route's answer is as described`() async throws {
        try await withSyncedDesk { desk, admin, _ in
            let scene = try await FlowScene(desk, visitor: admin)
            let row = try await scene.row(scene.offers[0])
            let flow = "/campaigns/flow/\(scene.flowID)"
            func good(_ answer: Visitor.Answer) throws {
                try #require((200..<400).contains(answer.status), "\(answer.text)")
            }
            try good(try await scene.post("add-offer", ["offer_id": .integer(scene.offers[4])]))
            try good(try await scene.post("remove", row: scene.offers[1]))
            try good(try await scene.post("bring-back", row: scene.offers[1]))
            try good(try await admin.post("/campaigns/flow-offer/\(row)/pin/", ["pinned": true]))
            try good(try await admin.post("\(flow)/cancel/"))
            try good(try await admin.post("\(flow)/restore-draft/"))
            try good(try await admin.post("\(flow)/push/"))
            let pushID = try #require(try await admin.get("/campaigns/pushes/").json["pushes"]?[0]?["id"]?.intValue)
            try good(try await admin.get("/campaigns/pushes/\(pushID)/"))
            try good(try await admin.post("/campaigns/pushes/\(pushID)/undo/"))
            try await desk.keitaro.setShares(ofStream: scene.streamID, Array(scene.base.prefix(2)))
            try good(try await admin.get("/campaigns/\(scene.campaignID)/check-sync/"))
            #expect(try await admin.post("\(flow)/push/").status == 409)
            try good(try await admin.get("/campaigns/pushes/?flow=\(scene.flowID)"))
            try good(try await admin.post("\(flow)/resolve/", ["use": "keitaro"]))
            try good(try await scene.edit().isEmpty ? admin.get("/") : admin.get("\(flow)/"))
            try good(try await admin.get("/campaigns/\(scene.campaignID)/"))
            let keitaroID = try #require(
                try await admin.get("/campaigns/\(scene.campaignID)/").json["campaign"]?["keitaro_id"]?.intValue)
            try good(try await admin.post("/campaigns/stats/"))
            try good(
                try await admin.post(
                    "/campaigns/stats/", ["by": "offer", "campaign_ids": [.integer(keitaroID)], "period": "today"]))
            try good(try await admin.post("/campaigns/sync-campaigns/"))
            try good(try await admin.post("/users/login/", ["api_key": "demo-admin-key"]))
            try good(try await admin.post("/users/settings/", ["name": "Ann"]))
            try good(try await admin.get("/users/settings/login/"))
            let token = try await desk.accounts.invite(loginName: "Ann", role: .buyer)
            try good(try await desk.stranger(accepting: "text/html").get("/users/invitation/?token=\(token)"))
            let form = try await desk.loginForm()
            try good(
                try await form.visitor.postForm(
                    "/users/invitation/",
                    [("token", token), ("password", "a password of the tests"), ("csrf_token", form.token)]))
            let keeper = try await desk.program(.admin, key: nil, name: "keeper")
            try good(try await keeper.get("/admin/data/"))
            try good(try await keeper.post("/admin/data/retention/", ["table": "sessions", "keep_days": 2]))
            let people = try await keeper.get("/admin/data/").json["people"]?.arrayValue ?? []
            let ann = try #require(people.last { $0["name"] == "Ann" && $0["pushes"] == 0 }?["id"]?.intValue)
            try good(try await keeper.post("/admin/data/people/\(ann)/export/"))
            try good(try await keeper.get("/admin/data/people/\(ann)/erase/"))
            try good(try await keeper.post("/admin/data/people/\(ann)/erase/", ["confirm": "Ann"]))
            try good(try await admin.get("/openapi.json"))
            try good(try await admin.get("/metrics"))
            let browser = try await desk.browser()
            try good(try await browser.post("/users/settings/login/", ["api_key": "demo-admin-key"]))
            for path in [
                "/", "/campaigns/", "/campaigns/\(scene.campaignID)/", "/campaigns/pushes/", "/users/logout/", "/docs",
                "/redoc",
            ] {
                try good(try await browser.get(path))
            }
            let script = browser.accepting("application/json")
            let made = try await script.post("/users/tokens/", ["name": "t", "expires": "90d"])
            try good(made)
            try good(try await script.get("/users/tokens/"))
            try good(try await script.post("/users/tokens/\(try #require(made.json["id"]?.intValue))/revoke/"))
            try good(try await script.post("/users/telegram/"))
            try await desk.database.execute(
                "INSERT INTO telegram_people (telegram_id, user_id) SELECT 4100, user_id FROM telegram_link_codes")
            try good(try await script.get("/users/telegram/"))
            try good(try await browser.get("/users/telegram/"))
            try good(try await script.post("/users/telegram/4100/unlink/"))
            let auditor = try await desk.program(.admin, key: nil, name: "auditor")
            try good(try await auditor.get("/users/audit/"))
            try good(try await auditor.get("/users/audit/export/?person=Ann"))
            for path in ["/admin/", "/admin/users/", "/admin/users/new/", "/admin/users/1/", "/admin/users/1/close/"] {
                try good(try await auditor.get(path))
            }
            let new: JSON = ["login_name": "New", "role": "buyer"]
            let person = try await auditor.post("/admin/users/new/", new)
            try good(person)
            let page = "/admin/users/\(try #require(person.json["key"]?.stringValue))"
            try good(try await auditor.post("\(page)/", ["name": "Newer"]))
            try good(try await auditor.post("\(page)/close/", ["confirm": true]))
            _ = try await desk.addPostbackProfile(secret: "secret-of-the-walk")
            let address = "/integrations/keitaro/postback?secret=secret-of-the-walk"
            try good(try await desk.stranger.get("\(address)&status=lead&subid=c"))
            try good(try await desk.stranger.postForm(address, [("status", "sale"), ("subid", "c")]))
            try await PostbackWalk.take(desk, as: auditor, browser: browser)
            try good(try await script.postForm("/users/logout/", []))
            let silent = desk.routes.map(\.name).filter { $0 != "GET /" && !desk.contract.answered.contains($0) }
            #expect(silent.isEmpty, "\(silent)")
            #expect(desk.contract.breaches.isEmpty)
        }
    }

    @Test func `an answer with anything that is not described is a breach`() throws {
        let described = RouteDescription(
            "Things",
            answers: [
                .json(.object([.required("id", .integer)]), "A thing."), .page("A page."),
                .redirect("Elsewhere.", status: .found),
            ])
        let problem = HTTPError(.notFound, detail: "gone").problem(requestID: "1")
        var halfProblem = problem
        halfProblem.body = (["type": "about:blank", "status": 404] as JSON).bytes
        let table: [(answer: Response, breach: String?)] = [
            (.json(["id": 1]), nil), (.html([]), nil), (.redirect(to: "/", .found), nil), (problem, nil),
            (.html([], status: .notFound), nil), (.json(["id": "1"]), "/id: a string instead of an integer"),
            (.json([:]), "/id: absent"), (.json(["id": 1, "more": 2]), "/more: not described"),
            (.json(["id": 1], status: .accepted), "status 202 is not described"),
            (.text("1"), "content of type \"text/plain\" is not described for status 200"),
            (Response(.found), "content of type \"\" is not described for status 302"),
            (halfProblem, "/title: absent"),
        ]
        for (answer, breach) in table { #expect(described.mismatch(of: answer) == breach) }
    }
    @Test func `the way to the login page belongs to every route that needs somebody, to no other`() {
        func route(_ method: HTTP.Method, _ access: Access) -> Route {
            var route = Route(method, "/things/", access: access, summary: "Things") { _ in Response() }
            route.description = RouteDescription("Things", answers: [.page("Things.")])
            return route
        }
        let login = Response.redirect(to: "/users/login/?next=%2Fthings%2F", .found)
        #expect(route(.get, .signedIn).mismatch(of: login) == nil)
        for (route, answer) in [
            (route(.get, .anyone), login), (route(.get, .known), login), (route(.post, .signedIn), login),
            (route(.get, .signedIn), Response.redirect(to: "/elsewhere/", .found)),
        ] {
            #expect(route.mismatch(of: answer) == "status 302 is not described")
        }
    }

    @Test func `the pages show every operation in three languages, to strangers too`() async throws {
        try await withSyncedDesk { desk, _, _ in
            let stranger = desk.stranger(accepting: "text/html")
            for (language, word) in [("en", "Parameters"), ("uk", "Параметри"), ("ru", "Параметры")] {
                for path in ["/docs", "/redoc"] {
                    let page = try await stranger.with("Accept-Language", language).get(path)
                    #expect(page.status == 200 && page.text.contains(">\(word)<"), "\(path) \(language)")
                    for route in desk.routes where route.description != nil {
                        #expect(page.text.contains("id=\"\(OpenAPIDocument.operationID(route))\""), "\(route.name)")
                    }
                    #expect(!page.text.contains(" style=") && !page.text.contains("onclick="))
                }
            }
            let page = try await desk.browser().get("/docs").text
            #expect(page.contains("data-path=\"/campaigns/flow/{id}/push/\"") && page.contains("data-place=\"path\""))
            #expect(!page.contains("%2Fdocs"), "whoever is logged in is not sent to log in")
            #expect(try await stranger.get("/redoc").text.contains("flow.offers[].share"))
            for path in ["/docs", "/redoc"] {
                let page = try await stranger.with("Accept-Language", "en").get(path).text
                #expect(page.contains("For these roles: admin, analyst, buyer"), "\(path)")
            }
            let document = try await stranger.get("/openapi.json")
            #expect(
                document.json["paths"]?["/campaigns/"]?["get"]?["x-access"] == ["admin", "analyst", "buyer"])
            let known = stranger.with("If-None-Match", document.headers["etag"] ?? "")
            #expect(try await known.get("/openapi.json").status == 304)
        }
    }
}
