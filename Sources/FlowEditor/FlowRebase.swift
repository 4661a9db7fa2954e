/// What happens to a flow's rows when Keitaro turns out to hold another set than the base: at a fetch, after a push, and
/// when a conflict is resolved. Pure; pins stay with their offers throughout.
package enum FlowRebase {
    /// An offer as Keitaro has it, with its place there.
    package struct Outcome: Hashable, Sendable {
        package var rows: [FlowOfferRow]
        /// True: Keitaro's set is neither the base nor the draft. The rows are as they were; a person must choose.
        package var isConflict: Bool
    }

    /// A fetch: a clean flow takes what Keitaro has, and so does one whose draft Keitaro already holds; any other draft is
    /// never touched.
    package static func fetched(_ now: [OfferShare], into rows: [FlowOfferRow], name: (Int64) -> String) -> Outcome {
        let draft = FlowDraft(rows: rows)
        if draft.isClean || OfferDifference.between(draft.offers, now).isEmpty {
            return Outcome(rows: takingKeitaro(now, over: rows, name: name), isConflict: false)
        }
        if OfferDifference.between(draft.baseOffers, now).isEmpty {
            return Outcome(rows: inOrder(of: now, rows), isConflict: false)
        }
        return Outcome(rows: rows, isConflict: true)
    }

    /// Drops the draft: the rows become Keitaro's. A row with id 0 is new and gets its id from the store.
    package static func takingKeitaro(
        _ now: [OfferShare], over rows: [FlowOfferRow], name: (Int64) -> String
    ) -> [FlowOfferRow] {
        let known = Dictionary(rows.map { ($0.offerID, $0) }, uniquingKeysWith: { first, _ in first })
        return distinct(now).enumerated().map { position, offer in
            let row = known[offer.offerID]
            return FlowOfferRow(
                id: row?.id ?? 0, offerID: offer.offerID, name: row?.name ?? name(offer.offerID),
                baseShare: offer.share, isDisabled: !offer.isActive, share: offer.share,
                isPinned: offer.isActive && row?.isPinned ?? false, position: position)
        }
    }

    /// Keeps the draft and puts it on Keitaro's set as its new base, so that pushing it writes over what Keitaro has. What only
    /// Keitaro added is a removal in the draft; what is off in Keitaro is off here, outside the 100. If that breaks the total, the
    /// free rows are counted anew where the rule allows.
    package static func keepingMine(
        _ now: [OfferShare], under rows: [FlowOfferRow], name: (Int64) -> String
    ) -> [FlowOfferRow] {
        let offers = distinct(now)
        let theirs = Dictionary(offers.map { ($0.offerID, $0) }, uniquingKeysWith: { first, _ in first })
        let known = Set(rows.map(\.offerID))
        var kept: [FlowOfferRow] = rows.compactMap { row in
            var row = row
            let their = theirs[row.offerID]
            row.baseShare = their?.share
            if let their {
                row.isDisabled = !their.isActive
                if !their.isActive { row.isPinned = false }
                // A row that is off is left as it is there: the draft's share has no meaning outside the 100.
                if !their.isActive, row.share != nil { row.share = their.share }
            } else if row.isDisabled {
                // Sending it would switch it on.
                return nil
            }
            return row.baseShare == nil && row.share == nil ? nil : row
        }
        let last = kept.map(\.position).max() ?? -1
        for (offset, offer) in offers.filter({ !known.contains($0.offerID) }).enumerated() {
            kept.append(
                FlowOfferRow(
                    id: 0, offerID: offer.offerID, name: name(offer.offerID), baseShare: offer.share,
                    isDisabled: !offer.isActive, share: offer.isActive ? nil : offer.share,
                    position: last + 1 + offset))
        }
        if ShareDistribution.total(kept) != ShareDistribution.whole, let counted = try? ShareDistribution.recount(kept)
        {
            return counted
        }
        return ShareDistribution.ordered(kept)
    }

    /// Makes an earlier set the draft over today's base: what it lacks is removed, what it has and the base lacks is added. A row
    /// that is off in Keitaro stays as it is.
    package static func drafting(_ earlier: [OfferShare], over rows: [FlowOfferRow]) -> [FlowOfferRow] {
        let wanted = Dictionary(earlier.map { ($0.offerID, $0) }, uniquingKeysWith: { first, _ in first })
        var drafted: [FlowOfferRow] = rows.map { row in
            guard !row.isDisabled else { return row }
            var row = row
            row.share = wanted[row.offerID]?.share
            row.isEdited = row.share != row.baseShare
            if row.share == nil { row.isPinned = false }
            return row
        }
        let known = Set(rows.map(\.offerID))
        let last = rows.map(\.position).max() ?? -1
        for (offset, offer) in distinct(earlier).filter({ !known.contains($0.offerID) && $0.isActive }).enumerated() {
            drafted.append(
                FlowOfferRow(
                    id: 0, offerID: offer.offerID, name: "", baseShare: nil, share: offer.share, isEdited: true,
                    position: last + 1 + offset))
        }
        return ShareDistribution.ordered(drafted)
    }

    /// After Keitaro confirmed `pushed`: that is the base now. Edits made while the push was on its way stay a draft.
    package static func pushed(_ pushed: [OfferShare], into rows: [FlowOfferRow]) -> [FlowOfferRow] {
        let confirmed = Dictionary(pushed.map { ($0.offerID, $0) }, uniquingKeysWith: { first, _ in first })
        return inOrder(of: pushed, rows).compactMap { row in
            var row = row
            row.baseShare = confirmed[row.offerID]?.share
            if row.share == row.baseShare { row.isEdited = false }
            return row.baseShare == nil && row.share == nil ? nil : row
        }
    }

    private static func distinct(_ offers: [OfferShare]) -> [OfferShare] {
        var seen: Set<Int64> = []
        return offers.filter { seen.insert($0.offerID).inserted }
    }

    /// Rows at Keitaro's places, those it lacks behind them.
    private static func inOrder(of offers: [OfferShare], _ rows: [FlowOfferRow]) -> [FlowOfferRow] {
        let places = Dictionary(
            distinct(offers).enumerated().map { ($0.element.offerID, $0.offset) },
            uniquingKeysWith: { first, _ in first })
        let sorted = ShareDistribution.ordered(rows).enumerated().sorted { left, right in
            let leftPlace = places[left.element.offerID] ?? places.count + left.offset
            let rightPlace = places[right.element.offerID] ?? places.count + right.offset
            return leftPlace < rightPlace
        }
        return sorted.enumerated().map { position, entry in
            var row = entry.element
            row.position = position
            return row
        }
    }
}
