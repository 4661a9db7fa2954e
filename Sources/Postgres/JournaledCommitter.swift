import Base
import Reactor

/// A row that the journal can keep while the database can't.
package protocol JournaledRow: GroupedRow {
    /// Under this name its handler is found, now and by later versions.
    static var kind: String { get }
    /// All of the row, ids and times included: replayed, it is the row that was submitted.
    var journaled: [UInt8] { get }
    /// Nil when the bytes are no row of this kind; they are put aside then.
    init?(journaled: [UInt8])
}

/// What a sender may be told: that his row is durable, and how.
package enum Durable<Answer: Sendable>: Sendable {
    case committed(GroupAnswer<Answer>)
    /// On this machine's disk; it comes into the database when that is there again. Whether its key was new is not known yet.
    case journaled
}

/// Group commit, and the journal when the database is away, is overloaded, or takes longer than patience lasts. A row may then be in
/// both: its key makes that one row.
package struct JournaledCommitter<Row: JournaledRow>: Sendable {
    private let committer: GroupCommitter<Row>
    private let database: Database
    private let journal: Journal
    private let replayed: @Sendable () -> Void
    private let log: Logger

    /// - Parameters:
    ///   - settings: without a patience of its own, a second.
    ///   - replayed: told after each batch that the journal brought, on the replay's loop; has to cost nothing.
    package init(
        _ database: Database, journal: Journal,
        settings: GroupCommitter<Row>.Settings = GroupCommitter<Row>.Settings(),
        replayed: @escaping @Sendable () -> Void = {}, log: Logger
    ) {
        precondition(Row.isRepeatable, "a row that may not be sent twice can't be replayed")
        var settings = settings
        settings.patience = settings.patience ?? .seconds(1)
        committer = GroupCommitter(database, settings: settings)
        self.database = database
        self.journal = journal
        self.replayed = replayed
        self.log = log
    }

    /// Returns when the row is durable. On one of the database's loops.
    /// - Throws: the row's own failure; or, when the journal takes it neither, why the database did not: `isUnavailability`, 503.
    package func submit(_ row: Row) async throws(PostgresError) -> Durable<Row.Answer> {
        do throws(PostgresError) {
            return .committed(try await committer.submit(row))
        } catch {
            guard !error.isOfTheRow else { throw error }
            // It may have been turned away before anybody looked at it.
            try row.check()
            do throws(JournalError) {
                try await journal.append(kind: Row.kind, row.journaled)
                return .journaled
            } catch let failure {
                log.error("a row could be kept nowhere", ["error": "\(error)", "journal": "\(failure)"])
                throw error
            }
        }
    }

    /// For ``JournalReplayer``, under the row's kind.
    package var handler: JournalHandler {
        { [database, replayed] payloads throws(PostgresError) in
            var waiting: [RowGroups<Row>.Member] = []
            for (index, payload) in payloads.enumerated() {
                guard let row = Row(journaled: payload) else {
                    throw .unfit("the bytes are no row of the kind \(Row.kind)")
                }
                try row.check()
                waiting.append(RowGroups.Member(ticket: UInt64(index), key: row.key, row: row))
            }
            while !waiting.isEmpty {
                let (groups, left) = RowGroups.gather(waiting, rows: .max, bytes: .max)
                _ = try await database.query(Row.statement(groups.rows), within: nil)
                waiting = left
            }
            replayed()
        }
    }

    package var figures: GroupCommitFigures { committer.figures }
}

extension PostgresError {
    /// Whether the row itself is at fault. With anything else, be it a schema or rights as they are during an upgrade, or a disk that
    /// fails, it waits until that is mended.
    var isOfTheRow: Bool { blamesValues || category == .decoding }
}
