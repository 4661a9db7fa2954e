import Accounts
import Base
import Fetch
import HTTP
import TestDesk
import Testing

/// Every route of the desk, walked by every role and by nobody.
@Suite(.timeLimit(.minutes(10))) struct RoleTableTests {
    private static let everyone = Set(Role.allCases)
    private static let readers: Set<Role> = [.admin, .buyer, .analyst]
    private static let writers: Set<Role> = [.admin, .buyer]

    /// Written by hand: a route that is not here, or whose roles change, fails.
    private static let table: [String: Set<Role>] = [
        "GET /users/logout/": everyone,
        "POST /users/logout/": everyone,
        "POST /users/settings/": everyone,
        "GET /users/settings/login/": everyone,
        "POST /users/settings/login/": everyone,
        "GET /users/tokens/": everyone,
        "POST /users/tokens/": [],
        "POST /users/tokens/{id:int}/revoke/": everyone,
        "GET /users/telegram/": everyone,
        "POST /users/telegram/": [],
        "POST /users/telegram/{id:int}/unlink/": everyone,
        "GET /users/audit/": [.admin],
        "GET /users/audit/export/": [.admin],
        "GET /admin/": everyone,
        "GET /admin/{object}/": everyone,
        "GET /admin/{object}/new/": everyone,
        "POST /admin/{object}/new/": everyone,
        "GET /admin/{object}/{key}/": everyone,
        "POST /admin/{object}/{key}/": everyone,
        "GET /admin/{object}/{key}/{action}/": everyone,
        "POST /admin/{object}/{key}/{action}/": everyone,
        "GET /": everyone,
        "GET /campaigns/": readers,
        "POST /campaigns/sync-campaigns/": readers,
        "POST /campaigns/stats/": readers,
        "GET /campaigns/offers/autocomplete/": readers,
        "GET /campaigns/{id:int}/": readers,
        "POST /campaigns/{id:int}/fetch-streams/": readers,
        "GET /campaigns/{id:int}/check-sync/": readers,
        "GET /campaigns/flow/{id:int}/": readers,
        "POST /campaigns/flow/{id:int}/add-offer/": writers,
        "POST /campaigns/flow/{id:int}/cancel/": writers,
        "POST /campaigns/flow/{id:int}/restore-draft/": writers,
        "POST /campaigns/flow/{id:int}/resolve/": writers,
        "POST /campaigns/flow/{id:int}/push/": writers,
        "POST /campaigns/flow-offer/{id:int}/remove/": writers,
        "POST /campaigns/flow-offer/{id:int}/bring-back/": writers,
        "POST /campaigns/flow-offer/{id:int}/update-share/": writers,
        "POST /campaigns/flow-offer/{id:int}/pin/": writers,
        "GET /campaigns/pushes/": readers,
        "GET /campaigns/pushes/{id:int}/": readers,
        "POST /campaigns/pushes/{id:int}/undo/": writers,
        "GET /postbacks/reconciliation/": readers,
        "POST /postbacks/reconciliation/run/": writers,
        "GET /postbacks/profiles/{id:int}/installation/": writers,
        "POST /postbacks/profiles/{id:int}/installation/": writers,
        "GET /postbacks/": readers,
        "GET /postbacks/live/": readers,
        "GET /postbacks/summary/": readers,
        "GET /postbacks/export/": readers,
        "GET /postbacks/charts/": readers,
        "GET /postbacks/raw/": readers,
        "GET /postbacks/events/{place}/": readers,
        "POST /postbacks/events/{place}/resend/": writers,
        "GET /postbacks/profiles/": readers,
        "POST /postbacks/profiles/": writers,
        "GET /postbacks/profiles/{id:int}/": readers,
        "POST /postbacks/profiles/{id:int}/": writers,
        "POST /postbacks/profiles/{id:int}/rotate/": writers,
        "POST /postbacks/profiles/{id:int}/remove/": writers,
        "POST /postbacks/profiles/{id:int}/routes/": writers,
        "POST /postbacks/profiles/{id:int}/try/": writers,
        "POST /postbacks/profiles/{id:int}/preview/": writers,
        "POST /postbacks/profiles/{id:int}/test/": writers,
        "POST /postbacks/replay/": writers,
        "GET /postbacks/routes/": readers,
        "GET /postbacks/routes/{id:int}/": readers,
        "POST /postbacks/routes/{id:int}/": writers,
        "POST /postbacks/routes/{id:int}/remove/": writers,
        "GET /postbacks/chats/": readers,
        "POST /postbacks/chats/check/": writers,
        "GET /admin/data/": [.admin],
        "POST /admin/data/retention/": [.admin],
        "POST /admin/data/people/{id:int}/export/": [.admin],
        "GET /admin/data/people/{id:int}/erase/": [.admin],
        "POST /admin/data/people/{id:int}/erase/": [.admin],
    ]

    /// Served to strangers too.
    private static let open: Set<String> = [
        "GET /users/login/", "POST /users/login/", "GET /users/invitation/", "POST /users/invitation/",
        "GET /openapi.json", "GET /docs", "GET /redoc",
        // Asks by itself: MetricsRouteTests.
        "GET /metrics",
        // The secret in it says whose it is: ProfileBookTests.
        "GET /integrations/keitaro/postback", "POST /integrations/keitaro/postback",
    ]

    /// Tokens are numbered from 1, and the walk must not revoke its own.
    private static func path(_ route: Route) -> String {
        route.pattern.replacing("{id:int}", with: route.pattern.hasPrefix("/users/tokens/") ? "999" : "1")
            // Everybody has sessions; what else is stored has a table of its own.
            // Nobody waits for a stream that has no end.
            .replacing("/postbacks/live/", with: "/postbacks/live/?once=1").replacing("{place}", with: "none")
            .replacing("{object}", with: "sessions").replacing("{key}", with: "none").replacing("{action}", with: "end")
    }

    private static func name(_ route: Route) -> String { "\(route.method.rawValue) \(route.pattern)" }

    @Test func `the table names every route and no other`() async throws {
        try await withDesk { desk in
            let names = desk.routes.map(Self.name)
            #expect(Set(names).subtracting(Self.table.keys).subtracting(Self.open).sorted() == [])
            #expect(Set(Self.table.keys).union(Self.open).subtracting(names).sorted() == [])
            #expect(names.count == Set(names).count)
            for route in desk.routes {
                #expect(route.access.needsPerson == !Self.open.contains(Self.name(route)), "\(Self.name(route))")
            }
        }
    }

    @Test(arguments: Role.allCases)
    func `each route serves the roles that the table gives it`(role: Role) async throws {
        try await withDesk { desk in
            let visitor = try await desk.program(role)
            let browser = try await desk.named("person", role)
            for route in desk.routes {
                guard let roles = Self.table[Self.name(route)] else { continue }
                let path = Self.path(route)
                let answer = route.method == .get ? try await visitor.get(path) : try await visitor.post(path)
                #expect(answer.status != 401, "\(Self.name(route))")
                if roles.contains(role) {
                    #expect(answer.status != 403, "\(Self.name(route)): \(answer.text)")
                } else {
                    #expect(answer.status == 403, "\(Self.name(route)): \(answer.status)")
                    guard route.method == .get else { continue }
                    let page = try await browser.get(path)
                    #expect(page.status == 403 && page.text.contains("Your role does not reach it"))
                }
            }
        }
    }

    @Test func `nobody is served nothing but the login`() async throws {
        try await withDesk { desk in
            for route in desk.routes where Self.table[Self.name(route)] != nil {
                let path = Self.path(route)
                let answer =
                    route.method == .get ? try await desk.stranger.get(path) : try await desk.stranger.post(path)
                #expect(answer.status == 401, "\(Self.name(route))")
            }
            #expect(try await desk.stranger(accepting: "text/html").get("/users/login/").status == 200)
        }
    }

    @Test(arguments: [
        (Role.admin, "/campaigns/"), (.buyer, "/campaigns/"), (.analyst, "/campaigns/"),
        (.brand, "/users/settings/login/"), (.content, "/users/settings/login/"),
    ])
    func `the first page is one the role may see`(role: Role, target: String) async throws {
        try await withDesk { desk in
            let person = try await desk.named("person", role)
            #expect(try await person.get("/").headers["location"] == target)
            let login = try await desk.logIn("person", TestDesk.password)
            #expect(login.status == 303 && login.headers["location"] == target)
            #expect(try await person.get("/users/settings/login/").status == 200)
        }
    }
}
