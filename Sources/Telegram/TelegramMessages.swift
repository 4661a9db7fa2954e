import Base
import Postgres

/// A message to be put into the queue.
package struct TelegramMessage: Hashable, Sendable {
    package var chatID: Int64
    package var topicID: Int64?
    /// The name of a ``TelegramKind``.
    package var kind: String
    package var profileID: Int64?
    package var routeID: Int64?
    /// A UUID.
    package var eventID: String?
    package var language: String
    package var isSilent: Bool
    package var payload: JSON?
    /// Nil: now.
    package var orderedAt: Timestamp?
    /// Told in one message with the others of the chat and topic at that time.
    package var heldUntil: Timestamp?

    package init(
        chatID: Int64, topicID: Int64? = nil, kind: String, profileID: Int64? = nil, routeID: Int64? = nil,
        eventID: String? = nil, language: String = "en", isSilent: Bool = false, payload: JSON? = nil,
        orderedAt: Timestamp? = nil, heldUntil: Timestamp? = nil
    ) {
        self.chatID = chatID
        self.topicID = topicID
        self.kind = kind
        self.profileID = profileID
        self.routeID = routeID
        self.eventID = eventID
        self.language = language
        self.isSilent = isSilent
        self.payload = payload
        self.orderedAt = orderedAt
        self.heldUntil = heldUntil
    }

    /// HTML that is sent as it is.
    package static func written(
        _ html: String, to chatID: Int64, topic: Int64? = nil, keyboard: InlineKeyboard? = nil
    ) -> TelegramMessage {
        var payload: JSON = ["text": .string(html)]
        if let keyboard { payload["keyboard"] = keyboard.json }
        return TelegramMessage(chatID: chatID, topicID: topic, kind: TelegramKind.written.name, payload: payload)
    }
}

/// Puts messages into the queue, within the caller's transaction. A statement of its own may insert into `telegram_messages` as well:
/// all columns but `chat_id` and `kind` have defaults, and `telegram_chats` need not know the chat. Ring ``TelegramSender/poke()``
/// after the commit.
package enum TelegramMessages {
    /// - Returns: their ids, in order.
    @discardableResult
    package static func put(
        _ messages: [TelegramMessage], in queryable: some Queryable
    ) async throws(PostgresError) -> [Int64] {
        guard !messages.isEmpty else { return [] }
        let rows = try await queryable.query(
            """
            INSERT INTO telegram_messages (ordered_at, chat_id, topic_id, kind, profile_id, route_id, event_id, language,
                is_silent, payload, run_at, is_held)
            SELECT coalesce(ordered_at, now()), chat_id, topic_id, kind, profile_id, route_id, event_id, language,
                is_silent, payload, coalesce(held_until, now()), held_until IS NOT NULL
            FROM unnest(\(messages.map(\.orderedAt))::timestamptz[], \(messages.map(\.chatID))::bigint[],
                \(messages.map(\.topicID))::bigint[], \(messages.map(\.kind))::text[],
                \(messages.map(\.profileID))::bigint[], \(messages.map(\.routeID))::bigint[],
                \(messages.map(\.eventID))::uuid[], \(messages.map(\.language))::text[],
                \(messages.map(\.isSilent))::boolean[], \(messages.map(\.payload))::jsonb[],
                \(messages.map(\.heldUntil))::timestamptz[]) WITH ORDINALITY
                AS given (ordered_at, chat_id, topic_id, kind, profile_id, route_id, event_id, language, is_silent,
                    payload, held_until, place)
            ORDER BY place RETURNING id
            """)
        var ids: [Int64] = []
        for row in rows { ids.append(try row.get("id")) }
        return ids
    }
}
