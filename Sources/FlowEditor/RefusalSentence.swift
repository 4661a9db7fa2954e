import Frame
import HTTP
import Views

/// Refused edits as sentences: what can be done, in numbers (look.md, "Words" 5). Where a sentence is put together from parts, the
/// parts are words of their own.
extension ShareRefusal {
    var problem: Problem {
        switch self {
        case .shareOutOfRange(let offer, let allowed, let pinned, let others):
            Problem(
                .unprocessable, Word("refused.nothing_changed"),
                title: allowed.count == 1
                    ? Word(
                        "refused.share_only",
                        ["offer": .string(offer), "value": .integer(Int64(allowed.lowerBound))])
                    : Word(
                        "refused.share_range",
                        [
                            "offer": .string(offer), "min": .integer(Int64(allowed.lowerBound)),
                            "max": .integer(Int64(allowed.upperBound)),
                        ]),
                reasons: Self.reasons(allowed: allowed, pinned: pinned, others: others), field: "share")
        case .onlyPinnedWouldRemain(let total):
            Problem(.unprocessable, Word("refused.only_pinned", ["share": .integer(Int64(total))]))
        case .tooManyOffers:
            Problem(.unprocessable, Word("refused.add_limit"))
        case .pinnedOver(let total, let free):
            Problem(
                .unprocessable,
                Word("refused.pin_total", ["share": .integer(Int64(total)), "count": .integer(Int64(free))]))
        case .pinnedOutOfRange(let offer, let share):
            Problem(
                .unprocessable,
                Word("refused.pinned_out_of_range", ["offer": .string(offer), "share": .integer(Int64(share))]))
        case .lastOffer(let offer):
            Problem(.unprocessable, Word("refused.remove_last", ["offer": .string(offer)]))
        case .noActiveOffers:
            Problem(.unprocessable, Word("draft.cannot.empty"))
        case .rowIsOffInKeitaro(let offer):
            Problem(.unprocessable, Word("refused.row_off", ["offer": .string(offer)]))
        case .alreadyInFlow(let offer):
            Problem(.unprocessable, Word("refused.add_twice", ["offer": .string(offer)]), field: "offer_id")
        case .alreadyRemoved(let offer):
            Problem(.unprocessable, Word("refused.row_removed", ["offer": .string(offer)]))
        case .notRemoved(let offer):
            Problem(.unprocessable, Word("refused.row_present", ["offer": .string(offer)]))
        case .unknownRow:
            Problem(.notFound, Word("refused.row_gone"))
        }
    }

    private static func reasons(allowed: ClosedRange<Int>, pinned: [PinnedShare], others: Int) -> [Word] {
        var reasons: [Word] = []
        let pinnedTotal = Int64(pinned.reduce(0) { $0 + $1.share })
        if others == 0, pinned.isEmpty {
            return [Word("refused.share_alone")]
        }
        if others == 0 {
            return [Word("refused.share_all_pinned", ["share": .integer(pinnedTotal)])]
        }
        if pinned.count == 1, let only = pinned.first {
            reasons.append(
                Word("refused.share_pinned_one", ["name": .string(only.name), "share": .integer(Int64(only.share))]))
        } else if pinned.count > 1 {
            reasons.append(
                Word(
                    "refused.share_pinned_many",
                    ["count": .integer(Int64(pinned.count)), "share": .integer(pinnedTotal)]))
        }
        reasons.append(Word("refused.share_others", ["count": .integer(Int64(others))]))
        return reasons
    }
}

extension PushBlock {
    var word: Word {
        switch self {
        case .noActiveOffer: Word("draft.cannot.empty")
        case .totalIsNot100(let total): Word("draft.cannot.total", ["total": .integer(Int64(total))])
        case .duplicateOffer(let id): Word("draft.cannot.duplicate", ["offer": .string("#\(id)")])
        case .shareOutOfRange(let offer, let share):
            Word("draft.cannot.share", ["offer": .string(offer), "share": .integer(Int64(share))])
        }
    }
}
