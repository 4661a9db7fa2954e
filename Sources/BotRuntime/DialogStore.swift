import Base
import Postgres

/// Where a person is in a dialog: whose it is, what was asked, and what was answered so far.
struct Dialog: Hashable, Sendable {
    var menu: String
    var step: String
    var state: JSON
}

/// Dialogs are rows, so that any process goes on with them, also after a restart.
struct DialogStore: Sendable {
    let database: Database

    func keep(_ dialog: Dialog, bot: String, chatID: Int64, person: Int64) async throws(PostgresError) {
        let step = "\(dialog.menu):\(dialog.step)"
        try await database.execute(
            """
            INSERT INTO telegram_dialogs (bot, chat_id, person_id, step, state)
            VALUES (\(bot), \(chatID), \(person), \(step), \(dialog.state))
            ON CONFLICT (bot, chat_id, person_id) DO UPDATE
            SET step = EXCLUDED.step, state = EXCLUDED.state, updated_at = now()
            """)
    }

    /// Nil also for one that was left alone for a day: a question that nobody remembers is no question.
    func find(bot: String, chatID: Int64, person: Int64) async throws(PostgresError) -> Dialog? {
        let row = try await database.first(
            """
            SELECT step, state FROM telegram_dialogs
            WHERE bot = \(bot) AND chat_id = \(chatID) AND person_id = \(person)
                AND updated_at > now() - interval '1 day'
            """)
        guard let row else { return nil }
        let step: String = try row.get("step")
        let names = step.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        return names.count == 2 ? Dialog(menu: names[0], step: names[1], state: try row.get("state")) : nil
    }

    func forget(bot: String, chatID: Int64, person: Int64) async throws(PostgresError) {
        try await database.execute(
            "DELETE FROM telegram_dialogs WHERE bot = \(bot) AND chat_id = \(chatID) AND person_id = \(person)")
    }
}
