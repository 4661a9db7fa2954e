import CLinux
import Glibc

/// A point on the clock that never jumps (`CLOCK_MONOTONIC`), in nanoseconds since boot. For deadlines, never for dates.
package struct MonotonicTime: Comparable, Hashable, Sendable {
    package var nanoseconds: Int64

    package init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    package static func now() -> MonotonicTime {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return MonotonicTime(nanoseconds: Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec))
    }

    package static let distantFuture = MonotonicTime(nanoseconds: .max)

    package static func < (left: MonotonicTime, right: MonotonicTime) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// Saturates instead of overflowing, so a far deadline stays far.
    package static func + (time: MonotonicTime, duration: Duration) -> MonotonicTime {
        let change = duration.wholeNanoseconds
        let (sum, overflow) = time.nanoseconds.addingReportingOverflow(change)
        return MonotonicTime(nanoseconds: overflow ? (change < 0 ? .min : .max) : sum)
    }

    /// Saturates as well.
    package static func - (left: MonotonicTime, right: MonotonicTime) -> Duration {
        let (difference, overflow) = left.nanoseconds.subtractingReportingOverflow(right.nanoseconds)
        return .nanoseconds(overflow ? (left < right ? .min : .max) : difference)
    }
}

extension Duration {
    /// The duration in nanoseconds, clamped to what an `Int64` holds (292 years).
    package var wholeNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        if overflow { return seconds < 0 ? .min : .max }
        let (sum, carried) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
        return carried ? (seconds < 0 ? .min : .max) : sum
    }

    /// The duration in milliseconds with three decimals' worth of precision, for logs and `Server-Timing`.
    package var milliseconds: Double { Double(wholeNanoseconds) / 1_000_000 }
}
