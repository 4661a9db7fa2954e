import Audit
import Base
import Frame
import Postgres

/// Which chats a person may send to. What others' groups are called, and that somebody writes with the bot, is nobody's business.
extension PostbackDeskStore {
    /// A chat the bot knows, or that somebody named.
    package struct KnownChat: Sendable {
        package var id: Int64
        package var title: String
        package var kind: String
        package var isForum: Bool
        /// Why nothing can be sent there, in a sentence.
        package var problem: String?
        package var waiting: Int64
    }

    /// Those a person may choose: all for who reads everything.
    package func chats(for reader: PostbackReader) async throws -> [KnownChat] {
        try await database.query(
            """
            SELECT chat.chat_id, chat.title, chat.kind, chat.is_forum,
                CASE WHEN chat.problem IS NOT NULL THEN coalesce(chat.problem_text, chat.problem) END AS problem,
                (SELECT count(*) FROM (SELECT 1 FROM telegram_messages message WHERE message.chat_id = chat.chat_id
                    AND message.state IN ('waiting', 'sending') LIMIT 10000) AS counted) AS waiting
            FROM telegram_chats chat WHERE chat.migrated_to IS NULL AND \(Self.isOpen("chat.chat_id", to: reader))
            ORDER BY chat.title = '', lower(chat.title), chat.chat_id
            """
        ).map { row in
            KnownChat(
                id: try row.get("chat_id"), title: try row.get("title"), kind: try row.get("kind"),
                isForum: try row.get("is_forum"), problem: try row.get("problem"), waiting: try row.get("waiting"))
        }
    }

    /// For a buyer: their own chat with the bot, where the bot saw them, and where their profiles tell already.
    private static func isOpen(_ chat: SQL, to reader: PostbackReader) -> SQL {
        switch reader {
        case .everything: "true"
        case .own(let userID):
            """
            (\(chat) IN (SELECT telegram_id FROM telegram_people WHERE user_id = \(userID))
            OR \(chat) IN (SELECT seen.chat_id FROM telegram_chat_people seen
                JOIN telegram_people person ON person.telegram_id = seen.telegram_id WHERE person.user_id = \(userID))
            OR EXISTS (SELECT 1 FROM keitaro_profiles own WHERE own.user_id = \(userID) AND own.chat_id = \(chat))
            OR \(chat) IN (SELECT route.chat_id FROM keitaro_routes route
                JOIN keitaro_profiles profile ON profile.id = route.profile_id WHERE profile.user_id = \(userID)))
            """
        }
    }

    /// A number somebody typed. A group or channel in which the bot was never seen may be named before the bot is added there; a
    /// person's chat, and a chat that the bot is in with others, may not (docs/threat_model.md).
    /// - Throws: `Problem` with the field `chat_id`.
    func check(chat: Int64?, by editor: Editor, in queryable: some Queryable) async throws {
        guard let chat, editor.reader != .everything else { return }
        let row = try await queryable.first(
            """
            SELECT \(Self.isOpen("asked.chat_id", to: editor.reader)) AS is_open,
                EXISTS (SELECT 1 FROM telegram_chats known WHERE known.chat_id = asked.chat_id AND known.kind <> '')
                    AS is_known
            FROM (SELECT \(chat)::bigint AS chat_id) asked
            """)
        let isOpen = try row?.get("is_open", Bool.self) ?? false
        let isKnown = try row?.get("is_known", Bool.self) ?? true
        guard isOpen || (chat < 0 && !isKnown) else {
            throw SettingFields.refuse("chat_id", "postbacks.refused.others_chat")
        }
    }

    /// Lets messages for a chat try again at once.
    /// - Returns: false when no profile or route of this person names the chat.
    func forgetProblem(ofChat chatID: Int64, by editor: Editor) async throws -> Bool {
        try await database.transaction { transaction in
            let changed = try await transaction.execute(
                """
                UPDATE telegram_chats SET problem = NULL, problem_text = NULL, problem_at = NULL, next_at = now()
                WHERE chat_id = \(chatID) AND EXISTS (
                    SELECT 1 FROM keitaro_profiles profile LEFT JOIN keitaro_routes route ON route.profile_id = profile.id
                    WHERE \(editor.reader.condition) AND \(chatID) IN (profile.chat_id, route.chat_id))
                """)
            guard changed > 0 else { return false }
            try await editor.actor.record("chat \(chatID)", after: "tried again", in: transaction)
            return true
        }
    }
}
