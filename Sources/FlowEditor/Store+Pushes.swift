import Audit
import Accounts
import Base
import Outbox
import Postgres

/// Pushes: who, when, before and after, and what became of each.
extension FlowEditorStore {
    static let pushKind = "keitaro.push"

    /// What the worker needs to perform a push.
    struct PushOrder: Sendable {
        let push: Push
        let streamID: Int64
        let userID: Int64?
        let keyID: Int64?
        /// The set was sent by an earlier try, whose outcome nobody knows.
        let wasSent: Bool
    }

    /// Makes the push and its outbox row within the edit that checked the draft.
    func createPush(
        of flow: Flow, userID: Int64, keyID: Int64, requestID: String, in transaction: Transaction
    ) async throws -> Int64 {
        let names = Dictionary(flow.rows.map { ($0.offerID, $0.name) }, uniquingKeysWith: { first, _ in first })
        func named(_ offers: [OfferShare]) -> JSON {
            .array(offers.map { NamedOffer(offer: $0, name: names[$0.offerID] ?? "").json })
        }
        let id: Int64 = try await transaction.one(
            """
            INSERT INTO keitaro_pushes (flow_id, user_id, key_id, request_id, revision, before, after)
            VALUES (\(flow.id), \(userID), \(keyID), \(requestID), \(flow.revision), \(named(flow.draft.baseOffers)),
                \(named(flow.draft.offers)))
            RETURNING id
            """
        ).get("id")
        try await OutboxStore.put(Self.pushKind, ["push_id": .integer(id)], uniqueKey: "push \(id)", in: transaction)
        return id
    }

    func hasWaitingPush(flowID: Int64, in transaction: Transaction) async throws -> Int64? {
        try await transaction.first(
            "SELECT id FROM keitaro_pushes WHERE flow_id = \(flowID) AND state = 'waiting'")?.get("id")
    }

    func pushOrder(id: Int64) async throws -> PushOrder? {
        let row = try await database.first(
            """
            SELECT \(Self.pushColumns), flows.keitaro_id AS stream_id, pushes.user_id, pushes.key_id,
                pushes.sent_at IS NOT NULL AS was_sent
            FROM keitaro_pushes pushes JOIN keitaro_flows flows ON flows.id = pushes.flow_id
            LEFT JOIN users ON users.id = pushes.user_id
            WHERE pushes.id = \(id)
            """)
        return try row.map { row in
            PushOrder(
                push: try Self.push(row), streamID: try row.get("stream_id"), userID: try row.get("user_id"),
                keyID: try row.get("key_id"),
                wasSent: try row.get("was_sent"))
        }
    }

    /// The set is about to be sent.
    func noteSending(_ order: PushOrder) async throws {
        try await database.execute("UPDATE keitaro_pushes SET sent_at = now() WHERE id = \(order.push.id)")
    }

    /// Keitaro answered that it took nothing, so a later failure of this push is not in doubt either.
    func noteRefusal(_ order: PushOrder) async throws {
        try await database.execute("UPDATE keitaro_pushes SET sent_at = NULL WHERE id = \(order.push.id)")
    }

    /// Keitaro confirmed the set: it becomes the base, in the same transaction as the record.
    func settlePushed(_ order: PushOrder, answer: [OfferShare]) async throws {
        try await database.transaction { transaction in
            try await transaction.execute("SELECT 1 FROM keitaro_flows WHERE id = \(order.push.flowID) FOR UPDATE")
            guard try await settle(order, state: .pushed, problem: nil, answer: answer, in: transaction) else { return }
            let rows = try await rows(flowID: order.push.flowID, in: transaction)
            let rebased = FlowRebase.pushed(answer, into: rows)
            try await save(rebased, over: rows, flowID: order.push.flowID, in: transaction)
            try await transaction.execute(
                """
                UPDATE keitaro_flows SET theirs = NULL, theirs_at = NULL, fetched_at = now(), cancelled_draft = NULL
                WHERE id = \(order.push.flowID)
                """)
        }
    }

    /// Keitaro holds something else than was fetched; nothing was sent.
    func settleConflict(_ order: PushOrder, now: [OfferShare]) async throws {
        try await database.transaction { transaction in
            try await transaction.execute("SELECT 1 FROM keitaro_flows WHERE id = \(order.push.flowID) FOR UPDATE")
            let problem = PushProblem(kind: "conflict")
            guard try await settle(order, state: .conflict, problem: problem, answer: now, in: transaction) else {
                return
            }
            try await writeTheirs(now, flowID: order.push.flowID, in: transaction)
        }
    }

    func settleFailed(_ order: PushOrder, _ problem: PushProblem, answer: [OfferShare]? = nil) async throws {
        try await database.transaction { transaction in
            _ = try await settle(order, state: .failed, problem: problem, answer: answer, in: transaction)
        }
    }

    /// False: another worker has settled it already.
    private func settle(
        _ order: PushOrder, state: Push.State, problem: PushProblem?, answer: [OfferShare]?, in transaction: Transaction
    ) async throws -> Bool {
        let answered = answer.map { offers in JSON.array(offers.map { NamedOffer(offer: $0, name: "").json }) }
        let isOurs =
            try await transaction.execute(
                """
                UPDATE keitaro_pushes SET state = \(state.rawValue), problem = \(problem?.json), answer = \(answered),
                    settled_at = now()
                WHERE id = \(order.push.id) AND state = 'waiting'
                """) == 1
        guard isOurs else { return false }
        let actor = AuditActor.later(
            userID: order.userID, person: order.push.userName ?? "", action: "campaigns.flow.push.settled",
            requestID: order.push.requestID)
        try await actor.record(
            "flow \(order.push.flowID), push \(order.push.id)", before: Push.State.waiting.rawValue,
            after: [state.rawValue, problem?.kind].compactMap { $0 }.joined(separator: ", "), in: transaction)
        return true
    }

