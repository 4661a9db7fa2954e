import Base
import Postgres

/// A chat that this process may send to, until somebody else's lease is newer.
struct ChatLease: Hashable, Sendable {
    let chatID: Int64
    let token: Int64
}

/// The message that is in flight in a chat: marked so before it is sent.
struct MessageInFlight: Sendable {
    let message: QueuedMessage
    /// 1 at the first try.
    let attempt: Int
    let partsSent: Int
    /// Nil: a message by itself.
    let digestOf: TelegramKind.DigestOccasion?
    /// How long it could have been sent by now.
    let age: Duration
    /// Until its place in the bot's 30 a second has come.
    let pause: Duration
}

enum NextInChat: Sendable {
    /// The lease is somebody else's.
    case lost
    /// Nothing is due, and the lease was given back.
    case idle
    case wait(Duration)
    /// All of the bot's places are taken for so long.
    case botIsFull(for: Duration)
    /// The profile's rate is used up for so long; after it there is a place each `interval`.
    case profileIsFull(Int64, for: Duration, interval: Duration)
    case send(MessageInFlight)
}

/// The queue's SQL. All times are the database's, so that processes on several machines agree.
package struct TelegramQueue: Sendable {
    let database: Database
    package let pace: TelegramPace
    let limits: TelegramLimits
    let migrations: [ChatMigration]

    /// - Parameter bot: the id of the bot that sends.
    package init(database: Database, bot: String, pace: TelegramPace = TelegramPace(), migrations: [ChatMigration]) {
        self.database = database
        self.pace = pace
        limits = TelegramLimits(bot: bot, pace: pace)
        self.migrations = migrations
    }

    /// Chats with something in the queue, each once, however many messages wait.
    private static let queued: SQL = """
        queued AS (
            (SELECT chat_id FROM telegram_messages WHERE state IN ('waiting', 'sending') AND digest_id IS NULL
            ORDER BY chat_id LIMIT 1)
            UNION ALL
            SELECT (SELECT following.chat_id FROM telegram_messages following
                WHERE following.state IN ('waiting', 'sending') AND following.digest_id IS NULL
                    AND following.chat_id > queued.chat_id
                ORDER BY following.chat_id LIMIT 1)
            FROM queued WHERE queued.chat_id IS NOT NULL
        )
        """

    /// Takes up to `limit` chats in which something is due; none while the bot may send nothing.
    /// - Parameter besides: chats that this process works on. One whose lease was lost is left to others, or to itself when what it
    ///   has in flight is settled.
    func claim(limit: Int, besides: [Int64] = [], lease: Duration) async throws -> [ChatLease] {
        let rows = try await database.pipeline([
            """
            WITH RECURSIVE \(Self.queued)
            INSERT INTO telegram_chats (chat_id) SELECT chat_id FROM queued
            WHERE chat_id IS NOT NULL AND NOT EXISTS (SELECT FROM telegram_chats c WHERE c.chat_id = queued.chat_id)
            ON CONFLICT DO NOTHING
            """,
            """
            WITH RECURSIVE \(Self.queued), due AS MATERIALIZED (
                SELECT c.chat_id FROM queued JOIN telegram_chats c USING (chat_id)
                WHERE (c.lease_until IS NULL OR c.lease_until < now()) AND c.next_at <= now()
                    AND c.chat_id <> ALL (\(besides)::bigint[])
                    AND NOT EXISTS (SELECT FROM telegram_limits
                        WHERE scope = \(limits.botScope) AND next_at > now() + interval '2 seconds')
                    AND EXISTS (
                    SELECT FROM telegram_messages m
                    WHERE m.chat_id = c.chat_id AND m.state IN ('waiting', 'sending') AND m.digest_id IS NULL
                        AND (m.run_at <= now() OR m.state = 'sending'))
                ORDER BY c.next_at, c.chat_id LIMIT \(limit)::int FOR UPDATE OF c SKIP LOCKED
            )
            UPDATE telegram_chats c SET lease_token = lease_token + 1, lease_until = now() + \(lease.interval)
            FROM due WHERE c.chat_id = due.chat_id RETURNING c.chat_id, c.lease_token
            """,
        ])
        var leases: [ChatLease] = []
        for row in rows.last.map(Array.init) ?? [] {
            leases.append(ChatLease(chatID: try row.get("chat_id"), token: try row.get("lease_token")))
        }
        return leases
    }

    func release(_ lease: ChatLease) async throws {
        try await Self.release(lease, in: database)
    }

    /// Gives the chat back, to be taken again after so long.
    func postpone(_ lease: ChatLease, by pause: Duration) async throws {
        try await database.execute(
            """
            UPDATE telegram_chats SET lease_until = NULL, next_at = greatest(next_at, now() + \(pause.interval))
            WHERE chat_id = \(lease.chatID) AND lease_token = \(lease.token)
            """)
    }

    private static func release(_ lease: ChatLease, in queryable: some Queryable) async throws {
        try await queryable.execute(
            """
            UPDATE telegram_chats SET lease_until = NULL
            WHERE chat_id = \(lease.chatID) AND lease_token = \(lease.token)
            """)
    }

    // MARK: The next message

    private struct Head {
        var message: QueuedMessage
        var attempts: Int
        var partsSent: Int
        var digestOf: TelegramKind.DigestOccasion?
        var isHeld: Bool
        var isInFlight: Bool
        var readyAt: Timestamp
    }

    /// Marks the chat's next message as in flight and takes its place within all limits, in one transaction; or says what to wait
    /// for. One that was in flight when its process was lost comes first, and again.
    func next(
        in lease: ChatLease, kinds: [String: TelegramKind], lasting: Duration
    ) async throws -> NextInChat {
        try await database.transaction { transaction in
            let chat = try await transaction.first(
                """
                UPDATE telegram_chats SET lease_until = now() + \(lasting.interval)
                WHERE chat_id = \(lease.chatID) AND lease_token = \(lease.token)
                RETURNING next_at, migrated_to, clock_timestamp() AS present, EXISTS (
                    SELECT FROM telegram_chats old JOIN telegram_messages m ON m.chat_id = old.chat_id
                    WHERE old.migrated_to = telegram_chats.chat_id AND m.state = 'sending') AS is_followed
                """)
            guard let chat else { return .lost }
            let now: Timestamp = try chat.get("present")
            if let group: Int64 = try chat.get("migrated_to") {
                try await transaction.execute(Self.moving(from: lease.chatID, to: group, withInFlight: true))
                try await Self.release(lease, in: transaction)
                return .idle
            }
            // What is still in flight under the group's former number comes before all that was moved here.
            if try chat.get("is_followed") { return .wait(.milliseconds(250)) }
            guard let head = try await head(of: lease.chatID, at: now, in: transaction) else {
                try await Self.release(lease, in: transaction)
                return .idle
            }
            let sends = try await limits.sends(to: lease.chatID, in: transaction)
            let open = limits.earliest(chat: lease.chatID, nextAt: try chat.get("next_at"), sends)
            if open > now {
                // Kept, so that nobody claims the chat before.
                try await transaction.execute(
                    "UPDATE telegram_chats SET next_at = \(open) WHERE chat_id = \(lease.chatID)")
                return .wait(open.since(now))
            }
            let kind = kinds[head.message.kind]
            let perSecond = head.message.profileID.flatMap { kind?.perSecond($0) }
            let start: Timestamp
            switch try await limits.places(
                profile: head.message.profileID, perSecond: perSecond, at: now, in: transaction)
            {
            case .free(let place): start = place
            case .full(let until): return .botIsFull(for: until.since(now))
            case .profileIsFull(let profile, let until):
                return .profileIsFull(
                    profile, for: until.since(now), interval: pace.profileInterval(perSecond: perSecond))
            }
            let chosen = try await digested(head, hasDigest: kind?.digest != nil, at: now, in: transaction) ?? head
            _ = try await transaction.pipeline([
                """
                UPDATE telegram_messages SET state = 'sending', attempts = attempts + 1 WHERE id = \(chosen.message.id)
                """,
                limits.taking(start, chat: lease.chatID, after: sends),
            ])
            return .send(
                MessageInFlight(
                    message: chosen.message, attempt: chosen.attempts + 1, partsSent: chosen.partsSent,
                    digestOf: chosen.digestOf, age: now.since(chosen.readyAt), pause: start.since(now)))
        }
    }

    private static let columns: SQL = """
        id, ordered_at, chat_id, topic_id, kind, profile_id, route_id, event_id, language, is_silent, payload, attempts,
        parts_sent, digest_of, is_held, state = 'sending' AS is_in_flight, greatest(created_at, run_at) AS ready_at
        """

    private func head(of chat: Int64, at now: Timestamp, in transaction: Transaction) async throws -> Head? {
        let inFlight = try await transaction.first(
            "SELECT \(Self.columns) FROM telegram_messages WHERE chat_id = \(chat) AND state = 'sending'")
        if let inFlight { return try Self.head(inFlight) }
        return try await transaction.first(
            """
            SELECT \(Self.columns) FROM telegram_messages
            WHERE chat_id = \(chat) AND state IN ('waiting', 'sending') AND digest_id IS NULL AND run_at <= \(now)
            ORDER BY ordered_at, id LIMIT 1
            """
        ).map { try Self.head($0) }
    }

    private static func head(_ row: Row) throws -> Head {
        Head(
            message: try message(row), attempts: try row.get("attempts"), partsSent: try row.get("parts_sent"),
            digestOf: try row.get("digest_of", String?.self).flatMap { TelegramKind.DigestOccasion(rawValue: $0) },
            isHeld: try row.get("is_held"), isInFlight: try row.get("is_in_flight"),
            readyAt: try row.get("ready_at"))
    }

    private static func message(_ row: Row) throws -> QueuedMessage {
        QueuedMessage(
            id: try row.get("id"), orderedAt: try row.get("ordered_at"), chatID: try row.get("chat_id"),
            topicID: try row.get("topic_id"), kind: try row.get("kind"), profileID: try row.get("profile_id"),
            routeID: try row.get("route_id"), eventID: try row.get("event_id"), language: try row.get("language"),
            isSilent: try row.get("is_silent"), payload: try row.get("payload"))
    }

    /// The messages a digest tells, in their order.
    func members(of digest: Int64) async throws -> [QueuedMessage] {
        try await database.query(
            "SELECT \(Self.columns) FROM telegram_messages WHERE digest_id = \(digest) ORDER BY ordered_at, id"
        ).map { try Self.message($0) }
    }

    func isReady() async -> Bool { await database.isReady() }

    // MARK: Digests

    private static let longestDigest = 5_000

    /// A new message that tells all that wait beside `head`, when it is time for one. Those told keep waiting until it is sent.
    private func digested(
        _ head: Head, hasDigest: Bool, at now: Timestamp, in transaction: Transaction
    ) async throws -> Head? {
        guard hasDigest, !head.isInFlight, head.digestOf == nil, head.partsSent == 0 else { return nil }
        let isLate = now.since(head.readyAt) > pace.digestAge
        guard head.isHeld || isLate else { return nil }
        let occasion: TelegramKind.DigestOccasion = head.isHeld ? .quietHoursOver : .queueTooLong
        let first = head.message
        let members = try await transaction.query(
            """
            SELECT id FROM telegram_messages
            WHERE chat_id = \(first.chatID) AND state = 'waiting' AND digest_id IS NULL AND run_at <= \(now)
                AND topic_id IS NOT DISTINCT FROM \(first.topicID)::bigint AND kind = \(first.kind)
                AND language = \(first.language) AND is_held = \(head.isHeld) AND digest_of IS NULL AND parts_sent = 0
            ORDER BY ordered_at, id LIMIT \(Self.longestDigest)::int
            """
        ).map { try $0.get("id", Int64.self) }
        guard members.count > 1 else { return nil }
        let row = try await transaction.one(
            """
            INSERT INTO telegram_messages (ordered_at, chat_id, topic_id, kind, profile_id, language, is_silent, digest_of,
                run_at, created_at)
            SELECT min(ordered_at), min(chat_id), min(topic_id), min(kind),
                CASE WHEN count(DISTINCT profile_id) = 1 THEN min(profile_id) END, min(language), bool_and(is_silent),
                \(occasion.rawValue), min(run_at), min(created_at)
            FROM telegram_messages WHERE id = ANY(\(members)::bigint[])
            RETURNING \(Self.columns)
            """)
        let digest = try Self.head(row)
        try await transaction.execute(
            "UPDATE telegram_messages SET digest_id = \(digest.message.id) WHERE id = ANY(\(members)::bigint[])")
        return digest
    }
}
