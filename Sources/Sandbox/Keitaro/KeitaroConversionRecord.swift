import Base

/// A conversion and all that becomes of it, known beforehand; what of it has happened depends on the clock. Never changed: a class, for
/// a log of days sorts and copies tens of thousands of them.
final class KeitaroConversionRecord: Sendable {
    /// A status it takes, and when.
    struct Entry: Equatable, Sendable {
        let at: Timestamp
        let status: String
        /// The network's own word; of a rejection its reason.
        let originalStatus: String
        /// Empty while the network has given none.
        let transactionID: String
    }

    /// Keitaro's number of it.
    let number: Int64
    let clickID: String
    let campaign: KeitaroCampaign
    let streamID: Int64
    let offer: KeitaroOffer
    let clickedAt: Timestamp
    /// Never empty.
    let entries: [Entry]
    let subIDs: [String]
    let creativeID: String
    let externalID: String
    let fate: KeitaroPostingFate
    /// Of its first entry.
    let createdAt: Timestamp

    /// - Parameter entries: at least one.
    init(
        number: Int64, clickID: String, campaign: KeitaroCampaign, streamID: Int64, offer: KeitaroOffer,
        clickedAt: Timestamp, entries: [Entry], subIDs: [String], creativeID: String, externalID: String,
        fate: KeitaroPostingFate
    ) {
        self.number = number
        self.clickID = clickID
        self.campaign = campaign
        self.streamID = streamID
        self.offer = offer
        self.clickedAt = clickedAt
        self.entries = entries
        self.subIDs = subIDs
        self.creativeID = creativeID
        self.externalID = externalID
        self.fate = fate
        createdAt = entries[0].at
    }

    /// As its postbacks name it: of ``KeitaroPostingFate/otherClick`` one that nobody knows.
    var sentClickID: String {
        guard fate == .otherClick else { return clickID }
        return "\(clickID.first == "x" ? "y" : "x")\(clickID.dropFirst())"
    }

    /// In 1/10,000 dollar; a lead's is on hold.
    var revenue: Int64 { offer.worth }

    /// What it has become by `now`; nil before it exists.
    func entry(at now: Timestamp) -> Entry? { entries.last { $0.at <= now } }

    func status(before entry: Entry) -> String {
        entries.last { $0.at < entry.at }?.status ?? ""
    }

    /// `12.5`
    static func text(_ revenue: Int64) -> String {
        let fraction = String(revenue.magnitude % 10_000)
        var digits = String(repeating: "0", count: 4 - fraction.count) + fraction
        while digits.hasSuffix("0") { digits.removeLast() }
        return "\(revenue / 10_000)\(digits.isEmpty ? "" : ".\(digits)")"
    }

    /// A version-7 UUID that belongs to it, as newer builds name events.
    var eventID: String {
        func hex(_ value: UInt64, _ digits: Int) -> String {
            let text = String(value, radix: 16)
            return String(repeating: "0", count: max(0, digits - text.count)) + text.suffix(digits)
        }
        let time = hex(UInt64(max(createdAt.microseconds / 1000, 0)), 12)
        let rest = UInt64(KeitaroChance.fraction(UInt64(bitPattern: number), 51, 0) * 0x1p53)
        return "\(time.prefix(8))-\(time.suffix(4))-7\(hex(rest >> 40, 3))-8\(hex(rest >> 28, 3))-\(hex(rest, 12))"
    }
}

/// What goes wrong with a conversion's postbacks, as between real trackers and receivers.
package enum KeitaroPostingFate: String, Hashable, Sendable {
    case none
    /// Never sent: 3 %.
    case dropped
    /// What follows the first is sent six hours late, and so is the first where nothing follows: 5 %.
    case delayed
    /// Sent with another amount: 0.5 %.
    case otherAmount = "other_amount"
    /// Sent with a click that nobody knows: 0.5 %.
    case otherClick = "other_click"

    static let delay = Duration.seconds(6 * 3600)

    init(draw: Double) {
        switch draw {
        case ..<0.03: self = .dropped
        case ..<0.08: self = .delayed
        case ..<0.085: self = .otherAmount
        case ..<0.09: self = .otherClick
        default: self = .none
        }
    }
}
