/// An offer of a flow as Keitaro takes and gives it (`reference/keitaro.md §1.5`).
package struct OfferShare: Hashable, Sendable {
    package let offerID: Int64
    package let share: Int
    /// False: `"state":"disabled"`, outside the 100.
    package let isActive: Bool

    package init(offerID: Int64, share: Int, isActive: Bool = true) {
        self.offerID = offerID
        self.share = share
        self.isActive = isActive
    }
}

/// One line of a draft's summary.
package struct FlowChange: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        case changed(from: Int, to: Int)
        case added(share: Int)
        case removed(from: Int)
    }

    package let rowID: Int64
    package let offerID: Int64
    package let name: String
    package let kind: Kind
}

/// Why a draft cannot be pushed.
package enum PushBlock: Error, Hashable, Sendable {
    case noActiveOffer
    case duplicateOffer(offerID: Int64)
    /// Active, but not 1...100.
    case shareOutOfRange(offer: String, share: Int)
    case totalIsNot100(total: Int)
}

/// What a flow's rows amount to: what the draft changes, and the set that a push sends.
package struct FlowDraft: Hashable, Sendable {
    /// By position.
    package let rows: [FlowOfferRow]

    package init(rows: [FlowOfferRow]) {
        self.rows = ShareDistribution.ordered(rows)
    }

    package var isClean: Bool { rows.allSatisfy(\.isClean) }

    /// What a person did: shares typed, offers added and removed.
    package var edits: [FlowChange] {
        rows.filter { $0.isEdited || $0.isAdded || $0.isRemoved }.compactMap(Self.change)
    }

    /// What followed from it: shares changed because others did.
    package var recounted: [FlowChange] {
        rows.filter { !$0.isEdited && !$0.isAdded && !$0.isRemoved }.compactMap(Self.change)
    }

    /// The summary: the edits, or, when all of them were taken back but shares still differ, what was recounted.
    /// Empty exactly when the draft is clean.
    package var changes: [FlowChange] {
        let edits = edits
        return edits.isEmpty ? recounted : edits
    }

    /// The sum of active shares; saturates.
    package var total: Int { ShareDistribution.total(rows) }

    /// How far the total is above 100; negative when below.
    package var excess: Int {
        let (excess, overflow) = total.subtractingReportingOverflow(ShareDistribution.whole)
        return overflow ? .min : excess
    }

    /// The whole set, for Keitaro replaces it: Keitaro's order, added offers last, disabled ones as they are.
    package var offers: [OfferShare] {
        rows.compactMap { row in
            row.share.map { OfferShare(offerID: row.offerID, share: $0, isActive: !row.isDisabled) }
        }
    }

    /// The set at the last fetch, in the same order.
    package var baseOffers: [OfferShare] {
        rows.compactMap { row in
            row.baseShare.map { OfferShare(offerID: row.offerID, share: $0, isActive: !row.isDisabled) }
        }
    }

    /// Nil when the set may be sent. A clean draft may be too, though a push of it changes nothing.
    package var pushBlock: PushBlock? {
        var seen: Set<Int64> = []
        for row in rows where !row.isRemoved && !seen.insert(row.offerID).inserted {
            return .duplicateOffer(offerID: row.offerID)
        }
        let active = rows.filter(\.isActive)
        if active.isEmpty { return .noActiveOffer }
        for row in active {
            guard let share = row.share, (1...ShareDistribution.whole).contains(share) else {
                return .shareOutOfRange(offer: row.name, share: row.share ?? 0)
            }
        }
        return total == ShareDistribution.whole ? nil : .totalIsNot100(total: total)
    }

    private static func change(_ row: FlowOfferRow) -> FlowChange? {
        let kind: FlowChange.Kind? =
            switch (row.baseShare, row.share) {
            case (let base?, let share?): base == share ? nil : .changed(from: base, to: share)
            case (nil, let share?): .added(share: share)
            case (let base?, nil): .removed(from: base)
            case (nil, nil): nil
            }
        return kind.map { FlowChange(rowID: row.id, offerID: row.offerID, name: row.name, kind: $0) }
    }
}
