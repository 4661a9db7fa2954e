import Base
import Postgres
import TestDesk
import Testing

@testable import Outbox

/// The outbox's SQL on a real server.
@Suite(.timeLimit(.minutes(10))) struct OutboxStoreTests {
    @Test func `an item exists when its transaction commits, and not otherwise`() async throws {
        struct Abandoned: Error {}
        try await withTestDatabase { database, _ in
            let store = OutboxStore(database: database)
            await #expect(throws: Abandoned.self) {
                try await database.transaction { transaction in
                    try await OutboxStore.put("a", ["n": 1], in: transaction)
                    throw Abandoned()
                }
            }
            #expect(try await store.claim(kinds: ["a"], limit: 10, lease: .seconds(30)).isEmpty)
            let id = try await put(database, "a", ["n": 2])
            let items = try await store.claim(kinds: ["a"], limit: 10, lease: .seconds(30))
            #expect(items.map(\.id) == [id])
            #expect(items.map(\.payload) == [["n": 2]])
            #expect(items.map(\.attempt) == [1])
        }
    }

    @Test func `a unique key stands for one unsettled item`() async throws {
        try await withTestDatabase { database, _ in
            let store = OutboxStore(database: database)
            #expect(try await put(database, "a", key: "once") != nil)
            #expect(try await put(database, "a", key: "once") == nil)
            #expect(try await put(database, "a", key: "other") != nil)
            #expect(try await put(database, "a") != nil)
            #expect(try await put(database, "a") != nil)
            let items = try await store.claim(kinds: ["a"], limit: 10, lease: .seconds(30))
            #expect(items.count == 4)
            #expect(try await put(database, "a", key: "once") == nil)
            for item in items { try await store.settle(item, .done) }
            #expect(try await put(database, "a", key: "once") != nil)
        }
    }

    @Test func `an item can be put in for later`() async throws {
        try await withTestDatabase { database, _ in
            let store = OutboxStore(database: database)
            try await database.transaction { try await OutboxStore.put("a", [:], after: .seconds(3600), in: $0) }
            #expect(try await store.claim(kinds: ["a"], limit: 1, lease: .seconds(30)).isEmpty)
            try await database.execute("UPDATE outbox SET run_at = run_at - interval '1 hour'")
            #expect(try await store.claim(kinds: ["a"], limit: 1, lease: .seconds(30)).count == 1)
        }
    }

    @Test func `what was settled long ago is pruned, however much it is`() async throws {
        try await withTestDatabase { database, _ in
            try await database.execute(
                """
                INSERT INTO outbox (kind, payload, state, settled_at)
                SELECT 'a', '{}', 'done', now() - n * interval '1 minute' FROM generate_series(1, 2500) n
                """)
            try await database.execute("UPDATE outbox SET settled_at = settled_at - interval '8 days' WHERE id <= 2400")
            #expect(try await OutboxStore(database: database).prune(settledBefore: 7) == 2400)
            #expect(try await database.one("SELECT count(*) AS n FROM outbox").get("n", Int64.self) == 100)
        }
    }

    @Test func `items are taken by kind, when they are due, the oldest first, up to the limit`() async throws {
        try await withTestDatabase { database, _ in
            let store = OutboxStore(database: database)
            let first = try await put(database, "a")
            _ = try await put(database, "other")
            let second = try await put(database, "b")
            let later = try await put(database, "a")
            let third = try await put(database, "a")
            try await database.execute("UPDATE outbox SET run_at = now() + interval '1 hour' WHERE id = \(later)")
            try await database.execute("UPDATE outbox SET run_at = now() - interval '1 hour' WHERE id = \(third)")
            let taken = try await store.claim(kinds: ["a", "b"], limit: 2, lease: .seconds(30))
            #expect(Set(taken.map(\.id)) == Set([third, first].compactMap { $0 }))
            let rest = try await store.claim(kinds: ["a", "b"], limit: 10, lease: .seconds(30))
            #expect(rest.map(\.id) == [second])
            #expect(try await store.claim(kinds: ["a", "b"], limit: 10, lease: .seconds(30)).isEmpty)
        }
    }

    @Test func `who lost the lease can neither renew nor settle`() async throws {
        try await withTestDatabase { database, _ in
            let store = OutboxStore(database: database)
            _ = try await put(database, "a")
            let lost = try #require(try await store.claim(kinds: ["a"], limit: 1, lease: .seconds(30)).first)
            #expect(try await store.renew(lost, lease: .seconds(30)))
            #expect(try await store.rescue() == 0)
            try await database.execute("UPDATE outbox SET lease_until = now() - interval '1 second'")
            #expect(try await store.rescue() == 1)
            try await database.execute("UPDATE outbox SET run_at = now()")
            let held = try #require(try await store.claim(kinds: ["a"], limit: 1, lease: .seconds(30)).first)
            #expect(held.id == lost.id && held.attempt == 2)

            #expect(try await store.renew(lost, lease: .seconds(30)) == false)
            try await store.settle(lost, .failed(reason: "late"))
            try await store.settle(lost, .retry(after: .zero, reason: "late"))
            try await store.release(lost)
            #expect(try await state(database, held.id) == "running 2 the process was lost")
            try await store.settle(held, .done)
            #expect(try await state(database, held.id) == "done 2 -")
        }
    }

    @Test func `a retry waits, says why, and counts; a release does neither`() async throws {
        try await withTestDatabase { database, _ in
            let store = OutboxStore(database: database)
            let id = try #require(try await put(database, "a"))
            let first = try #require(try await store.claim(kinds: ["a"], limit: 1, lease: .seconds(30)).first)
            try await store.settle(first, .retry(after: .seconds(600), reason: "Keitaro is away"))
            #expect(try await state(database, id) == "waiting 1 Keitaro is away")
            #expect(try await store.claim(kinds: ["a"], limit: 1, lease: .seconds(30)).isEmpty)
            let wait = try await database.one(
                "SELECT run_at - now() BETWEEN interval '9 minutes' AND interval '10 minutes' AS right FROM outbox")
            #expect(try wait.get("right", Bool.self))

            try await database.execute("UPDATE outbox SET run_at = now()")
            let second = try #require(try await store.claim(kinds: ["a"], limit: 1, lease: .seconds(30)).first)
            #expect(second.attempt == 2)
            try await store.release(second)
            #expect(try await state(database, id) == "waiting 1 Keitaro is away")
            let third = try #require(try await store.claim(kinds: ["a"], limit: 1, lease: .seconds(30)).first)
            #expect(third.attempt == 2)
            try await store.settle(third, .failed(reason: "for good"))
            #expect(try await state(database, id) == "failed 2 for good")
        }
    }

    @Test func `only what was settled long ago is pruned`() async throws {
        try await withTestDatabase { database, _ in
            let store = OutboxStore(database: database)
            for _ in 0..<4 { _ = try await put(database, "a") }
            let items = try await store.claim(kinds: ["a"], limit: 3, lease: .seconds(30)).sorted { $0.id < $1.id }
            try await store.settle(items[0], .done)
            try await store.settle(items[1], .failed(reason: "no"))
            try await database.execute(
                """
                UPDATE outbox SET created_at = created_at - interval '9 days', settled_at = settled_at - interval '8 days'
                WHERE id <> \(items[1].id)
                """)
            #expect(try await store.prune(settledBefore: 7) == 1)
            let left = try await database.query("SELECT state FROM outbox ORDER BY id").map {
                try $0.get("state", String.self)
            }
            #expect(left == ["failed", "running", "waiting"])
        }
    }

    @Test(arguments: [
        (1, 0.9, 1.1), (2, 1.8, 2.2), (5, 14.4, 17.6), (9, 230.4, 281.6), (10, 270, 330), (400, 270, 330),
    ])
    func `pauses double up to five minutes`(attempt: Int, shortest: Double, longest: Double) {
        #expect(Backoff.delay(afterAttempt: attempt, jitter: 0) == .milliseconds(Int64(shortest * 1000)))
        #expect(Backoff.delay(afterAttempt: attempt, jitter: 1) <= .milliseconds(Int64((longest * 1000).rounded(.up))))
        #expect(Backoff.delay(afterAttempt: attempt, jitter: 7) == Backoff.delay(afterAttempt: attempt, jitter: 1))
    }
}

/// Puts an item in a transaction of its own.
@discardableResult
func put(_ database: Database, _ kind: String, _ payload: JSON = [:], key: String? = nil) async throws -> Int64? {
    try await database.transaction { try await OutboxStore.put(kind, payload, uniqueKey: key, in: $0) }
}

/// State, attempts and reason, as one text.
func state(_ database: Database, _ id: Int64) async throws -> String {
    let row = try await database.one("SELECT state, attempts, last_error FROM outbox WHERE id = \(id)")
    let reason: String? = try row.get("last_error")
    return "\(try row.get("state", String.self)) \(try row.get("attempts", Int.self)) \(reason ?? "-")"
}
