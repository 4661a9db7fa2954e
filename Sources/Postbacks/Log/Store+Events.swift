import Audit
import Base
import Postgres

/// One row of the log, as it is shown.
package struct LoggedEvent: Sendable {
    package var id: String
    package var at: Timestamp
    package var profileID: Int64
    package var profileName: String?
    package var origin: String
    package var outcome: String
    package var status: String
    package var originalStatus: String
    package var clickID: String
    package var transactionID: String
    package var campaignID: String
    package var campaignName: String
    package var offerID: String
    package var offerName: String
    package var country: String
    package var source: String
    /// As PostgreSQL writes the exact number.
    package var revenue: String?
    package var payout: String?
    package var currency: String
    package var reason: String
    package var delivery: DeliveryState

    var place: EventQuestion.Place { EventQuestion.Place(at: at, id: id) }
}

/// All that was stored of one event.
package struct WholeEvent: Sendable {
    package var event: LoggedEvent
    package var replayOf: String?
    package var conversionID: Int64?
    package var fields: JSON
    package var raw: JSON
    package var messages: [ToldMessage]
    package var transitions: [Transition]

    package struct ToldMessage: Sendable {
        package var id: Int64
        package var chatID: Int64
        package var chatTitle: String
        package var topicID: Int64?
        package var routeName: String?
        package var state: String
        package var attempts: Int64
        package var runAt: Timestamp
        package var settledAt: Timestamp?
        package var error: String?
        package var chatProblem: String?
    }

    /// How the conversion it belongs to came to be what it is.
    package struct Transition: Sendable {
        package var at: Timestamp
        package var before: String?
        package var after: String
        package var revenue: String
        package var isApplied: Bool
        package var isThisEvent: Bool
    }
}

extension PostbackDeskStore {
    private static let eventColumns: SQL = """
        event.id, event.created_at, event.profile_id, profile.name AS profile_name, event.origin, event.outcome,
        event.status, event.original_status, event.click_id, event.transaction_id, event.campaign_id,
        event.campaign_name, event.offer_id, event.offer_name, event.country, event.source, event.revenue::text AS revenue,
        event.payout::text AS payout, event.currency, event.reason, told.*
        """

    private static let told: SQL = """
        LEFT JOIN keitaro_profiles profile ON profile.id = event.profile_id
        LEFT JOIN LATERAL (
            SELECT count(*) AS total, count(*) FILTER (WHERE message.state = 'sent') AS sent,
                count(*) FILTER (WHERE message.state = 'digested') AS digested,
                count(*) FILTER (WHERE message.state = 'failed') AS failed,
                count(*) FILTER (WHERE message.state = 'sending') AS sending,
                count(*) FILTER (WHERE message.state = 'waiting' AND message.is_held AND message.run_at > now()) AS held,
                count(*) FILTER (WHERE message.state = 'waiting' AND chat.problem IS NOT NULL) AS blocked,
                min(message.run_at) FILTER (WHERE message.state = 'waiting') AS run_at, max(message.settled_at) AS settled_at,
                min(greatest(message.run_at, chat.next_at))
                    FILTER (WHERE message.state = 'waiting' AND greatest(message.attempts, digest.attempts) > 0) AS retry_at,
                max(coalesce(digest.error, message.error)) FILTER (WHERE message.state <> 'sent') AS error,
                max(coalesce(chat.problem_text, chat.problem)) FILTER (WHERE message.state = 'waiting') AS chat_problem,
                coalesce(array_agg(DISTINCT coalesce(nullif(chat.title, ''), message.chat_id::text)), '{}') AS chats
            FROM telegram_messages message LEFT JOIN telegram_chats chat ON chat.chat_id = message.chat_id
            LEFT JOIN telegram_messages digest ON digest.id = message.digest_id
            WHERE message.event_id = event.id
        ) told ON true
        """

    /// Newest first. Search over much that doesn't fit ends after a while with an error that says so.
    func events(
        _ question: EventQuestion, for reader: PostbackReader, limit: Int
    ) async throws -> [LoggedEvent] {
        let now = Timestamp.now()
        return try await database.query(
            """
            SELECT \(Self.eventColumns) FROM postback_events event \(Self.told)
            WHERE \(Self.conditions(question, reader)) ORDER BY event.created_at DESC, event.id DESC LIMIT \(limit)
            """, within: .seconds(10)
        ).map { try Self.event($0, now: now) }
    }

