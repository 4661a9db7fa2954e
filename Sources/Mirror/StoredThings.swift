import HTTP
import Postgres
import StoredObjects

/// What was copied from Keitaro, for `/admin/`. Only administrators see what no key of their own sees; nothing is edited here, since the
/// next sync would undo it.
package enum MirrorThings {
    package static let storedThings = StoredThings(
        objects: [campaigns, offers],
        dependents: [
            StoredDependent("campaign_access", "keitaro_campaign_access", by: "campaign_id", of: "campaigns"),
            StoredDependent("campaign_access", "keitaro_campaign_access", by: "key_id", of: "keys"),
            StoredDependent("offer_access", "keitaro_offer_access", by: "offer_id", of: "offers"),
            StoredDependent("offer_access", "keitaro_offer_access", by: "key_id", of: "keys"),
            StoredDependent("syncs", "keitaro_syncs", by: "key_id", of: "keys"),
        ])

    /// As `Access.flowReaders`.
    private static let readers = Access.roles(["admin", "buyer", "analyst"])

    private static let campaigns = StoredObject(
        "campaigns", in: .keitaro, table: "keitaro_campaigns",
        joins: """
            JOIN keitaro_trackers tracker ON tracker.id = row.tracker_id
            LEFT JOIN keitaro_groups team ON team.tracker_id = row.tracker_id AND team.keitaro_id = row.group_id
            """,
        key: .number("row.id"), label: "row.name", order: ("id", false), readers: readers,
        fields: [
            .number("id", "row.id"), .number("keitaro_id", "row.keitaro_id").searched.asName,
            .text("name", "row.name").searched,
            .choice("state", "row.state", ["active", "disabled", "deleted"]),
            .text("group", "team.name").searched,
            .text("tracker", "tracker.name").linked(to: "trackers", "row.tracker_id"),
            .text("alias", "row.alias").searched.onPage,
            .time("synced_at", "row.synced_at"), .time("streams_fetched_at", "row.streams_fetched_at").onPage,
        ],
        actions: [.delete("forget")],
        visible: {
            """
            EXISTS (SELECT 1 FROM keitaro_campaign_access access
                WHERE access.campaign_id = row.id AND access.key_id = \($0.keyID))
            """
        })

    private static let offers = StoredObject(
        "offers", in: .keitaro, table: "keitaro_offers",
        joins: "JOIN keitaro_trackers tracker ON tracker.id = row.tracker_id", key: .number("row.id"),
        label: "row.name",
        order: ("id", false), readers: readers,
        fields: [
            .number("id", "row.id"), .number("keitaro_id", "row.keitaro_id").searched.asName,
            .text("name", "row.name").searched,
            .choice("state", "row.state", ["active", "disabled", "deleted"]),
            .text("network", "row.network_name").searched, .decimal("payout", "row.payout"),
            .text("currency", "row.payout_currency"),
            .text("tracker", "tracker.name").linked(to: "trackers", "row.tracker_id"),
            .time("synced_at", "row.synced_at"),
        ],
        actions: [.delete("forget")],
        visible: {
            """
            EXISTS (SELECT 1 FROM keitaro_offer_access access
                WHERE access.offer_id = row.id AND access.key_id = \($0.keyID))
            """
        })
}
