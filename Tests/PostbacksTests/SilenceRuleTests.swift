import Base
import Testing

@testable import Postbacks

struct SilenceRuleTests {
    private static let start = Timestamp(seconds: 1_795_219_200)

    private static func hour(_ hour: Double) -> Timestamp { start.adding(.seconds(hour * 3_600)) }

    /// Every half hour from 8 to 22 for so many days; the last is at 21:30, the longest pause ten and a half hours.
    private static func days(_ count: Int) -> [Timestamp] {
        (0..<count * 28).map { number in
            let minutes = number / 28 * 1_440 + 480 + number % 28 * 30
            return start.adding(.seconds(minutes * 60))
        }
    }

    @Test(
        arguments: [
            // Nights are usual, half as long again is not.
            (166, false), (176, false), (180, false), (181.2, false), (181.3, true),
            (204, true),
            (400, true),
        ] as [(Double, Bool)])
    func `a pause is a silence when it is clearly longer than ever`(now: Double, isSilent: Bool) {
        let sample = SilenceRule().sample(Self.days(7))
        let verdict = SilenceRule().verdict(sample, at: Self.hour(now))
        #expect(verdict == (isSilent ? .silent(since: Self.hour(144 + 21.5)) : .converting))
    }

    @Test func `one silence is announced once, the next one again`() {
        let rule = SilenceRule()
        let since = Self.hour(144 + 21.5)
        let sample = rule.sample(Self.days(7))
        #expect(rule.verdict(sample, at: Self.hour(200), announced: [since]) == .stillSilent(since: since))
        #expect(rule.verdict(sample, at: Self.hour(200), announced: [Self.hour(1)]) == .silent(since: since))
        let again = rule.sample(Self.days(7) + [Self.hour(201)])
        #expect(rule.verdict(again, at: Self.hour(202), announced: [since]) == .converting)
        #expect(rule.verdict(again, at: Self.hour(290), announced: [since]) == .silent(since: Self.hour(201)))
    }

    @Test func `too few, or all within a day, say nothing`() {
        let rule = SilenceRule()
        #expect(rule.verdict(nil, at: Self.hour(9_999)) == .unknown)
        #expect(rule.sample([]) == nil)
        let few = (0..<19).map { Self.hour(Double($0) * 8) }
        #expect(rule.verdict(rule.sample(few), at: Self.hour(9_999)) == .unknown)
        #expect(rule.verdict(rule.sample(few + [Self.hour(152)]), at: Self.hour(9_999)) != .unknown)
        let burst = (0..<500).map { Self.hour(Double($0) / 60) }
        #expect(rule.verdict(rule.sample(burst), at: Self.hour(100)) == .unknown)
    }

    @Test func `a busy profile is given half an hour at least`() {
        let rule = SilenceRule()
        let busy = (0..<3_000).map { Self.start.adding(.seconds($0 * 60)) }
        let last = Self.start.adding(.seconds(2_999 * 60))
        let sample = rule.sample(busy)
        #expect(sample?.longestPause == .seconds(60))
        #expect(sample.map(rule.patience) == .seconds(1_800))
        #expect(rule.verdict(sample, at: last.adding(.seconds(1_800))) == .converting)
        #expect(rule.verdict(sample, at: last.adding(.seconds(1_801))) == .silent(since: last))
    }

    @Test func `the window moves with the last conversion`() {
        // A pause of three days, ten days before the end, is forgotten.
        let old = (0..<100).map { Self.hour(Double($0) / 10) }
        let recent = (0..<200).map { Self.hour(82 + 48 + Double($0)) }
        let sample = SilenceRule().sample((old + recent).shuffled())
        #expect(sample?.longestPause == .seconds(3_600))
        #expect(sample?.count == 169)
    }
}
