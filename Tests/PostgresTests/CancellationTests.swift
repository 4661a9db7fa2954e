import Base
import Glibc
import Reactor
import TestGround
import Testing

@testable import Postgres

extension LiveTests {
    @Suite struct CancellationTests {
        private static func settings(_ connections: Int) -> Database.Settings {
            var settings = Database.Settings()
            settings.connectionsPerLoop = connections
            settings.waitForConnection = .seconds(60)
            return settings
        }

        /// Waits until the server runs a statement with these words.
        private static func untilActive(_ words: String, _ database: Database, _ loop: EventLoop) async throws {
            while try await database.first(
                "SELECT 1 FROM pg_stat_activity WHERE query LIKE \("%\(words)%") AND state = 'active' AND pid <> pg_backend_pid()"
            ) == nil {
                await loop.sleep(for: .milliseconds(2))
            }
        }

        @Test func `a statement ends with the task that asked, and its connection serves on`() async throws {
            try await withDatabase(Self.settings(2)) { database, loop in
                let task = Task(executorPreference: loop) { () async -> PostgresError.Category? in
                    do throws(PostgresError) {
                        try await database.execute("SELECT pg_sleep(61)", within: .seconds(120))
                        return nil
                    } catch {
                        return error.category
                    }
                }
                try await Self.untilActive("pg_sleep(61)", database, loop)
                let backend = try await database.one(
                    "SELECT pid FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(61)' AND state = 'active'"
                ).get(0, Int32.self)
                task.cancel()
                #expect(await task.value == .cancelled)
                let alive = try await database.query("SELECT 1 FROM pg_stat_activity WHERE pid = \(backend)")
                #expect(alive.count == 1)
                let left = try await database.query(
                    "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%pg_sleep(61)%' AND state = 'active' AND pid <> pg_backend_pid()"
                )
                #expect(left.isEmpty)
            }
        }

        @Test func `a cancelled transaction is rolled back`() async throws {
            try await withDatabase(Self.settings(2)) { database, loop in
                try await database.execute("CREATE TABLE given_up (n int)")
                let task = Task(executorPreference: loop) { () async -> PostgresError.Category? in
                    do {
                        try await database.transaction { transaction in
                            try await transaction.execute("INSERT INTO given_up VALUES (1)")
                            try await transaction.execute("SELECT pg_sleep(62)", within: .seconds(120))
                        }
                        return nil
                    } catch {
                        return (error as? PostgresError)?.category
                    }
                }
                try await Self.untilActive("pg_sleep(62)", database, loop)
                task.cancel()
                #expect(await task.value == .cancelled)
                #expect(try await database.query("SELECT n FROM given_up").isEmpty)
                #expect(
                    try await database.query("SELECT 1 FROM pg_locks WHERE relation = 'given_up'::regclass").isEmpty)
            }
        }

        @Test func `nothing is asked for a task that is cancelled already`() async throws {
            try await withDatabase { database, loop in
                let bell = Bell(loop: loop)
                let task = Task(executorPreference: loop) { () async -> PostgresError.Category? in
                    await bell.wait(atMost: .seconds(60))
                    do throws(PostgresError) {
                        try await database.execute("CREATE TABLE never_made (n int)")
                        return nil
                    } catch {
                        return error.category
                    }
                }
                task.cancel()
                bell.ring()
                #expect(await task.value == .cancelled)
                let isMissing = try await database.one("SELECT to_regclass('never_made') IS NULL").get(0, Bool.self)
                #expect(isMissing)
            }
        }

        @Test func `a caller in the queue leaves it with its task`() async throws {
            try await withDatabase(Self.settings(1)) { database, loop in
                try await database.transaction { _ in
                    let task = Task(executorPreference: loop) { () async -> PostgresError.Category? in
                        do throws(PostgresError) {
                            try await database.execute("SELECT 1")
                            return nil
                        } catch {
                            return error.category
                        }
                    }
                    while await database.poolState().waiting == 0 { await loop.sleep(for: .milliseconds(1)) }
                    task.cancel()
                    #expect(await task.value == .cancelled)
                    #expect(await database.poolState().waiting == 0)
                }
            }
        }

        @Test func `the advisory lock is let go when its holder is cancelled`() async throws {
            try await withDatabase(Self.settings(2)) { database, loop in
                let task = Task(executorPreference: loop) { () async -> Bool in
                    do {
                        try await database.withAdvisoryLock("cancelled holder") { session in
                            try await session.execute("SELECT pg_sleep(63)", within: .seconds(120))
                        }
                        return false
                    } catch {
                        return (error as? PostgresError)?.category == .cancelled
                    }
                }
                try await Self.untilActive("pg_sleep(63)", database, loop)
                task.cancel()
                #expect(await task.value)
                #expect(try await database.ifAdvisoryLockIsFree("cancelled holder") { _ in true } == true)
            }
        }

        @Test func `one control connection serves all cancellations of a loop`() async throws {
            try await withDatabase(Self.settings(4)) { database, _ in
                let before = try await database.one(
                    "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_cancel_backend%'"
                ).get(0, Int.self)
                for _ in 0..<3 {
                    await withTaskGroup(of: Void.self) { group in
                        for _ in 0..<4 {
                            group.addTask {
                                let error = await #expect(throws: PostgresError.self) {
                                    try await database.query("SELECT pg_sleep(60)", within: .milliseconds(20))
                                }
                                #expect(error?.category == .deadline)
                            }
                        }
                    }
                }
                let after = try await database.one(
                    "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_cancel_backend%'"
                ).get(0, Int.self)
                // Other tests have theirs; here is one more, and the question itself is none.
                #expect(after <= before + 4)
                // On a busy machine a cancellation may come before its statement has begun, which costs the connection.
                #expect(await database.poolState().size <= 4)
            }
        }

        @Test func `a full queue turns the next caller away at once`() async throws {
            var settings = Self.settings(1)
            settings.waitingPerLoop = 3
            try await withDatabase(settings) { database, loop in
                try await database.transaction { _ in
                    let waiting = (0..<3).map { _ in
                        Task(executorPreference: loop) { () async -> Bool in
                            (try? await database.execute("SELECT 1")) != nil
                        }
                    }
                    while await database.poolState().waiting < 3 { await loop.sleep(for: .milliseconds(1)) }
                    let error = await #expect(throws: PostgresError.self) { try await database.execute("SELECT 1") }
                    #expect(error?.category == .poolExhausted && error?.isUnavailability == true)
                    #expect(await database.poolState().turnedAway == 1)
                    waiting.forEach { $0.cancel() }
                    for task in waiting { #expect(await task.value == false) }
                }
            }
        }
    }
}
