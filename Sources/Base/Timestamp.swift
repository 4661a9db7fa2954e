import Glibc

/// A moment in UTC, to the microsecond, as PostgreSQL's `timestamptz` holds it.
package struct Timestamp: Hashable, Comparable, Sendable {
    /// Microseconds since 1970-01-01T00:00:00Z; negative before it.
    package var microseconds: Int64

    package init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    /// Seconds since 1970 (Unix time); saturates where microseconds no longer fit.
    package init(seconds: Int64) {
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
        microseconds = overflow ? (seconds < 0 ? .min : .max) : product
    }

    /// The start of a day in UTC.
    package init(_ date: CivilDate) {
        self.init(seconds: Int64(date.daysSince1970) * 86_400)
    }

    /// The wall clock. For deadlines use the reactor's monotonic time.
    package static func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(microseconds: Int64(time.tv_sec) &* 1_000_000 &+ Int64(time.tv_nsec) / 1_000)
    }

    /// Whole seconds since 1970, rounded down.
    package var seconds: Int64 { microseconds.flooredQuotient(1_000_000) }

    /// The day in UTC.
    package var date: CivilDate { CivilDate(daysSince1970: Int(seconds.flooredQuotient(86_400))) }

    /// Saturates at the ends of the range instead of overflowing.
    package func adding(_ duration: Duration) -> Timestamp {
        let (seconds, attoseconds) = duration.components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
        // Both parts of a duration have one sign, so a product out of range is out of range for good.
        let change = overflow ? (seconds < 0 ? Int64.min : .max) : product
        let (added, first) = change.addingReportingOverflow(attoseconds / 1_000_000_000_000)
        let total = first ? (change < 0 ? Int64.min : .max) : added
        let (sum, second) = microseconds.addingReportingOverflow(total)
        return Timestamp(microseconds: second ? (total < 0 ? .min : .max) : sum)
    }

    /// How long after `other` this moment is; negative when before.
    package func since(_ other: Timestamp) -> Duration {
        let (difference, overflow) = microseconds.subtractingReportingOverflow(other.microseconds)
        return .microseconds(overflow ? (microseconds < 0 ? .min : .max) : difference)
    }

    package static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.microseconds < right.microseconds
    }
}
