import Base
import Testing

@testable import Postgres

@Suite struct SQLTests {
    private enum Role: String, PostgresEncodable { case owner, guest }

    @Test func `numbers what is interpolated and binds it`() {
        let id: Int64 = 7
        let name = "O'Brien; DROP TABLE users"
        let sql: SQL = "SELECT * FROM users WHERE id = \(id) AND name = \(name) AND is_active = \(true)"
        #expect(sql.text == "SELECT * FROM users WHERE id = $1 AND name = $2 AND is_active = $3")
        #expect(sql.parameters == [.text("7"), .text(name), .text("t")])
        #expect("\(sql)" == sql.text)
    }

    private static let values: [(SQL, PostgresParameter)] = [
        ("\(Int64.min)", .text("-9223372036854775808")),
        ("\(42)", .text("42")),
        ("\(false)", .text("f")),
        ("\(0.1)", .text("0.1")),
        ("\(-Double.infinity)", .text("-inf")),
        ("\("text")", .text("text")),
        ("\(Role.guest)", .text("guest")),
        ("\(Timestamp(microseconds: 1))", .text("1970-01-01 00:00:00.000001+00")),
        ("\(Timestamp(seconds: 0).date)", .text("1970-01-01")),
        ("\(["a": 1] as JSON)", .text(#"{"a":1}"#)),
        ("\([0, 255] as [UInt8])", .bytes([0, 255])),
        ("\([1, 2] as [Int64])", .text(#"{1,2}"#)),
        ("\([] as [String])", .text("{}")),
        ("\(["a", nil] as [String?])", .text(#"{"a",NULL}"#)),
        ("\([[1]] as [[UInt8]])", .text(#"{"\\x01"}"#)),
        ("\(nil as Int64?)", .null),
        ("\(Optional("x"))", .text("x")),
        ("\(nil as [Timestamp]?)", .null),
    ]

    @Test(arguments: values.indices) func `sends each type in PostgreSQL's form`(index: Int) {
        let (sql, expected) = Self.values[index]
        #expect(sql.text == "$1")
        #expect(sql.parameters == [expected])
    }

    @Test func `numbers the parameters of a part anew`() {
        let filter: SQL = "geo = \("UA") AND clicks > \(5)"
        let sql: SQL = "SELECT \(1) FROM t WHERE \(filter) LIMIT \(10)"
        #expect(sql.text == "SELECT $1 FROM t WHERE geo = $2 AND clicks > $3 LIMIT $4")
        #expect(sql.parameters == [.text("1"), .text("UA"), .text("5"), .text("10")])
    }

    @Test func `joins and adds parts`() {
        let parts: [SQL] = ["a = \(1)", "b = \(2)", "c"]
        #expect(parts.joined(separator: " AND ").text == "a = $1 AND b = $2 AND c")
        #expect([SQL]().joined(separator: ", ").isEmpty)
        var sql: SQL = "x = \(0)"
        sql += " OR " + parts[0]
        #expect(sql.text == "x = $1 OR a = $2")
        #expect(!sql.isEmpty)
    }

    @Test func `quotes an identifier`() {
        #expect(SQL.identifier("order").text == #""order""#)
        #expect(SQL.identifier("we\"ird").text == #""we""ird""#)
    }
}
