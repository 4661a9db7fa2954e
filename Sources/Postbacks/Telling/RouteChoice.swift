import Base

/// Who is told about a postback.
package enum RouteChoice {
    /// The first route that takes it, and those after it as long as each says so; the profile's own chat when none does.
    /// A chat or topic is named once. Empty when there is nobody to tell. Whether a postback is announced at all (a duplicate
    /// is not) is decided before.
    package static func destinations(
        _ postback: Postback, _ profile: PostbackProfile, at moment: Timestamp
    ) -> [Destination] {
        var chosen: [Destination] = []
        for route in profile.routes where takes(route, postback) {
            let isTold = chosen.contains { $0.chatID == route.chatID && $0.topicID == route.topicID }
            if !isTold { chosen.append(destination(of: route, profile, at: moment)) }
            if !route.continues { break }
        }
        if chosen.isEmpty, let chatID = profile.chatID {
            chosen.append(
                Destination(routeID: nil, chatID: chatID, topicID: profile.topicID, language: profile.language))
        }
        return chosen
    }

    /// By match, status and country; a route that is switched off takes nothing.
    package static func takes(_ route: PostbackRoute, _ postback: Postback) -> Bool {
        guard route.isEnabled, route.statuses.isEmpty || route.statuses.contains(postback.status.name) else {
            return false
        }
        guard
            route.countries.isEmpty
                || (!postback.country.isEmpty
                    && route.countries.contains { Country.isSame($0, postback.country) })
        else { return false }
        return switch route.match {
        case .any: true
        case .campaign(let id): id == postback.campaignID
        case .source(let name): isFrom(name, postback)
        }
    }

    /// A postback may name its source several times: our URL sends the site (`source`) and the traffic source of Keitaro.
    private static func isFrom(_ name: String, _ postback: Postback) -> Bool {
        let wanted = name.lowercased()
        if wanted.isEmpty { return false }
        return wanted == postback.source.lowercased()
            || postback.fields.contains { field in
                PostbackField.source.names.contains(field.name.lowercased())
                    && field.value.trimmingSpaces().lowercased() == wanted
            }
    }

    private static func destination(
        of route: PostbackRoute, _ profile: PostbackProfile, at moment: Timestamp
    ) -> Destination {
        var destination = Destination(
            routeID: route.id, chatID: route.chatID, topicID: route.topicID,
            language: route.language ?? profile.language)
        if let quiet = route.quiet, let end = quiet.end(at: moment) {
            switch quiet.mode {
            case .silent: destination.isSilent = true
            case .digest: destination.heldUntil = end
            }
        }
        return destination
    }
}
