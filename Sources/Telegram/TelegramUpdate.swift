import Base

/// A person or a bot, as Telegram tells of them.
package struct TelegramUser: Hashable, Sendable {
    package let id: Int64
    package let isBot: Bool
    /// First and last name.
    package let name: String
    /// Without `@`; empty when there is none.
    package let username: String
    /// IETF tag of their Telegram; empty when it isn't told.
    package let languageCode: String

    package init?(_ json: JSON?) {
        guard let json, let id = json["id"]?.intValue else { return nil }
        self.id = id
        isBot = json["is_bot"]?.boolValue ?? false
        name = [json["first_name"]?.stringValue, json["last_name"]?.stringValue].compactMap { $0 }
            .joined(separator: " ")
        username = json["username"]?.stringValue ?? ""
        languageCode = json["language_code"]?.stringValue ?? ""
    }
}

package struct TelegramChat: Hashable, Sendable {
    package let id: Int64
    /// private, group, supergroup, channel
    package let kind: String
    /// A person's name where it is private.
    package let title: String
    package let isForum: Bool

    package init?(_ json: JSON?) {
        guard let json, let id = json["id"]?.intValue else { return nil }
        self.id = id
        kind = json["type"]?.stringValue ?? ""
        title =
            json["title"]?.stringValue
            ?? [json["first_name"]?.stringValue, json["last_name"]?.stringValue].compactMap { $0 }
            .joined(separator: " ")
        isForum = json["is_forum"]?.boolValue ?? false
    }

    package var isPrivate: Bool { kind == "private" }
}

/// Something that happened, of the kinds we ask for.
package struct TelegramUpdate: Hashable, Sendable {
    package enum Content: Hashable, Sendable {
        case message(TelegramIncoming)
        case press(TelegramPress)
        case membership(TelegramMembership)
        /// Of a kind we don't read.
        case other
    }

    package let id: Int64
    package let content: Content

    /// Telegram's numbers are far below it, and one more than it is a number still.
    package static let largestID: Int64 = 1 << 53

    package init?(_ json: JSON) {
        guard let id = json["update_id"]?.intValue, (0...Self.largestID).contains(id) else { return nil }
        self.id = id
        if let message = TelegramIncoming(json["message"]) {
            content = .message(message)
        } else if let press = TelegramPress(json["callback_query"]) {
            content = .press(press)
        } else if let membership = TelegramMembership(json["my_chat_member"]) {
            content = .membership(membership)
        } else {
            content = .other
        }
    }
}

package struct TelegramIncoming: Hashable, Sendable {
    package let id: Int64
    package let chat: TelegramChat
    package let from: TelegramUser?
    package let topicID: Int64?
    package let text: String
    /// The group is a supergroup from here on, under this number.
    package let migratedTo: Int64?

    init?(_ json: JSON?) {
        guard let json, let id = json["message_id"]?.intValue, let chat = TelegramChat(json["chat"]) else { return nil }
        self.id = id
        self.chat = chat
        from = TelegramUser(json["from"])
        topicID = json["is_topic_message"]?.boolValue == true ? json["message_thread_id"]?.intValue : nil
        text = json["text"]?.stringValue ?? ""
        migratedTo = json["migrate_to_chat_id"]?.intValue
    }
}

package struct TelegramPress: Hashable, Sendable {
    /// Telegram's name for the press, by which it is answered.
    package let id: String
    package let from: TelegramUser
    /// Under which the button was; nil: too old to be told.
    package let message: TelegramIncoming?
    package let data: String

    init?(_ json: JSON?) {
        guard let json, let id = json["id"]?.stringValue, let from = TelegramUser(json["from"]) else { return nil }
        self.id = id
        self.from = from
        message = TelegramIncoming(json["message"])
        data = json["data"]?.stringValue ?? ""
    }
}

/// What the bot itself is in a chat.
package struct TelegramMembership: Hashable, Sendable {
    package let chat: TelegramChat
    package let from: TelegramUser?
    /// creator, administrator, member, restricted, left, kicked
    package let status: String
    /// False for a restricted one that has left.
    private let isThere: Bool
    /// Of a restricted member.
    private let canSend: Bool

    init?(_ json: JSON?) {
        guard let json, let chat = TelegramChat(json["chat"]), let new = json["new_chat_member"],
            let status = new["status"]?.stringValue
        else { return nil }
        self.chat = chat
        from = TelegramUser(json["from"])
        self.status = status
        isThere = new["is_member"]?.boolValue ?? true
        canSend = new["can_send_messages"]?.boolValue ?? (new["can_post_messages"]?.boolValue ?? true)
    }

    /// Nil: the bot can write there.
    package var problem: TelegramFailure.ChatProblem? {
        switch status {
        case "left": .botRemoved
        case "kicked": chat.isPrivate ? .blocked : .botRemoved
        default: !isThere ? .botRemoved : canSend ? nil : .noRights
        }
    }
}
