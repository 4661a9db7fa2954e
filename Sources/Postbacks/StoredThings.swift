import Accounts
import HTTP
import Postgres
import StoredObjects

/// What receiving stores, for `/admin/`. Profiles and routes are edited on their own pages, which tell other processes; events have
/// the log.
package enum PostbackThings {
    package static let storedThings = StoredThings(
        objects: [profiles, routes, conversions, refusals],
        dependents: [
            StoredDependent("postback_profiles", "keitaro_profiles", by: "user_id", of: "users", stays: true),
            StoredDependent("postback_profiles", "keitaro_profiles", by: "key_id", of: "keys", stays: true),
            StoredDependent(
                "keitaro_installation_orders", "keitaro_installation_orders", by: "user_id", of: "users", stays: true),
            StoredDependent(
                "keitaro_installation_orders", "keitaro_installation_orders", by: "key_id", of: "keys", stays: true),
            StoredDependent("telegram_people", "telegram_people", by: "user_id", of: "users"),
            StoredDependent("telegram_link_codes", "telegram_link_codes", by: "user_id", of: "users"),
        ])

    private static let profiles = StoredObject(
        "postback_profiles", in: .keitaro, table: "keitaro_profiles",
        joins: """
            LEFT JOIN users owner ON owner.id = row.user_id LEFT JOIN keitaro_trackers tracker ON tracker.id = row.tracker_id
            """,
        key: .number("row.id"), label: "row.name", order: ("id", false),
        fields: [
            .number("id", "row.id"), .text("name", "row.name").searched,
            .text("owner", "owner.name").searched.linked(to: "users", "row.user_id"), .text("tracker", "tracker.name"),
            .choice("state", "CASE WHEN row.enabled THEN 'active' ELSE 'disabled' END", ["active", "disabled"]),
            .number("chat", "row.chat_id").asName, .number("topic", "row.topic_id").asName.onPage,
            .choice("language", "row.language", ["en", "uk", "ru"]).onPage,
            .number("rate_limit_rps", "row.rate_limit_rps").onPage,
            .number("dedup_ttl_sec", "row.dedup_ttl_sec").onPage,
            .json("status_mappings", "row.status_mappings"), .json("policies", "row.policies"),
            .json("templates", "row.templates"), .masked("postback_secret", "true"),
            .time("old_secret_until", "row.old_secret_until").onPage, .time("created_at", "row.created_at"),
        ])

    private static let routes = StoredObject(
        "postback_routes", in: .keitaro, table: "keitaro_routes",
        joins: "JOIN keitaro_profiles profile ON profile.id = row.profile_id", key: .number("row.id"),
        label: "coalesce(nullif(row.name, ''), '#' || row.id)", order: ("id", false),
        fields: [
            .number("id", "row.id"), .text("name", "row.name").searched,
            .text("profile", "profile.name").searched.linked(to: "postback_profiles", "row.profile_id"),
            .number("priority", "row.priority"),
            .text("match", "trim(row.match_kind || ' ' || row.match_value)").searched,
            .list("statuses", "row.statuses"), .list("countries", "row.countries"),
            .number("chat", "row.chat_id").asName,
            .number("topic", "row.topic_id").asName.onPage, .flag("continues", "row.continues").onPage,
            .choice("state", "CASE WHEN row.enabled THEN 'active' ELSE 'disabled' END", ["active", "disabled"]),
            .time("created_at", "row.created_at").onPage,
        ])

    private static let conversions = StoredObject(
        "conversions", in: .keitaro, table: "conversions",
        joins: "LEFT JOIN keitaro_profiles profile ON profile.id = row.profile_id", key: .number("row.id"),
        label: "row.external_id", order: ("id", true),
        fields: [
            .number("id", "row.id"), .text("source", "row.source"), .text("external_id", "row.external_id").searched,
            .text("profile", "profile.name").linked(to: "postback_profiles", "row.profile_id"),
            .text("click_id", "row.click_id").searched.onPage, .text("transaction_id", "row.transaction_id").searched,
            .text("status", "row.status"), .decimal("revenue", "row.revenue"), .text("currency", "row.currency"),
            .choice("revenue_state", "row.revenue_state", ["hold", "confirmed", "rejected"]),
            .text("campaign", "row.campaign_id"), .text("offer", "row.offer_id").onPage,
            .text("country", "row.country"),
            .flag("is_repeated", "row.is_repeated").onPage, .number("events", "row.events").onPage,
            .time("converted_at", "row.converted_at"), .time("updated_at", "row.updated_at").onPage,
        ])

    private static let refusals = StoredObject(
        "postback_refusals", in: .keitaro, table: "postback_refusals", key: .number("row.id"),
        label: "row.outcome || ' ' || row.address", order: ("id", true),
        fields: [
            .number("id", "row.id"), .time("created_at", "row.at"),
            .choice("outcome", "row.outcome", ["bad_secret", "disabled"]),
            .number("profile", "row.profile_id").asName, .text("address", "row.address").searched,
            .json("request", "row.raw"),
        ])
}
