import Testing

@testable import FlowEditor

/// A row with Keitaro's share `base` and the draft's share, the same unless given.
func offerRow(
    _ id: Int64, _ base: Int?, draft: Int?? = .none, pinned: Bool = false, off: Bool = false, position: Int? = nil
) -> FlowOfferRow {
    FlowOfferRow(
        id: id, offerID: 2000 + id, name: "Offer \(id)", baseShare: base, isDisabled: off, share: draft ?? base,
        isPinned: pinned, position: position ?? Int(id))
}

func draftShares(_ rows: [FlowOfferRow]) -> [Int?] { rows.map(\.share) }

struct ShareDistributionTests {
    @Test(arguments: [
        (100, 1, [100]), (100, 2, [50, 50]), (100, 3, [33, 33, 34]), (75, 2, [37, 38]),
        (100, 6, [16, 16, 17, 17, 17, 17]),
        (100, 7, [14, 14, 14, 14, 14, 15, 15]), (100, 8, [12, 12, 12, 12, 13, 13, 13, 13]), (3, 3, [1, 1, 1]),
    ])
    func `spare percents go to the last rows`(amount: Int, count: Int, expected: [Int]) {
        #expect(ShareDistribution.evenShares(of: amount, among: count) == expected)
    }

    @Test func `an edit keeps the share typed and divides the rest`() throws {
        let rows = [offerRow(1, 33), offerRow(2, 33), offerRow(3, 34)]
        let edited = try ShareDistribution.setShare(of: 1, to: 25, in: rows)
        #expect(draftShares(edited) == [25, 37, 38])
        #expect(edited.map(\.isEdited) == [true, false, false])
    }

    @Test func `pinned shares stay`() throws {
        let rows = [offerRow(1, 25, pinned: true), offerRow(2, 40), offerRow(3, 35)]
        #expect(draftShares(try ShareDistribution.recount(rows)) == [25, 37, 38])
        #expect(draftShares(try ShareDistribution.setShare(of: 2, to: 60, in: rows)) == [25, 60, 15])
        #expect(draftShares(try ShareDistribution.setShare(of: 1, to: 10, in: rows)) == [10, 45, 45])
    }

    @Test func `a later edit counts an earlier one anew unless it is pinned`() throws {
        let rows = [offerRow(1, 30), offerRow(2, 30), offerRow(3, 40)]
        let first = try ShareDistribution.setShare(of: 1, to: 50, in: rows)
        let second = try ShareDistribution.setShare(of: 2, to: 40, in: first)
        #expect(draftShares(second) == [30, 40, 30])
        #expect(second.map(\.isEdited) == [false, true, false])
        let pinned = try ShareDistribution.setPinned(1, true, in: first)
        #expect(draftShares(try ShareDistribution.setShare(of: 2, to: 40, in: pinned)) == [50, 40, 10])
    }

    @Test func `typing the share a row has changes nothing while the flow makes 100`() throws {
        let rows = [offerRow(1, 70), offerRow(2, 20), offerRow(3, 10)]
        #expect(try ShareDistribution.setShare(of: 1, to: 70, in: rows) == rows)
        let short = [offerRow(1, 70), offerRow(2, 10), offerRow(3, 10)]
        #expect(draftShares(try ShareDistribution.setShare(of: 1, to: 70, in: short)) == [70, 15, 15])
        let zero = [offerRow(1, 70), offerRow(2, 30), offerRow(3, 0)]
        #expect(draftShares(try ShareDistribution.setShare(of: 1, to: 70, in: zero)) == [70, 15, 15])
    }

    @Test(arguments: [0, -1, 29, 100, Int.max, Int.min])
    func `a share outside the range is refused with the range`(share: Int) {
        let rows = [offerRow(1, 70, pinned: true), offerRow(2, 20), offerRow(3, 5), offerRow(4, 5)]
        let refusal = ShareRefusal.shareOutOfRange(
            offer: "Offer 2", allowed: 1...28, pinned: [PinnedShare(name: "Offer 1", share: 70)], othersCount: 2)
        #expect(throws: refusal) { try ShareDistribution.setShare(of: 2, to: share, in: rows) }
    }

    @Test func `next to pinned shares only, one share is possible`() throws {
        let rows = [offerRow(1, 60, pinned: true), offerRow(2, 30)]
        #expect(try ShareDistribution.allowedShares(of: 2, in: rows) == 40...40)
        #expect(draftShares(try ShareDistribution.setShare(of: 2, to: 40, in: rows)) == [60, 40])
        #expect(throws: ShareRefusal.self) { try ShareDistribution.setShare(of: 2, to: 39, in: rows) }
        #expect(try ShareDistribution.allowedShares(of: 1, in: [offerRow(1, 50)]) == 100...100)
    }

