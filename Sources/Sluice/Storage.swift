import Accounts
import Base
import Postgres
import Reactor

/// The database, brought up and up to date: a configured server, or the private cluster.
struct Storage {
    let database: Database
    let databaseURL: Secret
    let cluster: PrivateCluster?
    let secretKey: SecretKey
    let accounts: AccountStore
    /// The server was away, and whether its schema is ours is not known: ``catchUp(_:loop:log:)``.
    let isBehind: Bool

    /// Waits for a configured server that is away, and says so; what an operator must mend is thrown.
    /// - Parameter waits: false: a desk that has something to do without its database doesn't wait for it.
    static func open(
        _ configuration: Configuration, loops: [EventLoop], log: Logger, waits: Bool = true
    ) async throws -> Storage {
        var secretKey = try SecretKey.load(
            configured: configuration.secretKey, dataDirectory: configuration.dataDirectory)
        let place = try await DatabasePlace.find(configuration, log: log)
        let cluster = place.cluster
        let database = try Database(url: place.url, loops: loops, log: log.component("postgres"))
        var isBehind = false
        do {
            let files = SecretKeyFile(dataDirectory: configuration.dataDirectory)
            // What is sealed with which secret, the database alone can say.
            let waits = try waits || cluster != nil || (configuration.secretKey == nil && files.next() != nil)
            isBehind = try await !migrate(database, configuration, loop: loops[0], log: log, waits: waits)
            if configuration.secretKey == nil, !isBehind {
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
        return Storage(
            database: database, databaseURL: place.url, cluster: cluster, secretKey: secretKey, accounts: accounts,
            isBehind: isBehind)
    }

    private static func migrate(
        _ database: Database, _ configuration: Configuration, loop: EventLoop, log: Logger, waits: Bool
    ) async throws -> Bool {
        let migrator = Migrator(directory: configuration.migrationsDirectory, log: log.component("migrations"))
        while true {
            do {
                try await migrator.run(on: database)
                return true
            } catch let error as PostgresError where error.isUnavailability {
                guard waits else { return false }
                log.warning("waiting for the database", ["error": error.description])
                guard await loop.sleep(for: .seconds(1)) else { throw CancellationError() }
            }
        }
    }

    /// For a desk that serves already: when the server is there, brings it up to date. Until then pages answer 503, and rows go to the
    /// journal, also while the schema is an earlier one.
    func catchUp(_ configuration: Configuration, loop: EventLoop, log: Logger) async {
        while !Task.isCancelled {
            do {
                _ = try await Self.migrate(database, configuration, loop: loop, log: log, waits: true)
                if let url = configuration.keitaroURL { try await accounts.rememberTracker(url: url) }
                return log.info("the database is there")
            } catch {
                if Task.isCancelled { return }
                log.error("the database can't be brought up to date", ["error": "\(error)"])
                await loop.sleep(for: .seconds(10))
            }
        }
    }

    /// - Parameter limit: what the private cluster is given to stop in order.
    func close(within limit: Duration = .seconds(60)) async {
        await database.close()
        await cluster?.release(within: limit)
    }
}
