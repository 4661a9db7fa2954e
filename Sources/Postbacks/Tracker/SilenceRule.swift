import Base

/// Whether a profile that used to convert has stopped.
///
/// It is silent when nothing came for clearly longer than ever within the window before its last conversion. A night without
/// traffic is in the window already, so it alarms nobody.
package struct SilenceRule: Hashable, Sendable {
    /// How far the window reaches back from the last conversion.
    package var window: Duration = .seconds(7 * 86_400)
    /// Fewer conversions in the window say nothing.
    package var minimumSample = 20
    /// The window must hold some days and nights before a pause can be unusual.
    package var minimumSpan: Duration = .seconds(2 * 86_400)
    /// A pause must be so many times the longest one, in percent…
    package var factorPercent = 150
    /// …and never shorter than this.
    package var minimumSilence: Duration = .seconds(1_800)

    package init() {}

    /// What the window holds. A query can count it as well.
    package struct Sample: Hashable, Sendable {
        package var count: Int
        package var first: Timestamp
        package var last: Timestamp
        /// Between two that follow each other.
        package var longestPause: Duration

        package init(count: Int, first: Timestamp, last: Timestamp, longestPause: Duration) {
            self.count = count
            self.first = first
            self.last = last
            self.longestPause = longestPause
        }
    }

    package enum Verdict: Hashable, Sendable {
        /// Too little to tell.
        case unknown
        case converting
        /// To be announced.
        case silent(since: Timestamp)
        /// This very silence was announced before.
        case stillSilent(since: Timestamp)
    }

    /// Of times in any order; nil for none. Those before the window of the latest are left out.
    package func sample(_ times: [Timestamp]) -> Sample? {
        let sorted = times.sorted()
        guard let last = sorted.last else { return nil }
        let recent = sorted.drop { last.since($0) > window }
        let pauses = zip(recent.dropFirst(), recent).map { $0.since($1) }
        return Sample(
            count: recent.count, first: recent.first ?? last, last: last, longestPause: pauses.max() ?? .zero)
    }

    /// - Parameter announced: the `silent_since` values of silences that were announced.
    package func verdict(_ sample: Sample?, at now: Timestamp, announced: Set<Timestamp> = []) -> Verdict {
        guard let sample, sample.count >= minimumSample, sample.last.since(sample.first) >= minimumSpan else {
            return .unknown
        }
        guard now.since(sample.last) > patience(sample) else { return .converting }
        return announced.contains(sample.last) ? .stillSilent(since: sample.last) : .silent(since: sample.last)
    }

    /// How long a pause may last before it is a silence.
    package func patience(_ sample: Sample) -> Duration {
        max(sample.longestPause * factorPercent / 100, minimumSilence)
    }
}
