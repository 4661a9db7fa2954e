import Base
import Glibc
import Reactor
import TestGround
import Testing

@testable import Postgres

extension LiveTests {
    @Suite struct PipelineTests {
        private static func settings(_ connections: Int) -> Database.Settings {
            var settings = Database.Settings()
            settings.connectionsPerLoop = connections
            settings.waitForConnection = .seconds(60)
            return settings
        }

        @Test func `several statements are one round trip and one transaction`() async throws {
            try await withDatabase { database, _ in
                try await database.execute("CREATE TABLE piped (n int PRIMARY KEY)")
                let rows = try await database.pipeline([
                    "INSERT INTO piped VALUES (1), (2)", "SELECT count(*) FROM piped WHERE n > \(0)",
                    "SELECT count(*) FROM piped WHERE n > \(1)", "SELECT txid_current()", "SELECT txid_current()",
                ])
                #expect(try rows[1][0].get(0, Int.self) == 2)
                #expect(try rows[2][0].get(0, Int.self) == 1)
                #expect(try rows[3][0].get(0, Int64.self) == rows[4][0].get(0, Int64.self))
                // A second time, when everything is prepared.
                let again = try await database.pipeline(["SELECT count(*) FROM piped WHERE n > \(0)"])
                #expect(try again[0][0].get(0, Int.self) == 2)
                #expect(try await database.pipeline([]).isEmpty)
            }
        }

