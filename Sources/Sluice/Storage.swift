import Accounts
import Base
import Postgres
import Reactor

/// The database, brought up and up to date: a configured server, or the private cluster.
struct Storage {
    let database: Database
    let cluster: PrivateCluster?
    let secretKey: SecretKey
    let accounts: AccountStore

    /// Waits for a configured server that is away, and says so; what an operator must mend is thrown.
    static func open(_ configuration: Configuration, loops: [EventLoop], log: Logger) async throws -> Storage {
        var secretKey = try SecretKey.load(
            configured: configuration.secretKey, dataDirectory: configuration.dataDirectory)
        let place = try await DatabasePlace.find(configuration, log: log)
        let cluster = place.cluster
        let database = try Database(url: place.url, loops: loops, log: log.component("postgres"))
        do {
            try await migrate(database, configuration, loop: loops[0], log: log)
            if configuration.secretKey == nil {
                let files = SecretKeyFile(dataDirectory: configuration.dataDirectory)
                _ = try await KeyRotation(database: database, files: files).run(beginning: false)
                secretKey = try SecretKey.load(configured: nil, dataDirectory: configuration.dataDirectory)
            }
        } catch {
            await database.close()
            await cluster?.release(within: Task.isCancelled ? .seconds(3) : .seconds(60))
            throw error
        }
        let accounts = AccountStore(
            database: database, vault: KeyVault(secretKey), mainTracker: configuration.keitaroURL)
        return Storage(database: database, cluster: cluster, secretKey: secretKey, accounts: accounts)
    }

    private static func migrate(
        _ database: Database, _ configuration: Configuration, loop: EventLoop, log: Logger
    ) async throws {
        let migrator = Migrator(directory: configuration.migrationsDirectory, log: log.component("migrations"))
        while true {
            do {
                try await migrator.run(on: database)
                return
            } catch let error as PostgresError where error.isUnavailability {
                log.warning("waiting for the database", ["error": error.description])
                guard await loop.sleep(for: .seconds(1)) else { throw CancellationError() }
            }
        }
    }

    /// - Parameter limit: what the private cluster is given to stop in order.
    func close(within limit: Duration = .seconds(60)) async {
        await database.close()
        await cluster?.release(within: limit)
    }
}
