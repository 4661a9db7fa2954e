import Base
import HTTP
import Postgres
import Reactor

/// A live log's connection: what is new or has changed among the newest rows that fit, each time the bell rings, and every five
/// seconds whatever rings.
///
/// The newest rows are read anew each time instead of following a cursor: what a journal brings late, or another process commits out of
/// order, appears too, and so does a delivery that settles. The first look tells all of them, for what the client has may be older than
/// its newest row says.
struct EventFeed: Sendable {
    /// So many of the newest rows are watched.
    static let watched = 100
    /// Rights are looked at where a line begins. It ends after so long, and its client connects anew: so long at most a closed account,
    /// an ended session or a role that was taken away goes on reading.
    static let longest = Duration.seconds(180)
    /// More than these are not counted.
    private static let mostSkipped = 10_000
    private static let backstop = Duration.seconds(5)
    /// However often the bell rings, a client is written to at most this often.
    private static let pause = Duration.milliseconds(250)

    /// What one look found that the client doesn't know.
    struct Look: Sendable {
        /// New or changed, oldest first.
        var events: [LoggedEvent]
        /// Ids of what was told and fits no more.
        var gone: [String] = []
        /// At the first look: from here on nothing else fits than `events`.
        var wholeFrom: EventQuestion.Place?
        /// How many came so fast since the last look that they are not among `events`.
        var skipped = 0
        /// The newest that fits.
        var newest: EventQuestion.Place?
    }

    let store: PostbackDeskStore
    let loop: EventLoop
    var longest = Self.longest

    /// Runs until the client goes away or its time is over.
    /// - Parameters:
    ///   - seen: the newest that the client has; what came since then and is no longer watched is counted.
    ///   - once: end after the first look.
    ///   - send: the first look is told even if it found nothing.
    func follow(
        _ question: EventQuestion, for reader: PostbackReader, after seen: EventQuestion.Place?, once: Bool = false,
        send: @Sendable (Look) async throws -> Void
    ) async throws {
        let (ticks, tick) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let notices = try store.database.notifications(on: PostbackChannel.events)
        let listening = loop.spawn { while await notices.next() != nil { tick.yield() } }
        let polling = loop.spawn { while await loop.sleep(for: Self.backstop) { tick.yield() } }
        let ending = loop.spawn { [longest] in if await loop.sleep(for: longest) { tick.finish() } }
        defer {
            listening.cancel()
            polling.cancel()
            ending.cancel()
            tick.finish()
        }
        var known: [LoggedEvent]?
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
            newest = rows.first?.place ?? newest
            var look = Self.look(at: rows, known: known)
            look.skipped = skipped
            look.newest = newest
            if known == nil || !look.events.isEmpty || !look.gone.isEmpty { try await send(look) }
            known = rows
            if once { return }
            guard await loop.sleep(for: Self.pause) else { return }
        }
    }

    /// - Parameters:
    ///   - rows: newest first.
    ///   - known: the rows of the look before; nil: this is the first.
    private static func look(at rows: [LoggedEvent], known: [LoggedEvent]?) -> Look {
        // Fewer than are watched: they are all there are.
        let start = rows.count < watched ? nil : rows.last?.place
        guard let known else { return Look(events: rows.reversed(), wholeFrom: start ?? .first) }
        let states = Dictionary(known.map { ($0.id, $0.delivery) }, uniquingKeysWith: { first, _ in first })
        let now = Set(rows.map(\.id))
        // What newer ones have pushed out is only watched no more.
        let gone = known.filter { row in !now.contains(row.id) && start.map { $0 < row.place } ?? true }
        return Look(
            events: rows.reversed().filter { states[$0.id] != $0.delivery }, gone: gone.map(\.id))
    }
}
