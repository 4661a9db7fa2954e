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
    private var running: [Int64: Work] = [:]
    private var isStopping = false
    private var main: Task<Void, Never>?
    /// When each schedule is to be looked at again; absent: now.
    private var nextSlots: [String: MonotonicTime] = [:]
    /// Before it nothing is taken from others: the database was away, and those who live renew their leases first.
    private var rescuesFrom = MonotonicTime.now()

    /// An item in work; the loop's alone (`@unchecked Sendable` on that ground).
    private final class Work: @unchecked Sendable {
        let item: OutboxItem
        let task: Task<OutboxOutcome, Never>
        /// The loss of its lease was taken back.
        var isCleared = false

        init(item: OutboxItem, task: Task<OutboxOutcome, Never>) {
            self.item = item
            self.task = task
        }
    }

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

    /// What this worker performs.
    package var kinds: [String] { handlers.keys.sorted() }

    package func start() {
        loop.execute { [self] in
            main = loop.spawn { await self.run() }
        }
    }

    /// Says that an item was just committed. Any thread.
    package func poke() { bell.ring() }

    /// How long a database that hangs is waited for when things are given back.
    private static let patience = Duration.seconds(1)

    /// Takes nothing new and lets what is running finish until `deadline`; the rest is given back for others, within a second more. What a
    /// database that hangs did not take back comes free when its lease is over. On the loop.
    package func stop(within deadline: Duration = .seconds(5)) async {
        isStopping = true
        bell.ring()
        let last = MonotonicTime.now() + deadline
        while !running.isEmpty, MonotonicTime.now() < last {
            await bell.wait(atMost: last - .now())
        }
        // Let go of before they are cancelled: what a cancelled handler returns is no outcome to settle.
        let abandoned = running.values
        running = [:]
        for work in abandoned { work.task.cancel() }
        let end = Ending(loop: loop)
        let givingBack = loop.spawn { [self] in
            await withTaskGroup { group in
                for item in abandoned.map(\.item) { group.addTask { [store] in try? await store.release(item) } }
            }
            // It may have been taking items just now; it gives them back.
            await main?.value
            end.come()
        }
        guard await !end.wait(atMost: Self.patience) else { return }
        log.warning("the outbox is left with items taken: the database does not answer")
        givingBack.cancel()
        main?.cancel()
    }

    private func run() async {
        while !isStopping {
            await takeDue()
            if !isStopping { await bell.wait(atMost: poll) }
        }
    }

    private func takeDue() async {
        do {
            if rescuesFrom <= .now() {
                let rescued = try await store.rescue(except: running.values.map(\.item))
                if rescued > 0 { log.warning("outbox items of a lost process taken back", ["count": String(rescued)]) }
            }
            for schedule in schedules where nextSlots[schedule.name].map({ $0 < .now() }) ?? true {
                nextSlots[schedule.name] = .now() + (try await store.putDue(schedule))
            }
            while running.count < concurrency, !isStopping {
                let free = concurrency - running.count
                let hasSuspect = running.values.contains { $0.item.losses > 0 }
                let items = try await store.claim(
                    kinds: Array(handlers.keys), limit: free, suspects: hasSuspect ? 0 : 1, lease: lease)
                if isStopping {
                    for item in items { try await store.release(item) }
                    return
                }
                for item in items { begin(item) }
                if items.count < free { return }
            }
        } catch {
            // The next poll asks again; nothing is lost, the items are rows.
            rescuesFrom = .now() + lease
            log.warning("the outbox can't be read", ["error": String(describing: error)])
        }
    }

    private func begin(_ item: OutboxItem) {
        guard let handler = handlers[item.kind] else { return }
        // A task of its own: breaking the work off must not break off the settlement.
        let task = Task(executorPreference: loop) { [self] in
            item.losses < OutboxLoss.limit ? await handler.perform(item) : await givenUp(item, by: handler)
        }
        let work = Work(item: item, task: task)
        running[item.id] = work
        loop.spawn { [self] in
            let heartbeat = loop.spawn { await self.keepLease(of: work) }
            let clock = loop.spawn { [self] in
                guard await loop.sleep(for: handler.timeout), holds(item) else { return }
                log.warning("an outbox item took too long", ["id": String(item.id), "kind": item.kind])
                task.cancel()
            }
            let outcome = await task.value
            heartbeat.cancel()
            clock.cancel()
            guard holds(item) else {
                if !isStopping { await clear(work) }
                return
            }
            await settle(work, task.isCancelled ? Self.whenBrokenOff(outcome, item) : outcome)
            if holds(item) { running[item.id] = nil }
            bell.ring()
        }
    }

    private func givenUp(_ item: OutboxItem, by handler: OutboxHandler) async -> OutboxOutcome {
        log.error(
            "an outbox item is given up: processes were lost over it",
            ["id": String(item.id), "kind": item.kind, "losses": String(item.losses)])
        var attempt = 1
        while true {
            do {
                try await handler.giveUp(item)
                return .failed(reason: OutboxLoss.finalReason)
            } catch {
                log.warning(
                    "an outbox item can't be given up", ["id": String(item.id), "error": String(describing: error)])
                let pause = Backoff.delay(afterAttempt: attempt, jitter: .random(in: 0...1))
                // Broken off by the clock: it is failed nevertheless, or it would begin anew as if it had never been lost.
                guard await loop.sleep(for: pause) else { return .failed(reason: OutboxLoss.finalReason) }
                attempt += 1
            }
        }
    }

    /// A handler that was done nevertheless has its say; what else a cancelled one returns is tried again.
    private static func whenBrokenOff(_ outcome: OutboxOutcome, _ item: OutboxItem) -> OutboxOutcome {
        if case .done = outcome { return outcome }
        if item.losses >= OutboxLoss.limit { return outcome }
        return .retry(
            after: Backoff.delay(afterAttempt: item.attempt, jitter: .random(in: 0...1)), reason: "it took too long")
    }

    /// False when the item was given back, or its lease was lost and it was taken again, perhaps by this very worker.
    private func holds(_ item: OutboxItem) -> Bool { running[item.id]?.item.leaseToken == item.leaseToken }

    private func keepLease(of work: Work) async {
        while await loop.sleep(for: lease / 3) {
            if let held = try? await store.renew(work.item, lease: lease), !held { return await clear(work) }
        }
    }

    /// Its lease is another's by now, but this process lives: the loss that was counted was none.
    private func clear(_ work: Work) async {
        guard !work.isCleared else { return }
        work.isCleared = true
        log.warning("an outbox item's lease was lost while it was performed", ["id": String(work.item.id)])
        // Should this fail too, one loss too many is counted, and an outcome makes up for it.
        try? await store.takeBackLoss(of: work.item)
    }

    /// Written until it is written or another process has the item, however long the database is away.
    private func settle(_ work: Work, _ outcome: OutboxOutcome) async {
        let item = work.item
        let end = MonotonicTime.now() + lease
        var attempt = 1
        while true {
            do {
                if try await !store.settle(item, outcome) { await clear(work) }
                return
            } catch {
                let isAway = (error as? PostgresError)?.isUnavailability ?? false
                guard holds(item), isAway || MonotonicTime.now() < end else {
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
