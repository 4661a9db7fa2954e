import Base
import Glibc
import Reactor
import Synchronization

/// Brings rows of one kind into the database, all or none. They are in the order of their journal.
package typealias JournalHandler = @Sendable (_ rows: [[UInt8]]) async throws(PostgresError) -> Void

/// Replays journals when the database is there: this process's own, and those of processes that are dead (whose locks are free).
///
/// A file goes when all its rows are committed or parked. A process may die at any step: the rows are then replayed again, which
/// their keys make harmless. One loop; `@unchecked Sendable` on that ground.
package final class JournalReplayer: @unchecked Sendable {
    /// Of one statement.
    private static let batchRows = 500
    private static let batchBytes = 1 << 20

    private let journal: Journal
    private let handlers: [String: JournalHandler]
    private let loop: EventLoop
    private let pause: Duration
    private let log: Logger
    private var task: Task<Void, Never>?
    /// Files of our own journal below this number are closed.
    private var closedEnd = 0

    /// - Parameters:
    ///   - handlers: by kind.
    ///   - pause: between two looks.
    package init(
        _ journal: Journal, handlers: [String: JournalHandler], loop: EventLoop, pause: Duration = .seconds(1),
        log: Logger
    ) {
        self.journal = journal
        self.handlers = handlers
        self.loop = loop
        self.pause = pause
        self.log = log
    }

    package func start() {
        loop.execute { [self] in
            task = loop.spawn { [self] in
                repeat { await run() } while await loop.sleep(for: pause)
            }
        }
    }

    /// Breaks off the statement that is under way; the next process goes on.
    package func stop() async {
        task?.cancel()
        await task?.value
    }

    /// One look at every journal. On the loop.
    /// - Returns: whether nothing is left that could be replayed now.
    @discardableResult
    package func run() async -> Bool {
        let directory = journal.directory
        let own = journal.name
        var isDone = true
        for name in await blocking({ directory.names() }) where name != own {
            guard let lock = await blocking({ directory.take(name) }) else { continue }
            let segments = await blocking { directory.segments(of: name) }
            if !segments.isEmpty {
                log.warning("replaying the journal of a process that is gone", ["files": "\(segments.count)"])
            }
            if await replay(segments, of: name) {
                await blocking { directory.remove(name) }
            } else {
                isDone = false
            }
            withExtendedLifetime(lock) {}
        }
        if journal.figures.bytes > 0, await !replayOwn() { isDone = false }
        return isDone
    }

    /// What is closed first: while the database is away, no look at it makes another file.
    private func replayOwn() async -> Bool {
        guard await replay(ownSegments(), of: journal.name) else { return false }
        closedEnd = await journal.closeSegment()
        return await replay(ownSegments(), of: journal.name)
    }

    private func ownSegments() async -> [(number: Int, path: String)] {
        let (directory, name, end) = (journal.directory, journal.name, closedEnd)
        return await blocking { directory.segments(of: name).filter { $0.number < end } }
    }

    private func blocking<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value {
        await HelperThread.shared.run(work)
    }

    // MARK: One journal

    private func replay(_ segments: [(number: Int, path: String)], of name: String) async -> Bool {
        let place = journal.directory.path(name)
        for segment in segments {
            do {
                try await replay(segment.number, segment.path, name, place)
            } catch let error as PostgresError where error.isUnavailability || error.category == .cancelled {
                return false
            } catch {
                log.error("a journal can't be replayed", ["journal": name, "error": "\(error)"])
                return false
            }
        }
        return true
    }

    private func replay(_ number: Int, _ path: String, _ name: String, _ place: String) async throws {
        let (file, contents) = try await blocking {
            Result { () throws(SystemError) in
                let file = try FileSystem.read(path, limit: 1 << 30)
                return (file, JournalRecord.contents(of: file))
            }
        }.get()
        if contents.damagedBytes > 0 {
            log.error("a journal's file is damaged", ["journal": name, "bytes": "\(contents.damagedBytes)"])
            try await park(file, as: "\(name)-\(number).damaged")
        }
        var progress = await blocking { JournalProgress.load(place) } ?? JournalProgress()
        if progress.segment != number { progress = JournalProgress(segment: number) }
        progress.takeOver(rows: contents.entries.map { ($0.offset, $0.end) })
        var rest = contents.entries[...].drop { $0.offset < progress.done }
        while let first = rest.first {
            let isAlone = first.offset < progress.alone
            if progress.isDeadly, progress.done == first.offset {
                try await park(first.record, "\(name)-\(number)-\(first.offset)", "its replay killed the process twice")
                progress.finished(upTo: first.end)
                rest.removeFirst()
                continue
            }
            let batch = isAlone ? rest.prefix(1) : Self.batch(rest)
            progress.done = first.offset
            progress.tried = batch.last?.end ?? first.end
            await save(progress, place)
            // What kills its process does so at once. Whoever is ended while the database hangs is ended by something else.
            var waiting = progress
            waiting.tried = 0
            let acquitted = waiting
            let acquittal = Task(executorPreference: loop) { [self] in
                if await loop.sleep(for: .milliseconds(25)) { await save(acquitted, place) }
            }
            do throws(PostgresError) {
                try await commit(batch, as: "\(name)-\(number)")
            } catch {
                // This step has ended, if badly; nobody died of it.
                acquittal.cancel()
                await acquittal.value
                progress.tried = 0
                await save(progress, place)
                throw error
            }
            acquittal.cancel()
            await acquittal.value
            progress.finished(upTo: batch.last?.end ?? first.end)
            rest = rest.dropFirst(batch.count)
        }
        let isOurs = name == journal.name
        let bytes = file.count
        try await blocking {
            Result { () throws(SystemError) in
                try FileSystem.remove(path)
                try JournalDisk.synchronizeDirectory(place)
            }
        }.get()
        journal.forget(bytes: bytes, isOurs: isOurs)
    }

    /// A disk that is full must not keep the replay from making room. Then a death is forgotten.
    private func save(_ progress: JournalProgress, _ place: String) async {
        let outcome = await blocking { Result { () throws(SystemError) in try progress.save(place) } }
        if case .failure(let error) = outcome {
            log.warning("the replay's progress can't be written", ["error": "\(error)"])
        }
    }

    /// Rows of one kind that follow each other.
    private static func batch(
        _ rest: ArraySlice<JournalRecord.Contents.Entry>
    ) -> ArraySlice<JournalRecord.Contents.Entry> {
        guard let first = rest.first else { return rest }
        var bytes = 0
        return rest.prefix(batchRows).prefix { entry in
            bytes += entry.end - entry.offset
            return entry.record.kind == first.record.kind && (bytes <= batchBytes || entry.offset == first.offset)
        }
    }

    /// All of them are committed or parked, or the error says why they have to wait.
    private func commit(
        _ batch: ArraySlice<JournalRecord.Contents.Entry>, as name: String
    ) async throws(PostgresError) {
        guard let first = batch.first else { return }
        let reason: String
        if let handler = handlers[first.record.kind] {
            do throws(PostgresError) {
                try await handler(batch.map(\.record.payload))
                return journal.count { $0.replayed += batch.count }
            } catch {
                guard error.blamesValues || error.category == .decoding else { throw error }
                reason = "\(error)"
            }
        } else {
            reason = "no handler for its kind"
        }
        if batch.count > 1 {
            let middle = batch.startIndex + batch.count / 2
            try await commit(batch[..<middle], as: name)
            try await commit(batch[middle...], as: name)
        } else {
            do {
                try await park(first.record, "\(name)-\(first.offset)", reason)
            } catch {
                throw PostgresError(.other, "a row could not be parked: \(error)")
            }
        }
    }

    // MARK: Parking

    private func park(_ record: JournalRecord, _ name: String, _ reason: String) async throws {
        log.error(
            "a row of the journal can't be replayed and was put aside",
            ["kind": record.kind, "file": "journal/parked/\(name)", "error": reason])
        try await park(Array("\(record.kind)\n\(reason)\n".utf8) + record.payload, as: name)
    }

    private func park(_ content: [UInt8], as name: String) async throws {
        let directory = journal.directory.parked
        let count = try await blocking {
            Result { () throws(SystemError) in
                try FileSystem.makeDirectories(directory, mode: 0o700)
                try FileSystem.write(content, to: "\(directory)/\(name)", mode: 0o600)
                return try FileSystem.list(directory).count
            }
        }.get()
        journal.count { $0.parked = count }
    }
}
