import Base
import Testing

@testable import Postgres

extension LiveTests {
    /// Columns in PostgreSQL's binary form, as the server reads them.
    @Suite struct BinaryArrayTests {
        private static func read(
            _ element: BinaryArray.Element, _ type: SQL, _ write: (inout BinaryArray) -> Void
        ) async throws -> String {
            var array = BinaryArray(of: element)
            write(&array)
            let parameter = array.parameter
            return try await withDatabase { database, _ in
                try await database.one("SELECT \(parameter)::\(type)[]::text AS text").get("text", String.self)
            }
        }

        @Test func `texts are those that were written, with quotes, braces and nothing in them`() async throws {
            let text = try await Self.read(.text, "text") {
                for text in ["a", "", "NULL", #"{"x",\y}"#, "Київ"] { $0.append(text) }
                $0.appendNull()
            }
            #expect(text == #"{a,"","NULL","{\"x\",\\y}",Київ,NULL}"#)
        }

        @Test func `numbers, flags, ids, JSON and times too`() async throws {
            let numbers = try await Self.read(.bigint, "bigint") {
                for number in [0, -1, Int64.max, .min] { $0.append(number) }
            }
            #expect(numbers == "{0,-1,9223372036854775807,-9223372036854775808}")
            let flags = try await Self.read(.boolean, "boolean") {
                $0.append(true)
                $0.append(false)
            }
            #expect(flags == "{t,f}")
            let ids = try await Self.read(.uuid, "uuid") {
                _ = $0.append(uuid: "01A200AD-8fe5-7fbb-bc46-0f1534b4e9a4")
                for wrong in [
                    "", "01a200ad", "01a200ad-8fe5-7fbb-bc46-0f1534b4e9ag", "01a200ad-8fe5-7fbb-bc46-0f1534b4e9a41",
                ] {
                    let isTaken = $0.append(uuid: wrong)
                    #expect(!isTaken)
                }
            }
            #expect(ids == "{01a200ad-8fe5-7fbb-bc46-0f1534b4e9a4}")
            let json = try await Self.read(.jsonb, "jsonb") { $0.append(#"{"a": [1, "b"]}"#) }
            #expect(json == #"{"{\"a\": [1, \"b\"]}"}"#)
            let times = try await Self.read(.timestamptz, "timestamptz") {
                for seconds: Int64 in [0, 946_684_800, -1] { $0.append(Timestamp(seconds: seconds)) }
            }
            #expect(times == #"{"1970-01-01 00:00:00+00","2000-01-01 00:00:00+00","1969-12-31 23:59:59+00"}"#)
        }

        @Test func `an empty column is an empty array, and a time beyond the calendar is refused`() async throws {
            #expect(try await Self.read(.uuid, "uuid") { _ in } == "{}")
            let refused = await #expect(throws: PostgresError.self) {
                _ = try await Self.read(.timestamptz, "timestamptz") { $0.append(Timestamp(microseconds: .min)) }
            }
            #expect(refused?.blamesValues == true)
        }
    }
}
