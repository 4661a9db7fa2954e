import Base
import Postgres
import Reactor

/// What the bot says to a person who waits. It takes its place in the same limits as the queue, of which the next is always its own:
/// the queue waits for it, and it waits for one message of the queue at most. Where Telegram asks to wait, it waits and tries again.
package struct TelegramReplies: Sendable {
    private let database: Database
    private let client: TelegramClient
    private let limits: TelegramLimits
    private let loop: EventLoop

    /// Nobody waits longer for an answer.
    private static let patience = Duration.seconds(300)

    package init(database: Database, client: TelegramClient, pace: TelegramPace, loop: EventLoop) {
        self.database = database
        self.client = client
        self.loop = loop
        limits = TelegramLimits(bot: client.botID, pace: pace)
    }

    package func send(_ html: String, to chat: Int64, topic: Int64? = nil, keyboard: InlineKeyboard?) async throws {
        try await inTurn(in: chat) { () async throws(TelegramFailure) in
            try await client.sendMessage(html, to: chat, topic: topic, keyboard: keyboard)
        }
    }

    package func edit(_ html: String, message: Int64, in chat: Int64, keyboard: InlineKeyboard?) async throws {
        try await inTurn(in: chat) { () async throws(TelegramFailure) in
            try await client.editMessageText(html, message: message, in: chat, keyboard: keyboard)
        }
    }

    /// Goes to no chat, so only Telegram's own word counts.
    package func answer(press: String, _ text: String = "", isAlert: Bool = false) async throws {
        try await inTurn(in: nil) { () async throws(TelegramFailure) in
            try await client.answerCallbackQuery(press, text: text, isAlert: isAlert)
        }
    }

    private func inTurn(in chat: Int64?, _ call: () async throws(TelegramFailure) -> Void) async throws {
        let end = MonotonicTime.now() + Self.patience
        while true {
            if let chat {
                try await wait(try await placeInChat(chat), until: end)
                try await wait(try await placeOfBot(), until: end)
            }
            do throws(TelegramFailure) {
                return try await call()
            } catch {
                guard case .tooMany(let seconds) = error else { throw error }
                let pause = Duration.milliseconds(Int64(seconds) * 1000 + 250)
                if let chat {
                    try await database.transaction { try await limits.noteFlood(chat: chat, for: pause, in: $0) }
                }
                // A chat's wait is its next place.
                if chat == nil { try await wait(pause, until: end) }
            }
        }
    }

    private func wait(_ time: Duration, until end: MonotonicTime) async throws {
        guard MonotonicTime.now() + time < end else {
            throw TelegramFailure.tooMany(retryAfterSeconds: Int(clamping: time.components.seconds))
        }
        if time > .zero, await !loop.sleep(for: time) { throw CancellationError() }
    }

    /// Taken ahead, so that the queue of the chat stands behind it.
    /// - Returns: how long it is until then.
    private func placeInChat(_ chat: Int64) async throws -> Duration {
        try await database.transaction { transaction in
            let sends = try await limits.sends(to: chat, in: transaction)
            let now = try await Self.now(in: transaction)
            let start = limits.earliest(chat: chat, nextAt: now, sends)
            // One that nobody will wait for is left to others.
            if start.since(now) < Self.patience {
                try await transaction.execute(limits.taking(start, chat: chat, after: sends))
            }
            return start.since(now)
        }
    }

    private func placeOfBot() async throws -> Duration {
        try await database.transaction { transaction in
            let now = try await Self.now(in: transaction)
            let place = try await limits.places(
                profile: nil, perSecond: nil, within: Self.patience, at: now, in: transaction)
            switch place {
            case .free(let start), .full(let start), .profileIsFull(_, let start): return start.since(now)
            }
        }
    }

    private static func now(in transaction: Transaction) async throws -> Timestamp {
        try await transaction.one("SELECT clock_timestamp() AS present").get("present")
    }
}
