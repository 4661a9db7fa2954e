import Base

/// Counts requests in windows of a minute by the clock, for one loop of one process among several. Pure.
///
/// What it admits it reports in shares, and a report tells it what all have admitted; between reports it counts on by itself. Nobody
/// has more than two shares unreported, so that all together pass a limit by at most two shares for each loop that takes part, and who
/// stays below a share costs no statement at all. A window's end is a clean slate: a burst around it may have twice the limit.
struct RequestLedger {
    /// Seconds.
    static let window: Int64 = 60
    /// Beyond so many subjects in a window, newcomers are counted in common with others, so that memory stays bounded.
    static let mostSubjects = 65_536

    /// Whose requests are counted together.
    enum Subject: Hashable, Sendable {
        /// One IPv4 address, or the /64 of an IPv6 one.
        case address(IPAddress)
        /// The first half of a token's hash.
        case token(UInt64, UInt64)
        /// Those that came when there were too many.
        case others(Int)
    }

    struct Allowance: Sendable {
        /// Requests a window; 0: no limit.
        let limit: Int64
        /// Requests that may go unreported, half of those that ever are.
        let share: Int64

        /// - Parameter loops: of one process; all its shares make a sixteenth of the limit, or one request a loop.
        init(limit: Int, loops: Int) {
            self.limit = Int64(limit)
            share = max(1, self.limit / Int64(16 * max(1, loops)))
        }
    }

    enum Verdict: Equatable, Sendable {
        case admitted
        case refused(seconds: Int64)
        /// Two shares are unreported: ask again after the report.
        case waits
    }

    struct Report: Hashable, Sendable {
        let subject: Subject
        let count: Int64
    }

    private struct Entry {
        /// By all loops of all processes, as the last report told.
        var total: Int64 = 0
        var inFlight: Int64 = 0
        var unsent: Int64 = 0
        var isDue = false
    }

    /// Seconds since 1970.
    private(set) var windowStart: Int64 = 0
    private var entries: [Subject: Entry] = [:]
    private var due: [Subject] = []
    /// The others can't be asked: each counts for itself alone.
    private(set) var isAlone = false

    var hasReports: Bool { !due.isEmpty }

    /// - Parameter now: seconds since 1970.
    mutating func admit(_ subject: Subject, _ allowance: Allowance, now: Int64) -> Verdict {
        guard allowance.limit > 0 else { return .admitted }
        begin(windowOf: now)
        let subject = place(of: subject)
        let left = windowStart + Self.window - now
        let isAlone = isAlone
        let (verdict, becomesDue) = Self.count(&entries[subject, default: Entry()], allowance, left, isAlone: isAlone)
        if becomesDue { due.append(subject) }
        return verdict
    }

    private static func count(
        _ entry: inout Entry, _ allowance: Allowance, _ left: Int64, isAlone: Bool
    ) -> (Verdict, becomesDue: Bool) {
        guard entry.total + entry.inFlight + entry.unsent < allowance.limit else {
            return (.refused(seconds: left), false)
        }
        guard isAlone || entry.inFlight + entry.unsent < 2 * allowance.share else { return (.waits, false) }
        entry.unsent += 1
        guard !entry.isDue, entry.unsent >= allowance.share else { return (.admitted, false) }
        entry.isDue = true
        return (.admitted, true)
    }

    private mutating func begin(windowOf now: Int64) {
        let start = now - now % Self.window
        guard start != windowStart else { return }
        windowStart = start
        entries.removeAll(keepingCapacity: entries.count < 1024)
        due = []
    }

    private func place(of subject: Subject) -> Subject {
        guard entries.count >= Self.mostSubjects, entries[subject] == nil else { return subject }
        return .others(abs(subject.hashValue % 1024))
    }

    // MARK: Reports

    /// What is due, which counts as under way until it is settled or has failed.
    mutating func takeReports() -> [Report] {
        let taken = due.compactMap { subject -> Report? in
            guard var entry = entries[subject] else { return nil }
            let count = entry.unsent
            entry.inFlight += count
            entry.unsent = 0
            entry.isDue = false
            entries[subject] = entry
            return Report(subject: subject, count: count)
        }
        due = []
        return taken
    }

    /// - Parameter totals: what all have admitted in the window, by subject.
    mutating func settle(_ reports: [Report], of window: Int64, totals: [Subject: Int64]) {
        isAlone = false
        guard window == windowStart else { return }
        for report in reports {
            entries[report.subject]?.inFlight -= report.count
            // Its own are among them even when the row was lost with the server's memory.
            let known = (entries[report.subject]?.total ?? 0) + report.count
            entries[report.subject]?.total = max(totals[report.subject] ?? 0, known)
        }
    }

    /// The report didn't reach the others, as far as is known: it is due again.
    mutating func fail(_ reports: [Report], of window: Int64) {
        isAlone = true
        guard window == windowStart else { return }
        for report in reports {
            entries[report.subject]?.inFlight -= report.count
            entries[report.subject]?.unsent += report.count
            if entries[report.subject]?.isDue == false { due.append(report.subject) }
            entries[report.subject]?.isDue = true
        }
    }
}
