import Base
import Postgres
import Reactor
import Synchronization

/// Tells all processes that the log has changed, at most every 200 ms however often it is rung: NOTIFY locks the whole database at
/// commit, so it is never part of a hot statement. A message that is lost costs a live log five seconds.
package final class EventBell: Sendable {
    private static let pause = Duration.milliseconds(200)

    private let database: Database
    private let loop: EventLoop
    private let log: Logger
    private let isRinging = Atomic(false)

    /// - Parameter loop: one of the database's.
    package init(database: Database, loop: EventLoop, log: Logger) {
        self.database = database
        self.loop = loop
        self.log = log
    }

    /// After events were committed, or messages settled. Any thread; costs one exchange.
    package func ring() {
        guard !isRinging.exchange(true, ordering: .acquiringAndReleasing) else { return }
        loop.spawn { [self] in
            // What comes meanwhile is told with it; what comes later rings anew.
            await loop.sleep(for: Self.pause)
            isRinging.store(false, ordering: .releasing)
            do {
                try await database.notify(PostbackChannel.events)
            } catch {
                log.debug("live logs were not told", ["error": "\(error)"])
            }
        }
    }
}
