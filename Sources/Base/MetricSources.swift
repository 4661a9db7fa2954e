import Synchronization

/// Where the numbers of `/metrics` come from: each part of the process gives its own when asked. Any thread.
package final class MetricSources: Sendable {
    package typealias Source = @Sendable () async -> [MetricFamily]

    private let sources = Mutex<[Source]>([])

    package init() {}

    package func add(_ source: @escaping Source) { sources.withLock { $0.append(source) } }

    /// One after the other, in the order they were added.
    package func families() async -> [MetricFamily] {
        var families: [MetricFamily] = []
        for source in sources.withLock({ $0 }) { families += await source() }
        return families
    }
}
