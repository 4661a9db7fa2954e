import Base
import Testing

@testable import Postgres

/// The thinking alone, without a database.
@Suite struct GroupCommitTests {
    private struct Item: GroupedRow {
        let name: String
        var number = 0
        static var isRepeatable: Bool { true }
        var key: [UInt8] { Array(name.utf8) }
        static func statement(_ rows: [Item]) -> SQL { "" }
        static func answers(to rows: [Item], from result: Rows) throws(PostgresError) -> [Int] { [] }
    }

    /// Adds up; odd numbers join nobody; and it must not be sent twice.
    private struct Sum: GroupedRow {
        let name: String
        let number: Int
        static var isRepeatable: Bool { false }
        var key: [UInt8] { Array(name.utf8) }
        var size: Int { number }
        static func joined(_ earlier: Sum, with later: Sum) -> Sum? {
            later.number % 2 == 1 ? nil : Sum(name: earlier.name, number: earlier.number + later.number)
        }
        static func statement(_ rows: [Sum]) -> SQL { "" }
        static func answers(to rows: [Sum], from result: Rows) throws(PostgresError) -> [Int] { [] }
    }

    /// Expectations take no mutating calls.
    private final class Driven<Row: GroupedRow> {
        var state: GroupCommit<Row>
        init(_ limits: GroupCommit<Row>.Limits) { state = GroupCommit(limits) }
        func submit(_ row: Row) throws -> UInt64 { try state.submit(row) }
        func next() -> GroupCommit<Row>.Batch? { state.next() }
        func succeeded(_ answers: [Row.Answer]) -> [(UInt64, GroupCommit<Row>.Outcome)] { state.succeeded(answers) }
        func failed(
            _ error: PostgresError, chance: Double
        ) -> (told: [(UInt64, GroupCommit<Row>.Outcome)], pause: Duration) { state.failed(error, chance: chance) }
        func withdraw(_ tickets: Set<UInt64>) { state.withdraw(tickets) }
        var figures: GroupCommitFigures { state.figures }
        var waitingCount: Int { state.waitingCount }
    }

    private static func limits(_ rows: Int = 8) -> GroupCommit<Item>.Limits {
        var limits = GroupCommit<Item>.Limits()
        limits.rows = rows
        limits.waiting = 20
        return limits
    }

    private static func error(_ state: String) -> PostgresError {
        PostgresError(category: PostgresError.category(sqlState: state), sqlState: state, message: "")
    }

    @Test func `the first row goes alone, and what arrives meanwhile goes together in the order of its keys`() throws {
        let commit = Driven<Item>(Self.limits())
        _ = try commit.submit(Item(name: "m"))
        #expect(commit.next()?.rows.map(\.name) == ["m"])
        for name in ["z", "a", "é", "Z"] { _ = try commit.submit(Item(name: name)) }
        #expect(commit.next() == nil)
        let told = commit.succeeded([7])
        #expect(told.map(\.0) == [1])
        #expect(commit.next()?.rows.map(\.name) == ["Z", "a", "z", "é"])
        #expect(commit.figures.batchesBySize[0] == 1 && commit.figures.rows == 1)
    }

    @Test func `rows of one key are one row, and each sender hears whether he was the first`() throws {
        let commit = Driven<Item>(Self.limits())
        for number in [1, 2, 3] { _ = try commit.submit(Item(name: "same", number: number)) }
        _ = try commit.submit(Item(name: "other", number: 4))
        let batch = try #require(commit.next())
        #expect(batch.rows.map(\.number) == [4, 1])
        let told = try commit.succeeded([40, 10]).map { ticket, outcome in
            let answer = try outcome.get()
            return "\(ticket): \(answer.answer) \(answer.isFirst)"
        }
        #expect(told == ["4: 40 true", "1: 10 true", "2: 10 false", "3: 10 false"])
    }

    @Test func `rows that can't be joined wait for the next batch, and those of their key behind them`() throws {
        let commit = Driven<Sum>(GroupCommit<Sum>.Limits())
        for number in [1, 2, 3, 4] { _ = try commit.submit(Sum(name: "k", number: number)) }
        _ = try commit.submit(Sum(name: "l", number: 6))
        #expect(commit.next()?.rows.map(\.number) == [3, 6])
        _ = commit.succeeded([0, 0])
        #expect(commit.next()?.rows.map(\.number) == [7])
    }

    @Test func `a batch has at most so many rows and bytes, and the queue so many rows`() throws {
        let commit = Driven<Item>(Self.limits(8))
        for number in 0..<20 { _ = try commit.submit(Item(name: "\(number)")) }
        let refusal = #expect(throws: PostgresError.self) { try commit.submit(Item(name: "one more")) }
        #expect(refusal?.category == .poolExhausted)
        #expect(commit.next()?.rows.count == 8)
        #expect(commit.waitingCount == 12 && commit.figures.turnedAway == 1)

        var limits = GroupCommit<Sum>.Limits()
        limits.bytes = 100
        let heavy = Driven<Sum>(limits)
        // The first goes whatever it weighs.
        for (name, weight) in [("a", 200), ("b", 50), ("c", 50), ("d", 2)] {
            _ = try heavy.submit(Sum(name: name, number: weight))
        }
        #expect(heavy.next()?.rows.map(\.name) == ["a"])
        _ = heavy.succeeded([0])
        #expect(heavy.next()?.rows.map(\.name) == ["b", "c"])
    }