    /// How many lie between two places, which don't count; of more than `most` only so many.
    func count(
        _ question: EventQuestion, for reader: PostbackReader, between older: EventQuestion.Place,
        and newer: EventQuestion.Place, most: Int
    ) async throws -> Int {
        // Nearly always, and without a look at the table.
        guard older < newer else { return 0 }
        return try await database.one(
            """
            SELECT count(*) FROM (
                SELECT 1 FROM postback_events event \(Self.told)
                WHERE \(Self.conditions(question, reader)) AND (event.created_at, event.id) > (\(older.at), \(older.id)::uuid)
                    AND (event.created_at, event.id) < (\(newer.at), \(newer.id)::uuid) LIMIT \(most)
            ) skipped
            """, within: .seconds(10)
        ).get(0)
    }

    private static func conditions(_ question: EventQuestion, _ reader: PostbackReader) -> SQL {
        var parts = [reader.condition(on: "event.profile_id")]
        if let profile = question.profileID { parts.append("event.profile_id = \(profile)") }
        if let status = question.status {
            parts.append(
                status == "other"
                    ? "event.status <> ALL(\(ProfileInput.statuses)::text[])" : "event.status = \(status)")
        }
        if let campaign = question.campaignID { parts.append("event.campaign_id = \(campaign)") }
        if let from = question.from { parts.append("event.created_at >= \(from)") }
        if let until = question.until { parts.append("event.created_at < \(until)") }
        if let before = question.before {
            parts.append("(event.created_at, event.id) < (\(before.at), \(before.id)::uuid)")
        }
        switch question.outcome {
        case .any: break
        case .accepted, .duplicate, .unmapped, .ignored: parts.append("event.outcome = \(question.outcome.rawValue)")
        case .refused: parts.append("false")
        }
        switch question.delivery {
        case .any: break
        case .delivered: parts.append("told.total > 0 AND told.sent + told.digested = told.total")
        case .waiting: parts.append("told.total > told.sent + told.digested + told.failed AND told.blocked = 0")
        case .failed: parts.append("(told.failed > 0 OR told.blocked > 0)")
        case .none: parts.append("told.total = 0")
        }
        if !question.text.isEmpty {
            let text = question.text
            // The database's locale may not know Cyrillic capitals.
            let capital = text.prefix(1).uppercased() + text.dropFirst()
            let patterns = [text, text.lowercased(), capital].map { "%\(likeEscaped($0))%" }
            parts.append(
                """
                (event.click_id = \(text) OR event.transaction_id = \(text) OR event.campaign_id = \(text)
                OR event.campaign_name ILIKE ANY (\(patterns)::text[]) OR event.offer_name ILIKE ANY (\(patterns)::text[]) OR event.source ILIKE ANY (\(patterns)::text[])
                OR event.click_id ILIKE ANY (\(patterns)::text[]) OR event.transaction_id ILIKE ANY (\(patterns)::text[])
                OR event.original_status ILIKE ANY (\(patterns)::text[]) OR event.country = upper(\(text)))
                """)
        }
        return parts.joined(separator: " AND ")
    }

    static func likeEscaped(_ text: String) -> String {
        String(text.flatMap { "\\%_".contains($0) ? ["\\", $0] : [$0] })
    }

    private static func event(_ row: Row, now: Timestamp) throws -> LoggedEvent {
        let at: Timestamp = try row.get("created_at")
        let outcome: String = try row.get("outcome")
        let counts = DeliveryState.Counts(
            total: try row.get("total"), sent: try row.get("sent"), digested: try row.get("digested"),
            failed: try row.get("failed"), sending: try row.get("sending"), held: try row.get("held"),
            blocked: try row.get("blocked"), runAt: try row.get("run_at"), retryAt: try row.get("retry_at"),
            settledAt: try row.get("settled_at"), error: try row.get("error"),
            chatProblem: try row.get("chat_problem"), chats: try row.get("chats"))
        return LoggedEvent(
            id: try row.get("id"), at: at, profileID: try row.get("profile_id"),
            profileName: try row.get("profile_name"), origin: try row.get("origin"), outcome: outcome,
            status: try row.get("status"), originalStatus: try row.get("original_status"),
            clickID: try row.get("click_id"), transactionID: try row.get("transaction_id"),
            campaignID: try row.get("campaign_id"), campaignName: try row.get("campaign_name"),
            offerID: try row.get("offer_id"), offerName: try row.get("offer_name"), country: try row.get("country"),
            source: try row.get("source"), revenue: try row.get("revenue"), payout: try row.get("payout"),
            currency: try row.get("currency"), reason: try row.get("reason"),
            delivery: DeliveryState(counts, outcome: outcome, receivedAt: at, now: now))
    }

