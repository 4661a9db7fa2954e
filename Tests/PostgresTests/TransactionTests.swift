import Base
import Testing

@testable import Postgres

extension LiveTests {
    @Suite struct TransactionTests {
        private struct Refusal: Error {}

        @Test func `commits what returns and rolls back what throws`() async throws {
            try await withDatabase { database, _ in
                try await database.execute("CREATE TABLE kept (n int)")
                let value = try await database.transaction { transaction in
                    try await transaction.execute("INSERT INTO kept VALUES (1)")
                    return "done"
                }
                #expect(value == "done")
                await #expect(throws: Refusal.self) {
                    try await database.transaction { transaction in
                        try await transaction.execute("INSERT INTO kept VALUES (2)")
                        throw Refusal()
                    }
                }
                let found = try await database.query("SELECT n FROM kept").map { try $0.get(0, Int.self) }
                #expect(found == [1])
            }
        }

        @Test func `does not commit after a failed statement whose error was swallowed`() async throws {
            try await withDatabase { database, _ in
                try await database.execute("CREATE TABLE swallowed (n int PRIMARY KEY)")
                let error = await #expect(throws: PostgresError.self) {
                    try await database.transaction { transaction in
                        try await transaction.execute("INSERT INTO swallowed VALUES (1)")
                        _ = try? await transaction.execute("INSERT INTO swallowed VALUES (1)")
                    }
                }
                #expect(error?.category == .uniqueViolation)
                #expect(error?.step == "commit after a failed statement")
                #expect(try await database.query("SELECT 1 FROM swallowed").isEmpty)
            }
        }

        @Test func `says when it was the commit that failed`() async throws {
            try await withDatabase { database, _ in
                try await database.execute("CREATE TABLE parent (id int PRIMARY KEY)")
                try await database.execute(
                    "CREATE TABLE child (id int REFERENCES parent DEFERRABLE INITIALLY DEFERRED)")
                let error = await #expect(throws: PostgresError.self) {
                    try await database.transaction { try await $0.execute("INSERT INTO child VALUES (1)") }
                }
                #expect(error?.step == "commit" && error?.category == .foreignKeyViolation)
                #expect(await database.isReady())
            }
        }

        @Test func `has the isolation asked for, and tells a conflict worth repeating`() async throws {
            try await withDatabase { database, _ in
                try await database.execute("CREATE TABLE shared_sum (n int)")
                try await database.execute("INSERT INTO shared_sum VALUES (1)")
                let error = await #expect(throws: PostgresError.self) {
                    try await database.transaction(isolation: .repeatableRead) { outer in
                        let level = try await outer.one("SHOW transaction_isolation").get(0, String.self)
                        #expect(level == "repeatable read")
                        _ = try await outer.query("SELECT n FROM shared_sum")
                        try await database.execute("UPDATE shared_sum SET n = n + 1")
                        try await outer.execute("UPDATE shared_sum SET n = n + 1")
                    }
                }
                #expect(error?.category == .serialization && error?.isWorthRetrying == true)
            }
        }

        @Test func `refuses statements when it is over`() async throws {
            try await withDatabase { database, _ in
                let escaped = try await database.transaction { $0 }
                let error = await #expect(throws: PostgresError.self) { try await escaped.query("SELECT 1") }
                #expect(error?.category == .misuse)
            }
        }

        @Test func `lets statements made at once pass one after another`() async throws {
            try await withDatabase { database, _ in
                let sum = try await database.transaction { transaction in
                    try await withThrowingTaskGroup(of: Int.self) { group in
                        for number in 1...20 {
                            group.addTask { try await transaction.one("SELECT \(number)::int").get(0) }
                        }
                        return try await group.reduce(0, +)
                    }
                }
                #expect(sum == 210)
            }
        }

        @Test func `holds an advisory lock for as long as the closure runs`() async throws {
            try await withDatabase { database, _ in
                try await database.withAdvisoryLock("once") { session in
                    try await session.transaction { try await $0.execute("SELECT 1") }
                    #expect(try await database.ifAdvisoryLockIsFree("once") { _ in true } == nil)
                    #expect(try await database.ifAdvisoryLockIsFree("other") { _ in true } == true)
                    let error = await #expect(throws: PostgresError.self) {
                        try await database.withAdvisoryLock("once", wait: .milliseconds(50)) { _ in }
                    }
                    #expect(error?.category == .lockNotAvailable)
                }
                #expect(try await database.ifAdvisoryLockIsFree("once") { _ in true } == true)
                await #expect(throws: Refusal.self) {
                    try await database.withAdvisoryLock("once") { _ in throw Refusal() }
                }
                #expect(try await database.ifAdvisoryLockIsFree("once") { _ in true } == true)
            }
        }
    }
}
