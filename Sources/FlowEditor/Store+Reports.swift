import Base
import Postgres

/// Kept answers to reports, shared by processes: spares the tracker repeated questions and gives dated numbers while it is away.
extension FlowEditorStore {
    struct KeptReport: Sendable {
        let rows: JSON
        let fetchedAt: Timestamp
        /// Young enough to be shown without asking again.
        let isFresh: Bool
    }

    func report(_ question: String, keyID: Int64, freshSeconds: Int64) async throws -> KeptReport? {
        let row = try await database.first(
            """
            SELECT rows, fetched_at, fetched_at > now() - \(freshSeconds)::bigint * interval '1 second' AS is_fresh
            FROM keitaro_reports WHERE key_id = \(keyID) AND question = \(question)
            """)
        return try row.map { row in
            KeptReport(
                rows: try row.get("rows"), fetchedAt: try row.get("fetched_at"), isFresh: try row.get("is_fresh"))
        }
    }

    /// Answers older than a week go with the next write.
    func keepReport(_ question: String, _ rows: JSON, keyID: Int64) async throws -> Timestamp {
        try await database.one(
            """
            WITH old AS (DELETE FROM keitaro_reports WHERE fetched_at < now() - interval '7 days')
            INSERT INTO keitaro_reports (key_id, question, rows, fetched_at) VALUES (\(keyID), \(question), \(rows), now())
            ON CONFLICT (key_id, question) DO UPDATE SET rows = excluded.rows, fetched_at = excluded.fetched_at
            RETURNING fetched_at
            """
        ).get("fetched_at")
    }
}

extension FlowEditorStore {
    /// Those of Keitaro's campaign ids that the key may see.
    func visibleCampaigns(_ ids: [Int64], keyID: Int64) async throws -> [Int64] {
        guard !ids.isEmpty else { return [] }
        return try await database.query(
            """
            SELECT campaigns.keitaro_id FROM keitaro_campaigns campaigns
            JOIN keitaro_campaign_access access ON access.campaign_id = campaigns.id AND access.key_id = \(keyID)
            WHERE campaigns.keitaro_id = ANY(\(ids)::bigint[]) ORDER BY campaigns.keitaro_id
            """
        ).map { try $0.get("keitaro_id") }
    }
}
