import Accounts
import HTTP
import Postgres
import StoredObjects
import Views

/// Flows with their offers, pushes and kept reports, for `/admin/`. Shares are not edited here: those of one flow are counted
/// together, which its campaign's page does.
package enum FlowEditorThings {
    package static let storedThings = StoredThings(
        objects: [flows, flowOffers, pushes, reports],
        dependents: [
            StoredDependent("flows", "keitaro_flows", by: "campaign_id", of: "campaigns"),
            StoredDependent("drafts", "keitaro_flows", by: "draft_user_id", of: "users", stays: true),
            StoredDependent("flow_offers", "keitaro_flow_offers", by: "flow_id", of: "flows"),
            StoredDependent("pushes", "keitaro_pushes", by: "flow_id", of: "flows"),
            StoredDependent("pushes", "keitaro_pushes", by: "user_id", of: "users", stays: true),
            StoredDependent("pushes", "keitaro_pushes", by: "key_id", of: "keys", stays: true),
            StoredDependent("reports", "keitaro_reports", by: "key_id", of: "keys"),
        ])

    private static func seen(_ campaign: SQL, by reader: StoredReader) -> SQL {
        """
        EXISTS (SELECT 1 FROM keitaro_campaign_access access
            WHERE access.campaign_id = \(campaign) AND access.key_id = \(reader.keyID))
        """
    }

    private static let flows = StoredObject(
        "flows", in: .keitaro, table: "keitaro_flows",
        joins: "JOIN keitaro_campaigns campaign ON campaign.id = row.campaign_id", key: .number("row.id"),
        label: "row.name", order: ("id", false), readers: .flowReaders,
        fields: [
            .number("id", "row.id"), .number("keitaro_id", "row.keitaro_id").searched.asName,
            .text("name", "row.name").searched.edited(.text(1...200)),
            .text("campaign", "campaign.name").searched.linked(to: "campaigns", "row.campaign_id"),
            .choice("state", "row.state", ["active", "disabled", "deleted"]),
            .choice("type", "row.type", ["regular", "forced", "default"]), .text("schema", "row.schema").onPage,
            .flag(
                "is_draft",
                """
                EXISTS (SELECT 1 FROM keitaro_flow_offers offer
                    WHERE offer.flow_id = row.id AND offer.share IS DISTINCT FROM offer.base_share)
                """),
            .flag("is_conflict", "row.theirs IS NOT NULL").onPage,
            .flag("is_gone", "row.gone_at IS NOT NULL"),
            .number("revision", "row.revision").onPage, .time("draft_at", "row.draft_at").onPage,
            .time("fetched_at", "row.fetched_at"), .json("filters", "row.filters"), .json("theirs", "row.theirs"),
        ],
        actions: [.delete("forget", when: "row.gone_at IS NOT NULL", check: requireNoPush)],
        visible: { seen("row.campaign_id", by: $0) })

    /// A push under way would find nothing to settle.
    @Sendable private static func requireNoPush(_ call: StoredCall) async throws {
        let waiting = try await call.transaction.first(
            "SELECT 1 FROM keitaro_pushes WHERE flow_id = \(call.number) AND state = 'waiting'")
        if waiting != nil { throw StoredRefusal(Word("refused.push_running")) }
    }

    private static let flowOffers = StoredObject(
        "flow_offers", in: .keitaro, table: "keitaro_flow_offers",
        joins: """
            JOIN keitaro_flows flow ON flow.id = row.flow_id
            JOIN keitaro_campaigns campaign ON campaign.id = flow.campaign_id
            LEFT JOIN keitaro_offers offer ON offer.tracker_id = campaign.tracker_id AND offer.keitaro_id = row.offer_id
            """,
        key: .number("row.id"), label: "coalesce(offer.name, '#' || row.offer_id)", order: ("id", false),
        readers: .flowReaders, writers: .flowWriters,
        fields: [
            .number("id", "row.id"),
            .text("offer", "coalesce(offer.name, '#' || row.offer_id)").searched.linked(to: "offers", "offer.id"),
            .number("keitaro_id", "row.offer_id").searched.asName,
            .text("flow", "flow.name").searched.linked(to: "flows", "row.flow_id"),
            .text("campaign", "campaign.name").searched.linked(to: "campaigns", "flow.campaign_id"),
            .number("base_share", "row.base_share"), .number("share", "row.share"),
            .flag("is_pinned", "row.is_pinned").edited(.flag), .flag("is_disabled", "row.is_disabled"),
        ],
        // Names of offers that a key does not see are not for its person.
        visible: {
            """
            \(seen("flow.campaign_id", by: $0)) AND EXISTS (SELECT 1 FROM keitaro_offer_access access
                WHERE access.offer_id = offer.id AND access.key_id = \($0.keyID))
            """
        },
        check: { edit in
            // As an edit on the campaign's page: the flow's row is held, a push under way stops it, its revision grows.
            let row = try await edit.call.transaction.one(
                """
                UPDATE keitaro_flows SET revision = revision + 1, draft_user_id = \(edit.call.reader.userID), draft_at = now()
                WHERE id = (SELECT flow_id FROM keitaro_flow_offers WHERE id = \(edit.call.number))
                RETURNING EXISTS (
                    SELECT 1 FROM keitaro_pushes WHERE flow_id = keitaro_flows.id AND state = 'waiting') AS is_pushed
                """)
            if try row.get("is_pushed", Bool.self) { throw StoredRefusal(Word("refused.push_running")) }
        })

    /// For administrators: sets name offers that others' keys may not see. Others have their history of pushes.
    private static let pushes = StoredObject(
        "pushes", in: .keitaro, table: "keitaro_pushes",
        joins: """
            JOIN keitaro_flows flow ON flow.id = row.flow_id JOIN keitaro_campaigns campaign ON campaign.id = flow.campaign_id
            LEFT JOIN users person ON person.id = row.user_id
            """,
        key: .number("row.id"), label: "'#' || row.id", order: ("id", true),
        fields: [
            .number("id", "row.id"),
            .text("campaign", "campaign.name").searched.linked(to: "campaigns", "flow.campaign_id"),
            .text("flow", "flow.name").searched.linked(to: "flows", "row.flow_id"),
            .text("person", "person.name").searched.linked(to: "users", "row.user_id"),
            .choice("state", "row.state", ["waiting", "pushed", "conflict", "failed"]),
            .text("request", "row.request_id").searched.onPage,
            .time("created_at", "row.created_at"), .time("settled_at", "row.settled_at"),
            .json("before", "row.before"), .json("after", "row.after"), .json("answer", "row.answer"),
            .json("problem", "row.problem"),
        ],
        actions: [.delete(when: "row.state <> 'waiting'")])

    private static let reports = StoredObject(
        "reports", in: .keitaro, table: "keitaro_reports",
        joins: "JOIN keitaro_keys key ON key.id = row.key_id JOIN users owner ON owner.id = key.user_id",
        key: .text("row.key_id || '-' || md5(row.question)"), label: "owner.name", isNamedByPerson: true,
        order: ("fetched_at", true),
        fields: [
            .text("owner", "owner.name").searched.linked(to: "users", "key.user_id"),
            .text("question", "row.question").searched, .time("fetched_at", "row.fetched_at"),
            .json("report", "row.rows"),
        ],
        actions: [.delete("forget")])
}
