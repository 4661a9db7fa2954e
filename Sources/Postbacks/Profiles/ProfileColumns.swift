import Base
import Postgres

/// How rows of `keitaro_profiles` and `keitaro_routes` are read, for all who read them.
package enum ProfileColumns {
    /// Of a table called `profile`.
    package static let profile: SQL = """
        profile.id, profile.user_id, profile.name, profile.tracker_id, profile.key_id, profile.chat_id, profile.topic_id,
        profile.language, profile.enabled, profile.rate_limit_rps, profile.dedup_ttl_sec, profile.status_mappings,
        profile.policies, profile.templates
        """

    /// Of a table called `route`.
    package static let route: SQL = """
        route.id, route.profile_id, route.name, route.priority, route.match_kind, route.match_value, route.statuses,
        route.countries, route.chat_id, route.topic_id, route.language, route.quiet_from, route.quiet_until,
        route.quiet_zone, route.quiet_mode, route.continues, route.enabled
        """

    package static func profile(_ row: Row, routes: [PostbackRoute] = []) throws -> PostbackProfile {
        PostbackProfile(
            id: try row.get("id"), userID: try row.get("user_id"), name: try row.get("name"),
            trackerID: try row.get("tracker_id"), keyID: try row.get("key_id"), chatID: try row.get("chat_id"),
            topicID: try row.get("topic_id"), language: try row.get("language"), isEnabled: try row.get("enabled"),
            rateLimitRPS: try row.get("rate_limit_rps"), dedupSeconds: try row.get("dedup_ttl_sec"),
            statusMappings: try row.get("status_mappings", JSON.self).texts.mapValues { PostbackStatus(name: $0) },
            policies: try row.get("policies", JSON.self).texts.compactMapValues { ConversionPolicy(rawValue: $0) },
            templates: try row.get("templates", JSON.self).texts, routes: routes)
    }

    package static func route(_ row: Row) throws -> PostbackRoute {
        let kind: String = try row.get("match_kind")
        let value: String = try row.get("match_value")
        let statuses: [String] = try row.get("statuses")
        let countries: [String] = try row.get("countries")
        return PostbackRoute(
            id: try row.get("id"), name: try row.get("name"), priority: try row.get("priority"),
            match: PostbackRoute.Match(kind: kind, value: value) ?? .any,
            statuses: Set(statuses), countries: Set(countries), chatID: try row.get("chat_id"),
            topicID: try row.get("topic_id"), language: try row.get("language"), quiet: try quiet(row),
            continues: try row.get("continues"), isEnabled: try row.get("enabled"))
    }

    private static func quiet(_ row: Row) throws -> QuietHours? {
        guard let from: Int = try row.get("quiet_from"), let until: Int = try row.get("quiet_until") else { return nil }
        let mode: String = try row.get("quiet_mode")
        return QuietHours(
            from: from, until: until, zone: try row.get("quiet_zone"), mode: QuietHours.Mode(rawValue: mode) ?? .silent)
    }
}

extension PostbackRoute.Match {
    /// Of what ``stored`` says; nil for a kind that is none.
    init?(kind: String, value: String) {
        switch kind {
        case "campaign_id": self = .campaign(value)
        case "source": self = .source(value)
        case "any": self = .any
        default: return nil
        }
    }

    /// As stored: `match_kind` and `match_value`.
    package var stored: (kind: String, value: String) {
        switch self {
        case .campaign(let id): ("campaign_id", id)
        case .source(let source): ("source", source)
        case .any: ("any", "")
        }
    }
}
