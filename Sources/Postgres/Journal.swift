import Base
import Glibc
import Reactor
import Synchronization

/// Where rows go that must be answered for while PostgreSQL is away (DESIGN, "The journal"): a file in `DATA_DIR` that is on the disk
/// before anybody is answered. Many appends share one fsync, made by the journal's own thread, never by a loop.
///
/// What is in it is replayed by ``JournalReplayer``: by this process, or by any other when this one is dead.
package final class Journal: Sendable {
    package struct Settings: Sendable {
        /// A file that has grown to this is closed; the next row begins another.
        package var segmentBytes = 4 << 20
        /// All files that are not replayed yet; a row beyond it is refused (`full`).
        package var totalBytes = 512 << 20

        package init() {}
    }

    private struct Append {
        let record: JournalRecord
        let continuation: UnsafeContinuation<Result<Void, JournalError>, Never>
    }

    private struct State {
        var appends: [Append] = []
        var closings: [UnsafeContinuation<Int, Never>] = []
        var isClosed = false
        var ending: [UnsafeContinuation<Void, Never>] = []
        var hasEnded = false
        var replayedBytes = 0
        var figures = JournalFigures()
        /// Our files with rows, by number.
        var backlog: [Int: JournalBacklog] = [:]
        var orphans = JournalBacklog()
        /// Held until the journal is closed: then any process may replay it.
        var lock: FileLock?
    }

    let name: String
    let directory: JournalDirectory
    private let state = Mutex(State())
    private let bell = HelperThread.Signal()

    /// Makes this process's journal. Blocks: at start, or on a helper thread.
    /// - Parameter dataDirectory: `DATA_DIR`.
    package convenience init(
        dataDirectory: String, settings: Settings = Settings(), log: Logger
    ) throws(JournalError) {
        try self.init(dataDirectory: dataDirectory, settings: settings, disk: .real, log: log)
    }

    init(dataDirectory: String, settings: Settings, disk: JournalDisk, log: Logger) throws(JournalError) {
        directory = JournalDirectory(dataDirectory: dataDirectory)
        let (name, lock) = try directory.make()
        self.name = name
        let writer = JournalWriter(directory: directory.path(name), settings: settings, disk: disk)
        state.withLock { state in
            state.lock = lock
            state.figures.parked = ((try? FileSystem.list(directory.parked)) ?? []).count
        }
        HelperThread.detach(name: "journal") { [self] in run(writer, log) }
    }

    /// Returns when the row is on the disk. Any thread.
    /// - Parameter kind: names the handler that replays it, for as long as a file may lie about; at most 255 bytes.
    package func append(kind: String, _ row: [UInt8]) async throws(JournalError) {
        let record = JournalRecord(kind: kind, payload: row)
        let outcome = await withUnsafeContinuation { continuation in
            let isClosed = state.withLock { state in
                if !state.isClosed { state.appends.append(Append(record: record, continuation: continuation)) }
                return state.isClosed
            }
            if isClosed { continuation.resume(returning: .failure(.closed)) } else { bell.raise() }
        }
        try outcome.get()
    }

    /// As of the last write. Any thread.
    package var figures: JournalFigures {
        state.withLock { state in
            var figures = state.figures
            figures.backlog = state.backlog.values.reduce(state.orphans, +)
            return figures
        }
    }

    /// Waits for what is being written and takes nothing more. What is left in the files, the next process replays.
    package func close() async {
        await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
            let hasEnded = state.withLock { state in
                state.isClosed = true
                if !state.hasEnded { state.ending.append(continuation) }
                return state.hasEnded
            }
            if hasEnded { continuation.resume() } else { bell.raise() }
        }
    }

    // MARK: For the replay

    /// Closes the file that is being written: what has been appended by now lies in files below the number returned, and they don't
    /// change any more.
    func closeSegment() async -> Int {
        await withUnsafeContinuation { continuation in
            let isClosed = state.withLock { state in
                if !state.isClosed { state.closings.append(continuation) }
                return state.isClosed
            }
            if isClosed { continuation.resume(returning: 0) } else { bell.raise() }
        }
    }

    /// A file of this many bytes, ours or a dead one's, is replayed and gone.
    func forget(_ number: Int, bytes: Int, isOurs: Bool) {
        guard isOurs else { return }
        state.withLock { state in
            state.replayedBytes += bytes
            state.backlog[number] = nil
        }
        bell.raise()
    }

    /// What the journals of dead processes hold that this one may replay.
    func setOrphans(_ backlog: JournalBacklog) { state.withLock { $0.orphans = backlog } }

    func count(_ change: (inout JournalFigures) -> Void) {
        state.withLock { change(&$0.figures) }
    }

    // MARK: The thread

    private func run(_ first: JournalWriter, _ log: Logger) {
        var writer = first
        while true {
            let (appends, closings, replayed, isClosed) = state.withLock { state in
                defer {
                    state.appends = []
                    state.closings = []
                    state.replayedBytes = 0
                }
                return (state.appends, state.closings, state.replayedBytes, state.isClosed)
            }
            writer.replayed(bytes: replayed)
            if !appends.isEmpty { write(appends, with: &writer, log) }
            if !closings.isEmpty {
                writer.closeSegment()
                closings.forEach { $0.resume(returning: writer.nextNumber) }
            }
            state.withLock { $0.figures.bytes = writer.bytes }
            guard appends.isEmpty, closings.isEmpty else { continue }
            if isClosed { break }
            bell.wait()
        }
        writer.closeSegment()
        let ending = state.withLock { state in
            state.hasEnded = true
            state.lock = nil
            return state.ending
        }
        ending.forEach { $0.resume() }
    }

    private func write(_ appends: [Append], with writer: inout JournalWriter, _ log: Logger) {
        let wasTrusted = writer.isTrusted
        let sizeBefore = writer.bytes
        let outcomes = writer.append(appends.map(\.record))
        if wasTrusted, !writer.isTrusted {
            log.error("the journal's disk has failed: nothing more is written to it before the next start")
        }
        let written = outcomes.count { (try? $0.get()) != nil }
        state.withLock { state in
            state.figures.rows += written
            state.figures.refused += outcomes.count - written
            if written > 0 {
                state.figures.writes += 1
                let added = JournalBacklog(
                    files: 0, bytes: writer.bytes - sizeBefore,
                    kinds: zip(appends, outcomes).reduce(into: [:]) { kinds, row in
                        if case .success = row.1 { kinds[row.0.record.kind, default: 0] += 1 }
                    })
                let number = writer.nextNumber - 1
                state.backlog[number] = (state.backlog[number] ?? JournalBacklog(files: 1, oldest: .now())) + added
            }
            state.figures.isTrusted = writer.isTrusted
            state.figures.bytes = writer.bytes
        }
        for (append, outcome) in zip(appends, outcomes) { append.continuation.resume(returning: outcome) }
    }
}

