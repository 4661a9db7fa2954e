import Synchronization

/// A number that only grows while the process lives. Any thread.
package final class Counter: Sendable {
    private let number = Atomic<Int64>(0)

    package init() {}

    package func add(_ count: Int64 = 1) { number.wrappingAdd(count, ordering: .relaxed) }

    package var value: Int64 { number.load(ordering: .relaxed) }

    /// - Parameter name: ends with `_total`.
    package func family(_ name: String, help: String) -> MetricFamily {
        MetricFamily(name, .counter, help: help, Double(value))
    }
}
