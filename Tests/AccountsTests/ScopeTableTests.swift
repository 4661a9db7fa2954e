import Base
import Fetch
import HTTP
import TestDesk
import Testing

@testable import Accounts

/// Every route of the desk that knows a token, called with tokens of an administrator that differ in their scopes.
@Suite(.timeLimit(.minutes(10))) struct ScopeTableTests {
    /// Written by hand, as the table of roles is: what is not here needs no more than to read.
    private static let table: [String: TokenScope] = [
        "POST /users/login/": .write, "POST /users/invitation/": .write,
        "POST /users/logout/": .write, "POST /users/settings/": .write, "POST /users/settings/login/": .write,
        "POST /users/tokens/": .write, "POST /users/tokens/{id}/revoke/": .write,
        "POST /users/telegram/": .write, "POST /users/telegram/{id}/unlink/": .write,
        "GET /users/audit/": .admin, "GET /users/audit/export/": .admin,
        "POST /campaigns/sync-campaigns/": .write, "POST /campaigns/{id}/fetch-streams/": .write,
        "POST /campaigns/flow/{id}/add-offer/": .write, "POST /campaigns/flow/{id}/cancel/": .write,
        "POST /campaigns/flow/{id}/restore-draft/": .write, "POST /campaigns/flow/{id}/resolve/": .write,
        "POST /campaigns/flow/{id}/push/": .push, "POST /campaigns/flow-offer/{id}/remove/": .write,
        "POST /campaigns/flow-offer/{id}/bring-back/": .write,
        "POST /campaigns/flow-offer/{id}/update-share/": .write, "POST /campaigns/flow-offer/{id}/pin/": .write,
        "POST /campaigns/pushes/{id}/undo/": .write,
        "POST /postbacks/profiles/": .write, "POST /postbacks/profiles/{id}/": .write,
        "POST /postbacks/profiles/{id}/rotate/": .write, "POST /postbacks/profiles/{id}/remove/": .write,
        "POST /postbacks/profiles/{id}/routes/": .write, "POST /postbacks/routes/{id}/": .write,
        "POST /postbacks/routes/{id}/remove/": .write, "POST /postbacks/chats/check/": .write,
        "POST /postbacks/events/{place}/resend/": .write, "POST /postbacks/profiles/{id}/test/": .write,
        "POST /postbacks/replay/": .write, "POST /postbacks/reconciliation/run/": .write,
        "POST /postbacks/profiles/{id}/installation/": .push,
    ]

    /// All of `/admin/`, whatever it is asked.
    private static func needed(_ route: Route) -> TokenScope {
        route.pattern.hasPrefix("/admin/") ? .admin : table[route.name] ?? .read
    }

    @Test func `the table names routes that are there`() async throws {
        try await withDesk { desk in
            #expect(Set(Self.table.keys).subtracting(desk.routes.map(\.name)).sorted() == [])
        }
    }

    @Test(arguments: [[], [.write], [.push], [.admin], [.write, .push, .admin]] as [Set<TokenScope>])
    func `a token does what its scopes name, route by route`(more: Set<TokenScope>) async throws {
        let scopes = more.union([.read])
        try await withDesk { desk in
            for route in desk.routes where route.access != .anyone {
                let needed = Self.needed(route)
                let token = try await desk.accounts.createToken(name: "t", role: .admin, scopes: scopes)
                let program = desk.program(token: token)
                let path = route.pattern.replacing("{id:int}", with: "999999").replacing("{object}", with: "users")
                    .replacing("{place}", with: "none").replacing("/live/", with: "/live/?once=1")
                let answer = route.method == .get ? try await program.get(path) : try await program.post(path)
                if scopes.contains(needed) {
                    #expect(
                        answer.json["type"] != "/problems/scope" || route.name == "POST /users/tokens/", "\(route.name)"
                    )
                } else {
                    #expect(answer.status == 403 && answer.json["type"] == "/problems/scope", "\(route.name)")
                    #expect(answer.json["scope"] == .string(needed.rawValue), "\(route.name)")
                    #expect(
                        answer.headers["www-authenticate"]
                            == "Bearer error=\"insufficient_scope\", scope=\"\(needed.rawValue)\"", "\(route.name)")
                }
            }
        }
    }
}
