import Synchronization
import Telegram

/// The bot's name in Telegram: asked once, then known. Any thread.
package final class BotAddress: Sendable {
    private let client: TelegramClient
    private let known = Mutex<String?>(nil)

    package init(_ client: TelegramClient) { self.client = client }

    /// Without `@`; nil while Telegram can't be asked.
    package func username() async -> String? {
        if let name = known.withLock({ $0 }) { return name }
        guard let name = try? await client.getMe().username, !name.isEmpty else { return nil }
        known.withLock { $0 = name }
        return name
    }
}

/// What a page knows of the bot.
package enum BotName: Hashable, Sendable {
    /// Without `@`.
    case known(String)
    /// Telegram can't be asked now.
    case away
    /// None is set.
    case missing
}
