import Base
import HTTP
import Postgres
import Reactor

/// A live log's connection: what is new or has changed among the newest rows that fit, each time the bell rings, and every five
/// seconds whatever rings.
///
/// The newest rows are read anew each time instead of following a cursor: what a journal brings late, or another process commits out of
/// order, appears too, and so does a delivery that settles.
struct EventFeed: Sendable {
    /// So many of the newest rows are watched.
    static let watched = 100
    /// More than these are not counted.
    private static let mostSkipped = 10_000
    private static let backstop = Duration.seconds(5)
    /// However often the bell rings, a client is written to at most this often.
    private static let pause = Duration.milliseconds(250)

    let store: PostbackDeskStore
    let loop: EventLoop

    /// Runs until the client goes away.
    /// - Parameters:
    ///   - seen: what the client has already; nil: it wants the newest rows first.
    ///   - once: end after the first look, which is then sent even if it found nothing.
    ///   - send: rows that are new or changed, oldest first, and how many came so fast since the last look that they are not among them.
    func follow(
        _ question: EventQuestion, for reader: PostbackReader, after seen: EventQuestion.Place?, once: Bool = false,
        send: @Sendable ([LoggedEvent], _ skipped: Int) async throws -> Void
    ) async throws {
        let (ticks, tick) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let notices = try store.database.notifications(on: PostbackChannel.events)
        let listening = loop.spawn { while await notices.next() != nil { tick.yield() } }
        let polling = loop.spawn { while await loop.sleep(for: Self.backstop) { tick.yield() } }
        defer {
            listening.cancel()
            polling.cancel()
            tick.finish()
        }
        var known: [String: DeliveryState] = [:]
        var isFirst = true
        var newest = seen
        tick.yield()
        for await _ in ticks {
            try Task.checkCancellation()
            let rows: [LoggedEvent]
            var skipped = 0
            do {
                rows = try await store.events(question, for: reader, limit: Self.watched)
                if rows.count == Self.watched, let newest, let oldest = rows.last?.place {
                    skipped = try await store.count(
                        question, for: reader, between: newest, and: oldest, most: Self.mostSkipped)
                }
            } catch let error as PostgresError where error.isUnavailability {
                // It comes back; the line stays.
                await loop.sleep(for: Self.backstop)
                continue
            }
            let changed = rows.reversed().filter { row in
                if isFirst, let seen, row.at <= seen.at { return false }
                return known[row.id] != row.delivery
            }
            known = Dictionary(rows.map { ($0.id, $0.delivery) }, uniquingKeysWith: { first, _ in first })
            isFirst = false
            newest = rows.first?.place ?? newest
            if !changed.isEmpty || once { try await send(Array(changed), skipped) }
            if once { return }
            guard await loop.sleep(for: Self.pause) else { return }
        }
    }
}
