import Audit
import Base
import Postgres
import Telegram

/// Who writes to the bot, and how a Telegram account becomes somebody's. Any process.
package struct BotPeople: Sendable {
    let database: Database
    /// `ADMIN_IDS`: administrators whether they have an account or not.
    let administrators: Set<Int64>

    package init(database: Database, administrators: Set<Int64>) {
        self.database = database
        self.administrators = administrators
    }

    func find(_ user: TelegramUser) async throws(PostgresError) -> BotPerson {
        let row = try await database.first(
            """
            SELECT u.id, u.role = 'admin' AS is_admin, u.language FROM telegram_people p JOIN users u ON u.id = p.user_id
            WHERE p.telegram_id = \(user.id) AND u.disabled_at IS NULL
            """)
        let own = try row?.get("language", String?.self) ?? nil
        let hasRole = try row?.get("is_admin", Bool.self) ?? false
        return BotPerson(
            telegramID: user.id, userID: try row?.get("id", Int64.self),
            isAdministrator: hasRole || administrators.contains(user.id),
            name: user.name, username: user.username, language: own ?? Self.language(user.languageCode))
    }

    private static func language(_ code: String) -> String {
        switch code.prefix(2) {
        case "uk": "uk"
        case "ru", "be", "kk": "ru"
        default: "en"
        }
    }

    /// Makes a Telegram account that of the first user with a role, unless it is somebody's: for a demo.
    package func adopt(_ telegramID: Int64, name: String, byFirstOf role: String) async throws(PostgresError) {
        try await database.execute(
            """
            INSERT INTO telegram_people (telegram_id, user_id, name)
            SELECT \(telegramID), id, \(name) FROM users WHERE role = \(role) AND disabled_at IS NULL ORDER BY id LIMIT 1
            ON CONFLICT DO NOTHING
            """)
    }

    // MARK: One-time codes

    private static let prefix = "link_"

    /// A word for `https://t.me/<bot>?start=<word>` that makes the account of whoever presses Start this user's, once and until it is
    /// too old. Earlier words of the user end.
    package func makeCode(for user: Int64, by actor: AuditActor) async throws -> (word: String, until: Timestamp) {
        let code = Base64URL.encode(RandomBytes.make(18))
        let hash = SHA256.hash(code)
        let until = Timestamp.now().adding(Self.lifetime)
        try await database.transaction { transaction in
            _ = try await transaction.pipeline([
                "DELETE FROM telegram_link_codes WHERE user_id = \(user) OR expires_at < now()",
                """
                INSERT INTO telegram_link_codes (code_hash, user_id, expires_at) VALUES (\(hash), \(user), \(until))
                """,
            ])
            try await actor.record("link to Telegram", after: "works once, until \(until.iso8601)", in: transaction)
        }
        return (Self.prefix + code, until)
    }

    private static let lifetime = Duration.seconds(900)

    static func isCode(_ word: String) -> Bool { word.hasPrefix(prefix) }

    /// False: the word is unknown, used, or too old.
    func link(_ user: TelegramUser, code word: String) async throws -> Bool {
        let hash = SHA256.hash(String(word.dropFirst(Self.prefix.count)))
        return try await database.transaction { transaction in
            let owner = try await transaction.first(
                """
                DELETE FROM telegram_link_codes WHERE code_hash = \(hash) AND expires_at > now() RETURNING user_id
                """)
            guard let owner else { return false }
            let id: Int64 = try owner.get("user_id")
            try await transaction.execute(
                """
                INSERT INTO telegram_people (telegram_id, user_id, name, username)
                VALUES (\(user.id), \(id), \(user.name), \(user.username))
                ON CONFLICT (telegram_id) DO UPDATE
                SET user_id = EXCLUDED.user_id, name = EXCLUDED.name, username = EXCLUDED.username, linked_at = now()
                """)
            // What an earlier owner was seen in says nothing about this one.
            try await transaction.execute("DELETE FROM telegram_chat_people WHERE telegram_id = \(user.id)")
            let name: String = try await transaction.one("SELECT name FROM users WHERE id = \(id)").get("name")
            try await AuditActor.later(
                userID: id, person: name, action: "bot.link", requestID: "telegram \(user.id)"
            ).record("Telegram account \(user.name)", after: "linked", in: transaction)
            return true
        }
    }

    /// A Telegram account that is a user's.
    package struct Account: Hashable, Sendable {
        package let id: Int64
        package let name: String
        /// Without `@`; empty when there is none.
        package let username: String
        package let linkedAt: Timestamp
    }

    /// Telegram accounts of a user, the oldest link first.
    package func accounts(of user: Int64) async throws -> [Account] {
        try await database.query(
            """
            SELECT telegram_id, name, username, linked_at FROM telegram_people
            WHERE user_id = \(user) ORDER BY linked_at, telegram_id
            """
        ).map { row in
            Account(
                id: try row.get("telegram_id"), name: try row.get("name"), username: try row.get("username"),
                linkedAt: try row.get("linked_at"))
        }
    }

    /// - Returns: its name; nil when it is not that user's.
    package func unlink(_ telegramID: Int64, of user: Int64, by actor: AuditActor) async throws -> String? {
        try await database.transaction { transaction in
            let row = try await transaction.first(
                "DELETE FROM telegram_people WHERE telegram_id = \(telegramID) AND user_id = \(user) RETURNING name")
            guard let name: String = try row?.get("name") else { return nil }
            try await actor.record("Telegram account \(name)", after: "unlinked", in: transaction)
            return name
        }
    }
}
