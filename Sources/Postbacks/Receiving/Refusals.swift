import Base
import Postgres
import Reactor
import Synchronization

/// Keeps what came with a wrong secret, or for a profile that is switched off: for whoever looks for the postbacks that don't arrive.
/// Strangers send what they like as often as they like, so it is capped at every step: a burst is counted and not kept, and the table
/// holds the newest few thousand, and no more than some megabytes of them. Any thread.
package final class Refusals: Sendable {
    private struct State {
        var waiting: [PostbackStore.Refusal] = []
        var isWriting = false
        /// Since the minute began, and why not, if it was not their number.
        var unkept = 0
        var problem: String?
        /// Lines of the log in this minute, and refusals that had none.
        var said = 0
        var unsaid = 0
        var isMinuteRunning = false
    }

    private static let waitingLimit = 50
    /// Lines of the log in a minute.
    package static let saidLimit = 20
    package static let keptLimit = 5_000
    /// Of them, in the table.
    package static let keptBytes = 32 << 20
    private static let pause = Duration.milliseconds(200)

    private let store: PostbackStore
    private let loop: EventLoop
    private let minute: Duration
    private let log: Logger
    private let state = Mutex(State())

    /// - Parameter minute: another one in tests.
    package init(database: Database, loop: EventLoop, minute: Duration = .seconds(60), log: Logger) {
        store = PostbackStore(database: database)
        self.loop = loop
        self.minute = minute
        self.log = log
    }

    func note(_ refusal: PostbackStore.Refusal) {
        say(refusal)
        let begins = state.withLock { state in
            guard state.waiting.count < Self.waitingLimit else {
                state.unkept += 1
                return false
            }
            state.waiting.append(refusal)
            defer { state.isWriting = true }
            return !state.isWriting
        }
        guard begins else { return }
        loop.spawn { [self] in
            // What comes meanwhile is written with it.
            await loop.sleep(for: Self.pause)
            let refusals = state.withLock { state in
                defer { (state.waiting, state.isWriting) = ([], false) }
                return state.waiting
            }
            do {
                try await store.add(refusals, keeping: Self.keptLimit, bytes: Self.keptBytes)
            } catch {
                state.withLock { state in
                    state.unkept += refusals.count
                    state.problem = "\(error)"
                }
            }
        }
    }

    /// A line for each, up to so many in a minute; of the others it is said at the minute's end how many they were.
    private func say(_ refusal: PostbackStore.Refusal) {
        let (isSaid, begins) = state.withLock { state in
            defer { state.isMinuteRunning = true }
            if state.said < Self.saidLimit { state.said += 1 } else { state.unsaid += 1 }
            return (state.unsaid == 0, !state.isMinuteRunning)
        }
        if isSaid {
            log.warning(
                refusal.profileID == nil
                    ? "a postback with a wrong secret" : "a postback for a profile that is switched off",
                ["address": refusal.address, "profile": refusal.profileID.map { "\($0)" } ?? "none"])
        }
        guard begins else { return }
        loop.spawn { [self] in
            await loop.sleep(for: minute)
            let (unsaid, unkept, problem) = state.withLock { state in
                defer {
                    (state.said, state.unsaid, state.isMinuteRunning) = (0, 0, false)
                    (state.unkept, state.problem) = (0, nil)
                }
                return (state.unsaid, state.unkept, state.problem)
            }
            guard unsaid + unkept > 0 else { return }
            log.warning(
                "more postbacks were refused in this minute than are told one by one",
                ["left_out": "\(unsaid)", "not_kept": "\(unkept)", "error": problem])
        }
    }
}
