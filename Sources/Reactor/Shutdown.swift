import Base
import Glibc
import Synchronization

/// The way out of a process: steps in order, each with its last moment, counted from the signal. A step that hangs is named in the log and
/// left behind, and when all of it takes too long, the process is ended from a thread that nothing else can hold up.
package final class Shutdown: Sendable {
    private struct State {
        var began: MonotonicTime?
        var step = "the start"
    }

    private let loop: EventLoop
    private let log: Logger
    private let limit: Duration
    private let end: @Sendable () -> Void
    private let state = Mutex(State())

    /// - Parameters:
    ///   - loop: where the steps are begun and waited for.
    ///   - limit: how long after `begin` the process is ended, whatever it does.
    ///   - end: ends it; by itself with status 0, for it was asked to.
    package init(
        loop: EventLoop, limit: Duration, log: Logger, end: @escaping @Sendable () -> Void = { _exit(0) }
    ) {
        self.loop = loop
        self.limit = limit
        self.log = log
        self.end = end
    }

    /// The signal has come. Any thread; once.
    package func begin() {
        let now = MonotonicTime.now()
        state.withLock { $0.began = now }
        HelperThread.detach(name: "shutdown") { [self] in
            let deadline = now + limit
            while case let left = deadline - .now(), left > .zero {
                usleep(UInt32(clamping: left.wholeNanoseconds / 1000 + 1))
            }
            log.error("the stop takes too long: the process is ended", ["step": state.withLock { $0.step }])
            end()
        }
    }

    /// How long it is until `last` after the signal; nothing when that is over.
    package func time(until last: Duration) -> Duration {
        guard let began = state.withLock({ $0.began }) else { return last }
        return max(.zero, began + last - .now())
    }

    /// Runs a step, and no longer waits for it at `last` after the signal: then its task is cancelled. On the loop.
    package func step(_ name: String, until last: Duration, _ work: @escaping @Sendable () async -> Void) async {
        state.withLock { $0.step = name }
        let end = Ending(loop: loop)
        let task = loop.spawn {
            await work()
            end.come()
        }
        guard await !end.wait(atMost: time(until: last)) else { return }
        log.error("a step of the stop hangs and is left behind", ["step": name])
        task.cancel()
    }
}
