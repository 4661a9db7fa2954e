import Base
import Testing

@testable import Postgres

extension LiveTests {
    @Suite struct ValueTests {
        private enum Mood: String, PostgresEncodable, PostgresDecodable { case good, bad }

        private func expect<Value: PostgresEncodable & PostgresDecodable & Equatable>(
            _ values: [Value], cast: SQL, sourceLocation: SourceLocation = #_sourceLocation
        ) async throws {
            let returned = try await withDatabase { database, _ in
                var returned: [Value] = []
                for value in values {
                    returned.append(try await database.one("SELECT \(value)::\(cast) AS value").get("value"))
                }
                return returned
            }
            #expect(returned == values, sourceLocation: sourceLocation)
        }

        @Test func `brings numbers there and back`() async throws {
            try await expect([0, 1, -1, .max, .min] as [Int64], cast: "bigint")
            try await expect([0, 2_147_483_647] as [Int], cast: "integer")
            try await expect([0, -32_768] as [Int32], cast: "smallint")
            try await expect(
                [0, 0.1, -1e300, .leastNonzeroMagnitude, .infinity, -.infinity] as [Double], cast: "float8")
            try await expect([0.5, 12] as [Double], cast: "numeric")
            try await expect(["12345678901234567890.0000000001"], cast: "numeric")
            try await expect([true, false], cast: "boolean")
        }

        @Test func `brings any text there and back`() async throws {
            let texts = [
                "", " ", "'", "''", "\\", "\\'", "\"", "$1", "$$", ";--", "NULL", "{}", "\u{1}\u{7F}", "\r\n\t",
                "%s %d",
                "Ґанок", "日本", "👩‍👩‍👧", "e\u{301}", "\u{FFFD}", "\u{10FFFF}", String(repeating: "x", count: 3_000_000),
            ]
            try await expect(texts, cast: "text")
            try await expect([texts], cast: "text[]")
            try await expect([.string(texts.joined()), .array(texts.map { .string($0) })] as [JSON], cast: "jsonb")
        }

        @Test func `brings bytes, times, JSON, enumerations and arrays there and back`() async throws {
            try await expect([[], [0], Array(0...255)] as [[UInt8]], cast: "bytea")
            try await expect([[[], [0, 92, 34], [255]]] as [[[UInt8]]], cast: "bytea[]")
            let times = [0, 1, -1, 1_795_235_916_123_456, -62_135_596_800_000_000].map { Timestamp(microseconds: $0) }
            try await expect(times, cast: "timestamptz")
            try await expect([times], cast: "timestamptz[]")
            try await expect([times[3].date, times[0].date], cast: "date")
            try await expect([nil, true, 1, 2.5, "x", [1, nil], ["a": ["b": "c"]]] as [JSON], cast: "jsonb")
            try await expect([Mood.good, .bad], cast: "text")
            try await expect([[], [1, .max, .min]] as [[Int64]], cast: "bigint[]")
            try await expect([[nil, "a", "NULL"]] as [[String?]], cast: "text[]")
            try await expect([[true, false]] as [[Bool]], cast: "boolean[]")
            try await expect([["x": 1], [1, 2]] as [JSON], cast: "json")
            try await expect([nil, 5] as [Int64?], cast: "bigint")
            try await expect([nil, ["a"]] as [[String]?], cast: "text[]")
        }

