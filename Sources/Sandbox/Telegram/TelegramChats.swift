import Base

/// A chat of the simulated Telegram and all that was said there.
package struct SimulatedChat: Sendable {
    /// Why the bot can't write there.
    package enum State: String, Hashable, Sendable, CaseIterable {
        case open, blocked, deactivated, kicked, notMember = "not_member", deleted, noRights = "no_rights"
    }

    package var id: Int64
    package var kind: String
    package var title: String
    package var state = State.open
    /// Of a forum: the topics, and whether one may write in them.
    package var topics: [Topic] = []
    package var migratedTo: Int64?
    package var messages: [SimulatedMessage] = []
    /// What the bot said over the chat the last time.
    package var toast: SimulatedToast?
    var nextMessage: Int64 = 1
    var readUpTo: Int64 = 0

    package struct Topic: Hashable, Sendable {
        package var id: Int64
        package var name: String
        package var isOpen = true

        package init(_ id: Int64, _ name: String) {
            self.id = id
            self.name = name
        }
    }

    /// - Parameter kind: private, group, supergroup or channel.
    package init(_ id: Int64, _ title: String, kind: String, topics: [Topic] = []) {
        self.id = id
        self.title = title
        self.kind = kind
        self.topics = topics
    }

    var json: JSON {
        var json: JSON = ["id": .integer(id), "type": .string(kind)]
        json[kind == "private" ? "first_name" : "title"] = .string(title)
        if !topics.isEmpty { json["is_forum"] = true }
        return json
    }
}

package struct SimulatedMessage: Sendable {
    package var id: Int64
    package var isFromBot: Bool
    package var text: TelegramText
    package var topicID: Int64?
    package var isSilent = false
    package var isEdited = false
    package var at: Timestamp
    /// Telegram's `reply_markup`.
    package var keyboard: JSON?

    /// What the buttons send back, in order.
    package var buttons: [(text: String, data: String)] {
        (keyboard?["inline_keyboard"]?.arrayValue ?? []).flatMap { $0.arrayValue ?? [] }.compactMap { button in
            guard let text = button["text"]?.stringValue, let data = button["callback_data"]?.stringValue else {
                return nil
            }
            return (text, data)
        }
    }
}

package struct SimulatedToast: Hashable, Sendable {
    package var text: String
    package var isAlert: Bool
    /// Grows, so that a page knows a new one.
    package var number: Int
}
