import Base
import Glibc
import Reactor
import TestGround
import TestIntake
import Testing

@testable import Postgres

/// Each has a cluster of its own: connections are cut and tables are counted.
@Suite(.privateCluster, .serialized, .timeLimit(.minutes(5))) struct GroupCommitterTests {
    private func withEvents(
        _ body: @escaping @Sendable (Database, EventLoop) async throws -> Void
    ) async throws {
        try await withDatabase { database, loop in
            try await database.execute("DROP TABLE IF EXISTS counted_events, counted_totals")
            try await CountedEvent.create(database)
            try await body(database, loop)
        }
    }

    @Test func `one bad row among 500 is told to its sender alone`() async throws {
        try await withEvents { database, _ in
            let committer = GroupCommitter<CountedEvent>(database)
            let outcomes = await withTaskGroup(of: (Int, PostgresError.Category?).self) { group in
                for number in 0..<500 {
                    group.addTask {
                        do throws(PostgresError) {
                            // One has a value the table refuses, one a text that can't be sent.
                            let name = number == 400 ? "nul\0" : "event \(number)"
                            let answer = try await committer.submit(
                                CountedEvent(id: Int64(number), name: name, amount: number == 250 ? 5_000 : 1))
                            #expect(answer.answer && answer.isFirst)
                            return (number, nil)
                        } catch {
                            return (number, error.category)
                        }
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(outcomes.count == 500)
            let failed = outcomes.filter { $0.1 != nil }.map(\.0).sorted()
            #expect(failed == [250, 400])
            #expect(outcomes.first { $0.0 == 250 }?.1 == .checkViolation)
            #expect(outcomes.first { $0.0 == 400 }?.1 == .invalidParameter)
            let counts = try await CountedEvent.counts(database)
            #expect(counts == (498, 498, 498, 498))
            let figures = committer.figures
            #expect(figures.rows == 498 && figures.halvings >= 8 && figures.batches < 60)
            #expect(figures.batchesBySize.reduce(0, +) == figures.batches)
        }
    }

    @Test func `keys that come twice in a batch are one row, and both senders are answered`() async throws {
        try await withEvents { database, _ in
            let committer = GroupCommitter<CountedEvent>(database)
            let answers = try await withThrowingTaskGroup(of: GroupAnswer<Bool>.self) { group in
                for number in 0..<300 {
                    group.addTask {
                        try await committer.submit(
                            CountedEvent(id: Int64(number), name: "event \(number % 100)", amount: 1))
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.count == 300)
            #expect(answers.count { $0.answer && $0.isFirst } == 100)
            let counts = try await CountedEvent.counts(database)
            #expect(counts == (100, 100, 100, 100))
        }
    }

    /// An upsert that locks each row it touches.
    private struct Visit: GroupedRow {
        let page: Int
        static var isRepeatable: Bool { false }
        var key: [UInt8] { Array("page \(page)".utf8) }
        static func statement(_ rows: [Visit]) -> SQL {
            """
            INSERT INTO visits SELECT 'page ' || n, 1 FROM unnest(\(rows.map(\.page))::int[]) n ORDER BY ('page ' || n) COLLATE "C"
            ON CONFLICT (name) DO UPDATE SET visits = visits.visits + 1
            """
        }
        static func answers(to rows: [Visit], from result: Rows) throws(PostgresError) -> [Int] { rows.map { _ in 0 } }
    }

    @Test func `two loops with the same keys in opposite order never deadlock`() async throws {
        let url = try #require(PrivateClusterTrait.databaseURL)
        let loops = try (0..<2).map { try EventLoop(name: "commit-\($0)") }
        loops.forEach { $0.start() }
        defer { loops.forEach { $0.stop() } }
        let database = try Database(url: url, loops: loops, log: .silent)
        try await Task(executorPreference: loops[0]) {
            _ = try await database.execute("CREATE TABLE visits (name text PRIMARY KEY, visits int)")
        }.value
        let committer = GroupCommitter<Visit>(database)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, loop) in loops.enumerated() {
                group.addTask(executorPreference: loop) {
                    for _ in 0..<100 {
                        try await withThrowingTaskGroup(of: Void.self) { rows in
                            let pages = index == 0 ? Array(0..<50) : (0..<50).reversed()
                            for page in pages {
                                rows.addTask { _ = try await committer.submit(Visit(page: page)) }
                            }
                            try await rows.waitForAll()
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(committer.figures.repeats == 0 && committer.figures.failures == 0)
        let sums = try await Task(executorPreference: loops[0]) {
            try await database.query("SELECT DISTINCT visits FROM visits").map { try $0.get(0, Int.self) }
        }.value
        #expect(sums == [200])
        await database.close()
    }

    @Test(arguments: [false, true])
    func `each row is there once and answered once, however often its connection dies`(byCut: Bool) async throws {
        let url = try #require(PrivateClusterTrait.databaseURL)
        try await withTemporaryDirectory { directory in
            let socket = try #require(url.reveal().split(separator: "host=").last?.split(separator: "&").first)
            let upstream = socket.replacing("%2f", with: "/").replacing("%2F", with: "/")
            let relay = try CuttableRelay(directory: directory, upstream: String(upstream))
            let relayed = Secret("postgresql://sluice@/sluice?host=\(directory.replacing("/", with: "%2f"))&port=5432")
            try await withDatabase { direct, _ in
                try await direct.execute("DROP TABLE IF EXISTS counted_events, counted_totals")
                try await CountedEvent.create(direct)
            }
            try await withDatabase(url: relayed) { database, loop in
                let committer = GroupCommitter<CountedEvent>(database)
                let senders = (0..<50).map { sender in
                    Task(executorPreference: loop) { () async -> Int in
                        var answered = 0
                        for number in 0..<40 {
                            let row = CountedEvent(
                                id: Int64(sender * 1_000 + number), name: "\(sender)/\(number)", amount: 2)
                            while true {
                                do throws(PostgresError) {
                                    let answer = try await committer.submit(row)
                                    #expect(answer.answer)
                                    answered += 1
                                    break
                                } catch {
                                    #expect(error.isUnavailability, "\(error)")
                                    await loop.sleep(for: .milliseconds(1))
                                }
                            }
                        }
                        return answered
                    }
                }
                var deaths = 0
                while committer.figures.rows < 1_900, deaths < 60 {
                    if byCut {
                        relay.cut()
                    } else {
                        _ = try? await database.execute(
                            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'WITH input%' AND state = 'active'"
                        )
                    }
                    deaths += 1
                    await loop.sleep(for: .milliseconds(2))
                }
                var answered = 0
                for sender in senders { answered += await sender.value }
                #expect(answered == 2_000)
            }
            try await withDatabase { direct, _ in
                let counts = try await CountedEvent.counts(direct)
                #expect(counts == (2_000, 2_000, 4_000, 4_000))
            }
            relay.stop()
        }
    }

    @Test func `a sender who waits no longer is told so, and those behind a batch that hangs at once`() async throws {
        try await withEvents { database, loop in
            var settings = GroupCommitter<CountedEvent>.Settings()
            settings.patience = .milliseconds(50)
            let committer = GroupCommitter<CountedEvent>(database, settings: settings)
            try await database.transaction { transaction in
                try await transaction.execute("LOCK TABLE counted_events")
                for id in 1...2 {
                    let error = await #expect(throws: PostgresError.self) {
                        try await committer.submit(CountedEvent(id: Int64(id), name: "\(id)", amount: 1))
                    }
                    #expect(error?.category == .deadline && error?.isUnavailability == true)
                }
            }
            while committer.figures.rows == 0 { await loop.sleep(for: .milliseconds(1)) }
            // The first was on its way; the second never was.
            #expect(committer.figures.rows == 1)
            let refused = await #expect(throws: PostgresError.self) {
                try await committer.submit(
                    CountedEvent(id: 9, name: String(repeating: "x", count: 101), amount: 1))
            }
            #expect(refused?.category == .invalidParameter)
        }
    }
}
