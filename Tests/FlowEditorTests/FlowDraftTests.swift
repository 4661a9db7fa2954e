import Testing

@testable import FlowEditor

struct FlowDraftTests {
    @Test func `the summary names edits and keeps what was recounted apart`() throws {
        var rows = [
            offerRow(1, 30, pinned: true), offerRow(2, 24), offerRow(3, 23), offerRow(4, 23),
            offerRow(5, 10, off: true),
        ]
        rows = try ShareDistribution.remove(4, from: rows)
        rows = try ShareDistribution.add(id: 9, offerID: 77, name: "New", to: rows)
        rows = try ShareDistribution.setShare(of: 2, to: 40, in: rows)
        let draft = FlowDraft(rows: rows)
        #expect(draft.changes.map(\.kind) == [.changed(from: 24, to: 40), .removed(from: 23), .added(share: 15)])
        #expect(draft.changes.map(\.rowID) == [2, 4, 9])
        #expect(draft.recounted.map(\.kind) == [.changed(from: 23, to: 15)])
        #expect(draft.total == 100 && draft.excess == 0 && draft.pushBlock == nil)
        #expect(
            draft.offers == [
                OfferShare(offerID: 2001, share: 30), OfferShare(offerID: 2002, share: 40),
                OfferShare(offerID: 2003, share: 15), OfferShare(offerID: 2005, share: 10, isActive: false),
                OfferShare(offerID: 77, share: 15),
            ])
        #expect(draft.baseOffers.map(\.share) == [30, 24, 23, 23, 10])
    }

    @Test func `edits taken back leave what was recounted as the summary`() throws {
        var rows = [offerRow(1, 70), offerRow(2, 20), offerRow(3, 10)]
        rows = try ShareDistribution.bringBack(1, in: try ShareDistribution.remove(1, from: rows))
        let draft = FlowDraft(rows: rows)
        #expect(draft.edits.isEmpty)
        #expect(draft.changes == draft.recounted)
        #expect(
            draft.changes.map(\.kind) == [
                .changed(from: 70, to: 33), .changed(from: 20, to: 33), .changed(from: 10, to: 34),
            ])
    }

    @Test func `an edit back to Keitaro's share is no change`() throws {
        var rows = [offerRow(1, 50), offerRow(2, 50)]
        rows = try ShareDistribution.setShare(of: 1, to: 70, in: rows)
        rows = try ShareDistribution.setShare(of: 1, to: 50, in: rows)
        let draft = FlowDraft(rows: rows)
        #expect(draft.isClean)
        #expect(draft.changes.isEmpty)
    }

    @Test(arguments: [
        ([offerRow(1, 60), offerRow(2, 40)], nil),
        ([offerRow(1, 60), offerRow(2, 44)], PushBlock.totalIsNot100(total: 104)),
        ([offerRow(1, 50)], .totalIsNot100(total: 50)),
        ([offerRow(1, 100), offerRow(2, 0)], .shareOutOfRange(offer: "Offer 2", share: 0)),
        ([offerRow(1, 101), offerRow(2, -1)], .shareOutOfRange(offer: "Offer 1", share: 101)),
        ([offerRow(1, 100), offerRow(2, 0, off: true)], nil),
        ([offerRow(1, 100, off: true)], .noActiveOffer),
        ([offerRow(1, 100, draft: .some(nil))], .noActiveOffer),
        ([], .noActiveOffer),
        ([offerRow(1, 50), offerRow(1, 50)], .duplicateOffer(offerID: 2001)),
        ([offerRow(1, 50, draft: .some(nil)), offerRow(1, 50), offerRow(2, 50)], nil),
    ])
    func `only a whole set may be pushed`(rows: [FlowOfferRow], block: PushBlock?) {
        #expect(FlowDraft(rows: rows).pushBlock == block)
    }

    @Test func `the excess has a sign and never overflows`() {
        #expect(FlowDraft(rows: [offerRow(1, 60), offerRow(2, 44)]).excess == 4)
        #expect(FlowDraft(rows: [offerRow(1, 50)]).excess == -50)
        #expect(FlowDraft(rows: [offerRow(1, Int.max), offerRow(2, Int.max)]).excess == .max - 100)
        #expect(FlowDraft(rows: [offerRow(1, Int.min), offerRow(2, -1)]).excess == .min)
    }

    // MARK: Random edits

    /// The seed in a failure's arguments repeats it.
    @Test(arguments: (0..<40).map { UInt64($0) })
    func `random edits keep the rule`(seed: UInt64) throws {
        for sequence in 0..<100 {
            var random = SplitMix64(state: seed &* 1000 &+ UInt64(sequence))
            let base = Self.flow(using: &random)
            var rows = base
            for step in 0..<Int.random(in: 1...25, using: &random) {
                let edit = Edit.random(on: rows, using: &random)
                let before = rows
                // A closure, for most steps never need the text.
                let comment = { () -> Comment in
                    "seed \(seed), sequence \(sequence), step \(step): \(edit) on \(before)"
                }
                do throws(ShareRefusal) {
                    rows = try edit.apply(to: rows)
                } catch {
                    #expect(rows == before, comment())
                    try #require(edit.mayBeRefused, comment())
                    if case .shareOutOfRange(_, let allowed, _, _) = error, case .share(let id, let share) = edit {
                        try #require(!allowed.contains(share), comment())
                        for bound in [allowed.lowerBound, allowed.upperBound] {
                            _ = try ShareDistribution.setShare(of: id, to: bound, in: rows)
                        }
                    }
                    continue
                }
                try Self.check(edit, from: before, to: rows, comment)
            }
            let cancelled = ShareDistribution.cancel(rows)
            try #require(cancelled.map(\.share) == base.map(\.share) && cancelled.map(\.id) == base.map(\.id))
            try #require(FlowDraft(rows: cancelled).isClean && cancelled.allSatisfy { !$0.isEdited })
        }
    }

    private static func check(
        _ edit: Edit, from before: [FlowOfferRow], to after: [FlowOfferRow], _ comment: () -> Comment
    ) throws {
        let old = Dictionary(uniqueKeysWithValues: before.map { ($0.id, $0) })
        let draft = FlowDraft(rows: after)
        try #require(
            draft.offers
                == after.compactMap { row in
                    row.share.map { OfferShare(offerID: row.offerID, share: $0, isActive: !row.isDisabled) }
                }, comment())
        try #require(draft.changes.isEmpty == draft.isClean, comment())
        for row in after where row.isDisabled && row.id != edit.row {
            try #require(row == old[row.id], comment())
        }
        if case .pin = edit {
            try #require(after.map(\.share) == before.map(\.share), comment())
            return
        }
        let touchesDisabledOnly = edit.row.flatMap { old[$0] }?.isDisabled ?? false
        if after == before || touchesDisabledOnly {
            try #require(after.filter(\.isActive) == before.filter(\.isActive), comment())
            return
        }
        try #require(draft.total == 100 && draft.pushBlock == nil, comment())
        for row in after where row.isActive && row.isPinned && row.id != edit.row {
            try #require(row.share == old[row.id]?.share, comment())
        }
        var kept: Int64?
        if case .share(let id, let share) = edit {
            try #require(after.first { $0.id == id }?.share == share, comment())
            kept = id
        }
        let free = after.filter { $0.isActive && !$0.isPinned && $0.id != kept }.compactMap(\.share)
        if let least = free.min(), let most = free.max() {
            try #require(least >= 1 && most - least <= 1 && free == free.sorted(), comment())
        }
    }

    /// As Keitaro may hold it: rubbish totals, zeros, disabled rows, pins of ours.
    private static func flow(using random: inout SplitMix64) -> [FlowOfferRow] {
        let count = Int.random(in: 0...9, using: &random)
        let isWhole = Bool.random(using: &random) && count > 0
        let even = isWhole ? ShareDistribution.evenShares(of: 100, among: count) : []
        return (0..<count).map { place in
            offerRow(
                Int64(place + 1), isWhole ? even[place] : Int.random(in: 0...60, using: &random),
                pinned: Int.random(in: 0..<5, using: &random) == 0, off: Int.random(in: 0..<6, using: &random) == 0)
        }
    }
}

