import Audit
import Accounts
import Base
import Keitaro
import Postgres

/// Writes of drafts: every edit is one transaction that holds the flow's row, so that two windows take turns.
extension FlowEditorStore {
    /// What an edit needs to know and may change.
    struct EditedFlow: Sendable {
        var flow: Flow
        let transaction: Transaction
        let store: FlowEditorStore
        let keyID: Int64

        /// The id a new row will have.
        func newRowID() async throws -> Int64 {
            try await transaction.one(
                "SELECT nextval(pg_get_serial_sequence('keitaro_flow_offers', 'id')) AS id"
            ).get("id")
        }

        func offerName(_ offerID: Int64) async throws -> String? {
            try await store.offerName(offerID, keyID: keyID, in: transaction)
        }
    }

    /// Locks the flow, lets `change` make new rows, writes what differs, and answers with the flow as it is then. An error from
    /// `change` leaves everything as it was. Nil: the key may not see the flow.
    func edit(
        flowID: Int64, by editor: FlowEditing.Editor,
        change: @Sendable (inout EditedFlow) async throws -> [FlowOfferRow]
    ) async throws -> Flow? {
        let keyID = editor.keyID
        return try await database.transaction { transaction in
            try await transaction.execute("SELECT 1 FROM keitaro_flows WHERE id = \(flowID) FOR UPDATE")
            guard let flow = try await flow(id: flowID, keyID: keyID, in: transaction) else { return nil }
            var edited = EditedFlow(flow: flow, transaction: transaction, store: self, keyID: keyID)
            let rows = try await change(&edited)
            try await save(rows, over: flow.rows, flowID: flowID, in: transaction)
            try await transaction.execute(
                """
                UPDATE keitaro_flows SET revision = revision + 1, draft_user_id = \(editor.userID), draft_at = now()
                WHERE id = \(flowID)
                """)
            try await editor.actor.record(
                flow.auditName, before: flow.rows.auditText, after: rows.auditText, in: transaction)
            return try await self.flow(id: flowID, keyID: keyID, in: transaction)
        }
    }

