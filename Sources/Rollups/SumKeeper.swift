import Base
import Postgres
import Reactor
import Synchronization

/// Adds up what moves in the sums: soon after it is rung, and now and then what another process left. Each process has one; only one at
/// a time adds up.
package final class SumKeeper: Sendable {
    /// What comes within this time is added up together: under load a thousand moves change a few hundred sums.
    private static let pause = Duration.milliseconds(250)
    private static let poll = Duration.seconds(10)

    private let database: Database
    private let loop: EventLoop
    private let log: Logger
    private let isRung = Atomic(false)
    private let polling = Mutex<Task<Void, Never>?>(nil)

    /// - Parameter loop: one of the database's.
    package init(database: Database, loop: EventLoop, log: Logger) {
        self.database = database
        self.loop = loop
        self.log = log
    }

    /// There are moves. Any thread; costs one exchange.
    package func ring() {
        guard !isRung.exchange(true, ordering: .acquiringAndReleasing) else { return }
        loop.spawn { [self] in
            await loop.sleep(for: Self.pause)
            // What is committed from now on rings anew.
            isRung.store(false, ordering: .releasing)
            await addUp()
        }
    }

    /// Once.
    package func start() {
        polling.withLock { task in
            task = loop.spawn { [self] in
                repeat { await addUp() } while await loop.sleep(for: Self.poll)
            }
        }
    }

    package func stop() async {
        let task = polling.withLock { $0 }
        task?.cancel()
        await task?.value
    }

    private func addUp() async {
        do {
            try await ConversionSums.addUp(database)
        } catch {
            // Nothing is lost: reports read what is not added up yet, too.
            log.debug("moves are not added up yet", ["error": "\(error)"])
        }
    }
}
