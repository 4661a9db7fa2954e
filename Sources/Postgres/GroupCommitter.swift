import Reactor
import Synchronization

/// Commits rows in groups: one statement and one fsync for all that arrive while another batch is in flight, and to each sender an
/// answer of its own. Each loop has its lane, so nothing locks; two lanes and two processes meet in the database only.
///
/// A row that has been submitted is not taken back when its task is cancelled: whoever sent it may well have gone on, trusting us.
package struct GroupCommitter<Row: GroupedRow>: Sendable {
    package struct Settings: Sendable {
        /// Rows of one statement.
        package var rows = 1_024
        /// Rows of one loop that may wait; the next is turned away (`poolExhausted`, answered 503).
        package var waiting = 16_384
        /// How long a sender waits; nil: as long as the statement may take.
        package var patience: Duration?
        /// Of one batch.
        package var statementDeadline = Duration.seconds(10)

        package init() {}
    }

    private let lanes: [GroupCommitLane<Row>]

    package init(_ database: Database, settings: Settings = Settings()) {
        lanes = database.loops.map { GroupCommitLane(database: database, loop: $0, settings: settings) }
    }

    /// Returns when the row is durable. On one of the database's loops.
    /// - Throws: the row's own failure; `deadline` when patience ended (it may be committed yet); what `isUnavailability` says.
    package func submit(_ row: Row) async throws(PostgresError) -> GroupAnswer<Row.Answer> {
        guard let lane = lanes.first(where: { $0.loop.isCurrent }) else {
            throw PostgresError(.misuse, "rows are committed on the database's event loops only")
        }
        return try await lane.submit(row)
    }

    /// Of all loops together. Any thread.
    package var figures: GroupCommitFigures {
        lanes.reduce(GroupCommitFigures()) { $0 + $1.figures.withLock { $0 } }
    }
}
