import Reactor

/// When a server that is away may be tried again: 100 ms, doubling to 5 s, each up to a fifth shorter so that many processes do
/// not come back in step. Pure: time and chance come in as values.
struct Backoff {
    static let first = Duration.milliseconds(100)
    static let longest = Duration.seconds(5)

    /// Attempts that failed since the last success.
    private(set) var failures = 0
    private var next: MonotonicTime?

    var isAway: Bool { failures > 0 }

    /// How long until the next attempt; nil when one may be made now.
    func remaining(now: MonotonicTime) -> Duration? {
        guard let next, next > now else { return nil }
        return next - now
    }

    /// - Parameter chance: 0 ..< 1.
    mutating func failed(now: MonotonicTime, chance: Double) {
        let doubled = failures < 6 ? Self.first * (1 << failures) : Self.longest
        let delay = min(doubled, Self.longest)
        failures += 1
        next = now + delay - delay * (chance / 5)
    }

    mutating func succeeded() {
        failures = 0
        next = nil
    }
}

extension MonotonicTime {
    fileprivate static func - (time: MonotonicTime, duration: Duration) -> MonotonicTime {
        time + .nanoseconds(-duration.wholeNanoseconds)
    }
}
