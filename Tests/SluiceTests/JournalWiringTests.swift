import Base
import Fetch
import Glibc
import Postgres
import Reactor
import TestDesk
import Testing
import TestGround

/// The journal of the program itself.
@Suite(.timeLimit(.minutes(5))) struct JournalWiringTests {
    @Test func `a desk looks at the journals in its directory, says what waits, and loses nothing it doesn't know`()
        async throws
    {
        try await withTestDatabaseURL { url in
            let folder = try TemporaryFolder("wired")
            defer { folder.remove() }
            let settings = [
                "DATABASE_URL": url.reveal(), "SECRET_KEY": "a secret of the tests alone", "DATA_DIR": folder.path,
                "KEITARO_URL": "http://127.0.0.1:9",
            ]
            let journal = try Journal(dataDirectory: folder.path, log: Logger(component: "test", sink: Logger.nowhere))
            for number in 0..<3 { try await journal.append(kind: "of a later version", Array("row \(number)".utf8)) }
            await journal.close()
            let (desk, address) = try ProgramProcess.serve(settings)
            try await onLoop { loop in
                let fetch = Fetch(loops: [loop])
                let visitor = Visitor(fetch: fetch, base: address, headers: [:])
                let isTold = try await eventually(loop, within: .seconds(60)) {
                    let numbers = try Exposition(try await visitor.get("/metrics").text)
                    return numbers.value("sluice_journal_waiting") == 3 && numbers.value("sluice_journal_files") == 1
                        && numbers.value("sluice_journal_bytes").map { $0 > 0 } == true
                }
                #expect(isTold)
                await fetch.close()
            }
            #expect(desk.end(SIGTERM) == 0)
            // A second start, and they are there still.
            let (next, _) = try ProgramProcess.serve(settings)
            #expect(next.end(SIGTERM) == 0)
            #expect(JournalBacklog.read(dataDirectory: folder.path).waiting.kinds == ["of a later version": 3])
            let doctor = try ProgramProcess(sluice: ["doctor"], settings)
            let line = try doctor.line(after: "journal: ")
            #expect(line.hasPrefix("3 rows wait in it (3 of a later version)"), "\(line)")
        }
    }

    @Test func `what a dead process's journal holds keeps newer messages back as well`() async throws {
        try await withTestDatabase { database, loop in
            let folder = try TemporaryFolder("wired")
            defer { folder.remove() }
            let journal = try Journal(dataDirectory: folder.path, log: .silent)
            try await journal.append(kind: "of a later version", Array("row".utf8))
            await journal.close()
            let intake = try await RowIntake.open(database, dataDirectory: folder.path, loop: loop, log: .silent)
            intake.start()
            #expect(try await eventually(loop) { intake.isJournaling })
            await intake.close()
        }
    }

    @Test func `a desk that can't have a journal says so and doesn't serve`() async throws {
        try await withTestDatabaseURL { url in
            let folder = try TemporaryFolder("wired")
            defer { folder.remove() }
            try FileSystem.write([], to: "\(folder.path)/journal")
            let settings = [
                "DATABASE_URL": url.reveal(), "SECRET_KEY": "a secret of the tests alone", "DATA_DIR": folder.path,
                "PORT": "0", "HOST": "127.0.0.1",
            ]
            #expect(try ProgramProcess.status(["serve"], settings) == 1)
        }
    }
}
