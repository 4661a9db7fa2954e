import Base
import Postgres
import Reactor
import TestDesk
import Testing

@testable import Outbox

/// What becomes of items whose processes die over them.
@Suite(.timeLimit(.minutes(10))) struct OutboxLossTests {
    /// A process takes the item and dies; half a minute later another notices.
    private func lose(_ id: Int64, _ store: OutboxStore) async throws {
        try await store.database.execute("UPDATE outbox SET run_at = now() WHERE id = \(id)")
        let taken = try await store.claim(kinds: ["a"], limit: 8, lease: .seconds(30))
        #expect(taken.map(\.id) == [id])
        try await store.database.execute("UPDATE outbox SET lease_until = now() - interval '1 second' WHERE id = \(id)")
        #expect(try await store.rescue() == 1)
    }

    @Test func `each loss is counted and makes the item wait longer, and what is lost while it is given up is failed`()
        async throws
    {
        try await withTestDatabase { database, _ in
            let store = OutboxStore(database: database)
            let id = try #require(try await put(database, "a"))
            for (losses, wait) in [(1, 1.7...2.3), (2, 53...67), (3, -1...0.1)] {
                try await lose(id, store)
                let row = try await database.one(
                    """
                    SELECT state, losses, last_error, extract(epoch FROM run_at - now())::double precision AS wait
                    FROM outbox
                    """)
                #expect(try row.get("state", String.self) == "waiting")
                #expect(try row.get("losses", Int.self) == losses)
                #expect(try row.get("last_error", String.self) == OutboxLoss.reason)
                let waits: Double = try row.get("wait")
                #expect(wait.contains(waits), "\(waits) s after loss \(losses)")
            }
            try await lose(id, store)
            #expect(try await state(database, id) == "failed 4 \(OutboxLoss.finalReason)")
        }
    }

    @Test func `an item that ends every process is given up after three, and said to be`() async throws {
        try await withTestDatabase { database, loop in
            let store = OutboxStore(database: database)
            let poison = try #require(try await put(database, "a"))
            for _ in 1...3 { try await lose(poison, store) }
            let performed = Tally()
            let told = Tally()
            let worker = OutboxWorker(
                database: database,
                handlers: [
                    OutboxHandler(
                        kind: "a",
                        giveUp: { item in
                            told.add(item.id)
                            // As when the database is away at first.
                            if told.counts[item.id] == 1 { throw Unlucky() }
                        },
                        perform: { item in
                            performed.add(item.id)
                            return .done
                        })
                ], loop: loop, log: .silent, poll: .milliseconds(10))
            worker.start()
            let reason = "failed 4 \(OutboxLoss.finalReason)"
            #expect(try await eventually(loop) { try await state(database, poison) == reason })
            #expect(performed.counts.isEmpty && told.counts == [poison: 2])
            await worker.stop()
        }
    }

    private struct Unlucky: Error {}

    @Test func `an outcome clears an item of its losses`() async throws {
        try await withTestDatabase { database, _ in
            let store = OutboxStore(database: database)
            let id = try #require(try await put(database, "a"))
            for outcome in [
                OutboxOutcome.retry(after: .zero, reason: "later"), .snooze(for: .zero, reason: "not\0yet"),
            ] {
                try await lose(id, store)
                try await lose(id, store)
                try await database.execute("UPDATE outbox SET run_at = now()")
                let item = try #require(try await store.claim(kinds: ["a"], limit: 1, lease: .seconds(30)).first)
                #expect(item.losses == 2)
                #expect(try await store.settle(item, outcome))
                #expect(try await losses(database, id) == 0)
            }
            #expect(try await state(database, id).hasSuffix("not\u{FFFD}yet"))
        }
    }

    @Test func `suspects are taken one at a time, beside the others`() async throws {
        try await withTestDatabase { database, _ in
            let store = OutboxStore(database: database)
            for _ in 0..<6 { _ = try await put(database, "a") }
            try await database.execute("UPDATE outbox SET losses = 1 WHERE id <= 3")
            let taken = try await store.claim(kinds: ["a"], limit: 3, lease: .seconds(30))
            #expect(taken.map(\.losses).sorted() == [0, 0, 1])
            // Who performs a suspect asks for no other.
            let more = try await store.claim(kinds: ["a"], limit: 8, suspects: 0, lease: .seconds(30))
            #expect(more.map(\.losses) == [0])
            #expect(try await store.claim(kinds: ["a"], limit: 8, lease: .seconds(30)).map(\.losses) == [1])
        }
    }

    @Test func `a worker performs one suspect at a time`() async throws {
        try await withTestDatabase { database, loop in
            let crowd = Tally()
            let worker = OutboxWorker(
                database: database,
                handlers: [
                    OutboxHandler(kind: "a") { item in
                        guard item.losses > 0 else { return .done }
                        crowd.enter()
                        await loop.sleep(for: .milliseconds(5))
                        crowd.leave()
                        return .done
                    }
                ], loop: loop, log: .silent, poll: .milliseconds(1), concurrency: 4)
            try await database.execute(
                "INSERT INTO outbox (kind, payload, losses) SELECT 'a', '{}', n % 2 FROM generate_series(1, 20) n")
            worker.start()
            #expect(
                try await eventually(loop) {
                    try await database.first("SELECT 1 FROM outbox WHERE state <> 'done' LIMIT 1") == nil
                })
            #expect(crowd.most == 1)
            await worker.stop()
        }
    }

    @Test func `a worker that was cut off keeps what it holds, and nothing was lost`() async throws {
        try await withTestDatabase { database, loop in
            let (begun, begin) = AsyncStream.makeStream(of: Int.self)
            let finish = Bell(loop: loop)
            let handler = OutboxHandler(kind: "a") { item in
                guard item.payload["slow"] != nil else { return .done }
                begin.yield(item.attempt)
                await finish.wait(atMost: .seconds(60))
                return .done
            }
            let worker = OutboxWorker(
                database: database, handlers: [handler], loop: loop, log: .silent, poll: .milliseconds(10))
            let slow = try #require(try await put(database, "a", ["slow": true]))
            worker.start()
            #expect(await begun.first { _ in true } == 1)
            try await database.execute("UPDATE outbox SET lease_until = now() - interval '1 hour'")
            // The worker has looked at the table more than once when this is through.
            for _ in 0..<2 {
                let other = try #require(try await put(database, "a"))
                #expect(try await eventually(loop) { try await state(database, other) == "done 1 -" })
            }
            #expect(try await state(database, slow) == "running 1 -")
            finish.ring()
            #expect(try await eventually(loop) { try await state(database, slow) == "done 1 -" })
            #expect(try await losses(database, slow) == 0)
            await worker.stop()
        }
    }

    @Test func `after the database was away, others have a lease's time to renew theirs`() async throws {
        try await withTestDatabase { database, loop in
            let store = OutboxStore(database: database)
            let theirs = try #require(try await put(database, "a"))
            try #require(try await store.claim(kinds: ["a"], limit: 1, lease: .seconds(30)).count == 1)
            try await database.execute("ALTER TABLE outbox RENAME TO outbox_away")
            let noticed = Tally()
            let log = Logger(level: .warning, component: "outbox") { record in
                if String(decoding: record, as: UTF8.self).contains("can't be read") { noticed.enter() }
            }
            let worker = OutboxWorker(
                database: database, handlers: [OutboxHandler(kind: "a") { _ in .done }], loop: loop, log: log,
                lease: .seconds(3600), poll: .milliseconds(10))
            worker.start()
            #expect(try await eventually(loop) { noticed.most > 0 })
            try await database.execute("UPDATE outbox_away SET lease_until = now() - interval '1 second'")
            try await database.execute("ALTER TABLE outbox_away RENAME TO outbox")
            for _ in 0..<2 {
                let own = try #require(try await put(database, "a"))
                #expect(try await eventually(loop) { try await state(database, own) == "done 1 -" })
            }
            #expect(try await state(database, theirs) == "running 1 -")
            await worker.stop()
        }
    }
}

/// How many processes in a row were lost over an item.
func losses(_ database: Database, _ id: Int64) async throws -> Int {
    try await database.one("SELECT losses FROM outbox WHERE id = \(id)").get("losses")
}
