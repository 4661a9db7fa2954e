import Base
import Postgres

/// What postbacks and other events make of conversions, as parts of one statement. Whoever writes events puts them around its own:
///
/// ```
/// WITH claims AS (…), <planned>, stored AS (INSERT INTO events … FROM planned ON CONFLICT DO NOTHING RETURNING id), <applied>, …
/// ```
///
/// `claims` has a row for each event: `id` (uuid), `happened_at`, `is_fresh` (false: a duplicate, which changes nothing), `outcome` (text),
/// `profile_id`, `click_id`, `transaction_id`, `status`, `amount` (numeric or null), `currency`, `campaign_id`, `offer_id`, `country`,
/// `traffic_source`, `policy` (a ``ConversionPolicy``; null: it is about no conversion; ``statusAlone``), `base_id` and `full_id`
/// (external ids of the conversion without and with a transaction; null: there can be none), `event_key`, `revenue_state`. No two of a
/// statement may be about one click. `planned` has all that and what is to be done.
///
/// What has no transaction joins the click's only conversion, whatever transaction that has.
///
/// Rows are locked in the order of external ids, first those that are there, then those that are made, so two statements never hold
/// what the other wants. A conversion that another transaction makes meanwhile ends the statement with a serialization failure.
/// Only events that `stored` returns change anything: a statement that is sent again changes nothing twice.
package enum ConversionChanges {
    /// What never gives way to a registration or an unknown status that comes later, or earlier and late.
    private static let settled: SQL = "('deposit', 'rebill', 'rejected')"

    /// The policy of what has counted before under another status: the conversion `base_id` changes its status and nothing else; none
    /// begins. Neither a duplicate nor an amount is looked at.
    package static let statusAlone = "status"

    /// - Parameters:
    ///   - source: a literal, the `source` of conversions.
    ///   - externalIDs: all that stand in `base_id` and `full_id`.
    ///   - earlier: a part of the statement whose locks come first.
    package static func planned(source: SQL, externalIDs: [String], after earlier: SQL) -> SQL {
        """
        kin AS MATERIALIZED (
            -- A click's first conversion has the least id, and those that are further ones of it stand behind it, so that three looks
            -- at the index tell whether it is the only one, however many there are.
            SELECT base_id, first, CASE WHEN (
                    SELECT external_id FROM conversions
                    WHERE source = \(source) AND external_id > first AND external_id < first || ':'
                    ORDER BY external_id LIMIT 1) IS NULL AND (
                    SELECT external_id FROM conversions
                    WHERE source = \(source) AND external_id >= first || ';' AND external_id < beyond
                    ORDER BY external_id LIMIT 1) IS NULL
                THEN first END AS lone
            FROM (
                SELECT base_id, beyond, (
                    SELECT external_id FROM conversions
                    WHERE source = \(source) AND external_id >= base_id AND external_id < beyond
                    ORDER BY external_id LIMIT 1) AS first
                FROM (
                    SELECT base_id, left(base_id, -1) || ';' AS beyond FROM claims
                    WHERE full_id IS NULL AND base_id IS NOT NULL AND policy <> 'status'
                ) bare OFFSET 0
            ) clicks WHERE first IS NOT NULL
        ), located AS (
            -- One look at the index for each: a list as a condition may be planned as a filter of all that a source has.
            SELECT found.* FROM (
                SELECT DISTINCT external_id COLLATE "C" AS external_id FROM (
                    SELECT unnest(\(externalIDs)::text[]) UNION ALL SELECT lone FROM kin WHERE lone IS NOT NULL
                ) named (external_id) WHERE (SELECT count(*) FROM \(earlier)) >= 0 ORDER BY 1
            ) wanted CROSS JOIN LATERAL (
                SELECT id, external_id, transaction_id, status, revenue, revenue_state, currency, campaign_id, offer_id, country,
                    traffic_source, converted_at, updated_at, event_keys
                FROM conversions
                WHERE source = \(source) AND external_id = wanted.external_id LIMIT 1 FOR UPDATE
            ) found
        ), targeted AS (
            SELECT claims.*, base.external_id IS NOT NULL AS has_base, kin.first IS NOT NULL AS has_kin,
                coalesce(
                    whole.external_id,
                    -- Without a transaction it takes the first that comes.
                    CASE WHEN claims.full_id IS NULL OR base.transaction_id IN ('', claims.transaction_id)
                        THEN base.external_id END,
                    kin.lone) AS target
            FROM claims
            LEFT JOIN located whole ON whole.external_id = claims.full_id
            LEFT JOIN located base ON base.external_id = claims.base_id
            LEFT JOIN kin ON kin.base_id = claims.base_id
        ), judged AS (
            SELECT t.*, c.id AS before_id, c.status AS before_status, c.revenue AS before_revenue, c.revenue_state AS before_state,
                c.currency AS before_currency, c.campaign_id AS before_campaign, c.offer_id AS before_offer,
                c.country AS before_country, c.traffic_source AS before_source, c.converted_at AS before_at,
                CASE
                    WHEN NOT t.is_fresh OR t.policy IS NULL THEN NULL
                    WHEN c.id IS NULL AND t.policy = 'status' THEN NULL
                    WHEN c.id IS NULL THEN 'begins'
                    WHEN t.policy = 'ignore' THEN 'ignored'
                    WHEN t.policy = 'ignore_same_event' AND t.event_key <> '' AND t.event_key = ANY (c.event_keys) THEN 'ignored'
                    WHEN t.policy IN ('new', 'new_repeated') THEN 'further'
                    -- A rebill confirms a lead, and counts after a rejection, as a sale does; what else is to add up is added to what
                    -- is confirmed, or to what is on hold like itself.
                    WHEN t.policy = 'increment'
                        AND (t.revenue_state = c.revenue_state OR t.revenue_state = 'hold' AND c.revenue_state = 'confirmed')
                        THEN
                        -- Two currencies are never added.
                        CASE WHEN t.currency <> '' AND c.currency <> '' AND t.currency <> c.currency THEN 'further'
                            ELSE 'adds' END
                    -- What the conversion is it is by this event, now read otherwise.
                    WHEN t.policy = 'status' AND t.happened_at = c.updated_at AND EXISTS (
                        SELECT FROM conversion_transitions step WHERE step.conversion_id = c.id AND step.applied
                            AND step.at = t.happened_at AND step.status_after = c.status) THEN 'changes'
                    WHEN t.status IN \(settled) AND c.status NOT IN \(settled) THEN 'changes'
                    WHEN t.status NOT IN \(settled) AND c.status IN \(settled) THEN 'late'
                    WHEN t.happened_at < c.updated_at THEN 'late'
                    ELSE 'changes'
                END AS deed
            FROM targeted t LEFT JOIN located c ON c.external_id = t.target
        ), planned AS MATERIALIZED (
            SELECT *,
                CASE WHEN NOT is_fresh THEN 'duplicate' WHEN deed = 'ignored' THEN 'ignored' ELSE outcome END AS verdict,
                CASE WHEN deed IN ('begins', 'further') THEN nextval('conversions_id_seq') ELSE before_id END AS conversion_id,
                CASE deed WHEN 'begins' THEN coalesce(full_id, base_id) WHEN 'further' THEN target || ':' || id END
                    COLLATE "C" AS new_id
            FROM judged
        )
        """
    }

    /// Ends with `moves`: what leaves (`sign` -1) and enters (1) the sums, for ``ConversionSums``.
    package static func applied(source: SQL) -> SQL {
        """
        due AS MATERIALIZED (
            SELECT planned.* FROM planned JOIN stored USING (id) WHERE deed IS NOT NULL
        ), changed AS (
            UPDATE conversions c SET
                transaction_id = CASE WHEN c.transaction_id = '' THEN due.transaction_id ELSE c.transaction_id END,
                status = CASE WHEN deed = 'changes' THEN due.status ELSE c.status END,
                revenue = CASE deed WHEN 'changes' THEN coalesce(amount, c.revenue)
                    WHEN 'adds' THEN c.revenue + coalesce(amount, 0) ELSE c.revenue END,
                revenue_state = CASE WHEN deed = 'changes' THEN due.revenue_state ELSE c.revenue_state END,
                currency = CASE WHEN deed IN ('changes', 'adds') AND due.currency <> '' AND (amount IS NOT NULL OR c.currency = '')
                    THEN due.currency ELSE c.currency END,
                campaign_id = CASE WHEN deed = 'changes' AND due.campaign_id <> '' THEN due.campaign_id ELSE c.campaign_id END,
                offer_id = CASE WHEN deed = 'changes' AND due.offer_id <> '' THEN due.offer_id ELSE c.offer_id END,
                country = CASE WHEN deed = 'changes' AND due.country <> '' THEN due.country ELSE c.country END,
                traffic_source = CASE WHEN deed = 'changes' AND due.traffic_source <> '' THEN due.traffic_source
                    ELSE c.traffic_source END,
                converted_at = CASE WHEN deed IN ('changes', 'adds') THEN least(c.converted_at, due.happened_at)
                    ELSE c.converted_at END,
                updated_at = CASE WHEN deed IN ('changes', 'adds') THEN greatest(c.updated_at, due.happened_at)
                    ELSE c.updated_at END,
                events = c.events + 1,
                event_keys = CASE WHEN due.event_key <> '' THEN c.event_keys || due.event_key ELSE c.event_keys END
            FROM due WHERE c.id = due.before_id AND deed IN ('changes', 'adds', 'late', 'ignored')
            RETURNING c.id, c.converted_at, c.profile_id, c.status, c.revenue, c.revenue_state, c.currency, c.campaign_id,
                c.offer_id, c.country, c.traffic_source
        ), alone AS (
            SELECT begin_conversions(
                \(source), array_agg(base_id) FILTER (WHERE full_id IS NULL AND NOT has_kin),
                array_agg(base_id) FILTER (WHERE full_id IS NOT NULL AND NOT has_base)) AS is_held
            FROM due WHERE deed = 'begins' AND base_id IS NOT NULL
        ), begun AS (
            INSERT INTO conversions (
                id, source, external_id, profile_id, click_id, transaction_id, status, revenue, revenue_state, currency,
                campaign_id, offer_id, country, traffic_source, is_repeated, converted_at, updated_at, event_keys)
            OVERRIDING SYSTEM VALUE
            SELECT conversion_id, \(source), new_id, profile_id, click_id, transaction_id, status, coalesce(amount, 0),
                revenue_state, currency, campaign_id, offer_id, country, traffic_source,
                policy = 'new_repeated' AND deed = 'further', happened_at, happened_at,
                CASE WHEN event_key <> '' THEN ARRAY[event_key] END
            FROM due WHERE deed IN ('begins', 'further') AND (SELECT count(*) FROM changed) >= 0 AND (SELECT is_held FROM alone)
            ORDER BY new_id
            ON CONFLICT (source, external_id) DO UPDATE SET status = send_again()
            RETURNING id, converted_at, profile_id, status, revenue, revenue_state, currency, campaign_id, offer_id, country,
                traffic_source
        ), after AS MATERIALIZED (
            SELECT * FROM begun UNION ALL SELECT * FROM changed
        ), steps AS (
            INSERT INTO conversion_transitions (
                conversion_id, event_id, at, status_before, status_after, revenue_before, revenue_after, applied)
            SELECT due.conversion_id, due.id, due.happened_at, CASE WHEN deed <> 'further' THEN before_status END,
                due.status, CASE WHEN deed <> 'further' THEN before_revenue END,
                CASE WHEN deed IN ('late', 'ignored') THEN coalesce(amount, 0) ELSE after.revenue END,
                deed NOT IN ('late', 'ignored')
            FROM due JOIN after ON after.id = due.conversion_id
        ), moves AS (
            SELECT 1 AS sign, converted_at, profile_id, status, revenue, revenue_state, currency, campaign_id, offer_id, country,
                traffic_source
            FROM after
            UNION ALL
            SELECT -1, before_at, profile_id, before_status, before_revenue, before_state, before_currency, before_campaign,
                before_offer, before_country, before_source
            FROM due WHERE deed IN ('changes', 'adds', 'late', 'ignored')
        )
        """
    }

    /// The external id of a conversion for ever. A click id may hold a colon: without the escape two conversions could share an id.
    /// - Returns: of the one without a transaction and the one with it; nil where a part is missing.
    package static func externalIDs(
        profileID: Int64, clickID: String, transactionID: String
    ) -> (base: String?, full: String?) {
        let click = "\(profileID):\(escaped(clickID)):"
        return (clickID.isEmpty ? nil : click, transactionID.isEmpty ? nil : click + escaped(transactionID))
    }

    /// In bytes. An entry of an index has room for 2,704, of which a conversion's id takes two parts and, of a further one, 37.
    private static let longestPart = 1_024

    private static func escaped(_ part: String) -> String {
        guard part.utf8.contains(where: { $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "%") }) else { return part }
        let escaped = part.replacing("%", with: "%25").replacing(":", with: "%3A")
        // No escape begins so.
        return escaped.utf8.count <= longestPart ? escaped : "%x\(Hex.encode(SHA256.hash(part)))"
    }
}
