import Base
import Glibc
import Reactor
import Synchronization
import TestGround
import TestIntake
import Testing

@testable import Postgres

/// Each acknowledged row is there exactly once afterwards, whatever died meanwhile.
@Suite(.serialized, .timeLimit(.minutes(10))) struct JournaledCommitterTests {
    private final class Flag: Sendable { let isSet = Atomic<Bool>(false) }

    enum Away: CaseIterable { case stopped, frozen }

    /// The server's processes: the postmaster and what it has started.
    private static func processes(of server: pid_t) -> [pid_t] {
        let children = ((try? FileSystem.list("/proc")) ?? []).compactMap { pid_t($0) }.filter { process in
            guard let text = try? FileSystem.read("/proc/\(process)/stat", limit: 4_096) else { return false }
            let rest = String(decoding: text, as: UTF8.self).split(separator: ")").last ?? ""
            let fields = rest.split(separator: " ")
            return fields.count > 1 && pid_t(fields[1]) == server
        }
        return [server] + children
    }

    private static func sort(_ counts: (events: Int, total: Int, amount: Int, totalAmount: Int)) -> [Int] {
        [counts.events, counts.total, counts.amount, counts.totalAmount]
    }

    @Test(arguments: Away.allCases)
    func `rows are answered while the database is away, and are in it when it is back`(away: Away) async throws {
        try await withTemporaryDirectory { directory in
            let cluster = try await PrivateCluster.start(directory: directory, log: .silent)
            try await withDatabase(url: cluster.databaseURL) { database, loop in
                try await CountedEvent.create(database)
                let journal = try Journal(dataDirectory: directory, log: .silent)
                var settings = GroupCommitter<CountedEvent>.Settings()
                settings.patience = .milliseconds(50)
                settings.statementDeadline = .seconds(2)
                let committer = JournaledCommitter<CountedEvent>(
                    database, journal: journal, settings: settings, log: .silent)
                let replayer = JournalReplayer(
                    journal, handlers: [CountedEvent.kind: committer.handler], loop: loop, pause: .milliseconds(20),
                    log: .silent)
                replayer.start()
                let end = Flag()
                let senders = (0..<20).map { sender in
                    Task(executorPreference: loop) { () async -> [Int64] in
                        var acknowledged: [Int64] = []
                        while !end.isSet.load(ordering: .relaxed) {
                            let id = Int64(sender * 1_000_000 + acknowledged.count)
                            do throws(PostgresError) {
                                _ = try await committer.submit(CountedEvent(id: id, name: "e\(id)", amount: 1))
                                acknowledged.append(id)
                            } catch {
                                Issue.record("\(error)")
                                return acknowledged
                            }
                        }
                        return acknowledged
                    }
                }
                while committer.figures.rows < 200 { await loop.sleep(for: .milliseconds(1)) }
                let server = try #require(cluster.serverProcess)
                switch away {
                case .stopped: kill(server, SIGQUIT)
                case .frozen: Self.processes(of: server).forEach { kill($0, SIGSTOP) }
                }
                while journal.figures.rows < 500 { await loop.sleep(for: .milliseconds(1)) }
                switch away {
                case .stopped:
                    while cluster.serverProcess != nil { await loop.sleep(for: .milliseconds(10)) }
                    try await cluster.ensureRunning()
                case .frozen: Self.processes(of: server).forEach { kill($0, SIGCONT) }
                }
                let before = committer.figures.rows
                while committer.figures.rows < before + 200 { await loop.sleep(for: .milliseconds(5)) }
                end.isSet.store(true, ordering: .relaxed)
                var acknowledged = 0
                for sender in senders { acknowledged += await sender.value.count }
                await replayer.stop()
                while await !replayer.run() { await loop.sleep(for: .milliseconds(10)) }
                let counts = Self.sort(try await CountedEvent.counts(database))
                #expect(counts == [acknowledged, acknowledged, acknowledged, acknowledged])
                #expect(journal.figures.parked == 0 && journal.figures.refused == 0)
                #expect(journal.figures.replayed >= 500)
                await journal.close()
            }
            await cluster.release()
        }
    }

    @Test func `a server that takes no writes is one that is away: the journal has the rows until it does`()
        async throws
    {
        try await withTemporaryDirectory { directory in
            let cluster = try await PrivateCluster.start(directory: directory, log: .silent)
            try await withDatabase(url: cluster.databaseURL) { database, _ in
                try await CountedEvent.create(database)
                try await database.execute("ALTER DATABASE sluice SET default_transaction_read_only = on")
            }
            // As after a fail-over: the connections are to a standby, and the next may be to the server that writes.
            try await withDatabase(url: cluster.databaseURL) { database, loop in
                let intake = try await RowIntake.open(database, dataDirectory: directory, loop: loop, log: .silent)
                let committer = intake.accept(CountedEvent.self)
                intake.start()
                for id in 1...5 {
                    let outcome = try await committer.submit(CountedEvent(id: Int64(id), name: "\(id)", amount: 1))
                    guard case .journaled = outcome else {
                        Issue.record("\(id) was committed")
                        return
                    }
                }
                let unfit = await #expect(throws: PostgresError.self) {
                    try await committer.submit(
                        CountedEvent(id: 6, name: String(repeating: "x", count: 101), amount: 1))
                }
                #expect(unfit?.category == .invalidParameter)
                let away = await #expect(throws: PostgresError.self) {
                    try await database.execute("CREATE TABLE refused (n int)")
                }
                #expect(away?.isUnavailability == true && away?.blamesValues == false)
                #expect(try await database.one("SELECT count(*) FROM counted_events").get(0, Int.self) == 0)
                try await database.transaction { transaction in
                    try await transaction.execute("SET TRANSACTION READ WRITE")
                    try await transaction.execute("ALTER DATABASE sluice RESET default_transaction_read_only")
                }
                while try await database.one("SELECT count(*) FROM counted_events").get(0, Int.self) < 5 {
                    await loop.sleep(for: .milliseconds(20))
                }
                let text = MetricFamily.text(intake.families)
                #expect(text.contains("\nsluice_journal_parked 0\n"))
                #expect(text.contains("\nsluice_journal_rows_total 5\n"))
                await intake.close()
            }
            await cluster.release()
        }
    }

    @Test func `killed at any moment, each row that was answered for is there once`() async throws {
        try await withTemporaryDirectory { directory in
            let cluster = try await PrivateCluster.start(directory: directory, log: .silent)
            let url = cluster.databaseURL
            try await withDatabase(url: url) { database, loop in
                try await CountedEvent.create(database)
                var answered: [Int64] = []
                for round in 0..<6 {
                    // Two at a time: the second finds what the first leaves when it dies.
                    let children = try (0..<2).map { index in
                        let number = round * 2 + index
                        return try IntakeChild(
                            url: url, dataDirectory: directory, first: Int64(number) * 10_000_000,
                            answers: "\(directory)/answers-\(number)")
                    }
                    let server = try #require(cluster.serverProcess)
                    while children.contains(where: { $0.answered.count < 50 }) {
                        await loop.sleep(for: .milliseconds(5))
                    }
                    // In every second round the database hangs when they die, in every third it has been killed.
                    if round % 2 == 1 { Self.processes(of: server).forEach { kill($0, SIGSTOP) } }
                    if round % 3 == 2 { kill(server, SIGQUIT) }
                    let sum = children.map(\.answered.count).reduce(0, +)
                    let goal = sum + .random(in: 1...400)
                    while children.map(\.answered.count).reduce(0, +) < goal { await loop.sleep(for: .milliseconds(1)) }
                    children[0].kill()
                    for _ in 0..<Int.random(in: 0...20) { await loop.sleep(for: .milliseconds(1)) }
                    children[1].kill()
                    Self.processes(of: server).forEach { kill($0, SIGCONT) }
                    for child in children { answered += child.answered }
                    if round % 3 == 2 {
                        while cluster.serverProcess == server { await loop.sleep(for: .milliseconds(5)) }
                    }
                    try await cluster.ensureRunning()
                }
                // A last process replays what all of them have left.
                let journal = try Journal(dataDirectory: directory, log: .silent)
                let committer = JournaledCommitter<CountedEvent>(database, journal: journal, log: .silent)
                let replayer = JournalReplayer(
                    journal, handlers: [CountedEvent.kind: committer.handler], loop: loop, log: .silent)
                while await !replayer.run() { await loop.sleep(for: .milliseconds(20)) }
                #expect(Set(answered).count == answered.count && answered.count > 600)
                let missing = try await database.query(
                    "SELECT id FROM unnest(\(answered)::bigint[]) id EXCEPT SELECT id FROM counted_events")
                #expect(missing.isEmpty)
                // What was committed and not answered may be there too; nothing was counted twice.
                let counts = Self.sort(try await CountedEvent.counts(database))
                #expect(counts.allSatisfy { $0 == counts[0] } && counts[0] >= answered.count)
                // Whoever is killed twice over the same row leaves it aside; it is stored nevertheless, as was seen above.
                let parked = "\(directory)/journal/parked"
                for name in (try? FileSystem.list(parked)) ?? [] {
                    let reason = String(
                        decoding: try FileSystem.read("\(parked)/\(name)", limit: 1 << 20), as: UTF8.self
                    )
                    .split(separator: "\n").dropFirst().first
                    #expect(reason == "its replay killed the process twice")
                }
                await journal.close()
            }
            await cluster.release()
        }
    }
}
