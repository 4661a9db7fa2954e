import Base
import Postgres

/// How the queue is, over all processes.
package struct TelegramHealth: Sendable {
    package let waiting: Int64
    /// Since the oldest could have been sent; 0 when nothing waits.
    package let oldestSeconds: Int64
    package let sentToday: Int64
    package let failedToday: Int64
    /// Chats for which something waits and that can't be written to.
    package let troubledChats: Int64
    /// The first of them, by title.
    package let problems: [(title: String, problem: TelegramFailure.ChatProblem)]

    package static func read(_ database: Database) async throws -> TelegramHealth {
        let counts = try await database.one(
            """
            SELECT count(*) FILTER (WHERE state IN ('waiting', 'sending')) AS waiting,
                coalesce(extract(epoch FROM now() - min(greatest(created_at, run_at))
                    FILTER (WHERE state IN ('waiting', 'sending') AND run_at <= now())), 0)::bigint AS oldest,
                count(*) FILTER (WHERE state = 'sent') AS sent, count(*) FILTER (WHERE state = 'failed') AS failed
            FROM telegram_messages
            WHERE state IN ('waiting', 'sending') OR settled_at > now() - interval '1 day'
            """, within: .seconds(5))
        let chats = try await database.query(
            """
            SELECT coalesce(nullif(title, ''), chat_id::text) AS title, problem, count(*) OVER () AS chats
            FROM telegram_chats c
            WHERE problem IS NOT NULL AND EXISTS (SELECT FROM telegram_messages m
                WHERE m.chat_id = c.chat_id AND m.state IN ('waiting', 'sending') AND m.digest_id IS NULL)
            ORDER BY title LIMIT 20
            """)
        return TelegramHealth(
            waiting: try counts.get("waiting"), oldestSeconds: try counts.get("oldest"),
            sentToday: try counts.get("sent"), failedToday: try counts.get("failed"),
            troubledChats: try chats.first?.get("chats") ?? 0,
            problems: try chats.compactMap { row in
                try TelegramFailure.ChatProblem(rawValue: row.get("problem")).map { (try row.get("title"), $0) }
            })
    }

    package var families: [MetricFamily] {
        [
            MetricFamily(
                "sluice_telegram_waiting", .gauge, help: "Messages that wait to be sent to Telegram.", Double(waiting)),
            MetricFamily(
                "sluice_telegram_oldest_seconds", .gauge, help: "Age of the oldest message that is due.",
                Double(oldestSeconds)),
            MetricFamily(
                "sluice_telegram_troubled_chats", .gauge, help: "Chats that can't be written to while messages wait.",
                Double(troubledChats)),
        ]
    }
}
