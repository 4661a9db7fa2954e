import Base
import Postgres
import Reactor

/// Takes due items and performs them, a few at a time, on one loop. Any number of processes may run one.
///
/// Touched only on its loop's thread, but for `poke` (`@unchecked Sendable` on that ground).
package final class OutboxWorker: @unchecked Sendable {
    private let store: OutboxStore
    private let handlers: [String: OutboxHandler]
    private let schedules: [OutboxSchedule]
    private let loop: EventLoop
    private let log: Logger
    private let bell: Bell
    private let lease: Duration
    private let poll: Duration
    private let concurrency: Int
    private var running: [Int64: (item: OutboxItem, work: Task<OutboxOutcome, Never>)] = [:]
    private var isStopping = false
    private var main: Task<Void, Never>?
    /// When each schedule is to be looked at again; absent: now.
    private var nextSlots: [String: MonotonicTime] = [:]

    /// - Parameters:
    ///   - lease: how long a dead process keeps an item from others; renewed at a third of it while the item is worked on.
    ///   - poll: how often the table is asked without a poke, for items of other processes.
    package init(
        database: Database, handlers: [OutboxHandler], schedules: [OutboxSchedule] = [], loop: EventLoop, log: Logger,
        lease: Duration = .seconds(30), poll: Duration = .seconds(1), concurrency: Int = 8
    ) {
        store = OutboxStore(database: database)
        self.handlers = Dictionary(handlers.map { ($0.kind, $0) }, uniquingKeysWith: { first, _ in first })
        self.schedules = schedules
        self.loop = loop
        self.log = log
        self.lease = lease
        self.poll = poll
        self.concurrency = concurrency
        bell = Bell(loop: loop)
    }

    package func start() {
        loop.execute { [self] in
            main = loop.spawn { await self.run() }
        }
    }

    /// Says that an item was just committed. Any thread.
    package func poke() { bell.ring() }

    /// Takes nothing new and lets what is running finish until `deadline`; the rest is given back for others.
    package func stop(within deadline: Duration = .seconds(5)) async {
        isStopping = true
        bell.ring()
        let end = MonotonicTime.now() + deadline
        while !running.isEmpty, MonotonicTime.now() < end {
            await bell.wait(atMost: end - .now())
        }
        // Let go of before they are cancelled: what a cancelled handler returns is no outcome to settle.
        let abandoned = running.values
        running = [:]
        for (item, work) in abandoned {
            work.cancel()
            try? await store.release(item)
        }
        // It may have been taking items just now; it gives them back.
        await main?.value
    }

    private func run() async {
        while !isStopping {
            await takeDue()
            if !isStopping { await bell.wait(atMost: poll) }
        }
    }

    private func takeDue() async {
        do {
            let rescued = try await store.rescue()
            if rescued > 0 { log.warning("outbox items of a lost process taken back", ["count": String(rescued)]) }
            for schedule in schedules where nextSlots[schedule.name].map({ $0 < .now() }) ?? true {
                nextSlots[schedule.name] = .now() + (try await store.putDue(schedule))
            }
            while running.count < concurrency, !isStopping {
                let free = concurrency - running.count
                let items = try await store.claim(kinds: Array(handlers.keys), limit: free, lease: lease)
                if isStopping {
                    for item in items { try await store.release(item) }
                    return
                }
                for item in items { begin(item) }
                if items.count < free { return }
            }
        } catch {
            // The next poll asks again; nothing is lost, the items are rows.
            log.warning("the outbox can't be read", ["error": String(describing: error)])
        }
    }

    private func begin(_ item: OutboxItem) {
        guard let handler = handlers[item.kind] else { return }
        // A task of its own: breaking the work off must not break off the settlement.
        let work = Task(executorPreference: loop) { await handler.perform(item) }
        running[item.id] = (item, work)
        loop.spawn { [self] in
            let heartbeat = loop.spawn { await self.keepLease(of: item) }
            let clock = loop.spawn { [self] in
                guard await loop.sleep(for: handler.timeout), holds(item) else { return }
                log.warning("an outbox item took too long", ["id": String(item.id), "kind": item.kind])
                work.cancel()
            }
            let outcome = await work.value
            heartbeat.cancel()
            clock.cancel()
            guard holds(item) else { return }
            await settle(item, work.isCancelled ? Self.whenBrokenOff(outcome, item) : outcome)
            if holds(item) { running[item.id] = nil }
            bell.ring()
        }
    }

    /// A handler that was done nevertheless has its say; what else a cancelled one returns is tried again.
    private static func whenBrokenOff(_ outcome: OutboxOutcome, _ item: OutboxItem) -> OutboxOutcome {
        if case .done = outcome { return outcome }
        return .retry(
            after: Backoff.delay(afterAttempt: item.attempt, jitter: .random(in: 0...1)), reason: "it took too long")
    }

    /// False when the item was given back, or its lease was lost and it was taken again, perhaps by this very worker.
    private func holds(_ item: OutboxItem) -> Bool { running[item.id]?.item.leaseToken == item.leaseToken }

    private func keepLease(of item: OutboxItem) async {
        while await loop.sleep(for: lease / 3) {
            if let held = try? await store.renew(item, lease: lease), !held { return }
        }
    }

    /// Written until it is written, or the lease is over and another process repeats the item.
    private func settle(_ item: OutboxItem, _ outcome: OutboxOutcome) async {
        let end = MonotonicTime.now() + lease
        var attempt = 1
        while true {
            do {
                return try await store.settle(item, outcome)
            } catch {
                guard MonotonicTime.now() < end else {
                    log.error(
                        "an outbox item can't be settled", ["id": String(item.id), "error": String(describing: error)])
                    return
                }
                _ = await loop.sleep(for: min(Backoff.delay(afterAttempt: attempt, jitter: 0.5), .seconds(4)))
                attempt += 1
            }
        }
    }
}
