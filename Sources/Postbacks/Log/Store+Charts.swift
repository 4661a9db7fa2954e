import Base
import Postgres

/// What a chart asks: conversions by slot of time and by one of their properties.
struct ChartQuestion: Hashable, Sendable {
    enum By: String, Sendable, CaseIterable { case status, profile, campaign, country, source, offer }

    var by = By.status
    /// 1, 7 or 30; a day is cut into hours.
    var days: Int64 = 7
    /// An IANA name.
    var zone = "UTC"
    var profileID: Int64?

    var isHourly: Bool { days == 1 }
}

/// Sums of one label in one slot.
struct ChartPoint: Sendable {
    var slot: Timestamp
    var label: String
    var name: String?
    var currency: String
    var conversions: Int64
    /// As PostgreSQL writes exact numbers.
    var hold: String
    var confirmed: String
}

extension PostbackDeskStore {
    /// From the 15-minute rollups, cut into hours or days of the zone; in the order of time.
    func chart(_ question: ChartQuestion, for reader: PostbackReader) async throws -> (
        slots: [Timestamp], points: [ChartPoint]
    ) {
        let dimension: String
        let label: SQL
        let name: SQL
        switch question.by {
        case .status: (dimension, label, name) = ("all", "rollup.status", "NULL::text")
        case .profile:
            (dimension, label) = ("all", "rollup.profile_id::text")
            name = "(SELECT name FROM keitaro_profiles WHERE id = pair.profile_id)"
        case .campaign:
            (dimension, label) = ("campaign", "rollup.value")
            name = Self.mirrored("keitaro_campaigns")
        case .country: (dimension, label, name) = ("country", "rollup.value", "NULL::text")
        case .source: (dimension, label, name) = ("source", "rollup.value", "NULL::text")
        case .offer:
            (dimension, label) = ("offer", "rollup.value")
            name = Self.mirrored("keitaro_offers")
        }
        let unit = question.isHourly ? "hour" : "day"
        let step = question.isHourly ? "1 hour" : "1 day"
        let back = question.isHourly ? "23 hours" : "\(question.days - 1) days"
        let profile: SQL = question.profileID.map { "rollup.profile_id = \($0)" } ?? "true"
        // In the zone's own clock, so that a day of 23 or 25 hours is a day.
        let answers = try await database.pipeline([
            """
            SELECT slot AT TIME ZONE \(question.zone) AS slot FROM generate_series(
                date_trunc(\(unit), now() AT TIME ZONE \(question.zone)) - \(back)::interval,
                date_trunc(\(unit), now() AT TIME ZONE \(question.zone)), \(step)::interval) AS slot
            """,
            """
            WITH sums AS MATERIALIZED (
                SELECT date_trunc(\(unit), rollup.bucket AT TIME ZONE \(question.zone)) AT TIME ZONE \(question.zone) AS slot,
                    \(label) AS label, rollup.profile_id, rollup.currency, sum(rollup.conversions) AS conversions,
                    sum(rollup.revenue_hold) AS hold, sum(rollup.revenue_confirmed) AS confirmed
                FROM conversion_sums rollup
                WHERE rollup.minutes = 15 AND rollup.dimension = \(dimension) AND \(profile)
                    AND \(reader.condition(on: "rollup.profile_id"))
                    AND rollup.bucket >= (date_trunc(\(unit), now() AT TIME ZONE \(question.zone)) - \(back)::interval)
                        AT TIME ZONE \(question.zone)
                GROUP BY 1, 2, 3, 4
            ), named AS MATERIALIZED (
                SELECT profile_id, label, \(name) AS name FROM (SELECT DISTINCT profile_id, label FROM sums) pair
            )
            SELECT slot, label, name, currency, sum(conversions)::bigint AS conversions, sum(hold)::text AS hold,
                sum(confirmed)::text AS confirmed
            FROM sums JOIN named USING (profile_id, label)
            GROUP BY 1, 2, 3, 4 HAVING sum(conversions) <> 0 OR sum(confirmed) <> 0 OR sum(hold) <> 0
            ORDER BY 1
            """,
        ])
        return (
            try answers[0].map { try $0.get("slot") },
            try answers[1].map { row in
                ChartPoint(
                    slot: try row.get("slot"), label: try row.get("label"), name: try row.get("name"),
                    currency: try row.get("currency"), conversions: try row.get("conversions"),
                    hold: try row.get("hold"), confirmed: try row.get("confirmed"))
            }
        )
    }

    /// A name by Keitaro's id, of the profile's tracker: of the only one there is where it has none (``PostbackStore/profiles()``).
    private static func mirrored(_ table: StaticString) -> SQL {
        """
        (SELECT mirrored.name FROM \(SQL.identifier(table)) mirrored JOIN keitaro_profiles owner ON owner.id = pair.profile_id
            WHERE mirrored.keitaro_id::text = pair.label AND mirrored.tracker_id = coalesce(owner.tracker_id,
                (SELECT min(id) FROM keitaro_trackers HAVING count(*) = 1)))
        """
    }
}
