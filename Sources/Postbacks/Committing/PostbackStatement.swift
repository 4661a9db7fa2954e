import Ledger
import Postgres
import Rollups

extension PostbackRow {
    /// Everything that postbacks do, for all rows at once. Each part takes its locks in the order of its keys, and the parts follow each
    /// other by what they read: dedup, conversions, events, messages, sums. What comes after the events hangs on those that were
    /// inserted, so that rows which are there already do nothing.
    package static func statement(_ rows: [PostbackRow]) -> SQL {
        let claimed = rows.flatMap { [$0.externalIDs.base, $0.externalIDs.full].compactMap { $0 } }
        return """
            WITH \(input(rows)), fresh AS (
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
                    -- What a policy kept out of its conversion is read again under another.
                    OR known.event_id = (SELECT replay_of FROM input WHERE input.id = excluded.event_id)
                RETURNING event_id
            ), claims AS (
                -- Without what is only stored: each step of the plan would copy it.
                SELECT id, place, created_at, happened_at, outcome, profile_id, click_id, transaction_id, status, currency, campaign_id,
                    offer_id, country, traffic_source, policy, base_id, full_id, event_key, revenue_state,
                    CASE WHEN policy <> 'status' THEN revenue END AS amount,
                    ttl IS NULL OR event_id IS NOT NULL OR policy = 'status' AS is_fresh
                FROM input LEFT JOIN fresh ON event_id = id
            ), \(ConversionChanges.planned(source: "'keitaro'", externalIDs: claimed, after: "fresh")), stored AS (
                INSERT INTO postback_events (
                    id, created_at, profile_id, origin, replay_of, outcome, status, original_status, click_id, transaction_id,
                    campaign_id, campaign_name, offer_id, offer_name, landing_id, landing_name, country, source, creative_id,
                    revenue, payout, currency, reason, conversion_id, fields, raw)
                SELECT input.id, input.created_at, input.profile_id, origin, replay_of, verdict, input.status, original_status,
                    input.click_id, input.transaction_id, input.campaign_id,
                    coalesce(nullif(campaign_name, ''), (SELECT name FROM keitaro_campaigns c
                        WHERE c.tracker_id = input.tracker_id AND c.keitaro_id = input.campaign_number), ''),
                    input.offer_id,
                    coalesce(nullif(offer_name, ''), (SELECT name FROM keitaro_offers o
                        WHERE o.tracker_id = input.tracker_id AND o.keitaro_id = input.offer_number), ''),
                    landing_id,
                    coalesce(nullif(landing_name, ''), (SELECT name FROM keitaro_landings l
                        WHERE l.tracker_id = input.tracker_id AND l.keitaro_id = input.landing_number), ''),
                    input.country, input.traffic_source, creative_id, revenue, payout, input.currency, reason, conversion_id, fields, raw
                FROM input JOIN planned USING (place) ON CONFLICT DO NOTHING RETURNING id
            ), \(ConversionChanges.applied(source: "'keitaro'")), \(messages(rows)), \(ConversionSums.moved)
            SELECT place, verdict, conversion_id FROM planned
            """
    }

    private static func input(_ rows: [PostbackRow]) -> SQL {
        var columns = BatchColumns(rows)
        columns.add("id", .uuid) { $0.id }
        columns.add("created_at") { $0.createdAt }
        columns.add("happened_at") { $0.happenedAt }
        columns.add("profile_id") { $0.profileID }
        columns.add("tracker_id") { $0.trackerID }
        columns.add("origin", .text) { $0.origin.rawValue }
        columns.add("replay_of", .uuid) { $0.replayOf }
        columns.add("outcome", .text) { ($0.postback.isMapped ? PostbackOutcome.accepted : .unmapped).rawValue }
        columns.add("status", .text) { $0.postback.status.name }
        columns.add("original_status", .text) { $0.postback.originalStatus }
        columns.add("click_id", .text) { $0.postback.clickID }
        columns.add("transaction_id", .text) { $0.postback.transactionID }
        columns.add("campaign_id", .text) { $0.postback.campaignID }
        columns.add("campaign_number") { number($0.postback.campaignID, $0.trackerID) }
        columns.add("campaign_name", .text) { $0.postback.campaignName }
        columns.add("offer_id", .text) { $0.postback.offerID }
        columns.add("offer_number") { number($0.postback.offerID, $0.trackerID) }
        columns.add("offer_name", .text) { $0.postback.offerName }
        columns.add("landing_id", .text) { $0.postback.landingID }
        columns.add("landing_number") { number($0.postback.landingID, $0.trackerID) }
        columns.add("landing_name", .text) { $0.postback.landingName }
        columns.add("country", .text) { $0.postback.country }
        columns.add("traffic_source", .text) { $0.postback.source }
        columns.add("creative_id", .text) { $0.postback.creativeID }
        columns.add("revenue", .numeric) { $0.postback.revenue?.text }
        columns.add("payout", .numeric) { $0.postback.payout?.text }
        columns.add("currency", .text) { $0.postback.currency }
        columns.add("reason", .text) { $0.postback.reason }
        columns.add("fields", .jsonb) { $0.fields }
        columns.add("raw", .jsonb) { $0.raw }
        columns.add("ttl") { $0.dedupSeconds.map(Int64.init) }
        columns.add("policy", .text) { $0.policyName }
        columns.add("base_id", .text) { $0.externalIDs.base }
        columns.add("full_id", .text) { $0.externalIDs.full }
        columns.add("event_key", .text) { $0.eventKey }
        columns.add("revenue_state", .text) { RevenueState.of(status: $0.postback.status.name).rawValue }
        return "input AS MATERIALIZED (SELECT * FROM \(columns.source(as: "t")))"
    }

    /// One message for each destination. They go out in the order of their events.
    private static func messages(_ rows: [PostbackRow]) -> SQL {
        let told = rows.enumerated().flatMap { index, row in row.destinations.map { (event: index + 1, to: $0) } }
        var columns = BatchColumns(told)
        columns.add("event_place") { Int64($0.event) }
        columns.add("route_id") { $0.to.routeID }
        columns.add("chat_id") { $0.to.chatID }
        columns.add("topic_id") { $0.to.topicID }
        columns.add("language", .text) { $0.to.language }
        columns.add("is_silent") { $0.to.isSilent }
        columns.add("held_until") { $0.to.heldUntil }
        return """
            messages AS (
                INSERT INTO telegram_messages (
                    ordered_at, chat_id, topic_id, kind, profile_id, route_id, event_id, language, is_silent, run_at, is_held)
                SELECT created_at, chat_id, topic_id, 'postback', profile_id, route_id, planned.id, language, is_silent,
                    coalesce(held_until, created_at), held_until IS NOT NULL
                FROM \(columns.source(as: "d")) JOIN planned ON planned.place = event_place
                JOIN stored ON stored.id = planned.id
                WHERE verdict NOT IN ('duplicate', 'ignored')
                ORDER BY created_at, d.place
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