    private func rows(flowID: Int64, in transaction: Transaction) async throws -> [FlowOfferRow] {
        try await transaction.query(
            """
            SELECT id, offer_id, base_share, is_disabled, share, is_pinned, is_edited, position
            FROM keitaro_flow_offers WHERE flow_id = \(flowID) ORDER BY position, id
            """
        ).map { row in
            let offerID: Int64 = try row.get("offer_id")
            return FlowOfferRow(
                id: try row.get("id"), offerID: offerID, name: "#\(offerID)", baseShare: try row.get("base_share"),
                isDisabled: try row.get("is_disabled"), share: try row.get("share"),
                isPinned: try row.get("is_pinned"), isEdited: try row.get("is_edited"),
                position: try row.get("position"))
        }
    }

    // MARK: Reading pushes

    /// A push with the places it belongs to, as the list shows it.
    struct ListedPush: Sendable {
        let push: Push
        let flowNumber: Int
        let flowName: String
        let campaignID: Int64
        let campaignName: String
        /// The newest successful push of its flow, not undone: the one whose undo still means something.
        let canBeUndone: Bool
    }

    /// Newest first. Only flows of campaigns that the key may see.
    func pushes(keyID: Int64, flowID: Int64? = nil, pushID: Int64? = nil, before: Int64? = nil, limit: Int = 50)
        async throws -> [ListedPush]
    {
        try await database.query(
            """
            SELECT \(Self.pushColumns), flows.name AS flow_name, campaigns.id AS campaign_id,
                ARRAY(SELECT offers.keitaro_id FROM keitaro_offers offers
                    JOIN keitaro_offer_access seen ON seen.offer_id = offers.id AND seen.key_id = \(keyID)
                    WHERE offers.tracker_id = campaigns.tracker_id AND offers.keitaro_id IN (
                        SELECT (entry ->> 'offer_id')::bigint FROM jsonb_array_elements(pushes.before || pushes.after) entry
                    )) AS seen_offers,
                campaigns.name AS campaign_name,
                (SELECT count(*) FROM keitaro_flows earlier WHERE earlier.campaign_id = flows.campaign_id
                    AND (earlier.gone_at IS NULL) = (flows.gone_at IS NULL)
                    AND (earlier.position, earlier.id) <= (flows.position, flows.id)) AS flow_number,
                pushes.state = 'pushed' AND pushes.undone_at IS NULL AND flows.gone_at IS NULL AND NOT EXISTS (
                    SELECT 1 FROM keitaro_pushes later WHERE later.flow_id = pushes.flow_id AND later.id > pushes.id
                    AND later.state IN ('pushed', 'waiting')) AS can_be_undone
            FROM keitaro_pushes pushes
            JOIN keitaro_flows flows ON flows.id = pushes.flow_id
            JOIN keitaro_campaigns campaigns ON campaigns.id = flows.campaign_id
            JOIN keitaro_campaign_access access ON access.campaign_id = campaigns.id AND access.key_id = \(keyID)
            LEFT JOIN users ON users.id = pushes.user_id
            WHERE (\(flowID)::bigint IS NULL OR pushes.flow_id = \(flowID))
                AND (\(pushID)::bigint IS NULL OR pushes.id = \(pushID))
                AND (\(before)::bigint IS NULL OR pushes.id < \(before))
            ORDER BY pushes.id DESC LIMIT \(limit)::int
            """
        ).map { row in
            ListedPush(
                push: try Self.push(row).named(forKeyThatSees: Set(try row.get("seen_offers", [Int64].self))),
                flowNumber: try row.get("flow_number"), flowName: try row.get("flow_name"),
                campaignID: try row.get("campaign_id"), campaignName: try row.get("campaign_name"),
                canBeUndone: try row.get("can_be_undone"))
        }
    }

    func pushCount(keyID: Int64) async throws -> Int64 {
        try await database.one(
            """
            SELECT count(*) AS pushes FROM keitaro_pushes pushes JOIN keitaro_flows flows ON flows.id = pushes.flow_id
            JOIN keitaro_campaign_access access ON access.campaign_id = flows.campaign_id AND access.key_id = \(keyID)
            """
        ).get("pushes")
    }

    func markUndone(pushID: Int64, in transaction: Transaction) async throws {
        try await transaction.execute("UPDATE keitaro_pushes SET undone_at = now() WHERE id = \(pushID)")
    }

    private static let pushColumns: SQL =
        """
        pushes.id, pushes.flow_id, pushes.state, pushes.revision, pushes.request_id, pushes.before, pushes.after,
        pushes.problem, pushes.created_at, pushes.settled_at, pushes.undone_at IS NOT NULL AS is_undone,
        users.name AS user_name
        """

    private static func push(_ row: Row) throws -> Push {
        let state: String = try row.get("state")
        return Push(
            id: try row.get("id"), flowID: try row.get("flow_id"), state: Push.State(rawValue: state) ?? .failed,
            revision: try row.get("revision"), requestID: try row.get("request_id"),
            before: NamedOffer.list(try row.get("before", JSON.self)),
            after: NamedOffer.list(try row.get("after", JSON.self)),
            problem: PushProblem(try row.get("problem", JSON?.self)), createdAt: try row.get("created_at"),
            settledAt: try row.get("settled_at"), isUndone: try row.get("is_undone"),
            userName: try row.get("user_name"))
    }
}
