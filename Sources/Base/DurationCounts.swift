import Synchronization

/// How often something had which size: many threads add to it without waiting for one another.
///
/// An addition is two relaxed atomic ones. A reader sees each number whole, but not all of one moment.
package final class Histogram: @unchecked Sendable {
    /// What is counted, and where one bucket ends and the next begins.
    package struct Scale: Sendable {
        /// Upper bounds, rising; beyond the last is one more bucket.
        package let bounds: [Int64]
        /// How many of what is added make one of what is shown.
        package let unit: Double

        package init(bounds: [Int64], unit: Double = 1) {
            self.bounds = bounds
            self.unit = unit
        }

        /// Nanoseconds, shown as seconds: from half a millisecond to the longest that a push waits.
        package static let seconds = Scale(
            bounds: [
                500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000, 50_000_000, 100_000_000, 250_000_000,
                500_000_000, 1_000_000_000, 2_500_000_000, 5_000_000_000, 15_000_000_000,
            ], unit: 1e9)

        /// Things that come together, such as the rows of a batch.
        package static let rows = Scale(bounds: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024])
    }

    package let scale: Scale
    private let bucketCount: Int
    /// The buckets, then the sum. Never moved, so that the atomics keep their places.
    private let numbers: UnsafeMutablePointer<Atomic<Int64>>

    package init(_ scale: Scale = .seconds) {
        self.scale = scale
        bucketCount = scale.bounds.count + 1
        numbers = .allocate(capacity: bucketCount + 1)
        for index in 0...bucketCount { (numbers + index).initialize(to: Atomic(0)) }
    }

    deinit {
        numbers.deinitialize(count: bucketCount + 1)
        numbers.deallocate()
    }

    /// - Parameter value: in the scale's own unit: nanoseconds, rows.
    package func add(_ value: Int64) {
        var bucket = 0
        while bucket < scale.bounds.count, value > scale.bounds[bucket] { bucket += 1 }
        numbers[bucket].wrappingAdd(1, ordering: .relaxed)
        numbers[bucketCount].wrappingAdd(value, ordering: .relaxed)
    }

    package struct Reading: Sendable {
        let scale: Scale
        /// Per bucket, not added up.
        package var buckets: [Int64]
        /// Of all that was added.
        package var sum: Int64

        package var count: Int64 { buckets.reduce(0, &+) }

        /// Both of one scale.
        package static func + (left: Reading, right: Reading) -> Reading {
            Reading(
                scale: left.scale, buckets: zip(left.buckets, right.buckets).map { $0 &+ $1 },
                sum: left.sum &+ right.sum)
        }

        /// As a family's samples: each bucket counts what lies in those below it too.
        package func samples(_ labels: [(name: String, value: String)] = []) -> [MetricFamily.Sample] {
            var total: Int64 = 0
            var samples: [MetricFamily.Sample] = []
            for (index, bucket) in buckets.enumerated() {
                total &+= bucket
                let bound = index < scale.bounds.count ? Double(scale.bounds[index]) / scale.unit : .infinity
                let label = (name: "le", value: MetricFamily.number(bound))
                samples.append(.init(Double(total), labels + [label], suffix: "_bucket"))
            }
            samples.append(.init(Double(sum) / scale.unit, labels, suffix: "_sum"))
            samples.append(.init(Double(total), labels, suffix: "_count"))
            return samples
        }
    }

    package var reading: Reading {
        Reading(
            scale: scale, buckets: (0..<bucketCount).map { numbers[$0].load(ordering: .relaxed) },
            sum: numbers[bucketCount].load(ordering: .relaxed))
    }

    package func family(_ name: String, help: String) -> MetricFamily {
        MetricFamily(name, .histogram, help: help, reading.samples())
    }
}
