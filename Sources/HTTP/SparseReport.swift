import Reactor

/// Counts what may happen too often for a line of the log each.
struct SparseReport {
    private let interval: Duration
    private var nextTime = MonotonicTime.now()
    private var gathered = 0

    init(every interval: Duration) {
        self.interval = interval
    }

    /// - Returns: how many since the last report, when it is time for one.
    mutating func count(now: MonotonicTime) -> Int? {
        gathered += 1
        guard nextTime <= now else { return nil }
        nextTime = now + interval
        defer { gathered = 0 }
        return gathered
    }
}
