import Audit
import Base
import Frame
import HTTP
import Views

/// `/postbacks/routes/`: which postbacks go to which chat.
extension PostbackDeskRoutes {
    var routeRoutes: [Route] {
        [
            route(.get, "/postbacks/routes/", "All routes", list),
            route(.post, "/postbacks/profiles/{id:int}/routes/", "Make a route", add),
            route(.get, "/postbacks/routes/{id:int}/", "One route", one),
            route(.post, "/postbacks/routes/{id:int}/", "Change a route", edit),
            route(.post, "/postbacks/routes/{id:int}/remove/", "Remove a route", remove),
        ]
    }

    @Sendable private func list(_ request: Request) async throws -> Response {
        let profiles = try await store.profiles(for: try reader(request))
        if request.wantsPage {
            let chats = try await store.chats(for: try reader(request))
            return try pages.routes(profiles, chats: chats, canEdit: canEdit(request), to: request)
        }
        return .json([
            "routes": .array(
                profiles.flatMap { listed in
                    listed.profile.routes.map { PostbackJSON.route($0, profileID: listed.profile.id) }
                })
        ])
    }

    @Sendable private func add(_ request: Request) async throws -> Response {
        let json = try request.settings()
        var route = PostbackRoute.unsaved
        try ProfileInput.apply(json, to: &route)
        guard route.chatID != 0 else { throw SettingFields.refuse("chat_id", "postbacks.refused.route_chat") }
        let profileID = try request.int("id")
        guard let id = try await store.add(route, toProfile: profileID, by: try editor(request)) else {
            throw Self.notFound
        }
        route.id = id
        return said(
            "postbacks.said.route_created", .init(route: route, profileID: profileID), request, status: .created)
    }

    @Sendable private func one(_ request: Request) async throws -> Response {
        guard let owned = try await store.route(try request.int("id"), for: try reader(request)) else {
            throw Self.notFound
        }
        return .json(["route": PostbackJSON.route(owned.route, profileID: owned.profileID)])
    }

    @Sendable private func edit(_ request: Request) async throws -> Response {
        let json = try request.settings()
        let edited = try await store.edit(route: try request.int("id"), by: try editor(request)) { route in
            try ProfileInput.apply(json, to: &route)
        }
        guard let edited else { throw Self.notFound }
        if !edited.isChanged { request[NothingChanged.self] = NothingChanged() }
        return said("postbacks.said.route_saved", edited.value, request)
    }

    @Sendable private func remove(_ request: Request) async throws -> Response {
        guard try await store.remove(route: try request.int("id"), by: try editor(request)) != nil else {
            throw Self.notFound
        }
        return .json(["message": .string(frame.words(for: request)("postbacks.said.route_removed"))])
    }

    private func said(
        _ word: String, _ owned: PostbackDeskStore.OwnedRoute, _ request: Request, status: Status = .ok
    ) -> Response {
        .json(
            [
                "message": .string(frame.words(for: request)(word)),
                "route": PostbackJSON.route(owned.route, profileID: owned.profileID),
            ], status: status)
    }
}
