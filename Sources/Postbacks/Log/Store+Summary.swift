import Base
import Postgres

extension PostbackDeskStore {
    func summary(for reader: PostbackReader) async throws -> LogSummary {
        let mine = reader.condition(on: "event.profile_id")
        let myMessages = reader.condition(on: "message.profile_id")
        let answers = try await database.pipeline(
            [
                """
                SELECT count(*) AS received, count(*) FILTER (WHERE event.outcome = 'duplicate') AS duplicates,
                    (SELECT count(*) FROM postback_events event WHERE \(mine)
                        AND event.created_at BETWEEN now() - interval '25 hours' AND now() - interval '24 hours') AS yesterday
                FROM postback_events event WHERE \(mine) AND event.created_at > now() - interval '1 hour'
                """,
                """
                SELECT count(*) FILTER (WHERE message.state IN ('sent', 'digested')) AS delivered,
                    count(*) FILTER (WHERE message.state = 'failed') AS failed,
                    (percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM message.settled_at - message.ordered_at))
                        FILTER (WHERE message.state = 'sent' AND NOT message.is_held) * 1000)::bigint AS median,
                    (percentile_cont(0.99) WITHIN GROUP (ORDER BY extract(epoch FROM message.settled_at - message.ordered_at))
                        FILTER (WHERE message.state = 'sent' AND NOT message.is_held) * 1000)::bigint AS p99
                FROM telegram_messages message
                WHERE message.settled_at > now() - interval '1 hour' AND message.profile_id IS NOT NULL AND \(myMessages)
                """,
                """
                SELECT count(*) AS waiting, min(message.ordered_at) FILTER (WHERE message.run_at <= now()) AS oldest,
                    count(*) FILTER (WHERE chat.problem IS NOT NULL) AS blocked,
                    count(DISTINCT message.chat_id) FILTER (WHERE chat.problem IS NOT NULL) AS broken
                FROM telegram_messages message LEFT JOIN telegram_chats chat ON chat.chat_id = message.chat_id
                WHERE message.state IN ('waiting', 'sending') AND message.profile_id IS NOT NULL AND \(myMessages)
                """,
                """
                SELECT sum(theirs)::bigint AS theirs, sum(matching)::bigint AS matching,
                    (SELECT count(*) FROM keitaro_differences event WHERE \(mine) AND event.kind = 'never_arrived'
                        AND (event.settled_at IS NULL OR event.recovered_at IS NOT NULL)
                        AND event.day >= current_date - 1) AS missing,
                    (SELECT count(*) FROM keitaro_differences event WHERE \(mine) AND event.kind = 'never_arrived'
                        AND event.recovered_at IS NOT NULL AND event.day >= current_date - 1) AS recovered
                FROM keitaro_reconciliations event WHERE \(mine) AND event.day >= current_date - 1
                """,
                """
                SELECT minute, count(event.id) AS received
                FROM generate_series(date_trunc('minute', now()) - interval '29 minutes', date_trunc('minute', now()),
                    interval '1 minute') AS minute
                LEFT JOIN postback_events event ON event.created_at >= minute
                    AND event.created_at < minute + interval '1 minute' AND \(mine)
                GROUP BY minute ORDER BY minute
                """,
            ], within: .seconds(5))
        var summary = LogSummary()
        if let row = answers[0].first {
            summary.received = try row.get("received")
            summary.duplicates = try row.get("duplicates")
            summary.receivedYesterday = try row.get("yesterday")
        }
        if let row = answers[1].first {
            summary.delivered = try row.get("delivered")
            summary.failed = try row.get("failed")
            summary.medianMilliseconds = try row.get("median")
            summary.p99Milliseconds = try row.get("p99")
        }
        if let row = answers[2].first {
            let blocked: Int64 = try row.get("blocked")
            summary.waiting = try row.get("waiting", Int64.self) - blocked
            summary.failed += blocked
            summary.oldestWaiting = try row.get("oldest")
            summary.brokenChats = try row.get("broken")
        }
        if let row = answers[3].first {
            summary.compared = try row.get("theirs")
            summary.matching = try row.get("matching")
            summary.missing = try row.get("missing")
            summary.recovered = try row.get("recovered")
        }
        summary.minutes = try answers[4].map { try $0.get("received") }
        return summary
    }
}
