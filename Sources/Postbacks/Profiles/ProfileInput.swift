import Base
import Frame
import HTTP
import Views

/// What people may set of a profile and of a route. Only members that are there change anything.
enum ProfileInput {
    static let languages = ["en", "uk", "ru"]
    /// The statuses that have texts, policies and aliases of their own.
    static let statuses = ["registration", "deposit", "rejected", "rebill"]

    static func apply(_ json: JSON, to profile: inout PostbackProfile) throws {
        let fields = SettingFields(json: json)
        if fields.has("name") { profile.name = try fields.text("name", 1...80) }
        if fields.has("chat_id") {
            let chat = try fields.id("chat_id")
            // A topic belongs to its chat.
            if chat != profile.chatID { profile.topicID = nil }
            profile.chatID = chat
        }
        if fields.has("topic_id") { profile.topicID = try fields.id("topic_id") }
        if fields.has("language") { profile.language = try fields.word("language", of: languages) }
        if fields.has("enabled") { profile.isEnabled = try fields.flag("enabled") }
        if fields.has("rate_limit_rps") { profile.rateLimitRPS = try fields.number("rate_limit_rps", 1...1_000) }
        if fields.has("dedup_ttl_sec") { profile.dedupSeconds = try fields.number("dedup_ttl_sec", 0...2_592_000) }
        if fields.has("status_mappings") {
            var mappings: [String: PostbackStatus] = [:]
            for (word, status) in try fields.texts("status_mappings", longest: 40, most: 100) {
                guard !status.trimmingSpaces().isEmpty else { continue }
                mappings[word.trimmingSpaces().lowercased()] = StatusAliases.named(status)
            }
            profile.statusMappings = mappings
        }
        if fields.has("policies") {
            var policies: [String: ConversionPolicy] = [:]
            for (status, policy) in try fields.texts("policies", longest: 40, most: 100) {
                guard let policy = ConversionPolicy(rawValue: policy) else {
                    throw SettingFields.refuse(
                        "policies", "postbacks.refused.word",
                        ["words": .string(ConversionPolicy.allCases.map(\.rawValue).joined(separator: ", "))])
                }
                policies[StatusAliases.named(status).name] = policy
            }
            profile.policies = policies
        }
        if fields.has("templates") {
            var templates: [String: String] = [:]
            for (status, text) in try fields.texts("templates", longest: 4_000, most: 50)
            where !text.trimmingSpaces().isEmpty {
                do throws(MessageTemplateProblem) {
                    _ = try MessageTemplate(text)
                } catch {
                    throw Problem(.unprocessable, error.word, field: "templates")
                }
                templates[StatusAliases.named(status).name] = text
            }
            profile.templates = templates
        }
    }

    static func apply(_ json: JSON, to route: inout PostbackRoute) throws {
        let fields = SettingFields(json: json)
        if fields.has("name") { route.name = try fields.text("name", 0...80) }
        if fields.has("priority") { route.priority = try fields.number("priority", 0...1_000_000) }
        if fields.has("match") || fields.has("match_value") {
            let stored = route.match.stored
            let kind =
                fields.has("match") ? try fields.word("match", of: ["campaign_id", "source", "any"]) : stored.kind
            let value = fields.has("match_value") ? try fields.text("match_value", 0...200) : stored.value
            route.match = PostbackRoute.Match(kind: kind, value: value) ?? .any
            guard kind == "any" || !value.isEmpty else {
                throw SettingFields.refuse("match_value", "postbacks.refused.match_value")
            }
        }
        if fields.has("statuses") {
            route.statuses = Set(try fields.list("statuses").map { StatusAliases.named($0).name })
        }
        if fields.has("countries") { route.countries = Set(try fields.list("countries").map { $0.uppercased() }) }
        if fields.has("chat_id") {
            guard let chat = try fields.id("chat_id") else {
                throw SettingFields.refuse("chat_id", "postbacks.refused.route_chat")
            }
            if chat != route.chatID { route.topicID = nil }
            route.chatID = chat
        }
        if fields.has("topic_id") { route.topicID = try fields.id("topic_id") }
        if fields.has("language") { route.language = try fields.wordIfAny("language", of: languages) }
        try applyQuiet(fields, to: &route)
        if fields.has("continues") { route.continues = try fields.flag("continues") }
        if fields.has("enabled") { route.isEnabled = try fields.flag("enabled") }
    }

    private static func applyQuiet(_ fields: SettingFields, to route: inout PostbackRoute) throws {
        guard ["quiet_from", "quiet_until", "quiet_zone", "quiet_mode"].contains(where: { fields.has($0) }) else {
            return
        }
        let from = fields.has("quiet_from") ? try fields.minutes("quiet_from") : route.quiet?.from
        let until = fields.has("quiet_until") ? try fields.minutes("quiet_until") : route.quiet?.until
        guard let from, let until else {
            guard from == nil, until == nil else {
                throw SettingFields.refuse(from == nil ? "quiet_from" : "quiet_until", "postbacks.refused.quiet")
            }
            route.quiet = nil
            return
        }
        var zone = route.quiet?.zone ?? "UTC"
        if fields.has("quiet_zone") {
            zone = try fields.text("quiet_zone", 1...64)
            guard isZone(zone) else {
                throw SettingFields.refuse("quiet_zone", "postbacks.refused.zone", ["zone": .string(zone)])
            }
        }
        let mode =
            fields.has("quiet_mode")
            ? try fields.word("quiet_mode", of: ["silent", "digest"]) : route.quiet?.mode.rawValue ?? "silent"
        route.quiet = QuietHours(from: from, until: until, zone: zone, mode: QuietHours.Mode(rawValue: mode) ?? .silent)
    }

    /// Whether the system knows the zone.
    static func isZone(_ name: String) -> Bool { ZoneClock.named(name) != nil }
}
