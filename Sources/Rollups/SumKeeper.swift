import Base
import Postgres
import Reactor
import Synchronization

/// Adds up what moves in the sums: soon after it is rung, and now and then what another process left. Each process has one; only one at
/// a time adds up.
package final class SumKeeper: Sendable {
    /// What comes within this time is added up together: under load thousands of moves change a few hundred sums.
    private static let pause = Duration.seconds(1)
    private static let poll = Duration.seconds(10)

    private let database: Database
    private let loop: EventLoop
    private let log: Logger
    private let isRung = Atomic(false)
    private let ticks: AsyncStream<Void>
    private let tick: AsyncStream<Void>.Continuation
    private let tasks = Mutex<[Task<Void, Never>]>([])

    /// - Parameter loop: one of the database's.
    package init(database: Database, loop: EventLoop, log: Logger) {
        self.database = database
        self.loop = loop
        self.log = log
        (ticks, tick) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    /// There are moves. Any thread; costs one exchange.
    package func ring() {
        if !isRung.exchange(true, ordering: .acquiringAndReleasing) { tick.yield() }
    }

    /// Once.
    package func start() {
        tasks.withLock { tasks in
            tasks.append(
                loop.spawn { [self] in
                    repeat { tick.yield() } while await loop.sleep(for: Self.poll)
                })
            // One after another: several would only wait for each other's locks, each with a connection in its hands.
            tasks.append(
                loop.spawn { [self] in
                    var hasFailed = false
                    for await _ in ticks {
                        guard await loop.sleep(for: Self.pause) else { return }
                        // What is committed from now on rings anew.
                        isRung.store(false, ordering: .releasing)
                        hasFailed = await addUp(hasFailed)
                    }
                })
        }
    }

    package func stop() async {
        let running = tasks.withLock { $0 }
        for task in running { task.cancel() }
        for task in running { await task.value }
    }

    /// - Returns: whether it failed. Nothing is lost then: reports read what is not added up yet, too.
    private func addUp(_ hasFailed: Bool) async -> Bool {
        do {
            try await ConversionSums.addUp(database)
            return false
        } catch let error as PostgresError where error.isUnavailability || error.category == .cancelled {
            return hasFailed
        } catch {
            if !hasFailed { log.warning("changes are not added to the sums", ["error": "\(error)"]) }
            return true
        }
    }
}
