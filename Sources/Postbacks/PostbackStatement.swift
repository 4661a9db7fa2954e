import Ledger
import Postgres
import Rollups

extension PostbackRow {
    /// Everything that postbacks do, for all rows at once. Each part takes its locks in the order of its keys, and the parts follow each
    /// other by what they read: dedup, conversions, events, messages, sums. What comes after the events hangs on those that were
    /// inserted, so that rows which are there already do nothing.
    package static func statement(_ rows: [PostbackRow]) -> SQL {
        let ids = rows.map(\.externalIDs)
        let claimed = ids.flatMap { [$0.base, $0.full].compactMap { $0 } }
        return """
            WITH \(input(rows, ids)), fresh AS (
                INSERT INTO postback_dedup AS known (profile_id, click_id, transaction_id, status, event_id, seen_at, ttl)
                SELECT profile_id, click_id, transaction_id, status, id,
                    -- What is read again stands where it first stood.
                    CASE origin WHEN 'replay' THEN happened_at ELSE created_at END, make_interval(secs => ttl)
                FROM input WHERE ttl IS NOT NULL
                ORDER BY profile_id, click_id COLLATE "C", transaction_id COLLATE "C", status COLLATE "C"
                ON CONFLICT (profile_id, click_id, transaction_id, status) DO UPDATE
                SET event_id = excluded.event_id, seen_at = greatest(known.seen_at, excluded.seen_at), ttl = excluded.ttl
                -- A journal may bring what is older than what came since.
                WHERE known.event_id = excluded.event_id OR excluded.seen_at >= known.seen_at + excluded.ttl
                    OR excluded.seen_at <= known.seen_at - excluded.ttl
                RETURNING event_id
            ), claims AS (
                SELECT input.*, CASE WHEN policy <> 'status' THEN coalesce(revenue, payout) END AS amount,
                    ttl IS NULL OR event_id IS NOT NULL OR policy = 'status' AS is_fresh
                FROM input LEFT JOIN fresh ON event_id = id
            ), \(ConversionChanges.planned(source: "'keitaro'", externalIDs: claimed, after: "fresh")), stored AS (
                INSERT INTO postback_events (
                    id, created_at, profile_id, origin, replay_of, outcome, status, original_status, click_id, transaction_id,
                    campaign_id, campaign_name, offer_id, offer_name, landing_id, landing_name, country, source, creative_id,
                    revenue, payout, currency, reason, conversion_id, fields, raw)
                SELECT id, created_at, profile_id, origin, replay_of, verdict, status, original_status, click_id, transaction_id,
                    campaign_id,
                    coalesce(nullif(campaign_name, ''), (SELECT name FROM keitaro_campaigns c
                        WHERE c.tracker_id = planned.tracker_id AND c.keitaro_id = planned.campaign_number), ''),
                    offer_id,
                    coalesce(nullif(offer_name, ''), (SELECT name FROM keitaro_offers o
                        WHERE o.tracker_id = planned.tracker_id AND o.keitaro_id = planned.offer_number), ''),
                    landing_id,
                    coalesce(nullif(landing_name, ''), (SELECT name FROM keitaro_landings l
                        WHERE l.tracker_id = planned.tracker_id AND l.keitaro_id = planned.landing_number), ''),
                    country, traffic_source, creative_id, revenue, payout, currency, reason, conversion_id, fields, raw
                FROM planned ON CONFLICT DO NOTHING RETURNING id
            ), \(ConversionChanges.applied(source: "'keitaro'")), \(messages(rows)), \(ConversionSums.summed)
            SELECT place, verdict, conversion_id FROM planned WHERE (SELECT count(*) FROM summed) >= 0
            """
    }

