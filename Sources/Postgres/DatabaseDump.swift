import Base
import Glibc
import Reactor

/// A whole database in a file of `pg_dump`'s custom format, which PostgreSQL's own `pg_restore` reads too.
package struct DatabaseDump: Sendable {
    private static let thread = HelperThread(name: "dump")

    private let database: Database
    private let url: Secret

    /// - Parameter url: of the same database.
    package init(of database: Database, url: Secret) {
        self.database = database
        self.url = url
    }

    /// Writes the database as it is at one moment, while others may go on using it. The file is 0600 and appears when it is whole.
    /// - Throws: `DumpError`; a path that is taken stays as it is.
    package func write(to path: String) async throws {
        let version = try await serverVersion()
        let url = url
        try await Self.blocking { () throws(DumpError) in
            guard FileSystem.kind(of: path) == nil else {
                throw .system(SystemError(call: "write \(path)", number: EEXIST))
            }
            let programs = try ClientPrograms(url: url, serverVersion: version)
            let unfinished = "\(path).\(Hex.encode(RandomBytes.make(4))).unfinished"
            // Made before pg_dump writes, for it would make a file that others can read.
            let file = open(unfinished, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
            guard file >= 0 else { throw .system(SystemError(call: "write \(unfinished)")) }
            defer {
                close(file)
                unlink(unfinished)
            }
            try programs.run(
                "pg_dump",
                [
                    "--format=custom", "--no-owner", "--no-privileges", "--file=\(unfinished)",
                    "--lock-wait-timeout=60000",
                ])
            guard fsync(file) == 0 else { throw .system(SystemError(call: "fsync \(unfinished)")) }
            guard link(unfinished, path) == 0 else { throw .system(SystemError(call: "write \(path)")) }
        }
    }

    /// Puts a dump into the database: all of it, or nothing when anything fails.
    /// - Parameters:
    ///   - folder: where the statements are kept meanwhile, for no one else to read; as large as the data.
    ///   - replacing: drops what is there, in the same transaction. Without it a database that holds anything is refused.
    package func restore(from path: String, by folder: String, replacing: Bool) async throws {
        if try await !isEmpty() && !replacing { throw DumpError.notEmpty }
        let version = try await serverVersion()
        let url = url
        try await Self.blocking { () throws(DumpError) in
            guard FileSystem.kind(of: path) == .file else {
                throw .system(SystemError(call: "read \(path)", number: ENOENT))
            }
            let programs = try ClientPrograms(url: url, serverVersion: version)
            // The statements as a file, so that dropping and restoring can be one transaction.
            var template = Array("\(folder)/restore-XXXXXX".utf8CString)
            let file = mkstemp(&template)
            guard file >= 0 else { throw .system(SystemError(call: "make a file in \(folder)")) }
            let statements = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
            defer {
                close(file)
                unlink(statements)
            }
            try programs.run(
                "pg_restore",
                ["--no-owner", "--no-privileges", "--exit-on-error", "--file=\(statements)", path],
                reachesDatabase: false)
            try programs.run(
                "psql",
                ["--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1"]
                    + (replacing ? ["--command=\(Self.clearing)"] : []) + ["--file=\(statements)"])
        }
    }

    /// The schema comes back as `initdb` makes it, owner and rights included: otherwise the next dump would name it as changed.
    private static let clearing = """
        DROP SCHEMA IF EXISTS public CASCADE;
        CREATE SCHEMA public AUTHORIZATION pg_database_owner;
        GRANT USAGE ON SCHEMA public TO PUBLIC;
        COMMENT ON SCHEMA public IS 'standard public schema';
        """

    /// Waits a little for processes that are just ending, then refuses.
    package func requireUnused() async throws {
        for attempt in 0... {
            let row = try await database.one(
                """
                SELECT count(*) AS n, pg_sleep(CASE WHEN count(*) > 0 THEN 0.1 ELSE 0 END)::text AS pause
                FROM pg_stat_activity
                WHERE datname = current_database() AND application_name = 'sluice' AND pid <> pg_backend_pid()
                """)
            if try row.get("n", Int64.self) == 0 { return }
            if attempt == 20 { throw DumpError.inUse }
        }
    }

    private func isEmpty() async throws -> Bool {
        try await database.first(
            """
            SELECT 1 FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace WHERE nspname = 'public' LIMIT 1
            """) == nil
    }

    private func serverVersion() async throws -> Int {
        let row = try await database.one("SELECT current_setting('server_version_num')::bigint / 10000 AS major")
        return Int(try row.get("major", Int64.self))
    }

    private static func blocking(_ work: @escaping @Sendable () throws(DumpError) -> Void) async throws(DumpError) {
        try await thread.run { Result { () throws(DumpError) in try work() } }.get()
    }
}
