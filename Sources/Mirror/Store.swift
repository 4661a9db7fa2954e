import Base
import Keitaro
import Postgres

/// The mirror's SQL. Each sync is one transaction: a reader sees the old names or the new, never half of them.
struct MirrorStore: Sendable {
    private let database: Database

    init(database: Database) {
        self.database = database
    }

    /// Writes what one key saw. Rows that this key did not see stay; only its own view of them ends.
    /// - Parameter finish: ends the transaction; it learns how many campaigns no key had seen before.
    func write<Value: Sendable>(
        _ reading: MirrorReading, keyID: Int64, trackerID: Int64,
        finish: (_ new: Int, Transaction) async throws -> Value
    ) async throws -> Value {
        try await database.transaction { transaction in
            // One writer per tracker at a time: two syncs of one tracker touch the same rows, in any order.
            try await transaction.execute("SELECT pg_advisory_xact_lock(2, \(trackerID)::int)")
            try await writeGroups(reading, trackerID, transaction)
            let new = try await writeCampaigns(reading, keyID, trackerID, transaction)
            try await writeOffers(reading, keyID, trackerID, transaction)
            try await writeLandings(reading, trackerID, transaction)
            try await transaction.execute(
                """
                INSERT INTO keitaro_syncs (key_id, finished_at, campaigns, offers)
                VALUES (\(keyID), now(), \(reading.campaigns.count)::int, \(reading.offers.count)::int)
                ON CONFLICT (key_id) DO UPDATE SET finished_at = now(), campaigns = excluded.campaigns,
                    offers = excluded.offers
                """)
            return try await finish(new, transaction)
        }
    }

    private func writeGroups(_ reading: MirrorReading, _ trackerID: Int64, _ transaction: Transaction) async throws {
        let groups = JSON.array(reading.groups.map { ["id": .integer($0.id), "name": .string($0.name)] })
        try await transaction.execute(
            """
            INSERT INTO keitaro_groups (tracker_id, keitaro_id, name)
            SELECT \(trackerID), id, name FROM jsonb_to_recordset(\(groups)::jsonb) AS seen(id bigint, name text) ORDER BY id
            ON CONFLICT (tracker_id, keitaro_id) DO UPDATE SET name = excluded.name
            """)
    }

    private func writeLandings(_ reading: MirrorReading, _ trackerID: Int64, _ transaction: Transaction) async throws {
        let landings = JSON.array(reading.landings.map { ["id": .integer($0.id), "name": .string($0.name)] })
        try await transaction.execute(
            """
            INSERT INTO keitaro_landings (tracker_id, keitaro_id, name)
            SELECT \(trackerID), id, name FROM jsonb_to_recordset(\(landings)::jsonb) AS seen(id bigint, name text) ORDER BY id
            ON CONFLICT (tracker_id, keitaro_id) DO UPDATE SET name = excluded.name
            """)
    }

    private func writeCampaigns(
        _ reading: MirrorReading, _ keyID: Int64, _ trackerID: Int64, _ transaction: Transaction
    ) async throws -> Int {
        let campaigns = JSON.array(reading.campaigns.map(\.json))
        let row = try await transaction.one(
            """
            WITH written AS (
                INSERT INTO keitaro_campaigns
                    (tracker_id, keitaro_id, name, alias, state, group_id, search_text, synced_at)
                SELECT \(trackerID), id, name, alias, state, group_id, search_text, now()
                FROM jsonb_to_recordset(\(campaigns)::jsonb) AS seen
                    (id bigint, name text, alias text, state text, group_id bigint, search_text text)
                ORDER BY id
                ON CONFLICT (tracker_id, keitaro_id) DO UPDATE SET name = excluded.name, alias = excluded.alias,
                    state = excluded.state, group_id = excluded.group_id, search_text = excluded.search_text,
                    synced_at = excluded.synced_at
                RETURNING id, xmax = 0 AS is_new
            ), gone AS (
                DELETE FROM keitaro_campaign_access
                WHERE key_id = \(keyID) AND campaign_id NOT IN (SELECT id FROM written)
            ), seen AS (
                INSERT INTO keitaro_campaign_access (key_id, campaign_id) SELECT \(keyID), id FROM written
                ON CONFLICT DO NOTHING
            )
            SELECT count(*) FILTER (WHERE is_new) AS new FROM written
            """)
        return try row.get("new")
    }

    private func writeOffers(
        _ reading: MirrorReading, _ keyID: Int64, _ trackerID: Int64, _ transaction: Transaction
    ) async throws {
        let offers = JSON.array(reading.offers.map(\.json))
        try await transaction.execute(
            """
            WITH written AS (
                INSERT INTO keitaro_offers
                    (tracker_id, keitaro_id, name, state, network_name, payout, payout_currency, search_text, synced_at)
                SELECT \(trackerID), id, name, state, network_name, payout, payout_currency, search_text, now()
                FROM jsonb_to_recordset(\(offers)::jsonb) AS seen
                    (id bigint, name text, state text, network_name text, payout numeric, payout_currency text,
                    search_text text)
                ORDER BY id
                ON CONFLICT (tracker_id, keitaro_id) DO UPDATE SET name = excluded.name, state = excluded.state,
                    network_name = coalesce(excluded.network_name, keitaro_offers.network_name),
                    payout = excluded.payout, payout_currency = excluded.payout_currency,
                    search_text = excluded.search_text, synced_at = excluded.synced_at
                RETURNING id
            ), gone AS (
                DELETE FROM keitaro_offer_access WHERE key_id = \(keyID) AND offer_id NOT IN (SELECT id FROM written)
            )
            INSERT INTO keitaro_offer_access (key_id, offer_id) SELECT \(keyID), id FROM written
            ON CONFLICT DO NOTHING
            """)
    }
}
