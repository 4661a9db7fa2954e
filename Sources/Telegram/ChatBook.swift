import Base
import Postgres

/// Chats the bot that sends is in or was, kept up by its updates.
package struct ChatBook: Sendable {
    let database: Database

    package init(database: Database) { self.database = database }

    /// Somebody wrote there, so the bot is in it.
    package func note(_ chat: TelegramChat) async throws(PostgresError) {
        try await database.execute(
            """
            INSERT INTO telegram_chats (chat_id, title, kind, is_forum)
            VALUES (\(chat.id), \(chat.title), \(chat.kind), \(chat.isForum))
            ON CONFLICT (chat_id) DO UPDATE
            SET title = EXCLUDED.title, kind = EXCLUDED.kind, is_forum = EXCLUDED.is_forum, seen_at = now()
            WHERE (telegram_chats.title, telegram_chats.kind, telegram_chats.is_forum)
                IS DISTINCT FROM (EXCLUDED.title, EXCLUDED.kind, EXCLUDED.is_forum)
                OR telegram_chats.seen_at < now() - interval '1 hour'
            """)
    }

    /// A person did something there that only somebody in the chat can do. Kept for those whose account is known: they may choose the
    /// chat from then on.
    package func note(_ chat: TelegramChat, person: Int64) async throws(PostgresError) {
        guard !chat.isPrivate else { return }
        try await database.execute(
            """
            INSERT INTO telegram_chat_people (telegram_id, chat_id)
            SELECT telegram_id, \(chat.id) FROM telegram_people WHERE telegram_id = \(person)
            ON CONFLICT (telegram_id, chat_id) DO UPDATE SET seen_at = now()
            WHERE telegram_chat_people.seen_at < now() - interval '1 day'
            """)
    }

    /// Another bot of ours heard of the chat: what it is called, where it is known.
    package func rename(_ chat: TelegramChat) async throws(PostgresError) {
        try await database.execute(
            """
            UPDATE telegram_chats SET title = \(chat.title), kind = \(chat.kind), is_forum = \(chat.isForum)
            WHERE chat_id = \(chat.id) AND (title, kind, is_forum)
                IS DISTINCT FROM (\(chat.title)::text, \(chat.kind)::text, \(chat.isForum)::boolean)
            """)
    }

    /// What became of the bot in a chat. One that can be written to again is tried at once.
    package func note(_ chat: TelegramChat, problem: TelegramFailure.ChatProblem?) async throws(PostgresError) {
        try await note(chat)
        try await database.execute(
            """
            UPDATE telegram_chats SET problem = \(problem?.rawValue)::text, problem_text = \(problem?.sentence)::text,
                problem_at = CASE WHEN \(problem?.rawValue)::text IS NULL THEN NULL ELSE now() END,
                next_at = CASE WHEN \(problem?.rawValue)::text IS NULL THEN now() ELSE next_at END
            WHERE chat_id = \(chat.id) AND problem IS DISTINCT FROM \(problem?.rawValue)::text
            """)
    }
}