private enum Edit {
    case share(Int64, Int)
    case add(Int64)
    case remove(Int64)
    case bringBack(Int64)
    case pin(Int64, Bool)
    case recount

    var row: Int64? {
        switch self {
        case .share(let id, _), .remove(let id), .bringBack(let id), .pin(let id, _): id
        case .add(let offerID): offerID - 2000
        case .recount: nil
        }
    }

    /// Unpinning a row there is never is.
    var mayBeRefused: Bool {
        if case .pin(let id, false) = self { return id > 12 }
        return true
    }

    static func random(on rows: [FlowOfferRow], using random: inout SplitMix64) -> Edit {
        let id = rows.randomElement(using: &random)?.id ?? 1
        switch Int.random(in: 0..<12, using: &random) {
        case 0..<4: return .share(id, Int.random(in: -2...102, using: &random))
        case 4, 5: return .add(Int64.random(in: 2001...2012, using: &random))
        case 6, 7: return .remove(id)
        case 8: return .bringBack(rows.filter(\.isRemoved).randomElement(using: &random)?.id ?? id)
        case 9: return .pin(id, true)
        case 10: return rows.isEmpty ? .recount : .pin(id, false)
        default: return .recount
        }
    }

    func apply(to rows: [FlowOfferRow]) throws(ShareRefusal) -> [FlowOfferRow] {
        switch self {
        case .share(let id, let share): try ShareDistribution.setShare(of: id, to: share, in: rows)
        case .add(let offerID):
            try ShareDistribution.add(id: offerID - 2000, offerID: offerID, name: "Added \(offerID)", to: rows)
        case .remove(let id): try ShareDistribution.remove(id, from: rows)
        case .bringBack(let id): try ShareDistribution.bringBack(id, in: rows)
        case .pin(let id, let isPinned): try ShareDistribution.setPinned(id, isPinned, in: rows)
        case .recount: try ShareDistribution.recount(rows)
        }
    }
}

struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
