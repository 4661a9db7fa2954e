/// How an offer differs between two sets of a flow's offers. Order does not count.
package struct OfferDifference: Hashable, Sendable {
    package enum Change: Hashable, Sendable {
        case changedShare(from: Int, to: Int)
        case added(share: Int)
        case removed
        case switchedOff
        case switchedOn
    }

    package let offerID: Int64
    package let before: OfferShare?
    package let after: OfferShare?

    /// Empty when nothing changed; two when a row was switched and got another share.
    package var changes: [Change] {
        switch (before, after) {
        case (nil, nil): return []
        case (nil, let after?): return [.added(share: after.share)]
        case (_?, nil): return [.removed]
        case (let before?, let after?):
            var changes: [Change] = []
            if before.share != after.share { changes.append(.changedShare(from: before.share, to: after.share)) }
            if before.isActive != after.isActive { changes.append(after.isActive ? .switchedOn : .switchedOff) }
            return changes
        }
    }

    /// The offers that differ, `before`'s order, then what is new. Serves the check of drift (base, Keitaro now) and
    /// the verification of a push (intended, answered): empty means equal.
    package static func between(_ before: [OfferShare], _ after: [OfferShare]) -> [OfferDifference] {
        OfferSetComparison(base: before, now: after, mine: before).rows.map(\.nowChange).filter { !$0.changes.isEmpty }
    }
}

/// The three sets that meet when a draft is pushed: Keitaro at the last fetch, Keitaro now, and the draft.
package struct OfferSetComparison: Hashable, Sendable {
    package enum Outcome: Hashable, Sendable {
        case unchanged
        case onlyKeitaro
        case onlyMine
        /// To different results, even if they touch different things (one the share, the other the state).
        case bothChanged
        /// Changed on both sides to the same result.
        case bothSame
    }

    package enum Side: String, Hashable, Sendable {
        case keitaro, mine
    }

    package struct Row: Hashable, Sendable {
        package let offerID: Int64
        /// Nil where the set does not have the offer; so with `now` and `mine`.
        package let base: OfferShare?
        package let now: OfferShare?
        package let mine: OfferShare?

        package var nowChange: OfferDifference { OfferDifference(offerID: offerID, before: base, after: now) }
        package var myChange: OfferDifference { OfferDifference(offerID: offerID, before: base, after: mine) }

        package var outcome: Outcome {
            switch (base == now, base == mine) {
            case (true, true): .unchanged
            case (false, true): .onlyKeitaro
            case (true, false): .onlyMine
            case (false, false): now == mine ? .bothSame : .bothChanged
            }
        }

        /// The side whose change stands; nil when a person must choose.
        package var decided: Side? {
            switch outcome {
            case .unchanged, .bothSame, .onlyKeitaro: .keitaro
            case .onlyMine: .mine
            case .bothChanged: nil
            }
        }
    }

    /// Base's order, then what only Keitaro has now, then what only the draft has.
    package let rows: [Row]
    /// Keitaro's order now, then the rest in the order of `mine`; the order a merged set is sent in.
    private let order: [Int64]

    /// Of an offer named twice in one set the last counts.
    package init(base: [OfferShare], now: [OfferShare], mine: [OfferShare]) {
        let baseByID = Self.byID(base)
        let nowByID = Self.byID(now)
        let mineByID = Self.byID(mine)
        rows = Self.unique(base + now + mine).map { id in
            Row(offerID: id, base: baseByID[id], now: nowByID[id], mine: mineByID[id])
        }
        order = Self.unique(now + mine)
    }

    /// Keitaro is no longer as it was fetched, so a push must not go out unseen. A change there that equals mine in
    /// every row is no conflict.
    package var isConflict: Bool {
        rows.contains { $0.outcome == .onlyKeitaro || $0.outcome == .bothChanged }
    }

    /// The set that `choices` make (by offer id; rows without one take the side that changed), or nil while a row that
    /// changed on both sides has no choice. Its total may be anything: the caller checks it.
    package func merged(_ choices: [Int64: Side]) -> [OfferShare]? {
        var kept: [Int64: OfferShare] = [:]
        for row in rows {
            guard let side = choices[row.offerID] ?? row.decided else { return nil }
            kept[row.offerID] = side == .keitaro ? row.now : row.mine
        }
        return order.compactMap { kept[$0] }
    }

    private static func byID(_ offers: [OfferShare]) -> [Int64: OfferShare] {
        Dictionary(offers.map { ($0.offerID, $0) }, uniquingKeysWith: { _, last in last })
    }

    private static func unique(_ offers: [OfferShare]) -> [Int64] {
        var seen: Set<Int64> = []
        return offers.map(\.offerID).filter { seen.insert($0).inserted }
    }
}
