import Base
import Postgres

extension PostbackDeskStore {
    /// At most so many of the newest stored postbacks are tried.
    static let trialLimit = 100_000
    private static let triedAtOnce = 500

    /// What would have been told in the last days under other settings of the same profile.
    func trial(
        from before: PostbackProfile, to after: PostbackProfile, days: Int64, in clock: ZoneClock
    ) async throws -> RouteTrial.Result {
        var trial = RouteTrial(before: before, after: after)
        try await feed(&trial, ofProfile: before.id, days: days)
        return trial.result(in: clock)
    }

    /// Tries what the profile received in the last days, in the order of time, in pieces: a trial of a month doesn't hold the month in
    /// memory. Of clicks that were known before, the trial learns what came then. What was tested or read again isn't among it.
    func feed(_ trial: inout RouteTrial, ofProfile id: Int64, days: Int64) async throws {
        let since = try await database.one(
            """
            SELECT coalesce((SELECT created_at FROM postback_events WHERE profile_id = \(id)
                AND created_at > now() - make_interval(days => \(days)::int) ORDER BY created_at DESC OFFSET \(Self.trialLimit)::int LIMIT 1),
                now() - make_interval(days => \(days)::int)) AS since
            """)
        let start: Timestamp = try since.get("since")
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
            guard rows.count == Self.triedAtOnce, let last = rows.last else { return }
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
            at: at, fields: (fields.objectValue?.members ?? []).map { ($0.key, $0.value.lenientString ?? "") },
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
