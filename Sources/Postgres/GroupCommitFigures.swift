import Base
import Reactor

/// What group commit has done so far, for `/metrics`. Counters only grow.
package struct GroupCommitFigures: Hashable, Sendable {
    /// Batches by size: the first bound that is not below it; the last place counts the larger ones.
    package static let bounds = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024]
    package private(set) var batchesBySize = Array(repeating: 0, count: bounds.count + 1)
    package private(set) var batches = 0
    /// Rows of all these batches together.
    package private(set) var rows = 0
    /// From the sending of a committed batch to its answer, summed up; and by length, as the batches by size.
    package private(set) var time = Duration.zero
    package static let timeScale = Histogram.Scale.seconds
    package private(set) var batchesByTime = Array(repeating: 0, count: timeScale.bounds.count + 1)
    package internal(set) var failures = 0
    package internal(set) var halvings = 0
    package internal(set) var repeats = 0
    /// Rows that found the queue full.
    package internal(set) var turnedAway = 0
    /// Rows whose sender waited no longer.
    package internal(set) var late = 0
    /// Rows that wait now.
    package internal(set) var waiting = 0

    mutating func committed(rows count: Int) {
        batches += 1
        rows += count
        batchesBySize[Self.bounds.firstIndex { count <= $0 } ?? Self.bounds.count] += 1
    }

    mutating func took(_ duration: Duration) {
        time += duration
        let nanoseconds = duration.wholeNanoseconds
        let bounds = Self.timeScale.bounds
        batchesByTime[bounds.firstIndex { nanoseconds <= $0 } ?? bounds.count] += 1
    }

    package static func + (left: Self, right: Self) -> Self {
        var sum = left
        for (index, count) in right.batchesBySize.enumerated() { sum.batchesBySize[index] += count }
        for (index, count) in right.batchesByTime.enumerated() { sum.batchesByTime[index] += count }
        sum.batches += right.batches
        sum.rows += right.rows
        sum.time += right.time
        sum.failures += right.failures
        sum.halvings += right.halvings
        sum.repeats += right.repeats
        sum.turnedAway += right.turnedAway
        sum.late += right.late
        sum.waiting += right.waiting
        return sum
    }
}

extension GroupCommitFigures {
    /// - Parameter figures: by what the rows are, such as `postback`. With none, the families are there without a kind, and zero.
    package static func families(_ figures: [(kind: String, figures: GroupCommitFigures)]) -> [MetricFamily] {
        let series =
            figures.isEmpty
            ? [([], GroupCommitFigures())] : figures.map { ([(name: "kind", value: $0.kind)], $0.figures) }
        func single(
            _ name: String, _ kind: MetricFamily.Kind, _ help: String, _ value: (GroupCommitFigures) -> Int
        ) -> MetricFamily {
            MetricFamily(name, kind, help: help, series.map { MetricFamily.Sample(Double(value($0.1)), $0.0) })
        }
        let timeBounds = timeScale.bounds.map { Double($0) / timeScale.unit }
        return [
            MetricFamily(
                "sluice_batch_rows", .histogram, help: "Rows of a committed batch.",
                series.flatMap { labels, figures in
                    histogram(bounds.map { Double($0) }, figures.batchesBySize, sum: Double(figures.rows), labels)
                }),
            MetricFamily(
                "sluice_batch_commit_seconds", .histogram, help: "From the sending of a committed batch to its answer.",
                series.flatMap { labels, figures in
                    histogram(timeBounds, figures.batchesByTime, sum: figures.time.milliseconds / 1_000, labels)
                }),
            single("sluice_batch_waiting", .gauge, "Rows that wait for their batch.", \.waiting),
            single("sluice_batch_failures_total", .counter, "Batches that failed.", \.failures),
            single("sluice_batch_halvings_total", .counter, "Batches cut in two to find a bad row.", \.halvings),
            single("sluice_batch_repeats_total", .counter, "Batches sent again.", \.repeats),
            single("sluice_batch_turned_away_total", .counter, "Rows that found the queue full.", \.turnedAway),
            single("sluice_batch_late_total", .counter, "Rows whose sender waited no longer.", \.late),
        ]
    }

    private static func histogram(
        _ bounds: [Double], _ counts: [Int], sum: Double, _ labels: [(name: String, value: String)]
    ) -> [MetricFamily.Sample] {
        var counted = 0
        let buckets = zip(bounds + [.infinity], counts).map { bound, count in
            counted += count
            return MetricFamily.Sample(
                Double(counted), labels + [("le", MetricFamily.number(bound))], suffix: "_bucket")
        }
        return buckets + [
            MetricFamily.Sample(sum, labels, suffix: "_sum"),
            MetricFamily.Sample(Double(counted), labels, suffix: "_count"),
        ]
    }
}