        @Test func `refuses a NUL in a text by the number of its parameter`() async throws {
            try await withDatabase { database, _ in
                let error = await #expect(throws: PostgresError.self) {
                    try await database.query("SELECT \(1)::int, \("a\0b")")
                }
                #expect(error?.category == .invalidParameter)
                #expect(error.map { "\($0)".contains("$2") } == true)
                let inArray = await #expect(throws: PostgresError.self) {
                    try await database.query("SELECT \(["a\0b"])::text[]")
                }
                #expect(inArray?.category == .invalidParameter)
                try await database.execute("SELECT 1")
            }
        }

        @Test func `names the column and the type when a read does not fit`() async throws {
            try await withDatabase { database, _ in
                let row = try await database.one(
                    "SELECT 'x'::text AS name, 2.5::numeric AS total, NULL::int AS age, 70000 AS big, '{1,NULL}'::int[] AS list"
                )
                func failure<Value: PostgresDecodable>(_ column: String, _ type: Value.Type) -> String {
                    let error = #expect(throws: PostgresError.self) { try row.get(column, type) }
                    #expect(error?.category == .decoding)
                    return error.map { "\($0)" } ?? ""
                }
                #expect(failure("nothing", Int64.self).contains(#"no column "nothing" (to be read as Int64)"#))
                #expect(failure("name", Int64.self).contains(#"column "name" (text) can't be read as Int64"#))
                #expect(failure("total", Int64.self).contains("(numeric)"))
                #expect(failure("age", Int64.self).contains(#"column "age" is NULL"#))
                #expect(failure("name", Bool.self).contains("Bool"))
                #expect(failure("name", [String].self).contains("Array<String>"))
                #expect(failure("list", [Int64].self).contains("int4[]"))
                #expect(throws: PostgresError.self) { try row.get(9, Int.self) }
                #expect(throws: PostgresError.self) { try row.get(-1, Int.self) }
                #expect(try row.get("age", Int64?.self) == nil)
                #expect(try row.get("list", [Int64?].self) == [1, nil])
                #expect(try row.get(0) as String == "x")
            }
        }

        @Test func `counts what a statement has changed`() async throws {
            try await withDatabase { database, _ in
                try await database.execute("CREATE TABLE counted (id bigint PRIMARY KEY, name text)")
                let ids: [Int64] = [1, 2, 3]
                let names = ["a", "b", "c"]
                let inserted = try await database.execute(
                    "INSERT INTO counted SELECT * FROM unnest(\(ids)::bigint[], \(names)::text[])")
                #expect(inserted == 3)
                #expect(try await database.execute("UPDATE counted SET name = 'x' WHERE id > \(1)") == 2)
                #expect(try await database.first("SELECT 1 FROM counted WHERE id = \(9)") == nil)
                let rows = try await database.query("SELECT id, name FROM counted ORDER BY id")
                #expect(rows.count == 3 && rows.columnNames == ["id", "name"])
                #expect(try rows.map { try $0.get("id", Int64.self) } == ids)
            }
        }

        @Test func `tells which constraint was violated`() async throws {
            try await withDatabase { database, _ in
                try await database.execute(
                    "CREATE TABLE guarded (id int CONSTRAINT guarded_key PRIMARY KEY, n int NOT NULL CONSTRAINT small CHECK (n < 9))"
                )
                try await database.execute("INSERT INTO guarded VALUES (1, 1)")
                func failure(_ sql: SQL) async -> PostgresError? {
                    await #expect(throws: PostgresError.self) { try await database.execute(sql) }
                }
                let unique = await failure("INSERT INTO guarded VALUES (\(1), \(1))")
                #expect(unique?.category == .uniqueViolation && unique?.constraint == "guarded_key")
                #expect(unique?.table == "guarded" && unique?.sqlState == "23505")
                let check = await failure("INSERT INTO guarded VALUES (\(2), \(10))")
                #expect(check?.category == .checkViolation && check?.constraint == "small")
                let null = await failure("INSERT INTO guarded VALUES (\(2), NULL)")
                #expect(null?.category == .notNullViolation && null?.column == "n")
                let value = await failure("SELECT \("abc")::int")
                #expect(value?.category == .invalidValue)
                #expect(value.map { "\($0)".contains("abc") } == false)
                let wrong = await failure("SELEC 1")
                #expect(wrong?.category == .invalidStatement && wrong?.statement == "SELEC 1")
            }
        }

        @Test func `reads a large result and refuses COPY`() async throws {
            try await withDatabase { database, _ in
                let rows = try await database.query(
                    "SELECT n, repeat('x', 1000) AS pad FROM generate_series(1, 20000) n")
                #expect(rows.count == 20_000)
                #expect(try rows[19_999].get("n", Int.self) == 20_000)
                let error = await #expect(throws: PostgresError.self) {
                    try await database.query("COPY (SELECT 1) TO STDOUT")
                }
                #expect(error?.category == .misuse)
                #expect(await database.isReady())
            }
        }

        @Test func `outlives a change of the table under a prepared statement`() async throws {
            var settings = Database.Settings()
            settings.connectionsPerLoop = 1
            try await withDatabase(settings) { database, _ in
                try await database.execute("CREATE TABLE changing (a int)")
                try await database.execute("INSERT INTO changing VALUES (1)")
                #expect(try await database.query("SELECT * FROM changing").columnNames == ["a"])
                try await database.execute("ALTER TABLE changing ADD b int DEFAULT 2")
                let row = try await database.one("SELECT * FROM changing")
                #expect(try row.get("b", Int.self) == 2)
                try await database.execute("DEALLOCATE ALL")
                #expect(try await database.one("SELECT * FROM changing").get("a", Int.self) == 1)
            }
        }

        @Test func `keeps no more statements than its cache holds`() async throws {
            var settings = Database.Settings()
            settings.connectionsPerLoop = 1
            try await withDatabase(settings) { database, _ in
                let names: [SQL] = [
                    "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q",
                ]
                for left in names {
                    for right in names { try await database.execute("SELECT 1 AS \(left)\(right)") }
                }
                let prepared = try await database.one("SELECT count(*) FROM pg_prepared_statements").get(0, Int.self)
                #expect(prepared == 256)
            }
        }
    }
}
