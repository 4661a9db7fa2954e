import Base
import Postgres
import Reactor
import TestDesk
import Testing

@testable import Outbox

/// Work that comes again: one item a slot, whoever asks and however often.
@Suite(.timeLimit(.minutes(10))) struct OutboxScheduleTests {
    private let hourly = OutboxSchedule("hourly", every: .seconds(3600), offset: .seconds(600))

    @Test func `a slot is put in once, by whichever process comes first`() async throws {
        try await withTestDatabase { database, _ in
            let store = OutboxStore(database: database)
            try await withThrowingTaskGroup(of: Duration.self) { group in
                for _ in 0..<20 { group.addTask { try await store.putDue(hourly) } }
                for try await remaining in group { #expect(remaining > .zero && remaining <= .seconds(3600)) }
            }
            let slot = try await database.one(
                """
                SELECT extract(epoch FROM last_slot)::bigint % 3600 AS phase, last_slot <= now() AS has_begun,
                    last_slot > now() - interval '1 hour' AS is_present
                FROM outbox_schedules
                """)
            let phase: Int64 = try slot.get("phase")
            let hasBegun: Bool = try slot.get("has_begun")
            let isPresent: Bool = try slot.get("is_present")
            #expect(phase == 600 && hasBegun && isPresent)
            #expect(try await items(database) == ["hourly waiting"])
        }
    }

    @Test func `slots that passed while nothing ran are made up for once`() async throws {
        try await withTestDatabase { database, _ in
            let store = OutboxStore(database: database)
            try await database.execute(
                "INSERT INTO outbox_schedules VALUES ('hourly', now() - interval '10 hours')")
            _ = try await store.putDue(hourly)
            _ = try await store.putDue(hourly)
            #expect(try await items(database) == ["hourly waiting"])
        }
    }

    @Test func `a slot adds nothing while the item of the last one is unsettled`() async throws {
        try await withTestDatabase { database, _ in
            let store = OutboxStore(database: database)
            _ = try await store.putDue(hourly)
            let item = try #require(try await store.claim(kinds: ["hourly"], limit: 1, lease: .seconds(30)).first)
            try await database.execute("UPDATE outbox_schedules SET last_slot = last_slot - interval '1 hour'")
            _ = try await store.putDue(hourly)
            #expect(try await items(database) == ["hourly running"])
            try await store.settle(item, .done)
            try await database.execute("UPDATE outbox_schedules SET last_slot = last_slot - interval '1 hour'")
            _ = try await store.putDue(hourly)
            #expect(try await items(database) == ["hourly done", "hourly waiting"])
        }
    }

    @Test func `a clock that goes back puts nothing in`() async throws {
        try await withTestDatabase { database, _ in
            try await database.execute(
                "INSERT INTO outbox_schedules VALUES ('hourly', now() + interval '10 hours')")
            _ = try await OutboxStore(database: database).putDue(hourly)
            #expect(try await items(database) == [])
        }
    }

    @Test func `a worker puts its schedules in and performs them, two workers each slot once`() async throws {
        try await withTestDatabase { database, loop in
            let tries = Tally()
            let handler = OutboxHandler(kind: "hourly") { item in
                tries.add(item.id)
                return .done
            }
            func worker() -> OutboxWorker {
                OutboxWorker(
                    database: database, handlers: [handler], schedules: [hourly], loop: loop, log: .silent,
                    poll: .milliseconds(10))
            }
            let workers = [worker(), worker()]
            for worker in workers { worker.start() }
            let isDone = try await eventually(loop) { try await items(database) == ["hourly done"] }
            #expect(isDone)
            for worker in workers { await worker.stop() }
            #expect(try await items(database) == ["hourly done"])
            #expect(tries.counts.values.reduce(0, +) == 1)
        }
    }

    private func items(_ database: Database) async throws -> [String] {
        try await database.query("SELECT kind || ' ' || state AS item FROM outbox ORDER BY id").map {
            try $0.get("item")
        }
    }
}
