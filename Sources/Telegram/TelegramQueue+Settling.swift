import Base
import Postgres

/// What became of a message in flight.
enum TelegramOutcome: Hashable, Sendable {
    /// Its next part is there; more follow.
    case partSent
    case sent(messageID: Int64)
    /// Never again.
    case failed(reason: String)
    /// Again later, in its place. `counts`: as an attempt.
    case again(after: Duration, reason: String, counts: Bool)
    /// Nothing can be sent to the chat: it is marked, and tried again after a while.
    case chatProblem(TelegramFailure.ChatProblem, description: String, after: Duration)
    case migrated(to: Int64)
    /// 429.
    case flood(retryAfter: Duration)
    /// Telegram doesn't know the bot: nothing is sent to anybody for a while.
    case botRefused(after: Duration)
}

extension TelegramQueue {
    /// Writes it down, in one transaction, unless the lease is somebody else's by now; then false.
    func settle(_ flight: MessageInFlight, in lease: ChatLease, _ outcome: TelegramOutcome) async throws -> Bool {
        let message = flight.message.id
        return try await database.transaction { transaction in
            if case .migrated = outcome { try await Self.takeTurnInMigrating(transaction) }
            let chat = try await transaction.first(
                """
                UPDATE telegram_chats SET next_at = greatest(next_at, now() + \(pace.chatInterval.interval))
                WHERE chat_id = \(lease.chatID) AND lease_token = \(lease.token) RETURNING problem
                """)
            guard let chat else { return false }
            switch outcome {
            case .partSent:
                try await transaction.execute(
                    "UPDATE telegram_messages SET parts_sent = parts_sent + 1 WHERE id = \(message)")
            case .sent(let id):
                try await transaction.execute(
                    """
                    UPDATE telegram_messages SET state = CASE WHEN id = \(message) THEN 'sent' ELSE 'digested' END,
                        message_id = \(id), error = NULL, settled_at = now(),
                        parts_sent = CASE WHEN id = \(message) THEN parts_sent + 1 ELSE 0 END
                    WHERE id = \(message) OR digest_id = \(message)
                    """)
                if try chat.get("problem", String?.self) != nil { try await Self.clear(lease.chatID, in: transaction) }
            case .failed(let reason):
                try await fail(message, reason, in: transaction)
            case .again(let pause, let reason, let counts):
                try await putBack(message, reason: reason, counts: counts, in: transaction)
                try await hold(lease.chatID, for: pause, in: transaction)
            case .chatProblem(let problem, let description, let pause):
                try await putBack(message, reason: nil, counts: true, in: transaction)
                try await mark(lease.chatID, problem, description, in: transaction)
                try await hold(lease.chatID, for: pause, in: transaction)
            case .migrated(let group):
                try await putBack(message, reason: nil, counts: false, in: transaction)
                if try await !follow(from: lease.chatID, to: group, in: transaction) {
                    try await lead(flight, nowhere: group, in: transaction)
                }
            case .flood(let pause):
                try await putBack(message, reason: nil, counts: false, in: transaction)
                try await limits.noteFlood(chat: lease.chatID, for: pause, in: transaction)
            case .botRefused(let pause):
                try await putBack(message, reason: TelegramFailure.token.description, counts: false, in: transaction)
                try await limits.holdBot(for: pause, in: transaction)
            }
            return true
        }
    }

    /// A chat that is said to have become itself, or one that became it: no answer to act on.
    private func lead(_ flight: MessageInFlight, nowhere group: Int64, in transaction: Transaction) async throws {
        let reason = TelegramFailure.migrated(to: group).description
        guard flight.age <= pace.giveUpAfter else { return try await fail(flight.message.id, reason, in: transaction) }
        try await transaction.execute(
            "UPDATE telegram_messages SET attempts = attempts + 1, error = \(reason) WHERE id = \(flight.message.id)")
        try await hold(
            flight.message.chatID, for: pace.pauseOfProblem(afterAttempt: flight.attempt), in: transaction)
    }

    private func fail(_ message: Int64, _ reason: String, in transaction: Transaction) async throws {
        try await transaction.execute(
            """
            UPDATE telegram_messages SET state = 'failed', error = \(reason), settled_at = now()
            WHERE id = \(message) OR digest_id = \(message)
            """)
    }

    private func putBack(
        _ message: Int64, reason: String?, counts: Bool, in transaction: Transaction
    ) async throws {
        try await transaction.execute(
            """
            UPDATE telegram_messages SET state = 'waiting', error = coalesce(\(reason)::text, error),
                attempts = attempts - \(counts ? 0 : 1)::int
            WHERE id = \(message)
            """)
    }

