import Base
import Testing

@testable import Postgres

@Suite struct PostgresErrorTests {
    @Test func `describes itself without values and debugs with them`() {
        var error = PostgresError(
            category: .invalidValue, sqlState: "22P02", message: #"invalid input syntax for type integer: "hunter2""#)
        error.detail = "Key (email)=(hunter2@example.com) already exists."
        error.constraint = "users_email_key"
        error.statement = "INSERT INTO users VALUES ($1)"
        #expect("\(error)" == "invalidValue (SQLSTATE 22P02) constraint=users_email_key")
        #expect(error.debugDescription.contains("hunter2@example.com"))
        #expect(error.debugDescription.contains("INSERT INTO users"))
    }

    @Test func `keeps the words of errors that only name parts of a statement`() {
        var error = PostgresError(
            category: .invalidStatement, sqlState: "42P01", message: #"relation "x" does not exist"#)
        error.step = "begin"
        #expect("\(error)" == #"begin: invalidStatement (SQLSTATE 42P01) relation "x" does not exist"#)
    }

    @Test(
        arguments: [
            ("40001", .serialization), ("40P01", .deadlock), ("23505", .uniqueViolation),
            ("23503", .foreignKeyViolation),
            ("23502", .notNullViolation), ("23514", .checkViolation), ("22001", .invalidValue), ("57014", .deadline),
            ("57P01", .connectionLost), ("08006", .connectionLost), ("28P01", .denied), ("42501", .denied),
            ("42703", .invalidStatement), ("53300", .outOfResources), ("25006", .unavailable(retryAfter: .seconds(1))),
            ("55P03", .lockNotAvailable), ("P0001", .other),
            ("", .other),
        ] as [(String, PostgresError.Category)])
    func `sorts the server's codes`(state: String, category: PostgresError.Category) {
        #expect(PostgresError.category(sqlState: state) == category)
    }

    @Test(
        arguments: [
            ("22P02", true), ("22003", true), ("23505", true), ("54000", true), ("P0001", true), ("58030", false),
            ("XX001", false), ("XX000", false), ("42501", false), ("42P01", false), ("55P03", false), ("40001", false),
            ("53100", false), ("57014", false),
        ])
    func `tells a row that can't be stored from a server that can't store it`(state: String, isOfTheRow: Bool) {
        let error = PostgresError(category: PostgresError.category(sqlState: state), sqlState: state, message: "")
        #expect(error.isOfTheRow == isOfTheRow)
    }

    @Test func `says how long to wait`() {
        let error = PostgresError(.unavailable(retryAfter: .seconds(3)), "away")
        #expect(error.retryAfter == .seconds(3))
        #expect(error.isUnavailability)
        #expect(!error.isWorthRetrying)
    }
}

@Suite struct ConnectionTargetTests {
    private func parameters(_ url: String) throws -> [String: String] {
        let target = try ConnectionTarget(url: Secret(url), statementDeadline: .seconds(15))
        return Dictionary(try target.resolved().map { ($0.keyword, $0.value) }) { $1 }
    }

    @Test func `adds what reading rows relies on`() throws {
        let found = try parameters("postgresql://me:pass@/db?host=/run/x&options=-c%20work_mem%3D1MB&sslmode=require")
        #expect(found["application_name"] == "sluice")
        #expect(found["sslmode"] == "require")
        #expect(found["host"] == "/run/x")
        #expect(found["hostaddr"] == nil)
        let options = try #require(found["options"])
        #expect(options.contains("TimeZone=UTC") && options.contains("statement_timeout=20000"))
        #expect(options.hasSuffix("-c work_mem=1MB"))
    }

    @Test func `replaces a name by all of its addresses`() throws {
        let found = try parameters("postgresql://localhost:6543/db?application_name=mine")
        let addresses = try #require(found["hostaddr"]).split(separator: ",")
        #expect(addresses.contains("127.0.0.1"))
        #expect(found["host"]?.split(separator: ",").count == addresses.count)
        #expect(found["port"]?.split(separator: ",") == addresses.map { _ in "6543" })
        #expect(found["application_name"] == "mine")
    }

    @Test func `refuses a URL without repeating it`() {
        let error = #expect(throws: PostgresError.self) { try parameters("postgresql://u:hunter2@[::1/db") }
        #expect(error.map { $0.debugDescription.contains("hunter2") } == false)
    }
}
