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

        /// Waits until the server sleeps in a statement with these words, or waits for a lock: while it only reads it, it is active too.
        private static func untilActive(_ words: String, _ database: Database, _ loop: EventLoop) async throws {
            while try await database.first(
                "SELECT 1 FROM pg_stat_activity WHERE query LIKE \("%\(words)%") AND wait_event IN ('PgSleep', 'advisory') AND pid <> pg_backend_pid()"
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

        /// Two callers who wait for the one connection share its next round trip; the statement of the second waits for the first's.
        private static func sharing(
            _ first: SQL, _ second: SQL, on database: Database, _ loop: EventLoop
        ) async throws -> [Task<PostgresError.Category?, Never>] {
            var tasks: [Task<PostgresError.Category?, Never>] = []
            try await database.transaction { _ in
                for (index, sql) in [first, second].enumerated() {
                    tasks.append(
                        Task(executorPreference: loop) {
                            do throws(PostgresError) {
                                try await database.execute(sql)
                                return nil
                            } catch {
                                return error.category
                            }
                        })
                    while await database.poolState().waiting == index { await loop.sleep(for: .milliseconds(1)) }
                }
            }
            return tasks
        }

        /// A database with connections of its own, on the same loop.
        private static func beside(_ loop: EventLoop, _ body: (Database) async throws -> Void) async throws {
            let url = try #require(PrivateClusterTrait.databaseURL)
            let other = try Database(url: url, loops: [loop], log: .silent)
            do {
                try await body(other)
                await other.close()
            } catch {
                await other.close()
                throw error
            }
        }

        private static func patient() -> Database.Settings {
            var settings = Self.settings(1)
            settings.statementDeadline = .seconds(120)
            return settings
        }

        @Test func `a statement in a shared round trip ends with its task, and the other is answered`() async throws {
            try await withDatabase(Self.patient()) { database, loop in
                try await Self.beside(loop) { other in
                    let tasks = try await Self.sharing(
                        "SELECT pg_sleep(64)", "CREATE TABLE shared_trip (n int)", on: database, loop)
                    try await Self.untilActive("pg_sleep(64)", other, loop)
                    tasks[0].cancel()
                    #expect(await tasks[0].value == .cancelled)
                    #expect(await tasks[1].value == nil)
                    #expect(await database.poolState().gathered == 2)
                    #expect(try await other.query("SELECT 1 FROM shared_trip").isEmpty)
                }
            }
        }

        @Test func `who leaves a shared round trip before the turn has come is heeded when it comes`() async throws {
            try await withDatabase(Self.patient()) { database, loop in
                try await Self.beside(loop) { other in
                    var tasks: [Task<PostgresError.Category?, Never>] = []
                    try await other.transaction { transaction in
                        try await transaction.execute("SELECT pg_advisory_xact_lock(6501)")
                        tasks = try await Self.sharing(
                            "SELECT pg_advisory_xact_lock(6501)", "SELECT pg_sleep(65)", on: database, loop)
                        try await Self.untilActive("pg_advisory_xact_lock(6501)", other, loop)
                        tasks[1].cancel()
                    }
                    #expect(await tasks[0].value == nil)
                    #expect(await tasks[1].value == .cancelled)
                    let left = try await other.query(
                        "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(65)' AND state = 'active'")
                    #expect(left.isEmpty)
                }
            }
        }

        @Test func `a cancellation that comes too late for its statement fails no other of the round trip`()
            async throws
        {
            let url = try #require(PrivateClusterTrait.databaseURL)
            try await withDatabase { other, loop in
                let target = try ConnectionTarget(url: url, statementDeadline: .seconds(120))
                let shared = try await Connection.open(target, on: loop, settings: Self.patient())
                let hold = Bell(loop: loop)
                // Sent when the first statement is over and the second has begun: as a busy machine may order them.
                shared.cancelBackend = { backend in
                    hold.ring()
                    do {
                        try await Self.untilActive("pg_sleep(0.566)", other, loop)
                        return try await other.one("SELECT pg_cancel_backend(\(backend))").get(0, Bool.self)
                    } catch {
                        return false
                    }
                }
                let locked = Bell(loop: loop)
                let holder = Task(executorPreference: loop) {
                    try await other.transaction { transaction in
                        try await transaction.execute("SELECT pg_advisory_xact_lock(6601)")
                        locked.ring()
                        await hold.wait(atMost: .seconds(60))
                    }
                }
                await locked.wait(atMost: .seconds(60))
                let outcomes = await shared.pipeline(
                    [
                        ["SELECT pg_advisory_xact_lock(6601)"], ["SELECT 66 AS n, pg_sleep(0.566)"], ["SELECT 67 AS n"],
                    ], within: .seconds(2))
                try await holder.value
                #expect(throws: Never.self) { try outcomes[0].get() }
                #expect(try outcomes[1].get()[0][0].get("n", Int.self) == 66)
                #expect(try outcomes[2].get()[0][0].get("n", Int.self) == 67)
                shared.close()
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