    private func hold(_ chat: Int64, for pause: Duration, in transaction: Transaction) async throws {
        try await transaction.execute(
            "UPDATE telegram_chats SET next_at = greatest(next_at, now() + \(pause.interval)) WHERE chat_id = \(chat)")
    }

    // MARK: Chats

    /// Also on what waits there, so that a page shows why.
    private func mark(
        _ chat: Int64, _ problem: TelegramFailure.ChatProblem, _ description: String, in transaction: Transaction
    ) async throws {
        let sentence = problem.sentence(quoting: description)
        _ = try await transaction.pipeline([
            """
            UPDATE telegram_chats SET problem = \(problem.rawValue), problem_text = \(sentence),
                problem_at = CASE WHEN problem = \(problem.rawValue) THEN problem_at ELSE now() END
            WHERE chat_id = \(chat)
            """,
            """
            UPDATE telegram_messages SET error = \(sentence)
            WHERE chat_id = \(chat) AND state = 'waiting' AND run_at <= now() AND error IS DISTINCT FROM \(sentence)
            """,
        ])
    }

    private static func clear(_ chat: Int64, in transaction: Transaction) async throws {
        try await transaction.execute(
            """
            UPDATE telegram_chats SET problem = NULL, problem_text = NULL, problem_at = NULL WHERE chat_id = \(chat)
            """)
    }

    /// A group's own word that it became a supergroup.
    package func followMigration(from old: Int64, to new: Int64) async throws {
        _ = try await database.transaction { transaction in
            try await Self.takeTurnInMigrating(transaction)
            return try await follow(from: old, to: new, in: transaction)
        }
    }

    /// One at a time, before any chat is locked: two of them could make a circle.
    private static func takeTurnInMigrating(_ transaction: Transaction) async throws {
        try await transaction.execute("SELECT pg_advisory_xact_lock(hashtextextended('telegram migrations', 0))")
    }

    /// The queue goes on under the group's new number, and everybody who keeps it learns of it. Harmless when it was done before.
    /// What is in flight under the old number is its sender's to settle, and moves then.
    /// - Returns: false, and nothing is done, when the new number leads back to the old one.
    private func follow(from old: Int64, to new: Int64, in transaction: Transaction) async throws -> Bool {
        let path = try await transaction.one(
            """
            WITH RECURSIVE path (chat_id, step) AS (
                SELECT \(new)::bigint, 0
                UNION ALL
                SELECT c.migrated_to, step + 1 FROM path JOIN telegram_chats c USING (chat_id)
                WHERE c.migrated_to IS NOT NULL AND step < 20
            )
            SELECT bool_or(chat_id = \(old)) OR max(step) >= 20 AS is_circle,
                EXISTS (SELECT FROM telegram_chats WHERE chat_id = \(old)) AS is_known
            FROM path
            """)
        if try path.get("is_circle") { return false }
        // One that only another of our bots is in is nobody's to choose.
        if try path.get("is_known") {
            _ = try await transaction.pipeline([
                """
                INSERT INTO telegram_chats (chat_id, title, kind, is_forum)
                SELECT \(new), title, 'supergroup', false FROM telegram_chats WHERE chat_id = \(old)
                ON CONFLICT DO NOTHING
                """,
                """
                UPDATE telegram_chats SET migrated_to = \(new), problem = NULL, problem_text = NULL, problem_at = NULL
                WHERE chat_id = \(old)
                """,
                Self.moving(from: old, to: new, withInFlight: false),
            ])
        }
        _ = try await transaction.pipeline([
            """
            INSERT INTO telegram_dialogs (bot, chat_id, person_id, step, state, updated_at)
            SELECT bot, \(new), person_id, step, state, updated_at FROM telegram_dialogs WHERE chat_id = \(old)
            ON CONFLICT DO NOTHING
            """,
            "DELETE FROM telegram_dialogs WHERE chat_id = \(old)",
            """
            INSERT INTO telegram_chat_people (telegram_id, chat_id, seen_at)
            SELECT telegram_id, \(new), seen_at FROM telegram_chat_people WHERE chat_id = \(old) ON CONFLICT DO NOTHING
            """,
            "DELETE FROM telegram_chat_people WHERE chat_id = \(old)",
        ])
        for migration in migrations { try await migration(old, new, transaction) }
        return true
    }

    /// What was put in under the old number, also later.
    /// - Parameter withInFlight: by whoever holds the old number's lease: a lost process's.
    static func moving(from old: Int64, to new: Int64, withInFlight: Bool) -> SQL {
        """
        UPDATE telegram_messages SET chat_id = \(new), state = 'waiting'
        WHERE chat_id = \(old) AND (state = 'waiting' OR \(withInFlight)::boolean AND state = 'sending')
        """
    }
}
