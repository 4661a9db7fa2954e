import Base
import Keitaro
import Outbox
import Postbacks

/// What stands between profiles and their trackers: puts URLs into Keitaro, compares its log with ours, listens for silence.
struct TrackerParts {
    let handlers: [OutboxHandler]
    static let schedules = [ReconciliationRun.schedule, SilenceWatch.schedule]

    /// - Parameter told: rings whoever sends messages.
    init(
        configuration: Configuration, storage: Storage, trackers: KeitaroTrackers, intake: PostbackIntake,
        told: @escaping @Sendable () -> Void, log: Logger
    ) {
        let log = log.component("tracker")
        let vault = PostbackVault(storage.secretKey)
        let installation = InstallationWorker(
            store: InstallationStore(database: storage.database, vault: vault), accounts: storage.accounts,
            trackers: trackers, log: log)
        let reconciliation = ReconciliationRun(
            database: storage.database, vault: vault, accounts: storage.accounts, trackers: trackers, intake: intake,
            publicURL: configuration.publicURL, log: log, told: told)
        let silence = SilenceWatch(database: storage.database, publicURL: configuration.publicURL, told: told)
        handlers = [installation.handler, silence.handler] + reconciliation.handlers
    }
}
