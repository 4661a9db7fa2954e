import Base
import Glibc
import Reactor
import TestGround
import Testing

@testable import Postgres

extension LiveTests {
    @Suite struct CopyTests {
        private struct GivenUp: Error {}

        @Test func `rows go in and come out as they were`() async throws {
            try await withDatabase { database, _ in
                try await database.execute("CREATE TABLE copied (id int, words text, bytes bytea)")
                let words: [String?] = ["plain", "tab\tand\nline\r\\end", "", nil, "\\N", "\\.", "Київ 🇺🇦"]
                let count = try await database.copyIn("COPY copied (id, words, bytes) FROM STDIN") { rows in
                    for (id, word) in words.enumerated() {
                        let bytes: [UInt8] = [0, 1, 92, 255]
                        try await rows.write(row: [id.postgresParameter, word.postgresParameter, .bytes(bytes)])
                    }
                }
                #expect(count == words.count)
                let found = try await database.query("SELECT words, bytes FROM copied ORDER BY id")
                #expect(try found.map { try $0.get(0, String?.self) } == words)
                #expect(try found.allSatisfy { try $0.get(1, [UInt8].self) == [0, 1, 92, 255] })
                let name = "O'Brien \\ \"x\""
                var out: [UInt8] = []
                try await database.copyOut(
                    "COPY (SELECT \(name)::text, \(7)::int, \([UInt8]([1, 92]))::bytea) TO STDOUT (FORMAT csv)"
                ) {
                    for try await piece in $0 { out += piece }
                }
                #expect(String(decoding: out, as: UTF8.self) == "\"O'Brien \\ \"\"x\"\"\",7,\\x015c\n")
            }
        }

        @Test func `a reader who takes nothing holds the server back`() async throws {
            try await withDatabase { database, loop in
                let total = try await database.copyOut(
                    "COPY (SELECT repeat('x', 1000), pg_backend_pid() FROM generate_series(1, 40000)) TO STDOUT"
                ) { rows in
                    let first = try await rows.next()
                    let piece = try #require(first)
                    #expect(piece.count < 200_000)
                    // 40 MB are far more than the socket holds: the server waits for us.
                    var isHeld = false
                    while !isHeld {
                        isHeld =
                            try await database.first(
                                "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'COPY (SELECT repeat%' AND wait_event = 'ClientWrite'"
                            ) != nil
                    }
                    var total = piece.count
                    var largest = 0
                    for try await piece in rows {
                        total += piece.count
                        largest = max(largest, piece.count)
                    }
                    #expect(largest < 200_000)
                    return total
                }
                #expect(total > 40_000_000)
            }
        }

        @Test func `what is read to the middle ends there, at the server too`() async throws {
            try await withDatabase { database, loop in
                let endless: SQL = "COPY (SELECT repeat('y', 1000) FROM generate_series(1, 1000000)) TO STDOUT"
                let count = try await database.copyOut(endless) { try await $0.next()?.count ?? 0 }
                #expect(count > 0)
                await #expect(throws: GivenUp.self) {
                    try await database.copyOut(endless) { rows in
                        _ = try await rows.next()
                        throw GivenUp()
                    }
                }
                var isOver = false
                while !isOver {
                    isOver =
                        try await database.first(
                            "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'COPY (SELECT repeat(''y''%'") == nil
                }
            }
        }

        @Test func `a cancelled reader ends a query that has sent nothing yet`() async throws {
            try await withDatabase { database, loop in
                let task = Task(executorPreference: loop) { () async -> PostgresError.Category? in
                    do {
                        try await database.copyOut("COPY (SELECT pg_sleep(64)) TO STDOUT") { _ = try await $0.next() }
                        return nil
                    } catch {
                        return (error as? PostgresError)?.category
                    }
                }
                let isActive: SQL =
                    "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'COPY (SELECT pg_sleep(64)%' AND state = 'active'"
                while try await database.first(isActive) == nil { await loop.sleep(for: .milliseconds(2)) }
                task.cancel()
                #expect(await task.value == .cancelled)
                while try await database.first(isActive) != nil { await loop.sleep(for: .milliseconds(2)) }
            }
        }

