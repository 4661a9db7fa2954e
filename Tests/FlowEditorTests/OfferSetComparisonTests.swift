import Testing

@testable import FlowEditor

struct OfferSetComparisonTests {
    private func set(_ shares: [Int64: Int], off: Set<Int64> = []) -> [OfferShare] {
        shares.sorted { $0.key < $1.key }.map {
            OfferShare(offerID: $0.key, share: $0.value, isActive: !off.contains($0.key))
        }
    }

    private static let rows: [(Int?, Int?, Int?, OfferSetComparison.Outcome, OfferSetComparison.Side?)] = [
        (24, 24, 24, .unchanged, .keitaro), (24, 27, 24, .onlyKeitaro, .keitaro), (24, 24, 31, .onlyMine, .mine),
        (24, 27, 31, .bothChanged, nil), (24, 31, 31, .bothSame, .keitaro), (23, nil, 23, .onlyKeitaro, .keitaro),
        (23, 23, nil, .onlyMine, .mine), (23, nil, nil, .bothSame, .keitaro), (23, nil, 30, .bothChanged, nil),
        (nil, 23, nil, .onlyKeitaro, .keitaro), (nil, nil, 23, .onlyMine, .mine), (nil, 23, 40, .bothChanged, nil),
        (nil, 23, 23, .bothSame, .keitaro),
    ]

    @Test(arguments: rows)
    func `each row has an outcome`(
        base: Int?, now: Int?, mine: Int?, outcome: OfferSetComparison.Outcome, decided: OfferSetComparison.Side?
    ) {
        let sets = [base, now, mine].map { share in share.map { [OfferShare(offerID: 7, share: $0)] } ?? [] }
        let comparison = OfferSetComparison(base: sets[0], now: sets[1], mine: sets[2])
        #expect(comparison.rows.map(\.outcome) == [outcome])
        #expect(comparison.rows.map(\.decided) == [decided])
        #expect(comparison.isConflict == (outcome == .onlyKeitaro || outcome == .bothChanged))
    }

    @Test func `a row switched in Keitaro and given another share by me changed on both sides`() {
        let comparison = OfferSetComparison(
            base: set([1: 50, 2: 50]), now: set([1: 50, 2: 50], off: [2]), mine: set([1: 60, 2: 40]))
        #expect(comparison.rows.map(\.outcome) == [.onlyMine, .bothChanged])
        #expect(comparison.rows[1].nowChange.changes == [.switchedOff])
        #expect(comparison.rows[1].myChange.changes == [.changedShare(from: 50, to: 40)])
    }

    @Test func `differences name what changed and ignore order`() {
        let before = set([1: 30, 2: 30, 3: 20, 4: 20, 5: 10], off: [5])
        let after = [
            OfferShare(offerID: 5, share: 12), OfferShare(offerID: 9, share: 10), OfferShare(offerID: 4, share: 20),
            OfferShare(offerID: 2, share: 31), OfferShare(offerID: 1, share: 30, isActive: false),
        ]
        let differences = OfferDifference.between(before, after)
        #expect(differences.map(\.offerID) == [1, 2, 3, 5, 9])
        #expect(
            differences.map(\.changes) == [
                [.switchedOff], [.changedShare(from: 30, to: 31)], [.removed],
                [.changedShare(from: 10, to: 12), .switchedOn], [.added(share: 10)],
            ])
        #expect(OfferDifference.between(before, before.reversed()).isEmpty)
    }

    @Test func `the last of two rows with one offer counts`() {
        let doubled = [OfferShare(offerID: 1, share: 40), OfferShare(offerID: 1, share: 100)]
        #expect(OfferDifference.between(set([1: 100]), doubled).isEmpty)
    }

    @Test func `a merge waits for the choices it needs`() {
        let comparison = OfferSetComparison(
            base: set([1: 30, 2: 24, 3: 23, 4: 23]), now: set([1: 30, 2: 27, 4: 20, 5: 23]),
            mine: set([1: 30, 2: 31, 3: 23, 4: 16]))
        #expect(comparison.merged([:]) == nil)
        #expect(comparison.merged([2: .mine]) == nil)
        #expect(comparison.merged([2: .mine, 4: .mine]) == set([1: 30, 2: 31, 4: 16, 5: 23]))
        #expect(comparison.merged([2: .keitaro, 4: .keitaro, 3: .mine])?.map(\.offerID) == [1, 2, 4, 5, 3])
    }

    @Test func `taking one side in each row gives that side`() {
        var random = SplitMix64(state: 11)
        for _ in 0..<500 {
            let sets = (0..<3).map { _ in
                (1...6).filter { _ in Bool.random(using: &random) }.map {
                    OfferShare(
                        offerID: Int64($0), share: .random(in: 10...12, using: &random),
                        isActive: Int.random(in: 0..<4, using: &random) > 0)
                }
            }
            let comparison = OfferSetComparison(base: sets[0], now: sets[1], mine: sets[2])
            for (side, expected) in [(OfferSetComparison.Side.keitaro, sets[1]), (.mine, sets[2])] {
                let choices = Dictionary(uniqueKeysWithValues: comparison.rows.map { ($0.offerID, side) })
                let merged = comparison.merged(choices) ?? []
                #expect(OfferDifference.between(expected, merged).isEmpty)
                #expect(merged.count == expected.count)
            }
            #expect(comparison.isConflict || OfferDifference.between(comparison.merged([:]) ?? [], sets[2]).isEmpty)
        }
    }
}
