import Base
import Testing

@testable import Accounts

/// The counting behind the limits of requests, with a clock and a shared table of numbers.
struct RequestLedgerTests {
    private let someone = RequestLedger.Subject.address(.v4(0xCB00_7107))

    private func spend(
        _ ledger: inout RequestLedger, _ allowance: RequestLedger.Allowance, now: Int64
    ) -> RequestLedger.Verdict { ledger.admit(someone, allowance, now: now) }

    @Test func `below a share nothing is reported`() {
        var ledger = RequestLedger()
        let allowance = RequestLedger.Allowance(limit: 320, loops: 2)
        #expect(allowance.share == 10)
        for _ in 0..<9 { #expect(spend(&ledger, allowance, now: 6000) == .admitted) }
        #expect(!ledger.hasReports)
        #expect(spend(&ledger, allowance, now: 6000) == .admitted)
        #expect(ledger.takeReports() == [RequestLedger.Report(subject: someone, count: 10)])
        #expect(!ledger.hasReports)
    }

    @Test func `two shares unreported wait for the report, and what others had counts`() {
        var ledger = RequestLedger()
        let allowance = RequestLedger.Allowance(limit: 160, loops: 1)
        for _ in 0..<10 { #expect(spend(&ledger, allowance, now: 6000) == .admitted) }
        let reports = ledger.takeReports()
        for _ in 0..<10 { #expect(spend(&ledger, allowance, now: 6001) == .admitted) }
        #expect(spend(&ledger, allowance, now: 6001) == .waits)
        ledger.settle(reports, of: 6000, totals: [someone: 145])
        // 145 by all, ten of its own behind them: five are left.
        for _ in 0..<5 { #expect(spend(&ledger, allowance, now: 6002) == .admitted) }
        #expect(spend(&ledger, allowance, now: 6010) == .refused(seconds: 50))
        #expect(spend(&ledger, allowance, now: 6059) == .refused(seconds: 1))
        #expect(spend(&ledger, allowance, now: 6060) == .admitted)
    }

    @Test func `without the others it goes on alone, up to the limit, and reports again`() {
        var ledger = RequestLedger()
        let allowance = RequestLedger.Allowance(limit: 32, loops: 1)
        for _ in 0..<2 { #expect(spend(&ledger, allowance, now: 6000) == .admitted) }
        ledger.fail(ledger.takeReports(), of: 6000)
        #expect(ledger.isAlone && ledger.hasReports)
        for _ in 2..<32 { #expect(spend(&ledger, allowance, now: 6000) == .admitted) }
        #expect(spend(&ledger, allowance, now: 6000) == .refused(seconds: 60))
        let reports = ledger.takeReports()
        #expect(reports.map(\.count) == [32])
        ledger.settle(reports, of: 6000, totals: [:])
        #expect(!ledger.isAlone)
        #expect(spend(&ledger, allowance, now: 6001) == .refused(seconds: 59))
    }

    @Test func `a report of a window that is over changes nothing in the next`() {
        var ledger = RequestLedger()
        let allowance = RequestLedger.Allowance(limit: 16, loops: 1)
        #expect(spend(&ledger, allowance, now: 6000) == .admitted)
        let reports = ledger.takeReports()
        #expect(spend(&ledger, allowance, now: 6060) == .admitted)
        ledger.settle(reports, of: 6000, totals: [someone: 1000])
        for _ in 0..<1 { #expect(spend(&ledger, allowance, now: 6060) == .admitted) }
        ledger.fail(reports, of: 6000)
        #expect(ledger.takeReports().map(\.count) == [2])
    }

    @Test func `no limit is no limit, and one is one`() {
        var ledger = RequestLedger()
        for _ in 0..<1000 {
            #expect(spend(&ledger, RequestLedger.Allowance(limit: 0, loops: 2), now: 6000) == .admitted)
        }
        let one = RequestLedger.Allowance(limit: 1, loops: 64)
        #expect(spend(&ledger, one, now: 6000) == .admitted)
        #expect(spend(&ledger, one, now: 6000) == .refused(seconds: 60))
    }

    @Test func `a flood of addresses is counted in common, in bounded memory`() {
        var ledger = RequestLedger()
        let allowance = RequestLedger.Allowance(limit: 100, loops: 1)
        var refused = 0
        for number in 0..<UInt32(400_000) {
            switch ledger.admit(.address(.v4(number)), allowance, now: 6000) {
            case .refused: refused += 1
            case .waits:
                let reports = ledger.takeReports()
                ledger.settle(reports, of: 6000, totals: [:])
            case .admitted: break
            }
        }
        #expect(refused > 100_000)
        // Who was there before is counted by itself as ever.
        #expect(ledger.admit(.address(.v4(7)), allowance, now: 6000) == .admitted)
    }

    /// Many ledgers, random turns, reports that take their time: never more than the limit and two shares for each loop.
    @Test(arguments: [(160, 1, 2), (100, 2, 2), (3000, 2, 3), (7, 4, 2), (50, 8, 4)])
    func `together they pass the limit by at most two shares a loop`(limit: Int, loops: Int, processes: Int) {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<20 {
            let allowance = RequestLedger.Allowance(limit: limit, loops: loops)
            let count = loops * processes
            var ledgers = (0..<count).map { _ in RequestLedger() }
            var flights: [[RequestLedger.Report]?] = Array(repeating: nil, count: count)
            var total: Int64 = 0
            var admitted = 0
            var isOver = [Bool](repeating: false, count: count)
            while isOver.contains(false) {
                let turn = Int.random(in: 0..<count, using: &generator)
                switch ledgers[turn].admit(someone, allowance, now: 6000) {
                case .admitted: admitted += 1
                case .refused: isOver[turn] = true
                case .waits: break
                }
                if let reports = flights[turn], Int.random(in: 0..<3, using: &generator) == 0 {
                    total += reports.reduce(0) { $0 + $1.count }
                    ledgers[turn].settle(reports, of: 6000, totals: [someone: total])
                    flights[turn] = nil
                }
                if flights[turn] == nil, ledgers[turn].hasReports { flights[turn] = ledgers[turn].takeReports() }
            }
            #expect(admitted >= limit)
            #expect(admitted <= limit + count * 2 * Int(allowance.share))
        }
    }
}
