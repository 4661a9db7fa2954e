import Synchronization

/// Whether the process takes new work; turned off first when it stops.
final class ReadinessFlag: Sendable {
    let isReady = Atomic<Bool>(false)
}
