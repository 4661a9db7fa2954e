import Base
import Testing

@testable import Postgres

extension LiveTests {
    /// One after another: they share the table of applied migrations.
    @Suite(.serialized) struct MigratorTests {
        private static let files = [
            "0001_first.sql": "CREATE TABLE migrated (n int); INSERT INTO migrated VALUES (1);",
            "0002_second.sql": "CREATE FUNCTION twice(n int) RETURNS int LANGUAGE sql AS $$ SELECT n * 2; $$;",
        ]

        /// Each test begins with no migration applied and its own directory.
        private func withMigrations(
            _ files: [String: String],
            _ body: @escaping @Sendable (Migrator, Database, _ directory: String) async throws -> Void
        ) async throws {
            try await withTemporaryDirectory { directory in
                for (name, text) in files { try FileSystem.write(Array(text.utf8), to: "\(directory)/\(name)") }
                try await withDatabase { database, _ in
                    try await database.execute("DROP TABLE IF EXISTS schema_migrations, migrated")
                    try await database.execute("DROP FUNCTION IF EXISTS twice(int)")
                    try await body(Migrator(directory: directory, log: .silent), database, directory)
                }
            }
        }

        @Test func `applies each file once, in order, with its checksum`() async throws {
            try await withMigrations(Self.files) { migrator, database, directory in
                #expect(try await migrator.run(on: database) == ["0001_first.sql", "0002_second.sql"])
                #expect(try await migrator.run(on: database) == [])
                #expect(try await database.one("SELECT twice(n) AS n FROM migrated").get("n", Int.self) == 2)
                let row = try await database.one(
                    "SELECT checksum, applied_at FROM schema_migrations WHERE name = '0001_first.sql'")
                #expect(
                    try row.get("checksum", String.self) == Hex.encode(SHA256.hash(Self.files["0001_first.sql"] ?? "")))
                #expect(try row.get("applied_at", Timestamp.self) <= .now())
                try FileSystem.write(Array("INSERT INTO migrated VALUES (3)".utf8), to: "\(directory)/0003_third.sql")
                #expect(try await migrator.run(on: database) == ["0003_third.sql"])
            }
        }

        @Test func `rolls a failing file back whole and keeps those before it`() async throws {
            var files = Self.files
            files["0003_bad.sql"] = "INSERT INTO migrated VALUES (3); SELECT nonsense;"
            try await withMigrations(files) { migrator, database, _ in
                let error = await #expect(throws: MigrationError.self) { try await migrator.run(on: database) }
                #expect(error.map { "\($0)".contains("0003_bad.sql") && "\($0)".contains("nonsense") } == true)
                let kept = try await database.one("SELECT count(*) FROM migrated").get(0, Int.self)
                #expect(kept == 1)
                #expect(try await database.query("SELECT name FROM schema_migrations").count == 2)
            }
        }

        @Test func `refuses an applied file that was changed or removed, and one that ends its transaction`()
            async throws
        {
            try await withMigrations(Self.files) { migrator, database, directory in
                try await migrator.run(on: database)
                try FileSystem.write([0x20], to: "\(directory)/0001_first.sql")
                await #expect(throws: MigrationError.changed("0001_first.sql")) { try await migrator.run(on: database) }
                let first = Self.files["0001_first.sql"] ?? ""
                try FileSystem.write(Array(first.utf8), to: "\(directory)/0001_first.sql")
                try FileSystem.write(Array("COMMIT".utf8), to: "\(directory)/0003_commit.sql")
                await #expect(throws: MigrationError.endsTransaction("0003_commit.sql")) {
                    try await migrator.run(on: database)
                }
                try FileSystem.remove("\(directory)/0003_commit.sql")
                try FileSystem.remove("\(directory)/0002_second.sql")
                await #expect(throws: MigrationError.missing("0002_second.sql")) {
                    try await migrator.run(on: database)
                }
            }
        }

        @Test func `says when there is no such directory`() async throws {
            try await withDatabase { database, _ in
                let error = await #expect(throws: MigrationError.self) {
                    try await Migrator(directory: "/no/such", log: .silent).run(on: database)
                }
                #expect(error.map { "\($0)".contains("/no/such") } == true)
            }
        }

        @Test func `lets one of two that start at once apply, and the other find nothing left`() async throws {
            var files = Self.files
            files["0003_slow.sql"] = "SELECT pg_sleep(0.1)"
            try await withMigrations(files) { migrator, database, _ in
                let outcomes = try await withThrowingTaskGroup(of: [String].self) { group in
                    for _ in 0..<3 { group.addTask { try await migrator.run(on: database) } }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                #expect(outcomes.map(\.count).sorted() == [0, 0, 3])
            }
        }
    }
}
