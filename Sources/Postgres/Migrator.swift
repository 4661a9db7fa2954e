import Base
import Reactor

/// Brings the schema up to date from `Migrations/NNNN_name.sql`, each file in a transaction of its own, all under one advisory
/// lock: of two processes that start at once, one applies and the other waits and finds nothing left.
package struct Migrator: Sendable {
    private let directory: String
    private let log: Logger

    /// How long the lock is waited for, and how long one file may take.
    private static let patience = Duration.seconds(600)

    package init(directory: String, log: Logger) {
        self.directory = directory
        self.log = log
    }

    /// - Returns: the names of the files it has applied, in order.
    /// - Throws: ``MigrationError`` for what an operator mends, ``PostgresError`` when the database is away.
    @discardableResult
    package func run(on database: Database) async throws -> [String] {
        let directory = directory
        let files = try await HelperThread.shared.run {
            Result { () throws(MigrationError) in try Self.read(directory) }
        }.get()
        // Faults of the files alone are told even where the database is away.
        _ = try MigrationPlan.pending(files: files, applied: [])
        return try await database.withAdvisoryLock("migrations", wait: Self.patience) { session in
            try await session.execute(
                """
                CREATE TABLE IF NOT EXISTS schema_migrations (
                    name text PRIMARY KEY, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())
                """)
            let applied = try await session.query("SELECT name, checksum FROM schema_migrations").map { row in
                MigrationPlan.Applied(name: try row.get("name"), checksum: try row.get("checksum"))
            }
            let pending = try MigrationPlan.pending(files: files, applied: applied)
            for migration in pending { try await apply(migration, in: session) }
            return pending.map(\.name)
        }
    }

    private func apply(_ migration: Migration, in session: LockedSession) async throws {
        let start = MonotonicTime.now()
        do {
            try await session.transaction { transaction in
                try await transaction.script(migration.text, within: Self.patience)
                guard transaction.isOpen else { throw MigrationError.endsTransaction(migration.name) }
                try await transaction.execute(
                    """
                    INSERT INTO schema_migrations (name, checksum) VALUES (\(migration.name), \(migration.checksum))
                    """)
            }
        } catch let error as PostgresError where !error.isUnavailability {
            // An operator needs the server's words; a migration holds no one's data.
            throw MigrationError.failed(migration.name, reason: error.debugDescription)
        }
        log.info("migration applied", ["name": migration.name, "ms": "\((MonotonicTime.now() - start).milliseconds)"])
    }

    private static func read(_ directory: String) throws(MigrationError) -> [Migration] {
        do throws(SystemError) {
            let names = try FileSystem.list(directory).filter { !$0.hasPrefix(".") }
            var migrations: [Migration] = []
            for name in names {
                let content = try FileSystem.read("\(directory)/\(name)", limit: 16 << 20)
                migrations.append(Migration(name: name, text: String(decoding: content, as: UTF8.self)))
            }
            return migrations
        } catch {
            throw .unreadable(directory: directory, reason: "\(error)")
        }
    }
}
