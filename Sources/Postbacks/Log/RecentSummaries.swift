import Base
import Reactor
import Synchronization

/// Summaries of the last seconds, so that ten open logs cost one question. One that took long, as of a busy hour, is kept ten times as
/// long as it took.
final class RecentSummaries: Sendable {
    private struct Kept {
        let until: Timestamp
        let summary: LogSummary
    }

    private static let fresh = Duration.seconds(3)
    private let kept = Mutex<[PostbackReader: Kept]>([:])
    private let asked = Mutex<Set<PostbackReader>>([])

    /// Nil: the database would have to be asked.
    func fresh(for reader: PostbackReader) -> LogSummary? {
        kept.withLock { $0[reader] }.flatMap { Timestamp.now() < $0.until ? $0.summary : nil }
    }

    func summary(for reader: PostbackReader, from store: PostbackDeskStore) async throws -> LogSummary {
        if let summary = fresh(for: reader) { return summary }
        let began = Timestamp.now()
        let summary = try await store.summary(for: reader)
        let now = Timestamp.now()
        kept.withLock { kept in
            if kept.count > 1_000 { kept = [:] }
            kept[reader] = Kept(until: now.adding(max(Self.fresh, now.since(began) * 10)), summary: summary)
        }
        return summary
    }

    /// Asks the database, unless it is being asked already; ``fresh(for:)`` has it then.
    func refresh(for reader: PostbackReader, from store: PostbackDeskStore, on loop: EventLoop) {
        guard asked.withLock({ $0.insert(reader).inserted }) else { return }
        loop.spawn { [self] in
            // A live log goes on without its numbers.
            _ = try? await summary(for: reader, from: store)
            asked.withLock { _ = $0.remove(reader) }
        }
    }
}
