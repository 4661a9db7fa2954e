import Base
import Keitaro
import Postgres

/// Copies the names of a tracker's campaigns, groups, offers and landing pages, as one key sees them.
package struct MirrorSync: Sendable {
    package struct Result: Sendable {
        package let campaigns: Int
        package let new: Int
        package let archived: Int
        package let offers: Int
    }

    private let store: MirrorStore
    private let trackers: KeitaroTrackers

    package init(database: Database, trackers: KeitaroTrackers) {
        store = MirrorStore(database: database)
        self.trackers = trackers
    }

    /// Reads everything first and writes it in one transaction, so that a failure halfway changes nothing.
    /// - Parameter recording: what belongs into the same transaction, such as a line of a log.
    /// - Throws: `KeitaroFailure` from the reads, `PostgresError` from the write.
    package func run(
        key: Secret, keyID: Int64, trackerID: Int64, trackerURL: String,
        recording: @Sendable (Result, Transaction) async throws -> Void = { _, _ in }
    ) async throws -> Result {
        let client = trackers.client(at: trackerURL)
        async let listed = client.campaigns(key)
        async let archived = client.archivedCampaigns(key)
        async let groups = client.groups(.campaigns, key)
        async let offers = client.offers(key)
        async let networks = client.networks(key)
        async let landings = client.landings(key)
        let reading = MirrorReading(
            listed: try await listed, archived: try await archived, groups: try await groups, offers: try await offers,
            networks: try await networks, landings: try await landings)
        return try await store.write(reading, keyID: keyID, trackerID: trackerID) { new, transaction in
            let result = Result(
                campaigns: reading.campaigns.count, new: new,
                archived: reading.campaigns.count { $0.state == "deleted" }, offers: reading.offers.count)
            try await recording(result, transaction)
            return result
        }
    }
}
