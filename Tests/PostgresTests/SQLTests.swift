import Postgres
import Testing

@Suite struct SQLTests {
    @Test func `binds what is interpolated`() {
        let sql: SQL = "SELECT \(1)"
        #expect(sql.text == "SELECT $1")
    }
}
