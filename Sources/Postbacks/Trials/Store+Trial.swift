import Base
import Postgres

extension PostbackDeskStore {
    /// At most so many of the newest stored postbacks are tried.
    static let trialLimit = 100_000
    private static let triedAtOnce = 500

    /// What would have been told in the last days under other settings of the same profile.
    /// - Returns: with the time of the oldest that was read, where ``trialLimit`` left out older ones of those days.
    func trial(
        from before: PostbackProfile, to after: PostbackProfile, days: Int, in clock: ZoneClock
    ) async throws -> (result: RouteTrial.Result, cutAt: Timestamp?) {
        var trial = RouteTrial(before: before, after: after)
        let cutAt = try await feed(&trial, ofProfile: before.id, days: days)
        return (trial.result(in: clock), cutAt)
    }

    /// Tries what the profile received in the last days, in the order of time, in pieces: a trial of a month doesn't hold the month in
    /// memory. Of clicks that were known before, the trial learns what came then. What was tested or read again isn't among it.
    /// - Returns: where it began, when ``trialLimit`` left out older ones of those days.
    @discardableResult
    func feed(
        _ trial: inout RouteTrial, ofProfile id: Int64, days: Int, atMost limit: Int = trialLimit
    ) async throws -> Timestamp? {
        let bounds = try await database.one(
            """
            WITH asked AS (SELECT now() - make_interval(days => \(days)::int) AS since)
            SELECT since, (SELECT created_at FROM postback_events
                WHERE profile_id = \(id) AND created_at > since AND created_at <= now() AND origin IN ('keitaro', 'recovered')
                ORDER BY created_at DESC OFFSET \(limit)::int LIMIT 1) AS cut_at
            FROM asked
            """)
        let cutAt: Timestamp? = try bounds.get("cut_at")
        let start: Timestamp = try cutAt ?? bounds.get("since")
        var place = EventQuestion.Place(at: start, id: "ffffffff-ffff-ffff-ffff-ffffffffffff")
        var learned = Keys()
        while true {
            let rows = try await database.query(
                """
                SELECT \(Self.triedColumns) FROM postback_events
                WHERE profile_id = \(id) AND (created_at, id) > (\(place.at), \(place.id)::uuid) AND created_at <= now()
                    AND origin IN ('keitaro', 'recovered')
                ORDER BY created_at, id LIMIT \(Self.triedAtOnce)::int
                """)
            let new = try learned.add(rows)
            for row in try await earlier(new, ofProfile: id, than: start, reach: trial.reach) {
                trial.learn(try Self.stored(row))
            }
            for row in rows { trial.add(try Self.stored(row)) }
            guard rows.count == Self.triedAtOnce, let last = rows.last else { return cutAt }
            place = EventQuestion.Place(at: try last.get("created_at"), id: try last.get("id"))
        }
    }

    private static let triedColumns: SQL = """
        id, created_at, fields, campaign_name, offer_name, landing_name, click_id, transaction_id,
        CASE WHEN origin = 'recovered' THEN raw END AS recovered
        """

    private static func stored(_ row: Row) throws -> RouteTrial.Stored {
        let fields: JSON = try row.get("fields")
        let at: Timestamp = try row.get("created_at")
        let recovered: JSON? = try row.get("recovered")
        return RouteTrial.Stored(
            at: at, fields: PostbackFields(stored: fields),
            campaignName: try row.get("campaign_name"), offerName: try row.get("offer_name"),
            landingName: try row.get("landing_name"),
            isTold: recovered.flatMap { RecoveredPostback(raw: $0) }?.isTold(at: at) ?? true)
    }

    /// By what postbacks of one conversion find each other: clicks, and transactions of those without a click.
    private struct Keys {
        var clicks: Set<String> = []
        var transactions: Set<String> = []

        /// - Returns: those that are new.
        mutating func add(_ rows: Rows) throws -> Keys {
            var new = Keys()
            for row in rows {
                let click: String = try row.get("click_id")
                let transaction: String = try row.get("transaction_id")
                if !click.isEmpty {
                    if clicks.insert(click).inserted { new.clicks.insert(click) }
                } else if !transaction.isEmpty, transactions.insert(transaction).inserted {
                    new.transactions.insert(transaction)
                }
            }
            return new
        }
    }

    private func earlier(
        _ keys: Keys, ofProfile id: Int64, than start: Timestamp, reach: Duration?
    ) async throws -> [Row] {
        guard !keys.clicks.isEmpty || !keys.transactions.isEmpty, reach != .zero else { return [] }
        let from = reach.map { start.adding(.zero - $0) } ?? Timestamp(microseconds: 0)
        let earlier: SQL = """
            profile_id = \(id) AND created_at <= \(start) AND created_at > \(from) AND origin IN ('keitaro', 'recovered')
            """
        return Array(
            try await database.query(
                """
                SELECT \(Self.triedColumns) FROM postback_events
                WHERE \(earlier) AND click_id <> '' AND click_id = ANY (\(keys.clicks.sorted())::text[])
                UNION ALL
                SELECT \(Self.triedColumns) FROM postback_events
                WHERE \(earlier) AND click_id = '' AND transaction_id <> ''
                    AND transaction_id = ANY (\(keys.transactions.sorted())::text[])
                ORDER BY created_at, id
                """))
    }
}
