import Base

/// What an answer of the Bot API means (reference, telegram.md §1.2). Pure.
package enum TelegramAnswer {
    /// The `result` of a good one.
    /// - Parameter retryAfter: the header of that name.
    package static func result(
        status: Int, retryAfter: String? = nil, body: [UInt8]
    ) throws(TelegramFailure) -> JSON {
        guard let answer = try? JSON(parsing: body), let isOK = answer["ok"]?.boolValue else {
            // A proxy's or a firewall's page. A 429 of theirs is one as well.
            if status == 429 { throw .tooMany(retryAfterSeconds: seconds(retryAfter) ?? 1) }
            throw .unavailable(description: "no JSON came, but status \(status)")
        }
        if isOK, let result = answer["result"] { return result }
        let code = answer["error_code"]?.intValue.map { Int(clamping: $0) } ?? status
        guard !isOK, code >= 400 else {
            throw .unavailable(description: "an answer without a result, status \(status)")
        }
        // It is stored, and PostgreSQL's text holds no NUL.
        let description = answer["description"]?.stringValue?.withoutNUL ?? "status \(code)"
        if let group = answer["parameters"]?["migrate_to_chat_id"]?.intValue { throw .migrated(to: group) }
        switch code {
        case 429:
            let told = answer["parameters"]?["retry_after"]?.intValue.map { Int(clamping: $0) }
            throw .tooMany(retryAfterSeconds: min(max(told ?? seconds(retryAfter) ?? 1, 1), 86_400))
        // A token that isn't even one of Telegram's form leads nowhere: 404.
        case 401, 404: throw .token
        case 409: throw .conflict(description: description)
        case 500...: throw .unavailable(description: description)
        default: throw refusal(description)
        }
    }

    private static func seconds(_ header: String?) -> Int? {
        header.flatMap { Int($0) }.map { min(max($0, 1), 86_400) }
    }

    /// 400 and 403, told apart by Telegram's own words.
    private static func refusal(_ description: String) -> TelegramFailure {
        let words = description.lowercased()
        for (part, problem) in problems where words.contains(part) {
            return .chat(problem, description: description)
        }
        return words.hasPrefix("forbidden")
            ? .chat(.refused, description: description) : .message(description: description)
    }

    /// The first that is contained decides.
    private static let problems: [(part: String, problem: TelegramFailure.ChatProblem)] = [
        ("blocked by the user", .blocked), ("user is deactivated", .deactivated),
        ("chat was deleted", .deleted), ("bot was kicked", .botRemoved), ("bot is not a member", .botRemoved),
        ("can't initiate conversation", .notStarted), ("bots can't send messages to bots", .noRights),
        ("chat not found", .notFound), ("peer_id_invalid", .notFound), ("user not found", .notFound),
        ("topic_closed", .topicGone), ("topic_deleted", .topicGone), ("message thread not found", .topicGone),
        ("not enough rights", .noRights), ("have no rights", .noRights), ("chat_write_forbidden", .noRights),
        ("need administrator rights", .noRights), ("chat_restricted", .noRights),
        ("chat_send_plain_forbidden", .noRights),
    ]
}
