import Base

/// A message that waits for its turn in a chat, as its kind gets it: a row of `telegram_messages`.
package struct QueuedMessage: Hashable, Sendable, Identifiable {
    package let id: Int64
    /// The order within a chat is (`orderedAt`, `id`).
    package let orderedAt: Timestamp
    package let chatID: Int64
    package let topicID: Int64?
    package let kind: String
    package let profileID: Int64?
    package let routeID: Int64?
    /// A UUID as PostgreSQL writes it.
    package let eventID: String?
    /// en, uk, ru
    package let language: String
    package let isSilent: Bool
    package let payload: JSON?

    package init(
        id: Int64, orderedAt: Timestamp, chatID: Int64, topicID: Int64? = nil, kind: String, profileID: Int64? = nil,
        routeID: Int64? = nil, eventID: String? = nil, language: String = "en", isSilent: Bool = false,
        payload: JSON? = nil
    ) {
        self.id = id
        self.orderedAt = orderedAt
        self.chatID = chatID
        self.topicID = topicID
        self.kind = kind
        self.profileID = profileID
        self.routeID = routeID
        self.eventID = eventID
        self.language = language
        self.isSilent = isSilent
        self.payload = payload
    }
}

/// What a chat is to read.
package struct RenderedMessage: Hashable, Sendable {
    /// Telegram's HTML, each at most 4096 UTF-16 units after its tags are taken away, sent one after the other. Never empty.
    package var parts: [String]
    /// Under the last part.
    package var keyboard: InlineKeyboard?

    package init(parts: [String], keyboard: InlineKeyboard? = nil) {
        self.parts = parts
        self.keyboard = keyboard
    }

    package init(_ html: String, keyboard: InlineKeyboard? = nil) {
        self.init(parts: [html], keyboard: keyboard)
    }
}