    private static func input(_ rows: [PostbackRow], _ ids: [(base: String?, full: String?)]) -> SQL {
        """
        input AS MATERIALIZED (
            SELECT * FROM unnest(
                \(rows.map(\.id))::uuid[], \(rows.map(\.createdAt))::timestamptz[], \(rows.map(\.happenedAt))::timestamptz[],
                \(rows.map(\.profileID))::bigint[], \(rows.map(\.trackerID))::bigint[], \(rows.map(\.origin.rawValue))::text[],
                \(rows.map(\.replayOf))::uuid[],
                \(rows.map { ($0.postback.isMapped ? PostbackOutcome.accepted : .unmapped).rawValue })::text[],
                \(rows.map(\.postback.status.name))::text[], \(rows.map(\.postback.originalStatus))::text[],
                \(rows.map(\.postback.clickID))::text[], \(rows.map(\.postback.transactionID))::text[],
                \(rows.map(\.postback.campaignID))::text[], \(rows.map { number($0.postback.campaignID, $0.trackerID) })::bigint[],
                \(rows.map(\.postback.campaignName))::text[], \(rows.map(\.postback.offerID))::text[],
                \(rows.map { number($0.postback.offerID, $0.trackerID) })::bigint[], \(rows.map(\.postback.offerName))::text[],
                \(rows.map(\.postback.landingID))::text[],
                \(rows.map { number($0.postback.landingID, $0.trackerID) })::bigint[],
                \(rows.map(\.postback.landingName))::text[],
                \(rows.map(\.postback.country))::text[], \(rows.map(\.postback.source))::text[],
                \(rows.map(\.postback.creativeID))::text[], \(rows.map { $0.postback.revenue?.text })::numeric[],
                \(rows.map { $0.postback.payout?.text })::numeric[], \(rows.map(\.postback.currency))::text[],
                \(rows.map(\.postback.reason))::text[], \(rows.map(\.fields))::jsonb[], \(rows.map(\.raw))::jsonb[],
                \(rows.map(\.dedupSeconds))::bigint[], \(rows.map(\.policyName))::text[], \(ids.map(\.base))::text[],
                \(ids.map(\.full))::text[], \(rows.map(\.eventKey))::text[],
                \(rows.map { RevenueState.of(status: $0.postback.status.name).rawValue })::text[]
            ) WITH ORDINALITY AS t (
                id, created_at, happened_at, profile_id, tracker_id, origin, replay_of, outcome, status, original_status, click_id,
                transaction_id, campaign_id, campaign_number, campaign_name, offer_id, offer_number, offer_name, landing_id,
                landing_number, landing_name, country, traffic_source, creative_id, revenue, payout, currency, reason, fields, raw, ttl, policy,
                base_id, full_id, event_key, revenue_state, place)
        )
        """
    }

    /// One message for each destination. They go out in the order of their events.
    private static func messages(_ rows: [PostbackRow]) -> SQL {
        let told = rows.enumerated().flatMap { index, row in row.destinations.map { (place: index + 1, to: $0) } }
        return """
            messages AS (
                INSERT INTO telegram_messages (
                    ordered_at, chat_id, topic_id, kind, profile_id, route_id, event_id, language, is_silent, run_at, is_held)
                SELECT created_at, chat_id, topic_id, 'postback', profile_id, route_id, planned.id, language, is_silent,
                    coalesce(held_until, created_at), held_until IS NOT NULL
                FROM unnest(
                    \(told.map(\.place))::bigint[], \(told.map(\.to.routeID))::bigint[], \(told.map(\.to.chatID))::bigint[],
                    \(told.map(\.to.topicID))::bigint[], \(told.map(\.to.language))::text[], \(told.map(\.to.isSilent))::boolean[],
                    \(told.map(\.to.heldUntil))::timestamptz[]
                ) WITH ORDINALITY AS d (place, route_id, chat_id, topic_id, language, is_silent, held_until, number)
                JOIN planned USING (place) JOIN stored ON stored.id = planned.id
                WHERE verdict NOT IN ('duplicate', 'ignored')
                ORDER BY created_at, number
            )
            """
    }

    private static func number(_ text: String, _ trackerID: Int64?) -> Int64? {
        trackerID == nil ? nil : Int64(text)
    }

    private var policyName: String? { countedIn == nil ? policy?.rawValue : ConversionChanges.statusAlone }

    /// Where the profile asks that a second postback of one event be ignored.
    private var eventKey: String { policy == .ignoreSameEvent ? postback.eventID : "" }
}
