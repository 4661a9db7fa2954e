import Synchronization

/// How often something took how long: a histogram that many threads add to without waiting for one another.
///
/// An addition is two relaxed atomic ones. A reader sees each number whole, but not all of one moment.
package final class DurationCounts: @unchecked Sendable {
    /// Upper bounds in nanoseconds, from half a millisecond to the longest that a push waits; beyond the last is one more bucket.
    package static let bounds: [Int64] = [
        500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000, 50_000_000, 100_000_000, 250_000_000,
        500_000_000, 1_000_000_000, 2_500_000_000, 5_000_000_000, 15_000_000_000,
    ]

    private static let bucketCount = bounds.count + 1
    /// The buckets, then the sum in nanoseconds. Never moved, so that the atomics keep their places.
    private let numbers: UnsafeMutablePointer<Atomic<Int64>>

    package init() {
        numbers = .allocate(capacity: Self.bucketCount + 1)
        for index in 0...Self.bucketCount { (numbers + index).initialize(to: Atomic(0)) }
    }

    deinit {
        numbers.deinitialize(count: Self.bucketCount + 1)
        numbers.deallocate()
    }

    package func add(nanoseconds: Int64) {
        var bucket = 0
        while bucket < Self.bounds.count, nanoseconds > Self.bounds[bucket] { bucket += 1 }
        numbers[bucket].wrappingAdd(1, ordering: .relaxed)
        numbers[Self.bucketCount].wrappingAdd(nanoseconds, ordering: .relaxed)
    }

    package struct Reading: Sendable {
        /// Per bucket, not added up.
        package var buckets: [Int64]
        package var nanoseconds: Int64

        package var count: Int64 { buckets.reduce(0, &+) }

        package static func + (left: Reading, right: Reading) -> Reading {
            Reading(
                buckets: zip(left.buckets, right.buckets).map { $0 &+ $1 },
                nanoseconds: left.nanoseconds &+ right.nanoseconds)
        }

        /// As a histogram's samples: each bucket counts what lies in those below it too.
        package func samples(_ labels: [(name: String, value: String)]) -> [MetricFamily.Sample] {
            var total: Int64 = 0
            var samples: [MetricFamily.Sample] = []
            for (index, bucket) in buckets.enumerated() {
                total &+= bucket
                let bound = index < bounds.count ? Double(bounds[index]) / 1e9 : .infinity
                let label = (name: "le", value: MetricFamily.number(bound))
                samples.append(.init(Double(total), labels + [label], suffix: "_bucket"))
            }
            samples.append(.init(Double(nanoseconds) / 1e9, labels, suffix: "_sum"))
            samples.append(.init(Double(total), labels, suffix: "_count"))
            return samples
        }
    }

    package var reading: Reading {
        Reading(
            buckets: (0..<Self.bucketCount).map { numbers[$0].load(ordering: .relaxed) },
            nanoseconds: numbers[Self.bucketCount].load(ordering: .relaxed))
    }
}
