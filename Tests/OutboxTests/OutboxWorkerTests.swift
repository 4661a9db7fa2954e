import Base
import Postgres
import Reactor
import Synchronization
import TestDesk
import Testing

@testable import Outbox

/// Workers on real loops and a real server.
@Suite(.timeLimit(.minutes(10))) struct OutboxWorkerTests {
    @Test func `what is put is performed, retried until it succeeds, or failed`() async throws {
        try await withTestDatabase { database, loop in
            let tries = Tally()
            let worker = OutboxWorker(
                database: database,
                handlers: [
                    OutboxHandler(kind: "a") { item in
                        tries.add(item.id)
                        switch item.payload["then"]?.stringValue {
                        case "retry" where item.attempt < 3: return .retry(after: .zero, reason: "not yet")
                        case "fail": return .failed(reason: "never")
                        default: return .done
                        }
                    }
                ], loop: loop, log: .silent, poll: .seconds(600))
            worker.start()
            let good = try #require(try await put(database, "a"))
            let patient = try #require(try await put(database, "a", ["then": "retry"]))
            let bad = try #require(try await put(database, "a", ["then": "fail"]))
            let foreign = try #require(try await put(database, "unknown"))
            // The poll is far away, so it is the poke and the settlements that wake it.
            worker.poke()
            #expect(
                try await eventually(loop) {
                    let states = [
                        try await state(database, good), try await state(database, patient),
                        try await state(database, bad),
                    ]
                    return states == ["done 1 -", "done 3 -", "failed 1 never"]
                })
            #expect(try await state(database, foreign) == "waiting 0 -")
            #expect(tries.counts == [good: 1, patient: 3, bad: 1])
            await worker.stop()
        }
    }

    @Test func `two workers share the work and perform each item once`() async throws {
        try await withTestDatabaseURL { url in
            let tries = Tally()
            try await onLoop { loop in
                let other = try EventLoop(name: "other")
                other.start()
                let database = try Database(url: url, loops: [loop, other], log: .silent)
                let workers = [loop, other].map { own in
                    OutboxWorker(
                        database: database,
                        handlers: [
                            OutboxHandler(kind: "a") { item in
                                tries.add(item.id, by: own.name)
                                await own.sleep(for: .milliseconds(1))
                                return .done
                            }
                        ], loop: own, log: .silent, poll: .milliseconds(20), concurrency: 4)
                }
                try await database.execute(
                    "INSERT INTO outbox (kind, payload) SELECT 'a', '{}' FROM generate_series(1, 200)")
                for worker in workers { worker.start() }
                #expect(
                    try await eventually(loop) {
                        try await database.first("SELECT 1 FROM outbox WHERE state <> 'done' LIMIT 1") == nil
                    })
                #expect(tries.counts.count == 200 && tries.counts.values.allSatisfy { $0 == 1 })
                #expect(tries.names == [loop.name, "other"])
                await workers[0].stop()
                await Task(executorPreference: other) { await workers[1].stop() }.value
                await database.close()
                other.stop()
            }
        }
    }

    @Test func `no more than its concurrency at once`() async throws {
        try await withTestDatabase { database, loop in
            let crowd = Tally()
            let worker = OutboxWorker(
                database: database,
                handlers: [
                    OutboxHandler(kind: "a") { _ in
                        crowd.enter()
                        await loop.sleep(for: .milliseconds(2))
                        crowd.leave()
                        return .done
                    }
                ], loop: loop, log: .silent, poll: .milliseconds(10), concurrency: 3)
            try await database.execute(
                "INSERT INTO outbox (kind, payload) SELECT 'a', '{}' FROM generate_series(1, 30)")
            worker.start()
            #expect(
                try await eventually(loop) {
                    try await database.first("SELECT 1 FROM outbox WHERE state <> 'done' LIMIT 1") == nil
                })
            #expect(crowd.most == 3)
            await worker.stop()
        }
    }

    @Test func `a long work keeps its lease`() async throws {
        try await withTestDatabase { database, loop in
            let (begun, begin) = AsyncStream.makeStream(of: Int.self)
            let finish = Bell(loop: loop)
            let handler = OutboxHandler(kind: "a") { item in
                begin.yield(item.attempt)
                await finish.wait(atMost: .seconds(60))
                return .done
            }
            let worker = OutboxWorker(
                database: database, handlers: [handler], loop: loop, log: .silent, lease: .milliseconds(600),
                poll: .milliseconds(20))
            let id = try #require(try await put(database, "a"))
            worker.start()
            #expect(await begun.first { _ in true } == 1)
            let first = try await database.one("SELECT lease_until FROM outbox").get("lease_until", Timestamp.self)
            // Twice as long as the lease was: without the heartbeat the worker's own rescue would have repeated it.
            #expect(
                try await eventually(loop) {
                    try await database.one("SELECT lease_until FROM outbox").get("lease_until", Timestamp.self)
                        > first.adding(.milliseconds(1200))
                })
            finish.ring()
            #expect(try await eventually(loop) { try await state(database, id) == "done 1 -" })
            await worker.stop()
        }
    }

    @Test func `a lease lost and taken again by the same worker is settled by its second holder`() async throws {
        try await withTestDatabase { database, loop in
            let (begun, begin) = AsyncStream.makeStream(of: Int.self)
            let bells = [Bell(loop: loop), Bell(loop: loop)]
            let handler = OutboxHandler(kind: "a") { item in
                begin.yield(item.attempt)
                await bells[item.attempt - 1].wait(atMost: .seconds(60))
                return item.attempt == 1 ? .failed(reason: "the first") : .done
            }
            let worker = OutboxWorker(
                database: database, handlers: [handler], loop: loop, log: .silent, poll: .milliseconds(10))
            let id = try #require(try await put(database, "a"))
            worker.start()
            var starts = begun.makeAsyncIterator()
            #expect(await starts.next() == 1)
            // As after an hour without a network: no heartbeat came through, and another process gave it back.
            try await database.execute("UPDATE outbox SET state = 'waiting', lease_until = NULL, losses = 1")
            #expect(await starts.next() == 2)
            bells[0].ring()
            // Time for the first to be through with its settlement.
            for _ in 0..<10 { #expect(try await state(database, id).hasPrefix("running 2")) }
            // It lives, so nothing was lost over the item.
            #expect(try await eventually(loop) { try await losses(database, id) == 0 })
            bells[1].ring()
            #expect(try await eventually(loop) { try await state(database, id).hasPrefix("done 2") })
            await worker.stop()
        }
    }

    @Test func `a snooze burns no attempt`() async throws {
        try await withTestDatabase { database, loop in
            let tries = Tally()
            let handler = OutboxHandler(kind: "a") { item in
                tries.add(item.id)
                return tries.counts[item.id] ?? 0 < 4 ? .snooze(for: .zero, reason: "asked to wait") : .done
            }
            let worker = OutboxWorker(
                database: database, handlers: [handler], loop: loop, log: .silent, poll: .milliseconds(10))
            let id = try #require(try await put(database, "a"))
            worker.start()
            #expect(try await eventually(loop) { try await state(database, id) == "done 1 -" })
            #expect(tries.counts[id] == 4)
            await worker.stop()
        }
    }

    @Test func `a try that takes too long is broken off and repeated`() async throws {
        try await withTestDatabase { database, loop in
            let handler = OutboxHandler(kind: "a", timeout: .milliseconds(50)) { item in
                // What a handler says after it was broken off is no verdict on the item.
                if item.attempt == 1, await !loop.sleep(for: .seconds(600)) { return .failed(reason: "broken off") }
                return .done
            }
            let worker = OutboxWorker(
                database: database, handlers: [handler], loop: loop, log: .silent, poll: .milliseconds(10))
            let id = try #require(try await put(database, "a"))
            worker.start()
            #expect(try await eventually(loop) { try await state(database, id) == "waiting 1 it took too long" })
            try await database.execute("UPDATE outbox SET run_at = now()")
            #expect(try await eventually(loop) { try await state(database, id) == "done 2 -" })
            await worker.stop()
        }
    }

    @Test func `stopping does not wait for a database that hangs`() async throws {
        try await withTestDatabaseURL { url in
            try await onLoop { loop in
                var settings = Database.Settings()
                // A stop that waited for the statement would wait for this.
                settings.statementDeadline = .seconds(3600)
                let database = try Database(url: url, loops: [loop], settings: settings, log: .silent)
                let (begun, begin) = AsyncStream.makeStream(of: Int64.self)
                let handler = OutboxHandler(kind: "a") { item in
                    begin.yield(item.id)
                    await loop.sleep(for: .seconds(3600))
                    return .done
                }
                let worker = OutboxWorker(
                    database: database, handlers: [handler], loop: loop, log: .silent, poll: .milliseconds(10))
                let id = try #require(try await put(database, "a"))
                worker.start()
                #expect(await begun.first { _ in true } == id)
                try await database.transaction { transaction in
                    try await transaction.execute("LOCK TABLE outbox IN ACCESS EXCLUSIVE MODE")
                    let isStuck = try await eventually(loop) {
                        // Not in the transaction, which would see one moment of it for ever.
                        try await database.one(
                            """
                            SELECT count(*) > 0 AS stuck FROM pg_stat_activity
                            WHERE datname = current_database() AND wait_event_type = 'Lock'
                            """
                        ).get("stuck", Bool.self)
                    }
                    #expect(isStuck)
                    await worker.stop(within: .zero)
                    #expect(
                        try await transaction.one("SELECT state FROM outbox").get("state", String.self) == "running")
                }
                await database.close()
            }
        }
    }

    @Test func `stopping lets the quick finish and gives the slow back without an attempt`() async throws {
        try await withTestDatabase { database, loop in
            let (begun, begin) = AsyncStream.makeStream(of: Int64.self)
            let quickBell = Bell(loop: loop)
            let handler = OutboxHandler(kind: "a") { item in
                begin.yield(item.id)
                if item.payload["slow"] == nil {
                    await quickBell.wait(atMost: .seconds(60))
                } else {
                    await loop.sleep(for: .seconds(600))
                }
                return .done
            }
            let worker = OutboxWorker(
                database: database, handlers: [handler], loop: loop, log: .silent, poll: .milliseconds(10))
            let quick = try #require(try await put(database, "a"))
            let slow = try #require(try await put(database, "a", ["slow": true]))
            worker.start()
            var starts = begun.makeAsyncIterator()
            #expect(Set([await starts.next(), await starts.next()]) == [quick, slow])
            quickBell.ring()
            await worker.stop(within: .milliseconds(300))
            let late = try #require(try await put(database, "a"))
            #expect(try await state(database, quick) == "done 1 -")
            #expect(try await state(database, slow) == "waiting 0 -")
            #expect(try await state(database, late) == "waiting 0 -")
        }
    }

    @Test func `what is taken at the moment of stopping is given back before the stop is over`() async throws {
        try await withTestDatabase { database, loop in
            let tries = Tally()
            let handler = OutboxHandler(kind: "a") { item in
                tries.add(item.id)
                return .done
            }
            let worker = OutboxWorker(database: database, handlers: [handler], loop: loop, log: .silent)
            // Whoever takes an item waits for the lock that this test holds.
            try await database.execute(
                """
                CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS
                'BEGIN PERFORM pg_advisory_xact_lock(42); RETURN NEW; END'
                """)
            try await database.execute(
                """
                CREATE TRIGGER hold BEFORE UPDATE ON outbox FOR EACH ROW WHEN (NEW.state = 'running')
                EXECUTE FUNCTION hold()
                """)
            let id = try #require(try await put(database, "a"))
            let over = Tally()
            let stopping = try await database.transaction { transaction in
                try await transaction.execute("SELECT pg_advisory_xact_lock(42)")
                worker.start()
                #expect(
                    try await eventually(loop) {
                        try await database.first(
                            """
                            SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
                            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                            """) != nil
                    })
                // On the worker's loop, so that it begins before the lock is let go.
                let stopping = Task(executorPreference: loop) {
                    await worker.stop(within: .zero)
                    over.enter()
                }
                for _ in 0..<10 { #expect(try await state(database, id) == "waiting 0 -") }
                #expect(over.most == 0)
                return stopping
            }
            await stopping.value
            #expect(try await state(database, id) == "waiting 0 -")
            #expect(tries.counts.isEmpty)
        }
    }

    @Test func `an outbox that can't be read is asked again`() async throws {
        try await withTestDatabase { database, loop in
            let worker = OutboxWorker(
                database: database, handlers: [OutboxHandler(kind: "a") { _ in .done }], loop: loop, log: .silent,
                poll: .milliseconds(10))
            let id = try #require(try await put(database, "a"))
            try await database.execute("ALTER TABLE outbox RENAME TO outbox_away")
            worker.start()
            for _ in 0..<20 { await loop.sleep(for: .milliseconds(2)) }
            try await database.execute("ALTER TABLE outbox_away RENAME TO outbox")
            #expect(try await eventually(loop) { try await state(database, id) == "done 1 -" })
            await worker.stop()
        }
    }
}

/// Counts what happened, from any thread.
final class Tally: Sendable {
    private struct Counts {
        var items: [Int64: Int] = [:]
        var names: Set<String> = []
        var present = 0
        var most = 0
    }
    private let state = Mutex(Counts())

    func add(_ id: Int64, by name: String = "") {
        state.withLock {
            $0.items[id, default: 0] += 1
            $0.names.insert(name)
        }
    }

    func enter() {
        state.withLock {
            $0.present += 1
            $0.most = max($0.most, $0.present)
        }
    }

    func leave() { state.withLock { $0.present -= 1 } }

    var counts: [Int64: Int] { state.withLock { $0.items } }
    var names: Set<String> { state.withLock { $0.names } }
    var most: Int { state.withLock { $0.most } }
}
