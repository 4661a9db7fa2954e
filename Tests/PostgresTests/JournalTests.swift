import Base
import Glibc
import Reactor
import Synchronization
import TestGround
import Testing

@testable import Postgres

/// The files alone, without a database.
@Suite(.timeLimit(.minutes(5))) struct JournalTests {
    private func journal(
        _ directory: String, _ settings: Journal.Settings = Journal.Settings(), disk: JournalDisk = .real
    ) throws -> Journal {
        try Journal(dataDirectory: directory, settings: settings, disk: disk, log: .silent)
    }

    /// What a handler was given; `failing` says what it answers.
    private final class Handled: Sendable {
        private let state = Mutex((rows: [String](), calls: 0))
        var rows: [String] { state.withLock { $0.rows } }
        var calls: Int { state.withLock { $0.calls } }

        func handler(
            _ failing: @escaping @Sendable ([String]) -> PostgresError? = { _ in nil }
        ) -> JournalHandler {
            { payloads throws(PostgresError) in
                let rows = payloads.map { String(decoding: $0, as: UTF8.self) }
                self.state.withLock { $0.calls += 1 }
                if let error = failing(rows) { throw error }
                self.state.withLock { $0.rows += rows }
            }
        }
    }

    private func replay(_ journal: Journal, _ handler: @escaping JournalHandler) async throws -> Bool {
        try await onLoop { loop in
            await JournalReplayer(journal, handlers: ["row": handler], loop: loop, log: .silent).run()
        }
    }

    @Test func `what was appended is replayed in order, once, and its file goes`() async throws {
        try await withTemporaryDirectory { directory in
            let journal = try journal(directory)
            for number in 0..<20 { try await journal.append(kind: "row", Array("\(number)".utf8)) }
            let handled = Handled()
            #expect(try await replay(journal, handled.handler()))
            #expect(handled.rows == (0..<20).map { "\($0)" } && handled.calls == 1)
            try await journal.append(kind: "row", Array("20".utf8))
            #expect(try await replay(journal, handled.handler()))
            #expect(handled.rows.last == "20" && handled.rows.count == 21)
            #expect(try await replay(journal, handled.handler()) && handled.calls == 2)
            #expect(journal.directory.segments(of: journal.name).isEmpty)
            #expect(journal.figures.replayed == 21 && journal.figures.rows == 21)
            await journal.close()
            let closed = await #expect(throws: JournalError.self) { try await journal.append(kind: "row", []) }
            #expect(closed == .closed)
        }
    }

    @Test func `many rows share one write`() async throws {
        try await withTemporaryDirectory { directory in
            let journal = try journal(directory)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<500 {
                    group.addTask { try await journal.append(kind: "row", Array("\(number)".utf8)) }
                }
                try await group.waitForAll()
            }
            #expect(journal.figures.rows == 500 && journal.figures.writes < 400)
            let handled = Handled()
            #expect(try await replay(journal, handled.handler()))
            #expect(Set(handled.rows).count == 500 && handled.rows.count == 500)
            await journal.close()
        }
    }

    @Test func `a journal is another's only when its process is gone`() async throws {
        try await withTemporaryDirectory { directory in
            let first = try journal(directory)
            let second = try journal(directory)
            try await first.append(kind: "row", Array("kept".utf8))
            let handled = Handled()
            #expect(try await replay(second, handled.handler()) && handled.rows.isEmpty)
            await first.close()
            #expect(try await replay(second, handled.handler()) && handled.rows == ["kept"])
            #expect(second.directory.names() == [second.name])
            await second.close()
        }
    }

    @Test func `while the database is away nothing is lost, and no row is blamed`() async throws {
        try await withTemporaryDirectory { directory in
            let journal = try journal(directory)
            for number in 0..<3 { try await journal.append(kind: "row", Array("\(number)".utf8)) }
            let handled = Handled()
            let away = PostgresError(.unavailable(retryAfter: .seconds(1)), "away")
            for _ in 0..<5 { #expect(try await replay(journal, handled.handler { _ in away }) == false) }
            #expect(try await replay(journal, handled.handler()))
            #expect(handled.rows == ["0", "1", "2"] && journal.figures.parked == 0)
            await journal.close()
        }
    }

    @Test func `a row that the database refuses is put aside, and the others go on`() async throws {
        try await withTemporaryDirectory { directory in
            let journal = try journal(directory)
            for number in 0..<30 { try await journal.append(kind: "row", Array("\(number)".utf8)) }
            let handled = Handled()
            let bad = PostgresError(category: .checkViolation, sqlState: "23514", message: "")
            #expect(try await replay(journal, handled.handler { $0.contains("17") ? bad : nil }))
            #expect(handled.rows == (0..<30).filter { $0 != 17 }.map { "\($0)" })
            #expect(journal.figures.parked == 1 && journal.figures.backlog == JournalBacklog())
            let parked = try FileSystem.list(journal.directory.parked).map { name in
                String(
                    decoding: try FileSystem.read("\(journal.directory.parked)/\(name)", limit: 4_096), as: UTF8.self)
            }
            #expect(parked.contains { $0.hasPrefix("row\n") && $0.hasSuffix("\n17") })
            await journal.close()
        }
    }

    @Test func `rows of a kind that nobody knows stay in the journal, and a version that knows them replays them`()
        async throws
    {
        try await withTemporaryDirectory { directory in
            let former = try journal(directory)
            for number in 0..<4 {
                try await former.append(kind: number % 2 == 0 ? "row" : "later", Array("\(number)".utf8))
            }
            await former.close()
            let first = try journal(directory)
            let handled = Handled()
            // The second look, and the process after this one, find them still.
            try await onLoop { loop in
                let replayer = JournalReplayer(first, handlers: ["row": handled.handler()], loop: loop, log: .silent)
                for _ in 0..<2 {
                    #expect(await replayer.run())
                    #expect(first.figures.backlog.kinds == ["later": 2] && first.figures.backlog.files == 1)
                }
            }
            #expect(handled.rows == ["0", "2"] && first.figures.parked == 0)
            await first.close()
            let none = try journal(directory)
            try await onLoop { loop in
                #expect(await JournalReplayer(none, handlers: [:], loop: loop, log: .silent).run())
            }
            #expect(none.figures.backlog.kinds == ["later": 2])
            await none.close()
            let later = try journal(directory)
            try await onLoop { loop in
                #expect(
                    await JournalReplayer(later, handlers: ["later": handled.handler()], loop: loop, log: .silent)
                        .run())
            }
            #expect(handled.rows == ["0", "2", "1", "3"])
            #expect(later.directory.names() == [later.name] && later.figures.backlog == JournalBacklog())
            await later.close()
        }
    }

    private static let tooSlow = PostgresError(category: .deadline, sqlState: "57014", message: "")

    @Test(arguments: [[17], [0], [29], [4, 5]])
    func `a row that runs into its deadline each time is found and put aside, and the others go on`(slow: [Int])
        async throws
    {
        try await withTemporaryDirectory { directory in
            let journal = try journal(directory)
            for number in 0..<30 { try await journal.append(kind: "row", Array("\(number)".utf8)) }
            let handled = Handled()
            let names = slow.map { "\($0)" }
            let looks = try await onLoop { loop in
                let replayer = JournalReplayer(
                    journal,
                    handlers: [
                        "row": handled.handler { rows in names.contains(where: rows.contains) ? Self.tooSlow : nil }
                    ], loop: loop, log: .silent)
                var looks = 1
                #expect(await replayer.run() == false)
                // In another file, it shows that the database takes rows while the last of the first is late.
                try await journal.append(kind: "row", Array("30".utf8))
                while await !replayer.run() { looks += 1 }
                return looks
            }
            #expect(looks < 12 * slow.count)
            #expect(Set(handled.rows) == Set((0...30).filter { !slow.contains($0) }.map { "\($0)" }))
            #expect(journal.figures.parked == slow.count && journal.figures.backlog.rows == 0)
            await journal.close()
        }
    }

    @Test func `no row is blamed while the database takes none, but in the end none stops the replay`() async throws {
        try await withTemporaryDirectory { directory in
            let journal = try journal(directory)
            for number in 0..<8 { try await journal.append(kind: "row", Array("\(number)".utf8)) }
            let handled = Handled()
            try await onLoop { loop in
                let isLocked = Mutex(true)
                let replayer = JournalReplayer(
                    journal,
                    handlers: ["row": handled.handler { _ in isLocked.withLock { $0 } ? Self.tooSlow : nil }],
                    loop: loop, log: .silent)
                for _ in 0..<30 { #expect(await replayer.run() == false) }
                #expect(journal.figures.parked == 0)
                isLocked.withLock { $0 = false }
                #expect(await replayer.run())
                #expect(handled.rows == (0..<8).map { "\($0)" } && journal.figures.parked == 0)
                try await journal.append(kind: "row", Array("alone".utf8))
                isLocked.withLock { $0 = true }
                var looks = 1
                while await !replayer.run() { looks += 1 }
                #expect(looks == JournalLateness.patience && journal.figures.parked == 1)
            }
            await journal.close()
        }
    }

    @Test func `tells what waits, and nothing once it is replayed`() async throws {
        try await withTemporaryDirectory { directory in
            var settings = Journal.Settings()
            settings.segmentBytes = 200
            let journal = try journal(directory, settings)
            #expect(journal.figures.backlog == JournalBacklog())
            for number in 0..<20 { try await journal.append(kind: "row", Array("row \(number)".utf8)) }
            let backlog = journal.figures.backlog
            let files = journal.directory.segments(of: journal.name)
            let sizes = try files.map { try FileSystem.read($0.path, limit: 1 << 20).count }
            #expect(backlog.rows == 20 && backlog.kinds == ["row": 20])
            #expect(backlog.files == files.count && files.count > 1 && backlog.bytes == sizes.reduce(0, +))
            #expect(backlog.oldest.map { $0 <= .now() } == true)
            let (read, parked) = JournalBacklog.read(dataDirectory: directory)
            #expect(read.kinds == backlog.kinds && read.files == backlog.files && read.bytes == backlog.bytes)
            #expect(parked == 0)
            #expect(try await replay(journal, Handled().handler()))
            #expect(journal.figures.backlog == JournalBacklog())
            #expect(JournalBacklog.read(dataDirectory: directory).waiting == JournalBacklog())
            await journal.close()
        }
    }

    @Test func `a row whose replay kills the process twice is put aside by the third`() async throws {
        try await withTemporaryDirectory { directory in
            let first = try journal(directory)
            for number in 0..<10 { try await first.append(kind: "row", Array("\(number)".utf8)) }
            await first.close()
            // A death leaves what was being tried on the disk, and nothing that takes it back.
            let place = first.directory.path(first.name)
            let entries = try JournalRecord.contents(
                of: FileSystem.read(first.directory.segments(of: first.name)[0].path, limit: 1 << 20)
            ).entries
            let third = entries[3]
            try JournalProgress(segment: 1, done: third.offset, tried: third.end, deaths: 1, alone: entries[9].end)
                .save(place)
            let second = try journal(directory)
            let handled = Handled()
            #expect(try await replay(second, handled.handler()))
            #expect(handled.rows == ["4", "5", "6", "7", "8", "9"] && handled.calls == 6)
            #expect(second.figures.parked == 1)
            await second.close()
        }
    }

    @Test func `a torn end is passed over, and damage in the middle is kept for somebody to look at`() async throws {
        for isTorn in [true, false] {
            try await withTemporaryDirectory { directory in
                let first = try journal(directory)
                for number in 0..<4 { try await first.append(kind: "row", Array("\(number)".utf8)) }
                await first.close()
                let path = first.directory.segments(of: first.name)[0].path
                var file = try FileSystem.read(path, limit: 1 << 20)
                let entries = JournalRecord.contents(of: file).entries
                if isTorn { file.removeLast(3) } else { file[entries[1].offset + 14] ^= 1 }
                try FileSystem.write(file, to: path)
                let second = try journal(directory)
                let handled = Handled()
                #expect(try await replay(second, handled.handler()))
                #expect(handled.rows == (isTorn ? ["0", "1", "2"] : ["0", "2", "3"]))
                #expect(second.figures.parked == (isTorn ? 0 : 1))
                await second.close()
            }
        }
    }

    // MARK: Disks that fail

    /// Fails as told, otherwise real.
    private final class Failures: Sendable {
        let write = Mutex<Int32>(0)
        let synchronize = Mutex<Int32>(0)

        var disk: JournalDisk {
            var disk = JournalDisk.real
            disk.write = { [self] descriptor, bytes throws(SystemError) in
                let number = write.withLock { $0 }
                guard number != 0 else { return try JournalDisk.real.write(descriptor, bytes) }
                // Half of it gets there, as on a full disk.
                try JournalDisk.real.write(descriptor, Array(bytes.prefix(bytes.count / 2)))
                throw SystemError(call: "write", number: number)
            }
            disk.synchronize = { [self] descriptor throws(SystemError) in
                let number = synchronize.withLock { $0 }
                guard number != 0 else { return try JournalDisk.real.synchronize(descriptor) }
                throw SystemError(call: "fdatasync", number: number)
            }
            return disk
        }
    }

    @Test func `a full disk refuses rows, keeps what it has, and takes more when there is room`() async throws {
        try await withTemporaryDirectory { directory in
            let failures = Failures()
            let journal = try journal(directory, disk: failures.disk)
            try await journal.append(kind: "row", Array("before".utf8))
            failures.write.withLock { $0 = ENOSPC }
            let full = await #expect(throws: JournalError.self) {
                try await journal.append(kind: "row", Array("refused".utf8))
            }
            #expect(full == .full && journal.figures.isTrusted)
            failures.write.withLock { $0 = 0 }
            try await journal.append(kind: "row", Array("after".utf8))
            let handled = Handled()
            #expect(try await replay(journal, handled.handler()))
            #expect(handled.rows == ["before", "after"])
            #expect(journal.figures.refused == 1 && journal.figures.parked == 0)
            await journal.close()
        }
    }

    @Test(arguments: [EIO, ENOSPC]) func `after a failed fsync nothing more is trusted to the disk`(number: Int32)
        async throws
    {
        try await withTemporaryDirectory { directory in
            let failures = Failures()
            let journal = try journal(directory, disk: failures.disk)
            try await journal.append(kind: "row", Array("before".utf8))
            failures.synchronize.withLock { $0 = number }
            await #expect(throws: JournalError.self) { try await journal.append(kind: "row", Array("unknown".utf8)) }
            failures.synchronize.withLock { $0 = 0 }
            let refused = await #expect(throws: JournalError.self) { try await journal.append(kind: "row", []) }
            #expect(refused == .untrusted && !journal.figures.isTrusted)
            // What was answered for before is there.
            let handled = Handled()
            #expect(try await replay(journal, handled.handler()))
            #expect(handled.rows == ["before"])
            await journal.close()
        }
    }

    @Test func `the journal takes so much and no more, in files of bounded size`() async throws {
        try await withTemporaryDirectory { directory in
            var settings = Journal.Settings()
            settings.segmentBytes = 1_000
            settings.totalBytes = 5_000
            let journal = try journal(directory, settings)
            var taken: [String] = []
            while true {
                let row = "\(taken.count)" + String(repeating: "x", count: 100)
                do throws(JournalError) {
                    try await journal.append(kind: "row", Array(row.utf8))
                    taken.append(row)
                } catch {
                    #expect(error == .full)
                    break
                }
            }
            #expect(taken.count > 30 && journal.directory.segments(of: journal.name).count > 3)
            let handled = Handled()
            #expect(try await replay(journal, handled.handler()))
            #expect(handled.rows == taken)
            try await journal.append(kind: "row", Array("room again".utf8))
            let large = await #expect(throws: JournalError.self) {
                try await journal.append(kind: "row", [UInt8](repeating: 0, count: JournalRecord.largest))
            }
            #expect(large == .tooLarge)
            await journal.close()
        }
    }
}
