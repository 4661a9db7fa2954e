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
    /// From the sending of a committed batch to its answer, summed up.
    package internal(set) var time = Duration.zero
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

    package static func + (left: Self, right: Self) -> Self {
        var sum = left
        for (index, count) in right.batchesBySize.enumerated() { sum.batchesBySize[index] += count }
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
    /// - Parameter kind: what the rows are, such as `postback`.
    package func families(kind: String) -> [MetricFamily] {
        let label = [(name: "kind", value: kind)]
        var counted = 0
        var sizes = zip(Self.bounds.map { String($0) } + ["+Inf"], batchesBySize).map { bound, count in
            counted += count
            return MetricFamily.Sample(Double(counted), label + [("le", bound)], suffix: "_bucket")
        }
        sizes.append(MetricFamily.Sample(Double(rows), label, suffix: "_sum"))
        sizes.append(MetricFamily.Sample(Double(batches), label, suffix: "_count"))
        let counters = [
            ("commit_seconds", "Time that committed batches took, summed up.", time.milliseconds / 1_000),
            ("failures", "Batches that failed.", Double(failures)),
            ("halvings", "Batches cut in two to find a bad row.", Double(halvings)),
            ("repeats", "Batches sent again.", Double(repeats)),
            ("turned_away", "Rows that found the queue full.", Double(turnedAway)),
            ("late", "Rows whose sender waited no longer.", Double(late)),
        ].map { name, help, value in
            MetricFamily("sluice_batch_\(name)_total", .counter, help: help, [MetricFamily.Sample(value, label)])
        }
        return [
            MetricFamily("sluice_batch_rows", .histogram, help: "Rows of a committed batch.", sizes),
            MetricFamily(
                "sluice_batch_waiting", .gauge, help: "Rows that wait for their batch.",
                [MetricFamily.Sample(Double(waiting), label)]),
        ] + counters
    }
}
