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
        /// One lane for all loops, on the last: for statements that would wait for each other's rows until the commit, such as sums that
        /// everything moves. A row of another loop goes over and its answer comes back.
        package var isOneLane = false

        package init() {}
    }

    private let lanes: [GroupCommitLane<Row>]
    private let loops: [EventLoop]

    package init(_ database: Database, settings: Settings = Settings()) {
        let loops = settings.isOneLane ? Array(database.loops.suffix(1)) : database.loops
        lanes = loops.map { GroupCommitLane(database: database, loop: $0, settings: settings) }
        self.loops = database.loops
    }

    /// Returns when the row is durable. On one of the database's loops.
    /// - Throws: the row's own failure; `deadline` when patience ended (it may be committed yet); what `isUnavailability` says.
    package func submit(_ row: Row) async throws(PostgresError) -> GroupAnswer<Row.Answer> {
        if let lane = lanes.first(where: { $0.loop.isCurrent }) { return try await lane.submit(row) }
        guard let lane = lanes.first, loops.contains(where: { $0.isCurrent }) else {
            throw PostgresError(.misuse, "rows are committed on the database's event loops only")
        }
        typealias Outcome = Result<GroupAnswer<Row.Answer>, PostgresError>
        let crossing = Task(executorPreference: lane.loop) { () async -> Outcome in
            do throws(PostgresError) {
                return .success(try await lane.submit(row))
            } catch {
                return .failure(error)
            }
        }
        return try await crossing.value.get()
    }

    /// Of all loops together. Any thread.
    package var figures: GroupCommitFigures {
        lanes.reduce(GroupCommitFigures()) { $0 + $1.figures.withLock { $0 } }
    }
}
