import Testing

@testable import FlowEditor

/// What becomes of a draft when Keitaro holds another set than was fetched.
struct FlowRebaseTests {
    private static func name(_ id: Int64) -> String { "#\(id)" }

    /// 2001: 50, 2002: 30, 2003: 20, and 2004, off, at 10.
    private let clean = [offerRow(1, 50, pinned: true), offerRow(2, 30), offerRow(3, 20), offerRow(4, 10, off: true)]
    private let same = [share(1, 50), share(2, 30), share(3, 20), share(4, 10, off: true)]

    private func edited() throws -> [FlowOfferRow] { try ShareDistribution.setShare(of: 2, to: 40, in: clean) }

    // MARK: Fetching

    @Test func `a clean flow takes what Keitaro has, in its order, with its pins`() {
        let now = [share(5, 60), share(1, 40), share(4, 10, off: true)]
        let result = FlowRebase.fetched(now, into: clean, name: Self.name)
        #expect(!result.isConflict)
        #expect(FlowDraft(rows: result.rows).isClean && FlowDraft(rows: result.rows).baseOffers == now)
        #expect(result.rows.map(\.id) == [0, 1, 4] && result.rows.map(\.position) == [0, 1, 2])
        #expect(result.rows.map(\.name) == ["#2005", "Offer 1", "Offer 4"])
        #expect(result.rows.map(\.isPinned) == [false, true, false])
    }

    @Test func `a row switched off in Keitaro loses its pin`() {
        let result = FlowRebase.fetched(
            [share(1, 50, off: true), share(2, 100)], into: clean, name: Self.name)
        #expect(result.rows.map(\.isPinned) == [false, false] && result.rows.map(\.isDisabled) == [true, false])
    }

    @Test func `a draft stays while Keitaro is as it was fetched, whatever the order`() throws {
        let rows = try edited()
        let result = FlowRebase.fetched(same.reversed(), into: rows, name: Self.name)
        #expect(!result.isConflict)
        #expect(Set(FlowDraft(rows: result.rows).offers) == Set(FlowDraft(rows: rows).offers))
        #expect(result.rows.map(\.offerID) == [2004, 2003, 2002, 2001])
    }

    @Test func `a draft that Keitaro holds already is no draft any more`() throws {
        let rows = try edited()
        let result = FlowRebase.fetched(FlowDraft(rows: rows).offers, into: rows, name: Self.name)
        #expect(!result.isConflict && FlowDraft(rows: result.rows).isClean)
    }

    @Test(arguments: [
        [share(1, 60), share(2, 20), share(3, 20), share(4, 10, off: true)],
        [share(1, 50), share(2, 30), share(3, 20), share(4, 10)], [share(1, 50), share(2, 30), share(3, 20)],
        [share(1, 50), share(2, 30), share(3, 20), share(4, 10, off: true), share(5, 1)], [],
    ])
    func `a draft beside another set is a conflict and stays as it is`(now: [OfferShare]) throws {
        let rows = try edited()
        let result = FlowRebase.fetched(now, into: rows, name: Self.name)
        #expect(result.isConflict && result.rows == rows)
    }

    @Test func `an offer named twice counts once`() {
        let result = FlowRebase.fetched([share(1, 60), share(1, 10), share(2, 40)], into: clean, name: Self.name)
        #expect(result.rows.map(\.offerID) == [2001, 2002])
    }

    // MARK: Keeping mine

    @Test func `mine over a share that changed there`() throws {
        let rows = FlowRebase.keepingMine(
            [share(1, 60), share(2, 20), share(3, 20), share(4, 10, off: true)], under: try edited(), name: Self.name)
        #expect(rows.map(\.baseShare) == [60, 20, 20, 10])
        #expect(rows.map(\.share) == [50, 40, 10, 10])
    }

    @Test func `what Keitaro added is removed by mine, what it removed is added`() throws {
        let rows = FlowRebase.keepingMine([share(1, 50), share(5, 50)], under: try edited(), name: Self.name)
        #expect(rows.map(\.offerID) == [2001, 2002, 2003, 2005])
        #expect(rows.map(\.baseShare) == [50, nil, nil, 50])
        #expect(rows.map(\.share) == [50, 40, 10, nil])
        #expect(rows.map(\.isPinned) == [true, false, false, false])
    }