    /// Nil: there is none, or not for this person.
    func event(_ reference: EventReference, for reader: PostbackReader) async throws -> WholeEvent? {
        let id = reference.id
        let answers = try await database.pipeline([
            """
            SELECT \(Self.eventColumns), event.replay_of, event.conversion_id, event.fields, event.raw
            FROM postback_events event \(Self.told)
            WHERE \(reference.condition) AND \(reader.condition(on: "event.profile_id")) LIMIT 1
            """,
            """
            SELECT message.id, message.chat_id, coalesce(chat.title, '') AS chat_title, message.topic_id, route.name AS route_name,
                message.state, message.attempts, message.run_at, message.settled_at, message.error,
                CASE WHEN message.state = 'waiting' THEN coalesce(chat.problem_text, chat.problem) END AS chat_problem
            FROM telegram_messages message LEFT JOIN telegram_chats chat ON chat.chat_id = message.chat_id
            LEFT JOIN keitaro_routes route ON route.id = message.route_id
            WHERE message.event_id = \(id)::uuid ORDER BY message.id LIMIT 100
            """,
            """
            SELECT transition.at, transition.status_before, transition.status_after,
                transition.revenue_after::text AS revenue, transition.applied, transition.event_id::text AS event_id
            FROM conversion_transitions transition WHERE transition.conversion_id =
                (SELECT event.conversion_id FROM postback_events event WHERE \(reference.condition) LIMIT 1)
            ORDER BY transition.at, transition.event_id LIMIT 100
            """,
        ])
        guard let row = answers[0].first else { return nil }
        return WholeEvent(
            event: try Self.event(row, now: .now()), replayOf: try row.get("replay_of"),
            conversionID: try row.get("conversion_id"), fields: try row.get("fields"), raw: try row.get("raw"),
            messages: try answers[1].map { row in
                WholeEvent.ToldMessage(
                    id: try row.get("id"), chatID: try row.get("chat_id"), chatTitle: try row.get("chat_title"),
                    topicID: try row.get("topic_id"), routeName: try row.get("route_name"),
                    state: try row.get("state"), attempts: try row.get("attempts"),
                    runAt: try row.get("run_at"), settledAt: try row.get("settled_at"), error: try row.get("error"),
                    chatProblem: try row.get("chat_problem"))
            },
            transitions: try answers[2].map { row in
                let eventID: String = try row.get("event_id")
                return WholeEvent.Transition(
                    at: try row.get("at"), before: try row.get("status_before"), after: try row.get("status_after"),
                    revenue: try row.get("revenue"), isApplied: try row.get("applied"), isThisEvent: eventID == id)
            })
    }

    /// What was put into the queue again.
    struct Resent: Sendable {
        let count: Int
        /// Why it may be none: something of the event is in the queue already.
        let isQueued: Bool
    }

    /// Puts an event's messages into the queue once more: those that failed try again; without any, those that were told are told
    /// again. One that failed with its digest is by itself from then on. While something of it is in the queue, nothing is told twice: a
    /// button may be pressed twice. What waits for a chat in which the bot can't write stands in nobody's way.
    /// - Returns: nil: no such event, or not for this person.
    func resend(event reference: EventReference, by editor: Editor) async throws -> Resent? {
        let id = reference.id
        return try await database.transaction { transaction in
            let found = try await transaction.first(
                """
                SELECT 1 FROM postback_events event
                WHERE \(reference.condition) AND \(editor.reader.condition(on: "event.profile_id")) LIMIT 1
                FOR UPDATE OF event
                """)
            guard found != nil else { return nil }
            let isQueued: Bool = try await transaction.one(
                """
                SELECT EXISTS (SELECT FROM telegram_messages message
                    LEFT JOIN telegram_chats chat ON chat.chat_id = message.chat_id
                    WHERE message.event_id = \(id)::uuid AND message.state IN ('waiting', 'sending') AND chat.problem IS NULL)
                """
            ).get(0)
            let failed = try await transaction.execute(
                """
                UPDATE telegram_messages SET state = 'waiting', settled_at = NULL, error = NULL, attempts = 0,
                    run_at = now(), is_held = false, digest_id = NULL, parts_sent = 0
                WHERE event_id = \(id)::uuid AND state = 'failed'
                """)
            let again =
                failed > 0 || isQueued
                ? 0
                : try await transaction.execute(
                    """
                    INSERT INTO telegram_messages (chat_id, topic_id, kind, profile_id, route_id, event_id, language, is_silent, payload)
                    SELECT DISTINCT ON (chat_id, coalesce(topic_id, 0)) chat_id, topic_id, kind, profile_id, route_id, event_id, language,
                        is_silent, payload
                    FROM telegram_messages WHERE event_id = \(id)::uuid AND state IN ('sent', 'digested')
                    ORDER BY chat_id, coalesce(topic_id, 0), id
                    """)
            try await editor.actor.record("postback \(id)", after: "\(failed + again) messages", in: transaction)
            return Resent(count: failed + again, isQueued: isQueued)
        }
    }
}
