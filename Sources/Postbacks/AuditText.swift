import Base

/// What of two lists of facts differs, as the audit log writes it.
struct AuditDifference {
    let before: String
    let after: String

    init(_ old: [(name: String, value: String)], _ new: [(name: String, value: String)]) {
        let changed = zip(old, new).filter { $0.value != $1.value }
        before = changed.map { "\($0.0.name): \($0.0.value)" }.joined(separator: "; ")
        after = changed.map { "\($0.1.name): \($0.1.value)" }.joined(separator: "; ")
    }
}

extension PostbackProfile {
    var mappingsJSON: JSON { JSON(texts: statusMappings.mapValues(\.name)) }
    var policiesJSON: JSON { JSON(texts: policies.mapValues(\.rawValue)) }
    var templatesJSON: JSON { JSON(texts: templates) }

    /// Always the same names in the same order.
    var auditFacts: [(name: String, value: String)] {
        [
            ("name", name), ("chat", Self.chat(chatID, topicID)), ("language", language),
            ("enabled", "\(isEnabled)"), ("rate_limit_rps", "\(rateLimitRPS)"), ("dedup_ttl_sec", "\(dedupSeconds)"),
            ("tracker", trackerID.map { "\($0)" } ?? "none"), ("key", keyID.map { "\($0)" } ?? "none"),
            ("mappings", mappingsJSON.text), ("policies", policiesJSON.text), ("templates", templatesJSON.text),
        ]
    }

    var auditText: String { auditFacts.map { "\($0.name): \($0.value)" }.joined(separator: "; ") }

    static func chat(_ chatID: Int64?, _ topicID: Int64?) -> String {
        guard let chatID else { return "none" }
        return topicID.map { "\(chatID)/\($0)" } ?? "\(chatID)"
    }
}

extension PostbackRoute {
    var auditFacts: [(name: String, value: String)] {
        let match = match.stored
        return [
            ("name", name), ("priority", "\(priority)"), ("when", "\(match.kind) \(match.value)"),
            ("statuses", statuses.sorted().joined(separator: ",")),
            ("countries", countries.sorted().joined(separator: ",")),
            ("chat", PostbackProfile.chat(chatID, topicID)), ("language", language ?? "of the profile"),
            ("quiet", quiet.map { "\($0.from)-\($0.until) \($0.zone) \($0.mode.rawValue)" } ?? "none"),
            ("continues", "\(continues)"), ("enabled", "\(isEnabled)"),
        ]
    }

    var auditText: String { auditFacts.map { "\($0.name): \($0.value)" }.joined(separator: "; ") }
}
