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
        let secretKey = try SecretKey.load(
            configured: configuration.secretKey, dataDirectory: configuration.dataDirectory)
        var cluster: PrivateCluster?
        if configuration.databaseURL == nil {
            cluster = try await PrivateCluster.start(
                directory: configuration.dataDirectory, log: log.component("postgres"))
        }
        guard let url = configuration.databaseURL ?? cluster?.databaseURL else {
            throw SystemError(call: "find a database", number: 2)
        }
        let database = try Database(url: url, loops: loops, log: log.component("postgres"))
        do {
            try await migrate(database, configuration, loop: loops[0], log: log)
        } catch {
            await database.close()
            await cluster?.release()
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
                await loop.sleep(for: .seconds(1))
            }
        }
    }

    func close() async {
        await database.close()
        await cluster?.release()
    }
}