/// What a journal is at, for `/metrics` and the status page. Counters only grow.
package struct JournalFigures: Hashable, Sendable {
    /// False after a failed fsync: every row is refused until the process starts anew.
    package internal(set) var isTrusted = true
    /// In files of this process that are not replayed yet.
    package internal(set) var bytes = 0
    /// What waits to be replayed: of this process, and of dead ones as the last look found it.
    package internal(set) var backlog = JournalBacklog()
    /// Rows put on the disk, and the writes they shared.
    package internal(set) var rows = 0
    package internal(set) var writes = 0
    /// Rows that could not be put there.
    package internal(set) var refused = 0
    /// Rows that this process brought into the database, from its own journal and from dead ones.
    package internal(set) var replayed = 0
    /// Rows and damaged files that lie in `DATA_DIR/journal/parked` for somebody to look at.
    package internal(set) var parked = 0
}

extension JournalFigures {
    package var families: [MetricFamily] {
        [
            MetricFamily(
                "sluice_journal_trusted", .gauge, help: "1 as long as no fsync has failed.", isTrusted ? 1 : 0),
            MetricFamily(
                "sluice_journal_waiting", .gauge, help: "Rows in files that are not replayed yet.",
                Double(backlog.rows)),
            MetricFamily(
                "sluice_journal_bytes", .gauge, help: "Bytes that are not replayed yet.", Double(backlog.bytes)),
            MetricFamily(
                "sluice_journal_files", .gauge, help: "Files that are not replayed yet.", Double(backlog.files)),
            MetricFamily(
                "sluice_journal_oldest_seconds", .gauge, help: "Since the oldest of these files was begun.",
                backlog.age(at: .now())),
            MetricFamily("sluice_journal_rows_total", .counter, help: "Rows put on the disk.", Double(rows)),
            MetricFamily("sluice_journal_writes_total", .counter, help: "Writes that they shared.", Double(writes)),
            MetricFamily("sluice_journal_refused_total", .counter, help: "Rows that found no place.", Double(refused)),
            MetricFamily(
                "sluice_journal_replayed_total", .counter, help: "Rows brought into the database.", Double(replayed)),
            MetricFamily(
                "sluice_journal_parked", .gauge, help: "Rows put aside for somebody to look at.", Double(parked)),
        ]
    }
}
