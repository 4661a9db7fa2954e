import Base
import Postgres
import Reactor
import TestDesk
import Testing

@testable import Postbacks

/// A profile, and postbacks as a tracker would send them.
enum Scene {
    static let noon = Timestamp(seconds: 1_900_000_000 / 86_400 * 86_400 + 43_200)

    static func profile(
        _ id: Int64 = 1, chat: Int64? = 100, dedup: Int = 3600, policies: [String: ConversionPolicy] = [:],
        tracker: Int64? = nil
    ) -> PostbackProfile {
        PostbackProfile(
            id: id, name: "Profile \(id)", trackerID: tracker, chatID: chat, dedupSeconds: dedup, policies: policies)
    }

    /// - Parameter words: a query string as Keitaro would send it.
    static func row(
        _ words: String, _ profile: PostbackProfile = profile(), at seconds: Int64 = 0,
        origin: PostbackOrigin = .keitaro
    ) -> PostbackRow {
        let postback = PostbackReading.read(PostbackFields(query: words.utf8), for: profile)
        return PostbackRow(
            postback, of: profile, origin: origin, at: noon.adding(.seconds(seconds)), raw: #"{"method": "GET"}"#)
    }

    /// What became of each, one statement for all.
    @discardableResult
    static func store(_ rows: [PostbackRow], in database: Database) async throws -> [PostbackOutcome] {
        let sorted = rows.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        let result = try await database.query(PostbackRow.statement(sorted))
        return try PostbackRow.answers(to: sorted, from: result).map(\.outcome)
    }

    /// Nil when the tables agree with each other; otherwise what does not.
    static func disagreement(_ database: Database) async throws -> String? {
        let checks: [(String, SQL)] = [
            (
                "sums of quarters",
                """
                WITH told AS (
                    SELECT date_bin('15 minutes', converted_at, '2000-01-01 00:00+00') AS bucket, profile_id, dimension, value,
                        currency, status, count(*) AS conversions,
                        coalesce(sum(revenue) FILTER (WHERE revenue_state = 'hold'), 0) AS hold,
                        coalesce(sum(revenue) FILTER (WHERE revenue_state = 'confirmed'), 0) AS confirmed
                    FROM conversions CROSS JOIN LATERAL (VALUES ('all', ''), ('campaign', campaign_id), ('country', country),
                        ('source', traffic_source), ('offer', offer_id)) d (dimension, value)
                    GROUP BY 1, 2, 3, 4, 5, 6
                ), kept AS (
                    SELECT bucket, profile_id, dimension, value, currency, status, sum(conversions) AS conversions,
                        sum(revenue_hold) AS revenue_hold, sum(revenue_confirmed) AS revenue_confirmed
                    FROM conversion_sums WHERE minutes = 15 GROUP BY 1, 2, 3, 4, 5, 6
                    HAVING sum(conversions) <> 0 OR sum(revenue_hold) <> 0 OR sum(revenue_confirmed) <> 0
                )
                SELECT count(*) FROM told FULL JOIN kept USING (bucket, profile_id, dimension, value, currency, status)
                WHERE (told.conversions, told.hold, told.confirmed)
                    IS DISTINCT FROM (kept.conversions::bigint, kept.revenue_hold, kept.revenue_confirmed)
                """
            ),
            (
                "events of conversions",
                """
                SELECT count(*) FROM conversions c WHERE events <> (SELECT count(*) FROM conversion_transitions
                    WHERE conversion_id = c.id) OR events <> (SELECT count(*) FROM postback_events
                    WHERE conversion_id = c.id AND outcome <> 'duplicate')
                """
            ),
            (
                "messages of events",
                """
                SELECT count(*) FROM (SELECT event_id, count(*) FROM telegram_messages GROUP BY 1) m
                FULL JOIN (SELECT id FROM postback_events WHERE outcome IN ('accepted', 'unmapped')) e ON e.id = m.event_id
                WHERE m.count IS DISTINCT FROM 1 OR e.id IS NULL
                """
            ),
            (
                "first events",
                """
                SELECT count(*) FROM conversions c WHERE 1 <> (SELECT count(*) FROM conversion_transitions
                    WHERE conversion_id = c.id AND status_before IS NULL)
                """
            ),
        ]
        for (name, check) in checks {
            let count = try await database.one(check).get(0, Int.self)
            if count != 0 { return "\(count) \(name)" }
        }
        return nil
    }
}
