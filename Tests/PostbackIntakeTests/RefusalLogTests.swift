import Base
import Postgres
import Reactor
import Synchronization
import TestDesk
import TestGround
import Testing

@testable import Postbacks

/// What strangers send cannot fill the log.
@Suite(.timeLimit(.minutes(10))) struct RefusalLogTests {
    private final class Lines: Sendable {
        let all = Mutex<[String]>([])
        func count(_ part: String) -> Int { all.withLock { $0.count { $0.contains(part) } } }
    }

    @Test func `a minute has so many lines, and one that says how many were left out`() async throws {
        try await withTestDatabase { database, loop in
            let lines = Lines()
            let log = Logger(component: "test") { record in
                lines.all.withLock { $0.append(String(decoding: record, as: UTF8.self)) }
            }
            let refusals = Refusals(database: database, loop: loop, minute: .milliseconds(300), log: log)
            for minute in 1...2 {
                for number in 0..<100 {
                    refusals.note(
                        PostbackStore.Refusal(
                            at: .now(), outcome: "bad_secret", profileID: nil, address: "\(number)", raw: "{}"))
                }
                let isSaid = try await eventually(loop) { lines.count("left_out=80") == minute }
                #expect(isSaid)
                #expect(lines.count("wrong secret") == Refusals.saidLimit * minute)
                #expect(lines.count("not_kept=50") == minute)
            }
        }
    }

    @Test func `whoever looks is told of rows that a journal brings`() async throws {
        try await withTemporaryFolder("told") { folder in
            try await withTestDatabase { database, _ in
                let journal = try Journal(dataDirectory: folder, log: .silent)
                let lines = Lines()
                let committer = JournaledCommitter<PostbackRow>(
                    database, journal: journal, replayed: { lines.all.withLock { $0.append("told") } }, log: .silent)
                try await committer.handler([Scene.row("subid=a&status=lead"), Scene.row("subid=b")].map(\.journaled))
                #expect(lines.count("told") == 1)
                await journal.close()
            }
        }
    }
}
