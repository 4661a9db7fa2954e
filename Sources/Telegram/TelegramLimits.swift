import Base
import Postgres

/// A bot's allotments as rows that all processes share: its 30 a second, a chat's one a second, a group's 20 a minute, a profile's rate.
/// Whoever takes a place sends at the time it was given.
///
/// Rows are locked in one order everywhere: the chat, its sends, `telegram_limits`.
struct TelegramLimits: Sendable {
    let bot: String
    let pace: TelegramPace

    // MARK: Chats

    /// What counts of the sends to a chat.
    struct ChatSends: Sendable {
        let recent: [Timestamp]
        let floodedUntil: Timestamp?
    }

    /// Locked until the transaction ends.
    func sends(to chat: Int64, in transaction: Transaction) async throws -> ChatSends {
        if let known = try await lockedSends(to: chat, in: transaction) { return known }
        try await transaction.execute(
            "INSERT INTO telegram_sends (bot, chat_id) VALUES (\(bot), \(chat)) ON CONFLICT DO NOTHING")
        return try await lockedSends(to: chat, in: transaction) ?? ChatSends(recent: [], floodedUntil: nil)
    }

    private func lockedSends(to chat: Int64, in transaction: Transaction) async throws -> ChatSends? {
        try await transaction.first(
            "SELECT recent, flooded_until FROM telegram_sends WHERE bot = \(bot) AND chat_id = \(chat) FOR UPDATE"
        ).map { ChatSends(recent: try $0.get("recent"), floodedUntil: try $0.get("flooded_until")) }
    }

    /// From when on the chat may be sent to.
    func earliest(chat: Int64, nextAt: Timestamp, _ sends: ChatSends) -> Timestamp {
        pace.earliest(chat: chat, nextAt: max(nextAt, sends.floodedUntil ?? nextAt), recent: sends.recent)
    }

    /// The statement that takes a chat's place.
    func taking(_ start: Timestamp, chat: Int64, after sends: ChatSends) -> SQL {
        """
        UPDATE telegram_sends SET recent = \(pace.recent(sends.recent, with: start))::timestamptz[]
        WHERE bot = \(bot) AND chat_id = \(chat)
        """
    }

    // MARK: The bot and its profiles

    enum Places {
        case free(from: Timestamp)
        case full(until: Timestamp)
        case profileIsFull(Int64, until: Timestamp)
    }

    var botScope: String { "bot \(bot)" }

    /// Takes the bot's next place, if it comes within `patience`, and if the profile has one now.
    func places(
        profile: Int64?, perSecond: Int?, within patience: Duration = .seconds(1), at now: Timestamp,
        in transaction: Transaction
    ) async throws -> Places {
        let profileScope = profile.map { "profile \($0)" }
        let scopes = [botScope] + [profileScope].compactMap { $0 }
        var rows = try await Self.lock(scopes, in: transaction)
        if rows.count < scopes.count {
            try await transaction.execute(
                """
                INSERT INTO telegram_limits (scope, next_at)
                SELECT scope, \(now) FROM unnest(\(scopes)::text[]) AS scope ORDER BY scope ON CONFLICT DO NOTHING
                """)
            rows = try await Self.lock(scopes, in: transaction)
        }
        if let profile, let profileScope, let free = rows[profileScope], free > now {
            return .profileIsFull(profile, until: free)
        }
        let start = max(rows[botScope] ?? now, now)
        guard start.since(now) <= patience else { return .full(until: start) }
        var places = [(botScope, start.adding(pace.botInterval))]
        if let profileScope {
            let next = pace.nextOfProfile(after: rows[profileScope] ?? now, takenAt: now, perSecond: perSecond)
            places.append((profileScope, next))
        }
        try await transaction.execute(
            """
            UPDATE telegram_limits l SET next_at = taken.next_at
            FROM unnest(\(places.map(\.0))::text[], \(places.map(\.1))::timestamptz[]) AS taken (scope, next_at)
            WHERE l.scope = taken.scope
            """)
        return .free(from: start)
    }

    private static func lock(_ scopes: [String], in transaction: Transaction) async throws -> [String: Timestamp] {
        var result: [String: Timestamp] = [:]
        for row in try await transaction.query(
            "SELECT scope, next_at FROM telegram_limits WHERE scope = ANY(\(scopes)::text[]) ORDER BY scope FOR UPDATE")
        {
            result[try row.get("scope")] = try row.get("next_at")
        }
        return result
    }

    // MARK: 429

    /// Telegram doesn't say whose limit was passed. One chat's alone is its own; when another chat was told so at the same time, it is
    /// the bot's.
    func noteFlood(chat: Int64, for pause: Duration, in transaction: Transaction) async throws {
        try await transaction.execute(
            """
            INSERT INTO telegram_sends (bot, chat_id, flooded_until)
            VALUES (\(bot), \(chat), now() + \(pause.interval))
            ON CONFLICT (bot, chat_id) DO UPDATE
            SET flooded_until = greatest(telegram_sends.flooded_until, EXCLUDED.flooded_until)
            """)
        // Two chats that are told so at one time take turns here, and the second finds the first.
        _ = try await Self.lock([botScope], in: transaction)
        let other = try await transaction.first(
            """
            SELECT FROM telegram_sends WHERE bot = \(bot) AND chat_id <> \(chat) AND flooded_until > now() LIMIT 1
            """)
        if other != nil { try await holdBot(for: pause, in: transaction) }
    }

    func holdBot(for pause: Duration, in transaction: Transaction) async throws {
        try await transaction.execute(
            """
            INSERT INTO telegram_limits (scope, next_at) VALUES (\(botScope), now() + \(pause.interval))
            ON CONFLICT (scope) DO UPDATE SET next_at = greatest(telegram_limits.next_at, EXCLUDED.next_at)
            """)
    }
}