    @Test(arguments: ["22003", "23514", "23505"])
    func `a failed batch is halved until the bad row stands alone, and only its sender hears of it`(state: String)
        throws
    {
        for bad in 0..<7 {
            let commit = Driven<Item>(Self.limits())
            for number in 0..<7 { _ = try commit.submit(Item(name: "\(number)", number: number)) }
            var told: [UInt64: Bool] = [:]
            while let batch = commit.next() {
                let outcomes =
                    batch.rows.contains { $0.number == bad }
                    ? commit.failed(Self.error(state), chance: 0).told
                    : commit.succeeded(batch.rows.map(\.number))
                for (ticket, outcome) in outcomes {
                    #expect(told[ticket] == nil)
                    told[ticket] = (try? outcome.get()) != nil
                }
            }
            #expect(told.count == 7)
            #expect(told.filter { !$0.value }.map(\.key) == [UInt64(bad + 1)])
        }
    }

    @Test func `of joined rows too, only the bad one's sender hears of it`() throws {
        let commit = Driven<Item>(Self.limits())
        for number in 0..<5 { _ = try commit.submit(Item(name: "k", number: number)) }
        var told: [UInt64: Bool] = [:]
        while let batch = commit.next() {
            // The first stands for all, and it is bad.
            let outcomes =
                batch.rows[0].number == 0
                ? commit.failed(Self.error("22001"), chance: 0).told : commit.succeeded(batch.rows.map(\.number))
            for (ticket, outcome) in outcomes { told[ticket] = (try? outcome.get()) != nil }
        }
        #expect(told == [1: false, 2: true, 3: true, 4: true, 5: true])
    }

    @Test(arguments: ["40001", "40P01"])
    func `a batch that met another is sent again whole, a little later each time, but not for ever`(state: String)
        throws
    {
        let commit = Driven<Item>(Self.limits())
        for name in ["a", "b"] { _ = try commit.submit(Item(name: name)) }
        for attempt in 1...5 {
            #expect(commit.next()?.rows.count == 2)
            let (told, pause) = commit.failed(Self.error(state), chance: 0.5)
            #expect(told.isEmpty && pause == .milliseconds(10 * attempt))
        }
        _ = commit.next()
        #expect(commit.failed(Self.error(state), chance: 0).told.count == 2)
        #expect(commit.next() == nil)
    }

    @Test func `a broken connection repeats only what may happen twice`() throws {
        let commit = Driven<Item>(Self.limits())
        _ = try commit.submit(Item(name: "a"))
        _ = commit.next()
        let lost = PostgresError(.connectionLost, "cut")
        #expect(commit.failed(lost, chance: 0).told.isEmpty)
        #expect(commit.next()?.rows.count == 1)
        // Away now, but the first attempt may have been committed: that is what the sender must know.
        let away = PostgresError(.unavailable(retryAfter: .seconds(1)), "away")
        let told = commit.failed(away, chance: 0).told
        #expect(throws: PostgresError.self) { try told[0].1.get() }
        if case .failure(let error) = told[0].1 { #expect(error.category == .connectionLost) }

        let once = Driven<Sum>(GroupCommit<Sum>.Limits())
        _ = try once.submit(Sum(name: "a", number: 2))
        _ = once.next()
        #expect(once.failed(lost, chance: 0).told.count == 1)
        _ = try once.submit(Sum(name: "b", number: 2))
        _ = once.next()
        var unsent = lost
        unsent.isUnsent = true
        #expect(once.failed(unsent, chance: 0).told.isEmpty)
    }

    @Test(arguments: ["42P01", "53100", "57014", "XX000"])
    func `what is nobody's fault is told to all at once`(state: String) throws {
        let commit = Driven<Item>(Self.limits())
        for name in ["a", "b"] { _ = try commit.submit(Item(name: name)) }
        _ = commit.next()
        #expect(commit.failed(Self.error(state), chance: 0).told.count == 2)
    }

    @Test func `a row can be taken back while it waits`() throws {
        let commit = Driven<Item>(Self.limits())
        let first = try commit.submit(Item(name: "a"))
        _ = commit.next()
        let second = try commit.submit(Item(name: "b"))
        _ = try commit.submit(Item(name: "c"))
        commit.withdraw([first, second])
        #expect(commit.succeeded([0]).map(\.0) == [first])
        #expect(commit.next()?.rows.map(\.name) == ["c"])
    }

    @Test func `too few answers fail the senders instead of mixing them up`() throws {
        let commit = Driven<Item>(Self.limits())
        for name in ["a", "b"] { _ = try commit.submit(Item(name: name)) }
        _ = commit.next()
        let told = commit.succeeded([1])
        #expect(told.count == 2 && told.allSatisfy { (try? $0.1.get()) == nil })
    }
}