        @Test func `none of them happens when one fails, and the connection goes on`() async throws {
            try await withDatabase(Self.settings(1)) { database, _ in
                try await database.execute("CREATE TABLE undone (n int PRIMARY KEY)")
                let before = try await database.backend()
                let error = await #expect(throws: PostgresError.self) {
                    try await database.pipeline([
                        "INSERT INTO undone VALUES (1)", "INSERT INTO undone VALUES (1)",
                        "INSERT INTO undone VALUES (2)",
                    ])
                }
                #expect(error?.category == .uniqueViolation && error?.statement == "INSERT INTO undone VALUES (1)")
                let syntax = await #expect(throws: PostgresError.self) {
                    try await database.pipeline(["INSERT INTO undone VALUES (3)", "SELEKT"])
                }
                #expect(syntax?.category == .invalidStatement)
                let value = await #expect(throws: PostgresError.self) {
                    try await database.pipeline(["INSERT INTO undone VALUES (3)", "SELECT \("nul\0")::text"])
                }
                #expect(value?.category == .invalidParameter)
                #expect(try await database.query("SELECT n FROM undone").isEmpty)
                #expect(try await database.backend() == before)
            }
        }

        @Test func `part of a transaction, it is committed with it`() async throws {
            try await withDatabase { database, _ in
                try await database.execute("CREATE TABLE piped_within (n int PRIMARY KEY)")
                try await database.transaction { transaction in
                    _ = try await transaction.pipeline([
                        "INSERT INTO piped_within VALUES (1)", "INSERT INTO piped_within VALUES (2)",
                    ])
                }
                await #expect(throws: PostgresError.self) {
                    try await database.transaction { transaction in
                        try await transaction.execute("INSERT INTO piped_within VALUES (3)")
                        _ = try? await transaction.pipeline(["INSERT INTO piped_within VALUES (1)"])
                    }
                }
                let kept = try await database.query("SELECT n FROM piped_within ORDER BY n").map {
                    try $0.get(0, Int.self)
                }
                #expect(kept == [1, 2])
            }
        }

        @Test func `statements are prepared anew when the schema has changed under them`() async throws {
            try await withDatabase(Self.settings(1)) { database, _ in
                try await database.execute("CREATE TABLE piped_changing (n int)")
                try await database.execute("INSERT INTO piped_changing VALUES (1)")
                _ = try await database.pipeline(["SELECT * FROM piped_changing"])
                try await database.execute("ALTER TABLE piped_changing ADD COLUMN more text DEFAULT 'here'")
                let rows = try await database.pipeline(["SELECT * FROM piped_changing"])
                #expect(try rows[0][0].get("more", String.self) == "here")
                try await database.execute("DEALLOCATE ALL")
                #expect(try await database.pipeline(["SELECT * FROM piped_changing"])[0].count == 1)
            }
        }

        @Test func `more statements than a connection keeps prepared pass all the same`() async throws {
            try await withDatabase(Self.settings(1)) { database, _ in
                let statements = (0..<600).map { number in
                    var sql: SQL = "SELECT \(number)::int"
                    for _ in 0..<(number % 300) { sql += " " }
                    return sql
                }
                let rows = try await database.pipeline(statements, within: .seconds(60))
                #expect(try rows.map { try $0[0].get(0, Int.self) } == Array(0..<600))
            }
        }

        @Test func `is cancelled at its deadline and with its task`() async throws {
            try await withDatabase(Self.settings(1)) { database, _ in
                let before = try await database.backend()
                let late = await #expect(throws: PostgresError.self) {
                    try await database.pipeline(["SELECT 1", "SELECT pg_sleep(60)"], within: .milliseconds(30))
                }
                #expect(late?.category == .deadline)
                #expect(try await database.backend() == before)
            }
        }

        @Test func `callers who wait for a connection share one round trip, each with its own end`() async throws {
            try await withDatabase(Self.settings(1)) { database, loop in
                try await database.execute("CREATE TABLE gathered (n int PRIMARY KEY)")
                let hold = Bell(loop: loop)
                let outcomes = try await withThrowingTaskGroup(of: (Int, PostgresError.Category?).self) { group in
                    group.addTask {
                        try await database.transaction { _ in await hold.wait(atMost: .seconds(60)) }
                        return (-1, nil)
                    }
                    for number in 0..<40 {
                        group.addTask {
                            do throws(PostgresError) {
                                // Every tenth fails, and only its asker hears of it.
                                let value = number % 10 == 9 ? 0 : number
                                let row = try await database.one(
                                    "INSERT INTO gathered VALUES (\(value)) RETURNING n")
                                let n = try row.get(0, Int.self)
                                return (n == number ? number : -2, nil)
                            } catch {
                                return (number, error.category)
                            }
                        }
                    }
                    await loop.sleep(for: .milliseconds(1))
                    #expect(await database.poolState().waiting == 40)
                    hold.ring()
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                #expect(outcomes.count { $0.1 == nil } == 37)
                let failed = outcomes.filter { $0.1 == .uniqueViolation }.map(\.0).sorted()
                #expect(failed == [9, 19, 29, 39])
                #expect(await database.poolState().gathered == 40)
                #expect(try await database.one("SELECT count(*) FROM gathered").get(0, Int.self) == 36)
            }
        }

        @Test func `a broken connection fails the callers that share it, and none is left waiting`() async throws {
            try await withDatabase(Self.settings(1)) { database, loop in
                let hold = Bell(loop: loop)
                let outcomes = try await withThrowingTaskGroup(of: Bool.self) { group in
                    group.addTask {
                        try await database.transaction { _ in await hold.wait(atMost: .seconds(60)) }
                        return true
                    }
                    for number in 0..<10 {
                        group.addTask {
                            do throws(PostgresError) {
                                // The fifth ends the connection they share.
                                try await database.execute(
                                    "SELECT CASE WHEN \(number)::int = 5 THEN pg_terminate_backend(pg_backend_pid()) END"
                                )
                                return true
                            } catch {
                                #expect(error.category == .connectionLost)
                                return false
                            }
                        }
                    }
                    await loop.sleep(for: .milliseconds(1))
                    hold.ring()
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                #expect(outcomes.count == 11)
                // The fifth and all behind it; earlier answers may be lost with the connection.
                #expect(outcomes.count { !$0 } >= 5)
                #expect(await database.isReady())
            }
        }
    }
}