    @Test func `an offer is added last and shares evenly`() throws {
        let added = try ShareDistribution.add(
            id: 9, offerID: 77, name: "New", to: [offerRow(2, 60, position: 5), offerRow(1, 40)])
        #expect(added.map(\.offerID) == [2001, 2002, 77])
        #expect(draftShares(added) == [33, 33, 34])
        #expect(added[2].isAdded && added[2].position == 6)
        #expect(draftShares(try ShareDistribution.add(id: 1, offerID: 5, name: "First", to: [])) == [100])
    }

    @Test func `an offer is not added twice and a removed one comes back`() throws {
        let rows = [offerRow(1, 50), offerRow(2, 50), offerRow(3, 10, off: true)]
        for offerID: Int64 in [2001, 2003] {
            #expect(throws: ShareRefusal.alreadyInFlow(offer: "Offer \(offerID - 2000)")) {
                try ShareDistribution.add(id: 9, offerID: offerID, name: "Again", to: rows)
            }
        }
        let removed = try ShareDistribution.remove(1, from: rows)
        let back = try ShareDistribution.add(id: 9, offerID: 2001, name: "Again", to: removed)
        #expect(back.map(\.id) == [1, 2, 3])
        #expect(draftShares(back) == [50, 50, 10])
    }

    @Test func `removing divides among those left and clears the pin`() throws {
        let rows = [offerRow(1, 25, pinned: true), offerRow(2, 25), offerRow(3, 25), offerRow(4, 25)]
        let removed = try ShareDistribution.remove(1, from: rows)
        #expect(draftShares(removed) == [nil, 33, 33, 34])
        #expect(removed[0].isPinned == false)
        let back = try ShareDistribution.bringBack(1, in: removed)
        #expect(draftShares(back) == [25, 25, 25, 25])
        #expect(back[0].isPinned == false)
    }

    @Test func `an added row that is removed leaves the list`() throws {
        let added = try ShareDistribution.add(id: 9, offerID: 77, name: "New", to: [offerRow(1, 100)])
        #expect(draftShares(added) == [50, 50])
        #expect(draftShares(try ShareDistribution.remove(9, from: added)) == [100])
    }

    @Test func `what cannot be removed is refused`() {
        #expect(throws: ShareRefusal.lastOffer(offer: "Offer 1")) {
            try ShareDistribution.remove(
                1, from: [offerRow(1, 100), offerRow(2, 40, off: true), offerRow(3, 10, draft: .some(nil))])
        }
        let pinned = [offerRow(1, 40, pinned: true), offerRow(2, 40, pinned: true), offerRow(3, 20)]
        #expect(throws: ShareRefusal.onlyPinnedWouldRemain(total: 80)) {
            try ShareDistribution.remove(3, from: pinned)
        }
        #expect(throws: ShareRefusal.alreadyRemoved(offer: "Offer 1")) {
            try ShareDistribution.remove(1, from: [offerRow(1, 50, draft: .some(nil)), offerRow(2, 50)])
        }
        #expect(throws: ShareRefusal.unknownRow(id: 5)) { try ShareDistribution.remove(5, from: [offerRow(1, 100)]) }
    }

    @Test func `pinned shares that make 100 may remain alone`() throws {
        let rows = [offerRow(1, 60, pinned: true), offerRow(2, 40, pinned: true), offerRow(3, 20)]
        #expect(draftShares(try ShareDistribution.remove(3, from: rows)) == [60, 40, nil])
    }

    @Test func `a disabled row keeps its share and cannot be edited`() throws {
        let rows = [offerRow(1, 60), offerRow(2, 40), offerRow(3, 10, off: true)]
        let refusal = ShareRefusal.rowIsOffInKeitaro(offer: "Offer 3")
        #expect(throws: refusal) { try ShareDistribution.setShare(of: 3, to: 5, in: rows) }
        #expect(throws: refusal) { try ShareDistribution.setPinned(3, true, in: rows) }
        #expect(draftShares(try ShareDistribution.recount(rows)) == [50, 50, 10])
        let removed = try ShareDistribution.remove(3, from: rows)
        #expect(draftShares(removed) == [60, 40, nil])
        #expect(try ShareDistribution.bringBack(3, in: removed) == rows)
    }

    @Test func `a pin that outlived the row being switched off can be taken away`() throws {
        let rows = [offerRow(1, 100), offerRow(2, 40, pinned: true, off: true)]
        #expect(try ShareDistribution.setPinned(2, false, in: rows)[1].isPinned == false)
        #expect(draftShares(try ShareDistribution.add(id: 9, offerID: 1, name: "New", to: rows)) == [50, 40, 50])
    }

    @Test func `pinning changes no share even where the total is rubbish`() throws {
        let rows = [offerRow(1, 90), offerRow(2, 30)]
        #expect(draftShares(try ShareDistribution.setPinned(1, true, in: rows)) == [90, 30])
    }

    @Test func `pinned shares that leave no room are refused`() {
        let over = [offerRow(1, 70, pinned: true), offerRow(2, 50, pinned: true), offerRow(3, 10)]
        #expect(throws: ShareRefusal.pinnedOver(total: 120, freeCount: 1)) { try ShareDistribution.recount(over) }
        #expect(throws: ShareRefusal.pinnedOver(total: 120, freeCount: 1)) {
            try ShareDistribution.setShare(of: 3, to: 5, in: over)
        }
        let full = [offerRow(1, 99, pinned: true), offerRow(2, 1)]
        #expect(throws: ShareRefusal.pinnedOver(total: 99, freeCount: 2)) {
            try ShareDistribution.add(id: 9, offerID: 1, name: "New", to: full)
        }
        #expect(throws: ShareRefusal.onlyPinnedWouldRemain(total: 120)) {
            try ShareDistribution.recount(Array(over[..<2]))
        }
    }

    @Test func `more offers than percents are refused`() throws {
        let full = (1...100).map { offerRow(Int64($0), 1) }
        #expect(throws: ShareRefusal.tooManyOffers(count: 101)) {
            try ShareDistribution.add(id: 900, offerID: 1, name: "New", to: full)
        }
        #expect(try ShareDistribution.recount(full) == full)
        #expect(throws: ShareRefusal.tooManyOffers(count: 101)) {
            try ShareDistribution.setShare(of: 1, to: 1, in: full + [offerRow(101, 1)])
        }
    }

    @Test(arguments: [0, -5, 101, Int.max, Int.min])
    func `a pinned share that is no percent must be mended first`(share: Int) throws {
        let rows = [offerRow(1, share, pinned: true), offerRow(2, 50)]
        #expect(throws: ShareRefusal.pinnedOutOfRange(offer: "Offer 1", share: share)) {
            try ShareDistribution.recount(rows)
        }
        #expect(draftShares(try ShareDistribution.setShare(of: 1, to: 20, in: rows)) == [20, 80])
    }

    @Test(arguments: [[30, 20], [70, 50], [0, 0], [100, 0], [-5, 300], [Int.max, Int.max], [Int.min, Int.min]])
    func `the first edit makes the 100 whole`(keitaro: [Int]) throws {
        let rows = keitaro.enumerated().map { offerRow(Int64($0.offset + 1), $0.element) }
        #expect(draftShares(try ShareDistribution.setShare(of: 1, to: 40, in: rows)) == [40, 60])
        #expect(draftShares(try ShareDistribution.recount(rows)) == [50, 50])
        #expect(draftShares(try ShareDistribution.remove(1, from: rows)) == [nil, 100])
        #expect(draftShares(try ShareDistribution.add(id: 9, offerID: 1, name: "New", to: rows)) == [33, 33, 34])
    }

    @Test func `cancelling drops the draft and leaves pins`() throws {
        let rows = [offerRow(1, 20), offerRow(2, 30, pinned: true), offerRow(3, 10, off: true)]
        var draft = try ShareDistribution.setShare(of: 1, to: 70, in: rows)
        draft = try ShareDistribution.remove(3, from: draft)
        #expect(ShareDistribution.cancel(draft) == rows)
        draft = try ShareDistribution.setPinned(1, true, in: draft)
        #expect(ShareDistribution.cancel(draft).map(\.isPinned) == [true, true, false])
    }

    @Test func `nothing can be divided among no offers`() {
        #expect(throws: ShareRefusal.noActiveOffers) { try ShareDistribution.recount([]) }
        #expect(throws: ShareRefusal.noActiveOffers) { try ShareDistribution.recount([offerRow(1, 10, off: true)]) }
    }

    @Test func `only a removed row is brought back`() {
        #expect(throws: ShareRefusal.notRemoved(offer: "Offer 1")) {
            try ShareDistribution.bringBack(1, in: [offerRow(1, 100)])
        }
        #expect(throws: ShareRefusal.alreadyRemoved(offer: "Offer 1")) {
            try ShareDistribution.setShare(of: 1, to: 5, in: [offerRow(1, 50, draft: .some(nil)), offerRow(2, 50)])
        }
    }
}
