import Base
import Postgres

/// The columns from which a ``Flow`` is read, one row per offer, and the reading.
enum FlowColumns {
    /// A select over `flows`, to which the caller may add a WHERE. The number of a flow counts the campaign's present flows.
    static func select(keyID: Int64) -> SQL {
        """
        SELECT flows.id AS flow_id, flows.campaign_id, flows.keitaro_id AS stream_id, flows.flow_number,
            flows.name AS flow_name, flows.type, flows.schema, flows.state AS flow_state, flows.weight, flows.filters,
            flows.fetched_at, flows.revision, flows.theirs, flows.theirs_at, flows.gone_at IS NOT NULL AS is_gone,
            rows.id AS row_id, rows.offer_id, rows.position AS offer_position, rows.base_share, rows.share,
            rows.is_disabled, rows.is_pinned, rows.is_edited, offers.name AS offer_name, offers.network_name,
            pushed.settled_at AS pushed_at, pushed.user_name AS pushed_by, newest.id AS push_id,
            newest.state AS push_state, newest.revision AS push_revision, newest.request_id AS push_request_id,
            newest.problem AS push_problem, newest.created_at AS push_created_at, newest.settled_at AS push_settled_at
        FROM (
            SELECT *, row_number() OVER (PARTITION BY campaign_id, gone_at IS NOT NULL ORDER BY position, id)
                AS flow_number
            FROM keitaro_flows
        ) flows
        JOIN keitaro_campaigns owners ON owners.id = flows.campaign_id
        LEFT JOIN keitaro_flow_offers rows ON rows.flow_id = flows.id
        LEFT JOIN keitaro_offers offers ON offers.tracker_id = owners.tracker_id AND offers.keitaro_id = rows.offer_id
            AND EXISTS (SELECT 1 FROM keitaro_offer_access access
                WHERE access.offer_id = offers.id AND access.key_id = \(keyID))
        LEFT JOIN LATERAL (
            SELECT pushes.settled_at, users.name AS user_name FROM keitaro_pushes pushes
            LEFT JOIN users ON users.id = pushes.user_id
            WHERE pushes.flow_id = flows.id AND pushes.state = 'pushed' ORDER BY pushes.id DESC LIMIT 1
        ) pushed ON true
        LEFT JOIN LATERAL (
            SELECT * FROM keitaro_pushes pushes WHERE pushes.flow_id = flows.id ORDER BY pushes.id DESC LIMIT 1
        ) newest ON true
        """
    }

    /// Consecutive rows of one flow become one value; flows that Keitaro no longer has are read too.
    static func flows(_ rows: Rows) throws -> [Flow] {
        var flows: [Flow] = []
        for row in rows {
            let id: Int64 = try row.get("flow_id")
            if flows.last?.id != id { flows.append(try flow(row, id: id)) }
            let rowID: Int64? = try row.get("row_id")
            guard let rowID else { continue }
            let offerID: Int64 = try row.get("offer_id")
            let name: String? = try row.get("offer_name")
            flows[flows.count - 1].rows.append(
                FlowOfferRow(
                    id: rowID, offerID: offerID, name: name ?? "#\(offerID)", baseShare: try row.get("base_share"),
                    isDisabled: try row.get("is_disabled"), share: try row.get("share"),
                    isPinned: try row.get("is_pinned"), isEdited: try row.get("is_edited"),
                    position: try row.get("offer_position")))
            flows[flows.count - 1].networks[offerID] = try row.get("network_name", String?.self)
        }
        return flows
    }

    private static func flow(_ row: Row, id: Int64) throws -> Flow {
        let theirs: JSON? = try row.get("theirs")
        let pushedAt: Timestamp? = try row.get("pushed_at")
        let pushedBy: String? = try row.get("pushed_by")
        return Flow(
            id: id, campaignID: try row.get("campaign_id"), keitaroID: try row.get("stream_id"),
            number: try row.get("flow_number"), name: try row.get("flow_name"), type: try row.get("type"),
            schema: try row.get("schema"), state: try row.get("flow_state"), weight: try row.get("weight"),
            filters: try row.get("filters"), fetchedAt: try row.get("fetched_at"), revision: try row.get("revision"),
            rows: [], networks: [:], theirs: theirs.map { NamedOffer.list($0).map(\.offer) },
            theirsAt: try row.get("theirs_at"), lastPushed: pushedAt.map { ($0, pushedBy) },
            newestPush: try newestPush(row, flowID: id), isGone: try row.get("is_gone"))
    }

    private static func newestPush(_ row: Row, flowID: Int64) throws -> Push? {
        let id: Int64? = try row.get("push_id")
        guard let id else { return nil }
        let state: String = try row.get("push_state")
        return Push(
            id: id, flowID: flowID, state: Push.State(rawValue: state) ?? .failed,
            revision: try row.get("push_revision"), requestID: try row.get("push_request_id"), before: [], after: [],
            problem: PushProblem(try row.get("push_problem", JSON?.self)), createdAt: try row.get("push_created_at"),
            settledAt: try row.get("push_settled_at"), isUndone: false, userName: nil)
    }
}
