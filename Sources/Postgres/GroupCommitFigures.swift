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