        @Test func `nothing is kept of rows whose sender gave up or whose form is wrong`() async throws {
            try await withDatabase { database, _ in
                try await database.execute("CREATE TABLE half_copied (id int PRIMARY KEY)")
                await #expect(throws: GivenUp.self) {
                    try await database.copyIn("COPY half_copied FROM STDIN") { rows in
                        for id in 0..<10_000 { try await rows.write(row: [id.postgresParameter]) }
                        throw GivenUp()
                    }
                }
                let wrong = await #expect(throws: PostgresError.self) {
                    try await database.copyIn("COPY half_copied FROM STDIN") { rows in
                        for id in 0..<10_000 { try await rows.write(row: [id.postgresParameter]) }
                        try await rows.write(Array("no number\n".utf8))
                        for id in 0..<10_000 { try await rows.write(row: [id.postgresParameter]) }
                    }
                }
                #expect(wrong?.category == .invalidValue)
                let twice = await #expect(throws: PostgresError.self) {
                    try await database.copyIn("COPY half_copied FROM STDIN") { rows in
                        for _ in 0..<2 { try await rows.write(row: [1.postgresParameter]) }
                    }
                }
                #expect(twice?.category == .uniqueViolation)
                #expect(try await database.query("SELECT 1 FROM half_copied").isEmpty)
                let none = await #expect(throws: PostgresError.self) {
                    try await database.copyOut("SELECT 1") { _ in }
                }
                #expect(none?.category == .misuse)
                let missing = await #expect(throws: PostgresError.self) {
                    try await database.copyOut("COPY not_there TO STDOUT") { _ in }
                }
                #expect(missing?.category == .invalidStatement)
            }
        }

        @Test func `a limit ends a COPY that nobody reads on`() async throws {
            try await withDatabase { database, loop in
                let error = await #expect(throws: PostgresError.self) {
                    try await database.copyOut("COPY (SELECT pg_sleep(65)) TO STDOUT", within: .milliseconds(50)) {
                        _ = try await $0.next()
                    }
                }
                #expect(error?.category == .deadline)
            }
        }
    }

    @Suite struct NotificationTests {
        @Test func `hears what is said, and is told to read anew when it could not`() async throws {
            try await withDatabase { database, loop in
                let notices = try database.notifications(on: "test_copies")
                let other = try database.notifications(on: "test_others")
                #expect(await notices.next() == .mayHaveMissed)
                #expect(await other.next() == .mayHaveMissed)
                try await database.notify("test_copies", "links")
                #expect(await notices.next() == .said("links"))
                // The same said twice before anybody reads is one.
                try await database.notify("test_copies", "profiles")
                try await database.notify("test_copies", "profiles")
                try await database.notify("test_copies", "end")
                #expect(await notices.next() == .said("profiles"))
                var next = await notices.next()
                if next == .said("profiles") { next = await notices.next() }
                #expect(next == .said("end"))

                let listening: SQL =
                    "SELECT pid FROM pg_stat_activity WHERE query = 'LISTEN \"test_others\"' OR query = 'LISTEN \"test_copies\"'"
                for row in try await database.query(listening) {
                    try await database.execute("SELECT pg_terminate_backend(\(try row.get(0, Int32.self)))")
                }
                #expect(await notices.next() == .mayHaveMissed)
                #expect(await other.next() == .mayHaveMissed)
                try await database.notify("test_others", "again")
                #expect(await other.next() == .said("again"))
            }
        }

        @Test func `a slow reader keeps a bounded number and is told that it missed some`() async throws {
            try await withDatabase { database, loop in
                let notices = try database.notifications(on: "test_flood")
                #expect(await notices.next() == .mayHaveMissed)
                try await database.execute(
                    "SELECT pg_notify('test_flood', n::text) FROM generate_series(1, \(Notifications.backlog * 2)) n")
                try await database.notify("test_flood", "last")
                var all: [Notice] = []
                // Reads only when the last has arrived, or was swallowed by the overflow.
                await loop.sleep(for: .milliseconds(50))
                try await database.notify("test_flood", "very last")
                while all.last != .said("very last") { all.append(await notices.next() ?? .mayHaveMissed) }
                #expect(all.contains(.mayHaveMissed))
                #expect(all.count <= Notifications.backlog + 2)
            }
        }

        @Test func `ends with its task and with the database`() async throws {
            let ended = try await withDatabase { database, loop in
                let notices = try database.notifications(on: "test_end")
                let reader = Task(executorPreference: loop) { () async -> Int in
                    var count = 0
                    for await _ in notices { count += 1 }
                    return count
                }
                await loop.sleep(for: .milliseconds(1))
                reader.cancel()
                _ = await reader.value
                let second = try database.notifications(on: "test_end")
                return Task(executorPreference: loop) { () async -> Bool in
                    for await _ in second {}
                    return true
                }
            }
            _ = ended
        }
    }
}