    /// Deletes, updates and inserts rows so that the table holds `rows`.
    func save(
        _ rows: [FlowOfferRow], over old: [FlowOfferRow], flowID: Int64, in transaction: Transaction
    ) async throws {
        let kept = Set(rows.map(\.id))
        let dropped = old.map(\.id).filter { !kept.contains($0) }
        if !dropped.isEmpty {
            try await transaction.execute("DELETE FROM keitaro_flow_offers WHERE id = ANY(\(dropped)::bigint[])")
        }
        let before = Dictionary(old.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        let changed = rows.filter { before[$0.id] != $0 }
        guard !changed.isEmpty else { return }
        let values = JSON.array(changed.map { Self.json($0) })
        try await transaction.execute(
            """
            INSERT INTO keitaro_flow_offers
                (id, flow_id, offer_id, position, base_share, share, is_disabled, is_pinned, is_edited)
            OVERRIDING SYSTEM VALUE
            SELECT coalesce(nullif(id, 0), nextval(pg_get_serial_sequence('keitaro_flow_offers', 'id'))), \(flowID),
                offer_id, position, base_share, share, is_disabled, is_pinned, is_edited
            FROM jsonb_to_recordset(\(values)::jsonb) AS made
                (id bigint, offer_id bigint, position int, base_share int, share int, is_disabled bool, is_pinned bool,
                is_edited bool)
            ON CONFLICT (flow_id, offer_id) DO UPDATE SET position = excluded.position,
                base_share = excluded.base_share, share = excluded.share, is_disabled = excluded.is_disabled,
                is_pinned = excluded.is_pinned, is_edited = excluded.is_edited
            """)
    }

    private static func json(_ row: FlowOfferRow) -> JSON {
        [
            "id": .integer(row.id), "offer_id": .integer(row.offerID), "position": .integer(Int64(row.position)),
            "base_share": row.baseShare.map { .integer(Int64($0)) } ?? .null,
            "share": row.share.map { .integer(Int64($0)) } ?? .null, "is_disabled": .bool(row.isDisabled),
            "is_pinned": .bool(row.isPinned), "is_edited": .bool(row.isEdited),
        ]
    }

    /// Keeps the draft that Cancel is about to drop, for its undo.
    func keepCancelled(_ rows: [FlowOfferRow], flowID: Int64, in transaction: Transaction) async throws {
        let kept = JSON.array(rows.map { Self.json($0) })
        try await transaction.execute("UPDATE keitaro_flows SET cancelled_draft = \(kept) WHERE id = \(flowID)")
    }

    /// The draft dropped last, once.
    func takeCancelled(flowID: Int64, in transaction: Transaction) async throws -> [CancelledShare]? {
        let row = try await transaction.first(
            """
            WITH kept AS (SELECT id, cancelled_draft FROM keitaro_flows WHERE id = \(flowID))
            UPDATE keitaro_flows SET cancelled_draft = NULL FROM kept
            WHERE keitaro_flows.id = kept.id AND kept.cancelled_draft IS NOT NULL RETURNING kept.cancelled_draft
            """)
        guard let json = try row?.get("cancelled_draft", JSON.self) else { return nil }
        return (json.arrayValue ?? []).compactMap { entry in
            entry["offer_id"]?.intValue.map { offerID in
                CancelledShare(
                    offerID: offerID, share: entry["share"]?.intValue.map { Int(clamping: $0) },
                    isPinned: entry["is_pinned"]?.boolValue ?? false, isEdited: entry["is_edited"]?.boolValue ?? false)
            }
        }
    }

    struct CancelledShare: Sendable {
        let offerID: Int64
        let share: Int?
        let isPinned: Bool
        let isEdited: Bool
    }

    // MARK: Fetching

    /// What a fetch did.
    struct FetchOutcome: Sendable {
        var flows = 0
        /// Flows whose draft stayed while Keitaro's set is another.
        var conflicts = 0
        var drafts = 0
    }

    /// Writes a campaign's streams as Keitaro listed them. Drafts are kept (``FlowRebase``); a flow that is no longer listed is
    /// marked, not removed.
    func writeFetched(
        _ streams: [KeitaroStream], campaignID: Int64, keyID: Int64, readAt: Timestamp, by actor: AuditActor
    ) async throws -> FetchOutcome {
        try await database.transaction { transaction in
            var outcome = FetchOutcome()
            // In one order for everybody, so that two fetches of one campaign can't wait for each other.
            for (position, stream) in streams.enumerated().sorted(by: { $0.element.id < $1.element.id }) {
                let flowID = try await writeStream(stream, position: position, campaignID: campaignID, in: transaction)
                guard let flow = try await flow(id: flowID, keyID: keyID, in: transaction) else { continue }
                // A push that settled while Keitaro was read has the newer word.
                if let pushed = flow.lastPushed, pushed.at > readAt { continue }
                let now = stream.offerSet
                let result = FlowRebase.fetched(now, into: flow.rows) { "#\($0)" }
                try await save(result.rows, over: flow.rows, flowID: flowID, in: transaction)
                try await writeTheirs(result.isConflict ? now : nil, flowID: flowID, in: transaction)
                outcome.flows += 1
                if result.isConflict { outcome.conflicts += 1 }
                if !FlowDraft(rows: result.rows).isClean { outcome.drafts += 1 }
            }
            let listed = streams.map(\.id)
            try await transaction.execute(
                """
                UPDATE keitaro_flows SET gone_at = now()
                WHERE campaign_id = \(campaignID) AND gone_at IS NULL AND keitaro_id <> ALL(\(listed)::bigint[])
                """)
            try await transaction.execute(
                "UPDATE keitaro_campaigns SET streams_fetched_at = now() WHERE id = \(campaignID)")
            try await actor.record(
                "campaign \(campaignID)",
                after: "\(outcome.flows) flows, \(outcome.drafts) drafts kept, \(outcome.conflicts) conflicts",
                in: transaction)
            return outcome
        }
    }

    private func writeStream(
        _ stream: KeitaroStream, position: Int, campaignID: Int64, in transaction: Transaction
    ) async throws -> Int64 {
        let filters = JSON.array(
            stream.filters.map { filter in
                [
                    "name": .string(filter.name), "mode": .string(filter.mode),
                    "payload": .array(filter.payload.map { .string($0) }),
                ]
            })
        return try await transaction.one(
            """
            INSERT INTO keitaro_flows
                (campaign_id, keitaro_id, name, type, schema, state, position, weight, filters, fetched_at)
            VALUES (\(campaignID), \(stream.id), \(stream.name), \(stream.type), \(stream.schema), \(stream.state.description),
                \(position)::int, \(Double(stream.weight)), \(filters), now())
            ON CONFLICT (campaign_id, keitaro_id) DO UPDATE SET name = excluded.name, type = excluded.type,
                schema = excluded.schema, state = excluded.state, position = excluded.position,
                weight = excluded.weight, filters = excluded.filters, fetched_at = now(), gone_at = NULL
            RETURNING id
            """
        ).get("id")
    }

    /// Remembers that Keitaro holds another set; nil: it does not.
    func writeTheirs(_ theirs: [OfferShare]?, flowID: Int64, in transaction: Transaction) async throws {
        let json = theirs.map { offers in JSON.array(offers.map { NamedOffer(offer: $0, name: "").json }) }
        try await transaction.execute(
            """
            UPDATE keitaro_flows SET theirs = \(json),
                theirs_at = CASE WHEN \(json != nil) THEN now() END
            WHERE id = \(flowID)
            """)
    }
}
