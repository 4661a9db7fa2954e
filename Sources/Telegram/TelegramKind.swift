import Base
import Postgres

/// Says what messages of one kind look like. A feature registers its kinds with the sender; `kind` of `telegram_messages` names one.
///
/// Rendering happens at the moment of sending, so a template that was changed counts for what still waits. What is thrown is tried
/// again later; nothing is lost.
package struct TelegramKind: Sendable {
    /// Why many messages are told in one.
    package enum DigestOccasion: String, Hashable, Sendable {
        /// The quiet hours of their route are over.
        case quietHoursOver
        /// The queue of the chat was older than a minute.
        case queueTooLong
    }

    package let name: String
    /// By message id. A message that is missing has nothing to tell any more and is settled as failed.
    package let render: @Sendable ([QueuedMessage]) async throws -> [Int64: RenderedMessage]
    /// One message for many of one chat, topic and language, in their order; there are two at least. Nil: this kind has no digest,
    /// and its messages go out one by one, however many wait.
    package let digest: (@Sendable ([QueuedMessage], DigestOccasion) async throws -> RenderedMessage)?
    /// How many messages a second a profile may send, by its id; nil: the usual 27. From memory: it is asked for each message.
    package let perSecond: @Sendable (Int64) -> Int?

    package init(
        name: String, perSecond: @escaping @Sendable (Int64) -> Int? = { _ in nil },
        digest: (@Sendable ([QueuedMessage], DigestOccasion) async throws -> RenderedMessage)? = nil,
        render: @escaping @Sendable ([QueuedMessage]) async throws -> [Int64: RenderedMessage]
    ) {
        self.name = name
        self.perSecond = perSecond
        self.digest = digest
        self.render = render
    }

    /// Messages that carry what they say: `payload` is `{"text": "<b>HTML</b>", "keyboard": {"inline_keyboard": …}}`, or
    /// `{"texts": […]}` for several parts.
    package static let written = TelegramKind(name: "written") { messages in
        var rendered: [Int64: RenderedMessage] = [:]
        for message in messages {
            let several = message.payload?["texts"]?.arrayValue?.compactMap(\.stringValue)
            let parts = several ?? message.payload?["text"]?.stringValue.map { [$0] } ?? []
            guard !parts.isEmpty else { continue }
            rendered[message.id] = RenderedMessage(
                parts: parts, keyboard: message.payload?["keyboard"].flatMap { InlineKeyboard($0) })
        }
        return rendered
    }
}

/// Follows a group that became a supergroup under another number: each feature that keeps chat ids registers one. Called in the
/// transaction in which the queue and `telegram_chats` follow; running it again must change nothing.
package typealias ChatMigration = @Sendable (_ old: Int64, _ new: Int64, Transaction) async throws -> Void
