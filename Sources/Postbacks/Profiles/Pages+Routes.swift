import Base
import Frame
import HTTP
import Views

/// Routes of all profiles in the order in which they are looked at, and the panel that edits one.
extension PostbackPages {
    func routes(
        _ profiles: [PostbackDeskStore.ListedProfile], chats: [PostbackDeskStore.KnownChat], canEdit: Bool,
        to request: Request
    ) throws -> Response {
        let words = frame.words(for: request)
        let count = profiles.reduce(0) { $0 + $1.profile.routes.count }
        // Statuses that some route or mapping names can be chosen too, or saving a route would lose them.
        let others = profiles.reduce(into: Set<String>()) { names, listed in
            for route in listed.profile.routes { names.formUnion(route.statuses) }
            names.formUnion(listed.profile.statusMappings.values.map(\.name))
        }
        let own: ViewObject = [
            "count_text": .string(words("postbacks.routes.count", ["count": .integer(Int64(count))])),
            "has_profiles": .bool(!profiles.isEmpty), "can_edit": .bool(canEdit), "chat_field": "route-chat",
            "chat_choices": .list(Self.chats(chats, chosen: nil, words, mayBeNone: false)),
            "language_choices": .list(Self.languages(nil)),
            "status_choices": .list(Self.statusChoices(nil, words, others: others)),
            "zones": .list(Self.zones.map { ["zone": .string($0)] }),
            "profiles": .list(
                profiles.map { listed in
                    let profile = listed.profile
                    return [
                        "profile_id": .integer(profile.id), "name": .string(profile.name),
                        "is_on": .bool(profile.isEnabled), "has_routes": .bool(!profile.routes.isEmpty),
                        "rest_chat": ViewValue(Self.title(ofChat: profile.chatID, chats)),
                        "profile_language": .string(profile.language.uppercased()),
                        "routes": .list(
                            profile.routes.map { route($0, of: profile, chats, words) }),
                    ]
                }),
        ]
        return try frame.page(
            "postback_routes", context(.routes, request, own), title: words("postbacks.nav.routes"),
            at: .postbackRoutes, to: request)
    }

    private func route(
        _ route: PostbackRoute, of profile: PostbackProfile, _ chats: [PostbackDeskStore.KnownChat], _ words: Words
    ) -> ViewValue {
        [
            "route_id": .integer(route.id), "profile_id": .integer(profile.id),
            "priority": .integer(Int64(route.priority)), "route_name": ViewValue(route.name),
            "title": .string(Self.title(of: route, words)),
            "when": .string(Self.when(route, words)), "is_on": .bool(route.isEnabled),
            "continues": .bool(route.continues), "has_statuses": .bool(!route.statuses.isEmpty),
            "statuses": .list(
                route.statuses.sorted().map { status in
                    .object(Self.chip(status).merging(["word": .string(Self.statusWord(status, words))]))
                }),
            "countries": .string(route.countries.sorted().joined(separator: ", ")),
            "chat": ViewValue(Self.title(ofChat: route.chatID, chats)),
            "topic": ViewValue(route.topicID.map { String($0) }), "quiet": ViewValue(Self.quiet(route, words)),
            "language": ViewValue(route.language?.uppercased()),
            "settings": .string(PostbackJSON.route(route, profileID: profile.id).text),
        ]
    }

    static func title(of route: PostbackRoute, _ words: Words) -> String {
        route.name.isEmpty ? when(route, words) : route.name
    }

    /// "23:00–08:00 Europe/Kyiv, sent without a sound"
    static func quiet(_ route: PostbackRoute, _ words: Words) -> String? {
        route.quiet.map {
            "\(PostbackJSON.clock($0.from))–\(PostbackJSON.clock($0.until)) \($0.zone), "
                + words($0.mode == .silent ? "postbacks.routes.quiet_silent" : "postbacks.routes.quiet_digest")
        }
    }

    static func when(_ route: PostbackRoute, _ words: Words) -> String {
        switch route.match {
        case .campaign(let id): words("postbacks.routes.campaign", ["value": .string(id)])
        case .source(let source): words("postbacks.routes.source", ["value": .string(source)])
        case .any: words("postbacks.routes.any")
        }
    }

    /// Zones that are offered while typing; any other that the system knows is taken too.
    private static let zones = [
        "Europe/Kyiv", "Europe/Warsaw", "Europe/Bucharest", "Europe/Moscow", "Europe/Berlin", "Europe/London",
        "Europe/Istanbul", "Asia/Almaty", "Asia/Tashkent", "Asia/Tbilisi", "Asia/Dubai", "Asia/Kolkata",
        "Asia/Kathmandu", "Asia/Bangkok", "America/New_York", "America/Sao_Paulo", "UTC",
    ]
}
