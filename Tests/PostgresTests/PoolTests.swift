import Base
import Glibc
import Reactor
import TestGround
import Testing

@testable import Postgres

extension LiveTests {
    @Suite struct PoolTests {
        private static func settings(_ connections: Int) -> Database.Settings {
            var settings = Database.Settings()
            settings.connectionsPerLoop = connections
            return settings
        }

        @Test func `serves many callers with few connections, each with its own answer`() async throws {
            try await withDatabase(Self.settings(3)) { database, _ in
                let answers = try await withThrowingTaskGroup(of: (Int, Int, Int32).self) { group in
                    for number in 0..<300 {
                        group.addTask {
                            let row = try await database.one("SELECT \(number)::int AS n, pg_backend_pid() AS pid")
                            return (number, try row.get("n"), try row.get("pid"))
                        }
                    }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                #expect(answers.count == 300)
                #expect(answers.allSatisfy { $0.0 == $0.1 })
                #expect(Set(answers.map(\.2)).count <= 3)
            }
        }

        @Test func `uses each loop's own connections`() async throws {
            let url = try #require(PrivateClusterTrait.databaseURL)
            let loops = try (0..<3).map { try EventLoop(name: "test-\($0)") }
            loops.forEach { $0.start() }
            defer { loops.forEach { $0.stop() } }
            let database = try Database(url: url, loops: loops, log: .silent)
            let backends = try await withThrowingTaskGroup(of: Int32.self) { group in
                for loop in loops { group.addTask(executorPreference: loop) { try await database.backend() } }
                return try await group.reduce(into: Set()) { $0.insert($1) }
            }
            #expect(backends.count == 3)
            await database.close()
        }

        @Test func `refuses to be used off its loops and after it is closed`() async throws {
            let url = try #require(PrivateClusterTrait.databaseURL)
            let database = try await onLoop { loop in
                let database = try Database(url: url, loops: [loop], log: .silent)
                try await database.execute("SELECT 1")
                await database.close()
                let closed = await #expect(throws: PostgresError.self) { try await database.execute("SELECT 1") }
                #expect(closed?.category == .misuse)
                return database
            }
            let outside = await #expect(throws: PostgresError.self) { try await database.execute("SELECT 1") }
            #expect(outside?.category == .misuse)
        }

        @Test func `tells a caller who waited in vain that the pool is exhausted`() async throws {
            var settings = Self.settings(1)
            settings.waitForConnection = .seconds(1)
            try await withDatabase(settings) { database, _ in
                try await database.transaction { _ in
                    let error = await #expect(throws: PostgresError.self) { try await database.query("SELECT 1") }
                    #expect(error?.category == .poolExhausted)
                }
                #expect(await database.isReady())
            }
        }

        @Test func `hands a freed connection to the one who has waited longest`() async throws {
            try await withDatabase(Self.settings(1)) { database, loop in
                let order = Order()
                let first = Bell(loop: loop)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        try await database.transaction { _ in await first.wait(atMost: .seconds(5)) }
                    }
                    for number in 0..<5 {
                        group.addTask {
                            try await database.execute("SELECT 1")
                            order.numbers.append(number)
                            if number == 4 { first.ring() }
                        }
                    }
                    // The tasks begin in this order on the loop, so all five wait by the time this one runs again.
                    await loop.sleep(for: .milliseconds(1))
                    first.ring()
                    try await group.waitForAll()
                }
                #expect(order.numbers == [0, 1, 2, 3, 4])
            }
        }

        /// Touched only on one loop.
        private final class Order: @unchecked Sendable { var numbers: [Int] = [] }

        @Test func `replaces a connection that died while unused, and the caller never knows`() async throws {
            try await withDatabase(Self.settings(1)) { database, _ in
                let before = try await database.backend()
                // Blocks the loop until the backend is gone: nothing but the query itself can notice.
                kill(before, SIGTERM)
                while kill(before, 0) == 0 { usleep(1_000) }
                #expect(try await database.backend() != before)
            }
        }

        @Test func `begins a transaction anew on a fresh connection`() async throws {
            try await withDatabase(Self.settings(1)) { database, _ in
                let before = try await database.backend()
                kill(before, SIGTERM)
                while kill(before, 0) == 0 { usleep(1_000) }
                let after = try await database.transaction { try await $0.backend() }
                #expect(after != before)
            }
        }

        @Test func `tells when the connection broke under a statement, and goes on with another`() async throws {
            try await withDatabase(Self.settings(2)) { database, _ in
                let error = await #expect(throws: PostgresError.self) {
                    try await database.transaction { transaction in
                        let victim = try await transaction.backend()
                        async let sleeping = transaction.query("SELECT pg_sleep(60)")
                        var isKilled = false
                        while !isKilled {
                            let active = try await database.first(
                                "SELECT 1 FROM pg_stat_activity WHERE pid = \(victim) AND query LIKE '%pg_sleep(60)%' AND state = 'active'"
                            )
                            if active == nil { continue }
                            isKilled = try await database.one("SELECT pg_terminate_backend(\(victim))").get(0)
                        }
                        _ = try await sleeping
                    }
                }
                #expect(error?.category == .connectionLost && error?.sqlState == "57P01")
                #expect(await database.isReady())
            }
        }

        @Test func `closes all unused connections but one after a while`() async throws {
            var settings = Self.settings(3)
            settings.idleTime = .milliseconds(20)
            try await withDatabase(settings) { database, loop in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<3 {
                        group.addTask {
                            try await database.transaction { _ = try await $0.query("SELECT pg_sleep(0.02)") }
                        }
                    }
                    try await group.waitForAll()
                }
                var open = 3
                while open > 1 {
                    await loop.sleep(for: .milliseconds(10))
                    open = try await database.one(
                        """
                        SELECT count(*) FROM pg_stat_activity
                        WHERE application_name = 'sluice' AND query LIKE '%pg_sleep(0.02)%' OR pid = pg_backend_pid()
                        """
                    ).get(0)
                }
                #expect(open == 1)
            }
        }

        // MARK: Deadlines

        @Test func `cancels a statement at its deadline and keeps the connection`() async throws {
            try await withDatabase(Self.settings(1)) { database, _ in
                let before = try await database.backend()
                let error = await #expect(throws: PostgresError.self) {
                    try await database.query("SELECT pg_sleep(60)", within: .milliseconds(30))
                }
                #expect(error?.category == .deadline && error?.sqlState == "57014")
                #expect(try await database.backend() == before)
            }
        }

        @Test func `drops a connection that does not heed its cancellation`() async throws {
            var settings = Self.settings(1)
            settings.cancelGrace = .milliseconds(50)
            try await withDatabase(settings) { database, _ in
                let before = try await database.backend()
                kill(before, SIGSTOP)
                defer { kill(before, SIGCONT) }
                let error = await #expect(throws: PostgresError.self) {
                    try await database.query("SELECT 1", within: .milliseconds(30))
                }
                #expect(error?.category == .deadline)
                #expect(try await database.backend() != before)
            }
        }

        @Test func `lets a statement with a longer deadline outlast the usual one`() async throws {
            var settings = Self.settings(1)
            settings.statementDeadline = .milliseconds(20)
            try await withDatabase(settings) { database, _ in
                let usual = try await database.one("SHOW statement_timeout", within: .seconds(5)).get(0, String.self)
                #expect(usual == "10s")
                let rest = try await database.one("SELECT current_setting('statement_timeout')").get(0, String.self)
                #expect(rest == "5020ms")
                try await database.execute("SELECT pg_sleep(0.05)", within: .seconds(5))
            }
        }
    }
}
