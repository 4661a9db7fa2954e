import Reactor
import Testing

@testable import Postgres

@Suite struct BackoffTests {
    private let start = MonotonicTime(nanoseconds: 1_000_000_000_000)

    @Test func `doubles from a tenth of a second to five seconds`() {
        var backoff = Backoff()
        var delays: [Duration] = []
        for _ in 0..<9 {
            backoff.failed(now: start, chance: 0)
            delays.append(backoff.remaining(now: start) ?? .zero)
        }
        #expect(delays == [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000].map { .milliseconds($0) })
    }

    @Test func `takes at most a fifth off by chance`() {
        var backoff = Backoff()
        backoff.failed(now: start, chance: 0.999)
        let remaining = backoff.remaining(now: start) ?? .zero
        #expect(remaining > .milliseconds(80) && remaining < .milliseconds(81))
    }

    @Test func `lets an attempt through when the time has passed, and forgets after a success`() {
        var backoff = Backoff()
        #expect(backoff.remaining(now: start) == nil)
        backoff.failed(now: start, chance: 0)
        #expect(backoff.remaining(now: start + .milliseconds(99)) == .milliseconds(1))
        #expect(backoff.remaining(now: start + .milliseconds(100)) == nil)
        #expect(backoff.isAway)
        backoff.succeeded()
        #expect(!backoff.isAway)
        backoff.failed(now: start, chance: 0)
        #expect(backoff.remaining(now: start) == .milliseconds(100))
    }
}
