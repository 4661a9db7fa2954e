import Synchronization

/// Where the numbers of `/metrics` come from: each part of the process gives its own when asked. Any thread.
///
/// A part with a ``Counter`` or a ``Histogram`` needs one line where the process is put together:
/// `metrics.add { [batches.family("sluice_batch_rows", help: "Rows of a batch.")] }`
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
