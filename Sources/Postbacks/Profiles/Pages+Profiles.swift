import Base
import Frame
import HTTP
import Views

/// Profiles: the list, and one with its URL and settings.
extension PostbackPages {
    /// In their own words.
    static let languageNames = [("uk", "Українська"), ("ru", "Русский"), ("en", "English")]
    /// How long an old URL may be accepted.
    static let graceHours: [Int64] = [0, 1, 24, 72, 168]
    /// Those that are named to people; any other is taken too.
    static let placeholders = MessagePlaceholder.names.prefix(23).map { "{\($0)}" }
    static let fieldList = PostbackURL.fields.map { "\($0.parameter)=\($0.macro)" }.joined(separator: "\n")

    static func languages(_ chosen: String?) -> [ViewValue] {
        languageNames.map { choice($0.0, $0.1, isCurrent: $0.0 == chosen) }
    }

    static func grace(_ hours: Int64, _ words: Words) -> String {
        hours == 0
            ? words("postbacks.profile.at_once") : words("postbacks.profile.hours", ["count": .integer(hours)])
    }

    static func statusChoices(_ chosen: String?, _ words: Words, others: Set<String> = []) -> [ViewValue] {
        var names = ProfileInput.statuses + others.subtracting(ProfileInput.statuses).sorted()
        if let chosen, !chosen.isEmpty, !names.contains(chosen) { names.append(chosen) }
        return names.map { choice($0, statusWord($0, words), isCurrent: $0 == chosen) }
    }

    /// Those every profile has, and what this one maps words to or has settings for.
    private static func statuses(of profile: PostbackProfile) -> [String] {
        let own = Set(profile.statusMappings.values.map(\.name)).union(profile.policies.keys).union(
            profile.templates.keys)
        return ProfileInput.statuses + own.subtracting(ProfileInput.statuses).sorted()
    }

    func profiles(
        _ profiles: [PostbackDeskStore.ListedProfile], chats: [PostbackDeskStore.KnownChat], canEdit: Bool,
        to request: Request
    ) throws -> Response {
        let words = frame.words(for: request)
        let own: ViewObject = [
            "has_profiles": .bool(!profiles.isEmpty), "can_edit": .bool(canEdit), "chat_field": "new-chat",
            "count_text": .string(words("postbacks.profiles.count", ["count": .integer(Int64(profiles.count))])),
            "chat_choices": .list(Self.chats(chats, chosen: nil, words, mayBeNone: true)),
            "language_choices": .list(Self.languages(words.language.rawValue)),
            "profiles": .list(
                profiles.map { listed in
                    let profile = listed.profile
                    let problem = chats.first { $0.id == profile.chatID }?.problem
                    return [
                        "profile_id": .integer(profile.id), "name": .string(profile.name),
                        "is_on": .bool(profile.isEnabled), "chat": ViewValue(Self.title(ofChat: profile.chatID, chats)),
                        "chat_problem": ViewValue(Self.problem(problem, words)),
                        "routes_count": .string(words.numbers.number(Int64(profile.routes.count))),
                        "conversions": .string(words.numbers.number(listed.conversionsToday)),
                        "last": words.time(listed.lastEventAt), "owner": ViewValue(listed.ownerName),
                    ]
                }),
        ]
        return try frame.page(
            "postback_profiles", context(.profiles, request, own), title: words("postbacks.nav.profiles"),
            at: .postbackProfiles, to: request)
    }

    func profile(
        _ listed: PostbackDeskStore.ListedProfile, url: String?, chats: [PostbackDeskStore.KnownChat], canEdit: Bool,
        hasKey: Bool, to request: Request
    ) throws -> Response {
        let words = frame.words(for: request)
        let profile = listed.profile
        let own: ViewObject = [
            "profile_id": .integer(profile.id), "name": .string(profile.name), "is_on": .bool(profile.isEnabled),
            "enable_value": .string(profile.isEnabled ? "false" : "true"), "owner": ViewValue(listed.ownerName),
            "can_edit": .bool(canEdit), "url": ViewValue(url), "curl": .string(Self.curl(url ?? "")),
            "field_list": .string(Self.fieldList), "old_until": words.time(listed.oldSecretUntil),
            "chat_field": "profile-chat",
            "chat_choices": .list(Self.chats(chats, chosen: profile.chatID, words, mayBeNone: true)),
            "chat_problem": ViewValue(Self.problem(chats.first { $0.id == profile.chatID }?.problem, words)),
            "topic_id": ViewValue(profile.topicID.map { String($0) }),
            "language_choices": .list(Self.languages(profile.language)),
            "dedup": .integer(Int64(profile.dedupSeconds)), "rate": .integer(Int64(profile.rateLimitRPS)),
            "reconciles": .bool(profile.keyID != nil), "may_reconcile": .bool(hasKey || profile.keyID != nil),
            "mappings": .list(
                profile.statusMappings.sorted { $0.key < $1.key }.map { word, status in
                    ["word": .string(word), "statuses": .list(Self.statusChoices(status.name, words))]
                }),
            "status_choices": .list(Self.statusChoices(nil, words)),
            "templates": .list(
                Self.statuses(of: profile).map { status in
                    [
                        "status": .string(status), "status_word": .string(Self.statusWord(status, words)),
                        "text": .string(profile.templates[status] ?? ""), "is_first": .bool(status == "deposit"),
                    ]
                }),
            "placeholders": .list(Self.placeholders.map { ["placeholder": .string($0)] }),
            "policies": .list(Self.statuses(of: profile).map { policyRow($0, profile, words) }),
            "route_rows": .list(
                profile.routes.map { route in
                    [
                        "priority": .integer(Int64(route.priority)),
                        "when": .string(Self.title(of: route, words)),
                        "chat": ViewValue(Self.title(ofChat: route.chatID, chats)), "is_on": .bool(route.isEnabled),
                    ]
                }),
            "has_old_secret": .bool(listed.oldSecretUntil != nil),
            "grace_choices": .list(
                Self.graceHours.map { Self.choice(String($0), Self.grace($0, words), isCurrent: $0 == 24) }),
        ]
        var response = try frame.page(
            "postback_profile", context(.profiles, request, own), title: profile.name, at: .postbackProfiles,
            to: request)
        // It holds a secret.
        response.set("Cache-Control", "no-store")
        return response
    }

    private func policyRow(_ status: String, _ profile: PostbackProfile, _ words: Words) -> ViewValue {
        let chosen = profile.policy(for: PostbackStatus(name: status))
        return [
            "status": .string(status), "status_word": .string(Self.statusWord(status, words)),
            "choices": .list(
                ConversionPolicy.allCases.map { policy in
                    Self.choice(
                        policy.rawValue, words("postbacks.policy.\(policy.rawValue)"), isCurrent: policy == chosen)
                }),
        ]
    }

    private static func curl(_ url: String) -> String {
        """
        curl -X POST '\(url.prefix { $0 != "&" })' \\
          -d 'status=deposit&click_id=test-1&transaction_id=test-1&campaign_name=Test&conversion_revenue=100&currency=USD'
        """
    }
}
