import Base
import Glibc
import HTTP
import Reactor

/// Limits of requests per address and per API token and minute, shared by all processes on one database: 429 beyond.
///
/// A request costs no statement: each loop keeps a ``RequestLedger``, and one statement at a time reports what is due. While the
/// database is away each loop counts for itself alone. Routes that ask nobody who they are (files, probes) are not counted.
package final class RequestLimiter: Sendable {
    private let loops: [LoopLimiter]
    private let perAddress: RequestLedger.Allowance
    private let perToken: RequestLedger.Allowance
    private let proxies: AddressList

    /// - Parameters: requests a minute; 0: no limit.
    package init(
        perAddress: Int, perToken: Int, proxies: AddressList, counts: RequestCounts, loops: [EventLoop], log: Logger
    ) {
        self.perAddress = RequestLedger.Allowance(limit: perAddress, loops: loops.count)
        self.perToken = RequestLedger.Allowance(limit: perToken, loops: loops.count)
        self.proxies = proxies
        self.loops = loops.map { LoopLimiter(loop: $0, counts: counts, log: log) }
    }

    /// Stands before everything that asks the database.
    package var middleware: Middleware {
        { [self] request, next in
            if request.route?.access != .anyone, let loop = request.loop {
                try await admit(ClientAddress.numeric(request, trusting: proxies), token(of: request), on: loop)
            }
            return try await next(request)
        }
    }

    /// Counts one request. On the loop.
    /// - Throws: 429 with the seconds until the window ends.
    func admit(_ address: IPAddress?, _ token: RequestLedger.Subject?, on loop: EventLoop) async throws(HTTPError) {
        guard let limiter = loops.first(where: { $0.loop === loop }) else { return }
        if let address { try await limiter.admit(.address(address.network), perAddress) }
        if let token { try await limiter.admit(token, perToken) }
    }

    /// Counted before anyone knows whether it is a token: a wrong one only spends its own.
    private func token(of request: Request) -> RequestLedger.Subject? {
        guard let token = BearerToken.presented(in: request) else { return nil }
        let hash = SHA256.hash(String(token))
        func half(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
        return .token(half(hash[0..<8]), half(hash[8..<16]))
    }
}

/// One loop's ledger and its conversation with the others. Touched only on its loop's thread (`@unchecked Sendable` on that ground).
private final class LoopLimiter: @unchecked Sendable {
    let loop: EventLoop
    private let counts: RequestCounts
    private let log: Logger
    private var ledger = RequestLedger()
    private var report: Task<Void, Never>?
    private var nextTry = MonotonicTime.now()

    init(loop: EventLoop, counts: RequestCounts, log: Logger) {
        self.loop = loop
        self.counts = counts
        self.log = log
    }

    func admit(_ subject: RequestLedger.Subject, _ allowance: RequestLedger.Allowance) async throws(HTTPError) {
        loop.assertCurrent()
        while true {
            let verdict = ledger.admit(subject, allowance, now: Int64(time(nil)))
            reportWhatIsDue()
            switch verdict {
            case .admitted: return
            case .refused(let seconds):
                throw HTTPError(
                    .tooManyRequests, type: "/problems/too-many-requests",
                    headers: [("Retry-After", String(max(1, seconds)))])
            case .waits: await report?.value
            }
        }
    }

    private func reportWhatIsDue() {
        guard report == nil, ledger.hasReports, nextTry <= .now() else { return }
        report = loop.spawn { [self] in
            await send()
            report = nil
            reportWhatIsDue()
        }
    }

    private func send() async {
        let window = ledger.windowStart
        let reports = ledger.takeReports()
        do {
            ledger.settle(reports, of: window, totals: try await counts.add(reports, window: window))
        } catch {
            if !ledger.isAlone { log.warning("requests are counted in each process alone", ["error": "\(error)"]) }
            ledger.fail(reports, of: window)
            nextTry = .now() + .seconds(2)
        }
    }
}
