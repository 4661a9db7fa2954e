/// Why Telegram did not do what it was asked, sorted by what to do about it (reference, telegram.md §1.2).
package enum TelegramFailure: Error, Hashable, Sendable {
    /// 429: nothing before then.
    case tooMany(retryAfterSeconds: Int)
    /// The group is a supergroup now, under another number.
    case migrated(to: Int64)
    /// Nothing can be sent to the chat until somebody mends it.
    case chat(ChatProblem, description: String)
    /// The message itself is refused; others may pass.
    case message(description: String)
    /// 401: the token is wrong or revoked.
    case token
    /// 409: somebody else polls with this token, or a webhook is set.
    case conflict(description: String)
    /// 5xx, no JSON, a broken connection, no answer in time. It may have been done nevertheless.
    case unavailable(description: String)

    package enum ChatProblem: String, Hashable, Sendable, CaseIterable {
        case blocked, botRemoved = "bot_removed", notFound = "not_found", deactivated, noRights = "no_rights"
        case topicGone = "topic_gone", deleted, notStarted = "not_started"
        /// For a reason that we don't know; Telegram's words go with it.
        case refused
    }
}

extension TelegramFailure.ChatProblem {
    /// What happened and what to do, as it is stored (``TelegramReason``).
    package var sentence: String {
        switch self {
        case .blocked: "The person has blocked the bot. They can unblock it in Telegram."
        case .botRemoved: "The bot is not in the chat. Add it again."
        case .notFound: "Telegram knows no such chat, or the bot was never in it. Check the chat, or add the bot."
        case .deactivated: "The person's Telegram account is gone. Choose another chat."
        case .noRights: "The bot may not write in the chat. Allow it, or make it an administrator."
        case .topicGone: "The topic is closed or deleted. Open it again, or choose another."
        case .deleted: "The group was deleted. Choose another chat."
        case .notStarted: "The person has not begun a chat with the bot. They need to press Start."
        case .refused: "Telegram does not let the bot write in the chat."
        }
    }

    /// With Telegram's own words where ours say too little.
    package func sentence(quoting said: String) -> String {
        self == .refused ? TelegramReason.refusedChat(said) : sentence
    }
}

extension TelegramFailure: CustomStringConvertible {
    package var description: String {
        switch self {
        case .tooMany(let seconds): "Telegram asks to wait \(seconds) s."
        case .migrated(let chat): "The group is a supergroup now: \(chat)."
        case .chat(let problem, let said): problem.sentence(quoting: said)
        case .message(let said): TelegramReason.refusedMessage(said)
        case .token: TelegramReason.unknownToken
        case .conflict(let description): "Somebody else reads the bot's updates: \(description)"
        case .unavailable(let reason): TelegramReason.unreachable(reason)
        }
    }
}
