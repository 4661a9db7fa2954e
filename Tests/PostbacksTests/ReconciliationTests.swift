import Base
import Testing

@testable import Postbacks

struct ReconciliationTests {
    private static let midnight = Timestamp(seconds: 1_795_219_200)
    private static let day = midnight..<midnight.adding(.seconds(86_400))

    private static func at(_ minute: Int) -> Timestamp { midnight.adding(.seconds(minute * 60)) }

    private static func theirs(
        _ click: String, _ transaction: String = "", _ status: String = "sale", _ revenue: String = "10",
        at minute: Int = 60
    ) -> LoggedConversion {
        LoggedConversion(
            clickID: click, transactionID: transaction, status: status, revenue: Amount(canonical: revenue),
            at: at(minute))
    }

    private static func ours(
        _ click: String, _ transaction: String = "", _ status: PostbackStatus = .deposit, _ revenue: String = "10",
        at minute: Int = 60
    ) -> KnownConversion {
        KnownConversion(
            clickID: click, transactionID: transaction, status: status, revenue: Amount(canonical: revenue),
            at: at(minute))
    }

    private static func compare(
        _ theirs: [LoggedConversion], _ ours: [KnownConversion], pendingSince: Int = 1_500,
        mappings: [String: PostbackStatus] = [:]
    ) -> Reconciliation {
        Reconciliation(
            theirs: theirs, ours: ours, in: day, pendingSince: at(pendingSince),
            profile: PostbackProfile(id: 1, name: "p", statusMappings: mappings))
    }

    private static func named(_ reconciliation: Reconciliation) -> [String] {
        reconciliation.differences.map { "\($0.kind.rawValue) \($0.clickID):\($0.transactionID)" }
    }

    private struct Case: Sendable {
        let theirs: [LoggedConversion]
        let ours: [KnownConversion]
        let names: [String]

        init(_ theirs: [LoggedConversion], _ ours: [KnownConversion], _ names: [String]) {
            self.theirs = theirs
            self.ours = ours
            self.names = names
        }
    }

    private static let cases: [Case] = [
        Case([theirs("a")], [ours("a")], []), Case([theirs("a", "1")], [ours("a", "1")], []),
        Case([theirs("a")], [], ["never_arrived a:"]), Case([], [ours("a")], ["unknown_click a:"]),
        Case([theirs("a", "", "sale")], [ours("a", "", .registration, "0")], ["status_lag a:"]),
        Case([theirs("a", "", "rejected")], [ours("a")], ["status_lag a:"]),
        Case([theirs("a", "", "sale", "12")], [ours("a")], ["amount a:"]),
        Case([theirs("a", "", "sale", "10.0099")], [ours("a")], []),
        Case([theirs("a", "", "sale", "10.011")], [ours("a")], ["amount a:"]),
        Case([theirs("a", "", "trash", "0")], [ours("a", "", .rejected, "10")], []),
        Case([theirs("a", "", "hold", "0")], [ours("a", "", .other("hold"), "0")], []),
        // A transaction that only one side knows.
        Case([theirs("a", "1")], [ours("a")], []), Case([theirs("a")], [ours("a", "1")], []),
        // Two transactions of one click are two conversions.
        Case([theirs("a", "1")], [ours("a", "2")], ["never_arrived a:1", "unknown_click a:2"]),
        Case([theirs("a", "1"), theirs("a", "2")], [ours("a", "2")], ["never_arrived a:1"]),
        Case([theirs("a"), theirs("a", "2", at: 61)], [ours("a", "2"), ours("a", "3")], []),
        // Repeated ones are paired in the order of time.
        Case([theirs("a"), theirs("a", at: 61)], [ours("a", at: 61), ours("a")], []),
        Case([theirs("a"), theirs("a", at: 61)], [ours("a")], ["never_arrived a:"]),
    ]

    @Test(arguments: cases)
    private func `each difference is named`(one: Case) {
        #expect(Self.named(Self.compare(one.theirs, one.ours)) == one.names)
        #expect(Self.named(Self.compare(one.theirs.reversed(), one.ours.reversed())) == one.names)
    }

    @Test func `midnight by two clocks is no difference, and other days are not judged`() {
        let found = Self.compare(
            [
                Self.theirs("a", at: 1_439), Self.theirs("b", at: -1), Self.theirs("c", at: 1_441),
                Self.theirs("d", at: -5),
            ],
            [Self.ours("a", at: 1_440), Self.ours("b", at: 0), Self.ours("c", at: 1_439), Self.ours("e", at: 1_450)])
        #expect(found.differences.isEmpty)
        #expect(found.theirs == 1)
        #expect(found.matching == 1)
        #expect(found.ours == 2)
    }

    @Test func `what is too young is not missed, but a wrong amount is wrong at once`() {
        let found = Self.compare(
            [Self.theirs("a", at: 100), Self.theirs("b", at: 99), Self.theirs("c", "", "sale", "1", at: 100)],
            [Self.ours("c", at: 100)], pendingSince: 100)
        #expect(Self.named(found) == ["never_arrived b:", "amount c:"])
        #expect(found.pending == 1)
        #expect(found.differingPercent == 100)
    }

    @Test func `the profile's mapping says what Keitaro's words mean`() {
        let theirs = [Self.theirs("a", "", "Lead", "0")]
        let ours = [Self.ours("a", "", .other("hot"), "0")]
        #expect(Self.named(Self.compare(theirs, ours)) == ["status_lag a:"])
        #expect(Self.named(Self.compare(theirs, ours, mappings: ["lead": .other("hot")])) == [])
    }

    @Test(arguments: [(0, 0, 0), (100, 0, 0), (100, 2, 0), (100, 3, 2), (100, 5, 2), (100, 6, 5), (1, 1, 5)])
    func `a warning begins above two and above five percent`(all: Int, missing: Int, warning: Int) {
        let theirs = (0..<all).map { Self.theirs("c\($0)") }
        let ours = (missing..<max(missing, all)).map { Self.ours("c\($0)") }
        let found = Self.compare(theirs, ours)
        #expect(found.warning == warning)
        #expect(found.matching == all - missing)
    }

    @Test func `of a long day with drops, late ones and wrong amounts it names exactly those`() {
        var theirs: [LoggedConversion] = []
        var ours: [KnownConversion] = []
        var expected: Set<String> = []
        for number in 0..<5_000 {
            let click = "click\(number)"
            theirs.append(Self.theirs(click, "t\(number)", at: number % 1_440))
            switch number % 100 {
            case 3, 33, 63: expected.insert("never_arrived \(click):t\(number)")
            case 5, 25, 45, 65, 85:
                ours.append(Self.ours(click, "", .registration, "0", at: number % 1_440))
                expected.insert("status_lag \(click):t\(number)")
            case 7:
                ours.append(Self.ours(click, "t\(number)", .deposit, "11", at: number % 1_440))
                expected.insert("amount \(click):t\(number)")
            default: ours.append(Self.ours(click, "t\(number)", at: number % 1_440))
            }
        }
        let found = Self.compare(theirs.shuffled(), ours.shuffled())
        #expect(Set(Self.named(found)) == expected)
        #expect(found.differences.count == expected.count)
        #expect(found.differingPercent == 9)
    }
}
