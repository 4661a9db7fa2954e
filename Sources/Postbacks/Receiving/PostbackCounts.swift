import Base

/// How many postbacks came to which end, for `/metrics`. Any thread.
package final class PostbackCounts: Sendable {
    private let outcomes: [(outcome: PostbackOutcome, counter: Counter)] = [
        PostbackOutcome.accepted, .unmapped, .duplicate, .ignored,
    ].map { ($0, Counter()) }
    let journaled = Counter()
    let refused = Counter()

    func count(_ outcome: PostbackOutcome) {
        outcomes.first { $0.outcome == outcome }?.counter.add()
    }

    package var families: [MetricFamily] {
        let ends =
            outcomes.map { ($0.outcome.rawValue, $0.counter.value) }
            + [("journaled", journaled.value), ("refused", refused.value)]
        return [
            MetricFamily(
                "sluice_postbacks_total", .counter, help: "Postbacks, by what became of them when they came.",
                ends.map { MetricFamily.Sample(Double($0.1), [("outcome", $0.0)]) })
        ]
    }
}
