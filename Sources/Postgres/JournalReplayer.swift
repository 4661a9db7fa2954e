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
    static let batchRows = 500
    private static let batchBytes = 1 << 20

    let journal: Journal
    let handlers: [String: JournalHandler]
    private let loop: EventLoop
    private let pause: Duration
    let log: Logger
    private var task: Task<Void, Never>?
    /// Files of our own journal below this number are closed.
    private var closedEnd = 0
    private var lateness = JournalLateness()
    /// Files that hold nothing but rows of kinds without a handler here.
    var left: Set<String> = []
    /// What the journals of dead processes hold, by journal and by file.
    var orphans: [String: [String: JournalBacklog]] = [:]

    /// - Parameters:
    ///   - handlers: by kind. Rows of other kinds stay in the journal, for a version that knows them.
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
        breakOff()
        await task?.value
    }

    /// The same without waiting for it. On the loop.
    func breakOff() { task?.cancel() }

    /// One look at every journal. On the loop.
    /// - Returns: whether nothing is left that could be replayed now.
    @discardableResult
    package func run() async -> Bool {
        let directory = journal.directory
        let own = journal.name
        var isDone = true
        let names = await blocking { directory.names() }.filter { $0 != own }
        orphans = orphans.filter { names.contains($0.key) }
        for name in names {
            guard let lock = await blocking({ directory.take(name) }) else {
                orphans[name] = nil
                continue
            }
            let segments = await blocking { directory.segments(of: name) }
            if orphans[name] == nil, !segments.isEmpty {
                log.warning("replaying the journal of a process that is gone", ["files": "\(segments.count)"])
            }
            await count(segments, of: name)
            if await !replay(segments, of: name) { isDone = false }
            let rest = await blocking { directory.segments(of: name) }
            await count(rest, of: name)
            if rest.isEmpty { await blocking { directory.remove(name) } }
            withExtendedLifetime(lock) {}
        }
        tellOrphans()
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

    func blocking<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value {
        await HelperThread.shared.run(work)
    }

    // MARK: One journal

    private func replay(_ segments: [(number: Int, path: String)], of name: String) async -> Bool {
        let place = journal.directory.path(name)
        for segment in segments where !left.contains(segment.path) {
            do {
                try await replay(segment.number, segment.path, name, place)
            } catch let error as PostgresError
                where error.isUnavailability || error.isWorthRetrying || error.category == .cancelled
            {
                // Those who write at the same time may be in the way; soon again.
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
        guard let entries = try await claimed(contents, of: number, path, name) else { return }
        var progress = await blocking { JournalProgress.load(place) } ?? JournalProgress()
        if progress.segment != number { progress = JournalProgress(segment: number) }
        progress.takeOver(rows: entries.map { ($0.offset, $0.end) })
        var rest = entries[...].drop { $0.offset < progress.done }
        while let first = rest.first {
            let isAlone = first.offset < progress.alone
            if progress.isDeadly, progress.done == first.offset {
                try await park(first.record, "\(name)-\(number)-\(first.offset)", "its replay killed the process twice")
                progress.finished(upTo: first.end)
                rest.removeFirst()
                continue
            }
            let batch = Self.batch(rest).prefix(isAlone ? 1 : lateness.limit(path, at: first.offset) ?? Self.batchRows)
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
                guard error.isStatementTooSlow else { throw error }
                lateness.late(path, from: first.offset, to: batch.last?.end ?? first.end, rows: batch.count)
                guard await isToBlame(first, before: rest.dropFirst(), number, name) else { throw error }
                try await park(first.record, "\(name)-\(number)-\(first.offset)", "its statement takes too long")
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
        journal.forget(number, bytes: bytes, isOurs: isOurs)
    }

    /// Whether the row that was late just now is at fault, and not a database that is slow, or a table that somebody has locked.
    private func isToBlame(
        _ late: JournalRecord.Contents.Entry, before rest: ArraySlice<JournalRecord.Contents.Entry>, _ number: Int,
        _ name: String
    ) async -> Bool {
        guard lateness.isSuspect else { return false }
        if lateness.isOver { return true }
        var others = rest.filter { $0.record.kind == late.record.kind }.prefix(3).map(\.record)
        if others.isEmpty {
            if name == journal.name { closedEnd = await journal.closeSegment() }
            others = await rows(of: late.record.kind, behind: number, name)
        }
        // They are replayed again in their turn, which does no harm.
        for other in others where await passes(other) { return true }
        return false
    }

    /// A few rows of the next file, for which this one stands in the way.
    private func rows(of kind: String, behind number: Int, _ name: String) async -> [JournalRecord] {
        let directory = journal.directory
        let end = name == journal.name ? closedEnd : .max
        return await blocking {
            let next = directory.segments(of: name).first { $0.number > number && $0.number < end }
            let file = next.flatMap { try? FileSystem.read($0.path, limit: 1 << 30) } ?? []
            return JournalRecord.contents(of: file).entries.lazy.map(\.record).filter { $0.kind == kind }.prefix(3)
                .map { $0 }
        }
    }

    private func passes(_ record: JournalRecord) async -> Bool {
        guard let handler = handlers[record.kind] else { return false }
        do throws(PostgresError) {
            try await handler([record.payload])
            return true
        } catch {
            return false
        }
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
        guard let handler = handlers[first.record.kind] else { return }
        let reason: String
        do throws(PostgresError) {
            try await handler(batch.map(\.record.payload))
            return journal.count { $0.replayed += batch.count }
        } catch {
            guard error.isOfTheRow else { throw error }
            reason = "\(error)"
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
}
