import Base
import Postgres

/// How rows go that `retention_rules` no longer keeps: what was told, updates that were taken, dialogs that nobody went on with.
package struct TelegramRetention: Sendable {
    private let database: Database

    package init(database: Database) { self.database = database }

    /// By the rule's name, with the days it says, a count of rows in return.
    package var removals: [String: @Sendable (Int) async throws -> Int] {
        Self.removed.mapValues { statement in
            { @Sendable [database] days in try await database.execute(inPartsOf: Self.part, statement(days)) }
        }
    }

    private static let part = 5_000

    private static let removed: [String: @Sendable (Int) -> SQL] = [
        "telegram_messages": { days in
            """
            DELETE FROM telegram_messages WHERE id IN (SELECT id FROM telegram_messages
                WHERE settled_at < now() - \(days)::int * interval '1 day' LIMIT \(part)::int)
            """
        },
        // Telegram keeps its own for a day, and numbers begin anew after a week of silence.
        "telegram_updates": { days in
            """
            DELETE FROM telegram_updates WHERE (bot, update_id) IN (SELECT bot, update_id FROM telegram_updates
                WHERE at < now() - greatest(\(days)::int, 2) * interval '1 day' LIMIT \(part)::int)
            """
        },
        // After a day without an answer a dialog is none.
        "telegram_dialogs": { days in
            """
            DELETE FROM telegram_dialogs WHERE ctid = ANY (ARRAY(SELECT ctid FROM telegram_dialogs
                WHERE updated_at < now() - \(days)::int * interval '1 day' LIMIT \(part)::int))
            """
        },
    ]
}
