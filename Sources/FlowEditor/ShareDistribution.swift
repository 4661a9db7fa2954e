/// An offer of a flow: what Keitaro held at the last fetch, and what the draft makes of it.
package struct FlowOfferRow: Hashable, Sendable, Identifiable {
    /// Ours.
    package let id: Int64
    /// Keitaro's.
    package let offerID: Int64
    package var name: String
    /// Percent in Keitaro at the last fetch, whatever it was; nil when Keitaro did not have the row.
    package var baseShare: Int?
    /// Switched off in Keitaro. Such a row keeps its share, gets no traffic and stands outside the 100.
    package var isDisabled: Bool
    /// Percent in the draft; nil when the draft removes the row.
    package var share: Int?
    /// A pinned share is not counted anew. Pins belong to the flow, not to the draft: cancelling leaves them alone.
    package var isPinned: Bool
    /// The share stands as a person typed it. Cleared when a later edit counts the row anew to another share.
    package var isEdited: Bool
    /// Keitaro's order; added rows go last.
    package var position: Int

    package init(
        id: Int64, offerID: Int64, name: String, baseShare: Int?, isDisabled: Bool = false, share: Int?,
        isPinned: Bool = false, isEdited: Bool = false, position: Int
    ) {
        self.id = id
        self.offerID = offerID
        self.name = name
        self.baseShare = baseShare
        self.isDisabled = isDisabled
        self.share = share
        self.isPinned = isPinned
        self.isEdited = isEdited
        self.position = position
    }

    package var isClean: Bool { share == baseShare }
    package var isAdded: Bool { baseShare == nil }
    package var isRemoved: Bool { share == nil }
    /// Takes part in the 100.
    package var isActive: Bool { share != nil && !isDisabled }
}

/// A pinned offer, as a sentence about it needs it.
package struct PinnedShare: Hashable, Sendable {
    package let name: String
    package let share: Int

    package init(name: String, share: Int) {
        self.name = name
        self.share = share
    }
}

/// Why an edit was not made. Holds what a sentence for the user needs; `offer` is the offer's name.
package enum ShareRefusal: Error, Hashable, Sendable {
    /// `pinned` are the other pinned offers, `othersCount` the other free ones, which need at least 1 each.
    case shareOutOfRange(offer: String, allowed: ClosedRange<Int>, pinned: [PinnedShare], othersCount: Int)
    /// Pinned shares alone would be left, and they do not make 100.
    case onlyPinnedWouldRemain(total: Int)
    /// Even at 1% each they make more than 100.
    case tooManyOffers(count: Int)
    /// The pinned take so much that `freeCount` free offers cannot have 1% each.
    case pinnedOver(total: Int, freeCount: Int)
    /// A pinned share came from Keitaro as something that is not 1...100; it must be edited or unpinned first.
    case pinnedOutOfRange(offer: String, share: Int)
    case lastOffer(offer: String)
    case noActiveOffers
    case rowIsOffInKeitaro(offer: String)
    case alreadyInFlow(offer: String)
    case alreadyRemoved(offer: String)
    case notRemoved(offer: String)
    case unknownRow(id: Int64)
}

