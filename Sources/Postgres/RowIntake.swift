import Base
import Reactor
import Synchronization

/// Where rows come in by the thousand: one journal with its replay, and a committer for each kind of row.
///
/// ```swift
/// let events = intake.accept(PostbackEvent.self)   // before start()
/// let outcome = try await events.submit(event)     // in a handler: the row is durable
/// ```
package final class RowIntake: Sendable {
    private struct Kind {
        let name: String
        let replay: JournalHandler
        let figures: @Sendable () -> GroupCommitFigures
    }

    private struct State {
        var kinds: [Kind] = []
        var replayer: JournalReplayer?
    }

    private let database: Database
    private let journal: Journal
    private let loop: EventLoop
    private let log: Logger
    private let state = Mutex(State())

    /// Makes this process's journal in `DATA_DIR`. Its replay runs on `loop`, one of the database's.
    package static func open(
        _ database: Database, dataDirectory: String, loop: EventLoop, log: Logger
    ) async throws(JournalError) -> RowIntake {
        let journal = try await HelperThread.shared.run {
            Result { () throws(JournalError) in try Journal(dataDirectory: dataDirectory, log: log) }
        }.get()
        return RowIntake(database, journal: journal, loop: loop, log: log)
    }

    private init(_ database: Database, journal: Journal, loop: EventLoop, log: Logger) {
        self.database = database
        self.journal = journal
        self.loop = loop
        self.log = log
    }

    /// Rows of this type are committed in groups, and kept by the journal when the database can't; what lies in journals under the type's
    /// kind is replayed from ``start()`` on. Each kind once, at the start.
    /// - Parameter replayed: told after each batch that a journal brought; has to cost nothing.
    package func accept<Row: JournaledRow>(
        _ type: Row.Type = Row.self, settings: GroupCommitter<Row>.Settings = GroupCommitter<Row>.Settings(),
        replayed: @escaping @Sendable () -> Void = {}
    ) -> JournaledCommitter<Row> {
        let committer = JournaledCommitter<Row>(
            database, journal: journal, settings: settings, replayed: replayed, log: log)
        state.withLock { state in
            precondition(state.replayer == nil, "rows of the kind \(Row.kind) come after the replay has begun")
            precondition(!state.kinds.contains { $0.name == Row.kind }, "two types of the kind \(Row.kind)")
            state.kinds.append(Kind(name: Row.kind, replay: committer.handler, figures: { committer.figures }))
        }
        return committer
    }

    /// Begins to replay. Rows of a kind that was not accepted stay in their journals, and the log says so.
    package func start() {
        let replayer = state.withLock { state in
            let handlers = Dictionary(state.kinds.map { ($0.name, $0.replay) }, uniquingKeysWith: { first, _ in first })
            let replayer = JournalReplayer(journal, handlers: handlers, loop: loop, log: log)
            state.replayer = replayer
            return replayer
        }
        replayer.start()
    }

    /// Breaks the replay off, without waiting. Rows are taken as before. On the loop.
    package func stopReplaying() { state.withLock { $0.replayer }?.breakOff() }

    /// When nobody sends rows any more: what has come is on the disk, and what is left in the journal, the next process replays.
    package func close() async {
        await state.withLock { $0.replayer }?.stop()
        await journal.close()
    }

    /// Whether rows lie in this process's journal, or in one that a dead process has left. Those of a process that lives are not
    /// known here. Any thread.
    package var isJournaling: Bool {
        let figures = journal.figures
        return figures.bytes > 0 || figures.backlog.bytes > 0
    }

    /// Any thread.
    package var families: [MetricFamily] {
        let kinds = state.withLock { $0.kinds }
        return GroupCommitFigures.families(kinds.map { ($0.name, $0.figures()) }) + journal.figures.families
    }
}
