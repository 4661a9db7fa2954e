import Accounts
import Base
import Postgres
import TestDesk

/// What the tests of the desk begin with: profiles made through the API, and rows of the log put beside them.
enum PostbackScene {
    /// - Returns: the profile as the API shows it.
    static func profile(
        _ visitor: Visitor, _ name: String = "Main", _ settings: JSONObject = [:]
    ) async throws -> JSON {
        var content = settings
        content["name"] = .string(name)
        let answer = try await visitor.post("/postbacks/profiles/", .object(content))
        guard answer.status == 201, let profile = answer.json["profile"] else {
            throw TestFailure("\(answer.status) \(answer.text)")
        }
        return profile
    }

    /// - Parameter values: columns that differ from an accepted deposit, as texts.
    /// - Returns: the event's id.
    @discardableResult
    static func event(
        _ database: Database, profile: Int64, at: Timestamp = .now(), status: String = "deposit",
        outcome: String = "accepted", click: String = "click-1", transaction: String = "tx-1",
        campaign: (id: String, name: String) = ("7", "KZ Loans"), country: String = "KZ", revenue: String? = "8.5",
        raw: JSON = [
            "method": "POST", "target": "/integrations/keitaro/postback?secret=***", "headers": [:],
            "body": "status=sale",
        ]
    ) async throws -> String {
        try await database.one(
            """
            INSERT INTO postback_events (id, created_at, profile_id, origin, outcome, status, original_status, click_id,
                transaction_id, campaign_id, campaign_name, offer_id, offer_name, landing_id, landing_name, country, source,
                creative_id, revenue, currency, reason, fields, raw)
            VALUES (gen_random_uuid(), \(at), \(profile), 'keitaro', \(outcome), \(status), \(status), \(click), \(transaction),
                \(campaign.id), \(campaign.name), '3', 'Zaimera', '', '', \(country), 'tiktok', '', \(revenue)::text::numeric, 'USD',
                '', \(JSON.object(["status": "sale", "clickid": .string(click), "source": "tiktok", "campaign_name": .string(campaign.name)])), \(raw))
            RETURNING id
            """
        ).get("id")
    }

    static func message(
        _ database: Database, event: String, profile: Int64, chat: Int64, state: String = "waiting",
        error: String? = nil
    ) async throws {
        try await database.execute("INSERT INTO telegram_chats (chat_id) VALUES (\(chat)) ON CONFLICT DO NOTHING")
        try await database.execute(
            """
            INSERT INTO telegram_messages (chat_id, kind, profile_id, event_id, state, settled_at, error)
            VALUES (\(chat), 'postback', \(profile), \(event)::uuid, \(state),
                CASE WHEN \(state) IN ('sent', 'digested', 'failed') THEN now() END, \(error))
            """)
    }
}