/// The rule of shares. After each edit the active shares make exactly 100 whole percents: pinned shares stay, the share
/// just typed stays, the others divide the rest evenly with at least 1 each, and percents left over go to the last
/// rows (3 offers: 33, 33, 34). An edit that cannot be made that way is refused. Each operation takes the rows in any
/// order and returns them by position.
package enum ShareDistribution {
    package static let whole = 100

    /// Sets the share of an active row. Typing the share a row has already, in a flow that makes 100, changes nothing.
    package static func setShare(
        of id: Int64, to share: Int, in rows: [FlowOfferRow]
    ) throws(ShareRefusal) -> [FlowOfferRow] {
        var (rows, index) = try find(id, in: rows)
        try requireActive(rows[index])
        let allowed = try allowedShares(of: id, in: rows)
        guard allowed.contains(share) else {
            let others = rows.filter { $0.isActive && $0.id != id }
            throw .shareOutOfRange(
                offer: rows[index].name, allowed: allowed,
                pinned: others.filter(\.isPinned).map { PinnedShare(name: $0.name, share: $0.share ?? 0) },
                othersCount: others.count { !$0.isPinned })
        }
        if rows[index].share == share, total(rows) == whole, rows.allSatisfy({ !$0.isActive || $0.share ?? 0 >= 1 }) {
            return rows
        }
        rows[index].share = share
        rows[index].isEdited = true
        return try divided(rows, keeping: id)
    }

    /// The shares an active row may be given as the others stand.
    package static func allowedShares(
        of id: Int64, in rows: [FlowOfferRow]
    ) throws(ShareRefusal) -> ClosedRange<Int> {
        let (rows, index) = try find(id, in: rows)
        try requireActive(rows[index])
        let others = rows.filter { $0.isActive && $0.id != id }
        let pinned = try pinnedTotal(others)
        let freeCount = others.count { !$0.isPinned }
        let highest = whole - pinned - freeCount
        guard highest >= 1 else { throw noRoom(pinned: pinned, freeCount: freeCount + 1) }
        return (freeCount == 0 ? highest : 1)...highest
    }

    /// Adds an offer as the last row. One that the draft removed is brought back at its place instead.
    package static func add(
        id: Int64, offerID: Int64, name: String, to rows: [FlowOfferRow]
    ) throws(ShareRefusal) -> [FlowOfferRow] {
        if let present = rows.first(where: { $0.offerID == offerID }) {
            guard present.isRemoved else { throw .alreadyInFlow(offer: present.name) }
            return try bringBack(present.id, in: rows)
        }
        let last = rows.map(\.position).max() ?? 0
        // The share is counted below; 1 only makes the row active.
        let row = FlowOfferRow(
            id: id, offerID: offerID, name: name, baseShare: nil, share: 1, position: last == .max ? last : last + 1)
        return try divided(ordered(rows) + [row])
    }

    /// Removes a row and its pin. A row that Keitaro never had leaves the list; a disabled one leaves the shares alone.
    package static func remove(_ id: Int64, from rows: [FlowOfferRow]) throws(ShareRefusal) -> [FlowOfferRow] {
        var (rows, index) = try find(id, in: rows)
        let row = rows[index]
        if row.isRemoved { throw .alreadyRemoved(offer: row.name) }
        if row.isAdded {
            rows.remove(at: index)
        } else {
            rows[index].share = nil
            rows[index].isPinned = false
            rows[index].isEdited = false
        }
        if row.isDisabled { return rows }
        guard rows.contains(where: \.isActive) else { throw .lastOffer(offer: row.name) }
        return try divided(rows)
    }

    /// Undoes a removal: the row is free again, at its old place. A disabled one returns with its share, outside the 100.
    package static func bringBack(_ id: Int64, in rows: [FlowOfferRow]) throws(ShareRefusal) -> [FlowOfferRow] {
        var (rows, index) = try find(id, in: rows)
        guard rows[index].isRemoved else { throw .notRemoved(offer: rows[index].name) }
        rows[index].share = rows[index].baseShare
        rows[index].isPinned = false
        return rows[index].isDisabled ? rows : try divided(rows)
    }

    /// Changes no share, whatever the total is.
    package static func setPinned(
        _ id: Int64, _ isPinned: Bool, in rows: [FlowOfferRow]
    ) throws(ShareRefusal) -> [FlowOfferRow] {
        var (rows, index) = try find(id, in: rows)
        if isPinned { try requireActive(rows[index]) }
        rows[index].isPinned = isPinned
        return rows
    }

    /// Divides anew among the free rows, those typed by hand included.
    package static func recount(_ rows: [FlowOfferRow]) throws(ShareRefusal) -> [FlowOfferRow] {
        guard rows.contains(where: \.isActive) else { throw .noActiveOffers }
        return try divided(ordered(rows))
    }

    /// Drops the draft: shares as Keitaro had them, added rows gone. Pins stay as they are.
    package static func cancel(_ rows: [FlowOfferRow]) -> [FlowOfferRow] {
        ordered(rows).compactMap { row in
            if row.isAdded { return nil }
            var row = row
            row.share = row.baseShare
            row.isEdited = false
            return row
        }
    }

    /// The sum of active shares. Saturates, for what Keitaro holds may be anything.
    package static func total(_ rows: [FlowOfferRow]) -> Int {
        rows.lazy.filter(\.isActive).compactMap(\.share).saturatingSum()
    }

    /// `count` shares of `amount` that differ by at most 1, the larger ones last. `amount` >= `count` > 0.
    static func evenShares(of amount: Int, among count: Int) -> [Int] {
        let (share, spare) = amount.quotientAndRemainder(dividingBy: count)
        return (0..<count).map { $0 < count - spare ? share : share + 1 }
    }

    package static func ordered(_ rows: [FlowOfferRow]) -> [FlowOfferRow] {
        rows.sorted { ($0.position, $0.id) < ($1.position, $1.id) }
    }

    private static func divided(
        _ rows: [FlowOfferRow], keeping kept: Int64? = nil
    ) throws(ShareRefusal) -> [FlowOfferRow] {
        let free = rows.indices.filter { rows[$0].isActive && !rows[$0].isPinned && rows[$0].id != kept }
        let keptShare = rows.first { $0.id == kept }?.share ?? 0
        let fixed = try keptShare + pinnedTotal(rows.filter { $0.isActive && $0.id != kept })
        let rest = whole - fixed
        if free.isEmpty {
            guard rest == 0 else { throw .onlyPinnedWouldRemain(total: fixed) }
            return rows
        }
        guard rest >= free.count else { throw noRoom(pinned: fixed, freeCount: free.count) }
        var result = rows
        for (index, share) in zip(free, evenShares(of: rest, among: free.count)) where result[index].share != share {
            result[index].share = share
            result[index].isEdited = false
        }
        return result
    }

    private static func pinnedTotal(_ active: [FlowOfferRow]) throws(ShareRefusal) -> Int {
        var total = 0
        for row in active where row.isPinned {
            let share = row.share ?? 0
            guard (1...whole).contains(share) else { throw .pinnedOutOfRange(offer: row.name, share: share) }
            total += share
        }
        return total
    }

    private static func noRoom(pinned: Int, freeCount: Int) -> ShareRefusal {
        pinned == 0 ? .tooManyOffers(count: freeCount) : .pinnedOver(total: pinned, freeCount: freeCount)
    }

    private static func requireActive(_ row: FlowOfferRow) throws(ShareRefusal) {
        if row.isRemoved { throw .alreadyRemoved(offer: row.name) }
        if row.isDisabled { throw .rowIsOffInKeitaro(offer: row.name) }
    }

    private static func find(
        _ id: Int64, in rows: [FlowOfferRow]
    ) throws(ShareRefusal) -> ([FlowOfferRow], Int) {
        let rows = ordered(rows)
        guard let index = rows.firstIndex(where: { $0.id == id }) else { throw .unknownRow(id: id) }
        return (rows, index)
    }
}

extension Sequence<Int> {
    func saturatingSum() -> Int {
        reduce(0) { sum, next in
            let (result, overflow) = sum.addingReportingOverflow(next)
            return overflow ? (next < 0 ? .min : .max) : result
        }
    }
}
