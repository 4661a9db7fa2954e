import Base
import Glibc
@testable import Postgres
import Reactor
import TestDesk
import Testing

@testable import Postbacks

/// Each postback that was answered for is in every table afterwards, once, whatever died meanwhile.
@Suite(.serialized, .timeLimit(.minutes(15))) struct KilledIntakeTests {
    /// A process that takes postbacks until it is killed.
    private final class Child: Sendable {
        private let process: ProgramProcess
        private let answers: String

        private static let program =
            ProgramProcess.sluice.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" } + "/PostbackProcess"

        init(url: Secret, folder: String, name: String, rate: Int = 0) throws {
            answers = "\(folder)/answers-\(name)"
            process = try ProgramProcess([Self.program, url.reveal(), folder, name, String(rate), answers])
        }

        /// The ids that have been answered for. The last line may have been cut.
        var answered: [String] {
            let bytes = (try? FileSystem.read(answers, limit: 1 << 28)) ?? []
            return String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
                .dropLast().map(String.init)
        }

        func kill() { process.end(SIGKILL) }
    }

    /// With a server of its own, which may be stopped.
    private static func withServer(
        _ body: @escaping @Sendable (PrivateCluster, Database, EventLoop, _ folder: String) async throws -> Void
    ) async throws {
        try await withTemporaryFolder("killed") { folder in
            let cluster = try await PrivateCluster.start(directory: folder, log: .silent)
            try await onLoop { loop in
                let database = try Database(url: cluster.databaseURL, loops: [loop], log: .silent)
                _ = try await Migrator(directory: TestPlaces.migrations, log: .silent).run(on: database)
                try await body(cluster, database, loop, folder)
                await database.close()
            }
            await cluster.release()
        }
    }

    /// A last process replays what the others have left; then everything that was answered for is there, and the tables agree.
    private static func settle(
        _ answered: [String], _ database: Database, _ loop: EventLoop, _ folder: String
    ) async throws {
        let intake = try await RowIntake.open(database, dataDirectory: folder, loop: loop, log: .silent)
        _ = intake.accept(PostbackRow.self)
        intake.start()
        #expect(Set(answered).count == answered.count)
        let isWhole = try await eventually(loop, within: .seconds(120)) {
            try await database.query(
                "SELECT id FROM unnest(\(answered)::uuid[]) id EXCEPT SELECT id FROM postback_events"
            ).isEmpty
        }
        #expect(isWhole)
        #expect(try await eventually(loop, within: .seconds(60)) { intake.families.isIdle })
        await intake.close()
        #expect(try await Scene.disagreement(database) == nil)
        let twice = try await database.query("SELECT id FROM postback_events GROUP BY id HAVING count(*) > 1")
        #expect(twice.isEmpty)
        // Whoever is killed twice over the same row leaves it aside as well; it is stored nevertheless, as was seen above.
        let parked = "\(folder)/journal/parked"
        for name in (try? FileSystem.list(parked)) ?? [] {
            let reason = String(decoding: try FileSystem.read("\(parked)/\(name)", limit: 1 << 20), as: UTF8.self)
                .split(separator: "\n").dropFirst().first
            #expect(reason == "its replay killed the process twice")
        }
    }

    @Test func `killed at any moment, with the database away or not`() async throws {
        try await Self.withServer { cluster, database, loop, folder in
            var answered: [String] = []
            for round in 0..<4 {
                let children = try (0..<2).map { index in
                    try Child(url: cluster.databaseURL, folder: folder, name: "\(round)-\(index)")
                }
                while children.contains(where: { $0.answered.count < 60 }) { await loop.sleep(for: .milliseconds(5)) }
                let server = try #require(cluster.serverProcess)
                if round % 2 == 1 { kill(server, SIGQUIT) }
                let goal = children.map(\.answered.count).reduce(.random(in: 1...300), +)
                while children.map(\.answered.count).reduce(0, +) < goal { await loop.sleep(for: .milliseconds(1)) }
                children[0].kill()
                await loop.sleep(for: .milliseconds(Int64.random(in: 0...20)))
                children[1].kill()
                for child in children { answered += child.answered }
                if round % 2 == 1 {
                    while cluster.serverProcess == server { await loop.sleep(for: .milliseconds(5)) }
                }
                try await cluster.ensureRunning()
            }
            #expect(answered.count > 480)
            try await Self.settle(answered, database, loop, folder)
        }
    }

    /// A minute in `bin/bench-postbacks`; here as long as a test may take.
    @Test func `the database stops under 300 a second and every answer holds`() async throws {
        try await Self.withServer { cluster, database, loop, folder in
            let child = try Child(url: cluster.databaseURL, folder: folder, name: "steady", rate: 300)
            while child.answered.count < 100 { await loop.sleep(for: .milliseconds(10)) }
            let server = try #require(cluster.serverProcess)
            kill(server, SIGINT)
            while cluster.serverProcess == server { await loop.sleep(for: .milliseconds(10)) }
            let before = child.answered.count
            // All of these lie in the journal.
            while child.answered.count < before + 600 { await loop.sleep(for: .milliseconds(10)) }
            try await cluster.ensureRunning()
            let back = child.answered.count
            while child.answered.count < back + 300 { await loop.sleep(for: .milliseconds(10)) }
            child.kill()
            try await Self.settle(child.answered, database, loop, folder)
        }
    }
}

extension [MetricFamily] {
    /// Whether no row lies in the journal.
    fileprivate var isIdle: Bool {
        MetricFamily.text(self).split(separator: "\n").contains { $0 == "sluice_journal_waiting 0" }
    }
}