    @Test func `a row that is off and no longer there is not switched on by mine`() throws {
        let rows = FlowRebase.keepingMine([share(1, 50), share(2, 50)], under: try edited(), name: Self.name)
        #expect(!rows.contains { $0.offerID == 2004 })
        #expect(FlowDraft(rows: rows).total == 100)
    }

    @Test func `a row switched off there leaves the 100, and the others are counted anew`() throws {
        let rows = FlowRebase.keepingMine(
            [share(1, 50), share(2, 30, off: true), share(3, 20), share(4, 10, off: true)], under: try edited(),
            name: Self.name)
        #expect(rows.map(\.isDisabled) == [false, true, false, true])
        #expect(rows.map(\.share) == [50, 30, 50, 10])
        #expect(FlowDraft(rows: rows).pushBlock == nil)
    }

    // MARK: Pushed, and undone

    @Test func `what was confirmed is the base, what was edited since stays a draft`() throws {
        let sent = try edited()
        let pushed = FlowDraft(rows: sent).offers
        let done = FlowRebase.pushed(pushed, into: sent)
        #expect(FlowDraft(rows: done).isClean && !done.contains(where: \.isEdited))
        let later = try ShareDistribution.remove(3, from: sent)
        let rows = FlowRebase.pushed(pushed, into: later)
        #expect(rows.map(\.baseShare) == [50, 40, 10, 10])
        #expect(rows.map(\.share) == [50, 50, nil, 10])
    }

    @Test func `a removal that was pushed takes its row along`() throws {
        let sent = try ShareDistribution.remove(3, from: clean)
        let rows = FlowRebase.pushed(FlowDraft(rows: sent).offers, into: sent)
        #expect(rows.map(\.offerID) == [2001, 2002, 2004])
    }

    @Test func `an earlier set is drafted over today's`() {
        let rows = FlowRebase.drafting([share(2, 70), share(6, 30), share(7, 5, off: true)], over: clean)
        #expect(rows.map(\.offerID) == [2001, 2002, 2003, 2004, 2006])
        #expect(rows.map(\.share) == [nil, 70, nil, 10, 30])
        #expect(rows.map(\.baseShare) == [50, 30, 20, 10, nil])
        #expect(rows.map(\.isPinned) == [false, false, false, false, false])
        #expect(rows.last?.id == 0)
    }

    // MARK: Whatever happens

    @Test func `the rules hold for any flow, any edits and any change in Keitaro`() throws {
        var random = SplitMix(seed: 20_261_121)
        var conflicts = 0
        var kept = 0
        for round in 0..<3_000 {
            var rows = Self.someRows(&random)
            for _ in 0..<Int.random(in: 0...4, using: &random) { rows = Self.someEdit(of: rows, &random) }
            let draft = FlowDraft(rows: rows)
            let now = Self.someSet(like: draft, &random)
            let fetched = FlowRebase.fetched(now, into: rows, name: Self.name)
            let after = FlowDraft(rows: fetched.rows)
            if fetched.isConflict {
                conflicts += 1
                #expect(fetched.rows == rows, "round \(round)")
                #expect(!draft.isClean && !OfferDifference.between(draft.baseOffers, now).isEmpty, "round \(round)")
            } else {
                #expect(OfferDifference.between(after.baseOffers, now).isEmpty, "round \(round)")
                let isTaken = draft.isClean || OfferDifference.between(draft.offers, now).isEmpty
                #expect(Set(after.offers) == Set(isTaken ? now : draft.offers), "round \(round)")
                let again = FlowRebase.fetched(now, into: Self.numbered(fetched.rows), name: Self.name)
                #expect(!again.isConflict && FlowDraft(rows: again.rows).offers == after.offers, "round \(round)")
            }

            let taken = FlowDraft(rows: FlowRebase.takingKeitaro(now, over: rows, name: Self.name))
            #expect(taken.isClean && taken.offers == now, "round \(round)")

            let mine = FlowRebase.keepingMine(now, under: rows, name: Self.name)
            let mineDraft = FlowDraft(rows: mine)
            // The base is Keitaro's, so that there is no conflict left, and every row means something.
            #expect(OfferDifference.between(mineDraft.baseOffers, now).isEmpty, "round \(round)")
            #expect(mine.allSatisfy { $0.baseShare != nil || $0.share != nil }, "round \(round)")
            #expect(Set(mine.map(\.offerID)).count == mine.count, "round \(round)")
            if mineDraft.pushBlock == nil {
                kept += 1
                let wasOff = Set(rows.filter(\.isDisabled).map(\.offerID))
                let isOn = Set(now.filter(\.isActive).map(\.offerID))
                // Nothing that was off is on, unless Keitaro itself switched it on.
                #expect(
                    mineDraft.offers.allSatisfy {
                        !$0.isActive || !wasOff.contains($0.offerID) || isOn.contains($0.offerID)
                    },
                    "round \(round)")
                let pushed = FlowDraft(rows: FlowRebase.pushed(mineDraft.offers, into: mine))
                #expect(pushed.isClean && Set(pushed.offers) == Set(mineDraft.offers), "round \(round)")
                let undone = FlowDraft(rows: FlowRebase.drafting(mineDraft.baseOffers, over: pushed.rows))
                #expect(
                    Set(undone.offers.filter(\.isActive)) == Set(now.filter(\.isActive)), "round \(round)")
            }
        }
        // The dice reached both outcomes often.
        #expect(conflicts > 300 && kept > 300)
    }

    private static func someRows(_ random: inout SplitMix) -> [FlowOfferRow] {
        let count = Int.random(in: 1...6, using: &random)
        var rows: [FlowOfferRow] = []
        for id in 1...Int64(count) {
            let isOff = id > 1 && Int.random(in: 0..<5, using: &random) == 0
            rows.append(offerRow(id, Int.random(in: 0...60, using: &random), off: isOff))
        }
        return (try? ShareDistribution.cancel(rebased(ShareDistribution.recount(rows)))) ?? rows
    }

    /// What was counted is what Keitaro holds.
    private static func rebased(_ rows: [FlowOfferRow]) -> [FlowOfferRow] {
        rows.map { row in
            var row = row
            row.baseShare = row.share
            return row
        }
    }

    private static func someEdit(of rows: [FlowOfferRow], _ random: inout SplitMix) -> [FlowOfferRow] {
        guard let row = rows.randomElement(using: &random) else { return rows }
        let edited: [FlowOfferRow]?
        switch Int.random(in: 0..<5, using: &random) {
        case 0: edited = try? ShareDistribution.remove(row.id, from: rows)
        case 1: edited = try? ShareDistribution.bringBack(row.id, in: rows)
        case 2: edited = try? ShareDistribution.setPinned(row.id, Bool.random(using: &random), in: rows)
        case 3:
            let id = Int64.random(in: 10...14, using: &random)
            edited = try? ShareDistribution.add(id: id, offerID: 2000 + id, name: "New", to: rows)
        default:
            edited = try? ShareDistribution.setShare(of: row.id, to: Int.random(in: 1...99, using: &random), in: rows)
        }
        return edited ?? rows
    }

    /// The base, the draft, or either with something changed.
    private static func someSet(like draft: FlowDraft, _ random: inout SplitMix) -> [OfferShare] {
        var set = Bool.random(using: &random) ? draft.baseOffers : draft.offers
        for _ in 0..<Int.random(in: 0...2, using: &random) {
            let index = set.indices.randomElement(using: &random)
            switch (Int.random(in: 0..<4, using: &random), index) {
            case (0, let index?): set.remove(at: index)
            case (1, let index?):
                set[index] = OfferShare(
                    offerID: set[index].offerID, share: Int.random(in: 0...100, using: &random),
                    isActive: set[index].isActive)
            case (2, let index?):
                set[index] = OfferShare(
                    offerID: set[index].offerID, share: set[index].share, isActive: !set[index].isActive)
            default:
                let id = Int64.random(in: 2020...2023, using: &random)
                if !set.contains(where: { $0.offerID == id }) { set.append(OfferShare(offerID: id, share: 10)) }
            }
        }
        return set.shuffled(using: &random)
    }

    /// As the store gives ids to new rows.
    private static func numbered(_ rows: [FlowOfferRow]) -> [FlowOfferRow] {
        rows.enumerated().map { index, row in
            FlowOfferRow(
                id: row.id == 0 ? Int64(100 + index) : row.id, offerID: row.offerID, name: row.name,
                baseShare: row.baseShare, isDisabled: row.isDisabled, share: row.share, isPinned: row.isPinned,
                isEdited: row.isEdited, position: row.position)
        }
    }
}

/// A share of `offerRow`'s offer.
private func share(_ id: Int64, _ share: Int, off: Bool = false) -> OfferShare {
    OfferShare(offerID: 2000 + id, share: share, isActive: !off)
}

/// Numbers that are the same in each run, so that a failure can be repeated.
private struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
