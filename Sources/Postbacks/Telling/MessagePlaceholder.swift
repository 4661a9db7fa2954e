import Base
import Views

/// What a template can say of a postback.
package enum MessagePlaceholder: Hashable, Sendable {
    case field(PostbackField)
    /// `{sub_id_3}`, `{cost}`, …: as it was sent.
    case sent(String)
    /// What happened, in words: Депозит.
    case statusName
    /// Its sign: 💰
    case emoji
    /// The revenue without its currency.
    case amount

    /// The name without braces: a field's, any other name of it, or a parameter that Keitaro can send. Nil for others.
    package init?(_ name: String) {
        switch name.lowercased() {
        case "status_name": self = .statusName
        case "emoji": self = .emoji
        case "amount": self = .amount
        case let plain:
            if let (field, _) = PostbackField.named(plain) {
                self = .field(field)
            } else if PostbackURL.macros.contains(plain) {
                self = .sent(plain)
            } else {
                return nil
            }
        }
    }

    /// The names to choose from, as an editor shows them.
    package static let names =
        ["emoji", "status_name"] + PostbackField.allCases.map(\.rawValue) + ["amount"]
        + (3...30).map { "sub_id_\($0)" }
        + PostbackURL.macros.filter { PostbackField.named($0) == nil && !$0.hasPrefix("sub_id_") }.sorted()

    /// It never leaves a line empty, nor does it fill one.
    var isAlwaysKnown: Bool { self == .statusName || self == .emoji }

    /// Not escaped; empty when it is unknown.
    func value(of postback: Postback, in language: Language) -> String {
        switch self {
        case .statusName: MessageWords(language).title(of: postback.status)
        case .emoji: MessageWords.emoji(of: postback.status)
        case .amount: postback.revenue?.shown(in: language) ?? ""
        case .sent(let name):
            postback.fields.first { $0.name.lowercased() == name && !UnresolvedMacro.isMissing($0.value) }?.value ?? ""
        case .field(let field): Self.value(of: field, postback, language)
        }
    }

    private static func value(of field: PostbackField, _ postback: Postback, _ language: Language) -> String {
        switch field {
        case .status: postback.status.name
        case .originalStatus: postback.originalStatus
        case .clickID: postback.clickID
        case .transactionID: postback.transactionID
        case .campaignID: postback.campaignID
        case .campaignName: named(postback.campaignName, postback.campaignID)
        case .offerID: postback.offerID
        case .offerName: named(postback.offerName, postback.offerID)
        case .landingID: postback.landingID
        case .landingName: named(postback.landingName, postback.landingID)
        case .country: postback.country
        case .source: postback.source
        case .creativeID: postback.creativeID
        case .subID1: postback.subID1
        case .subID2: postback.subID2
        case .revenue: money(postback.revenue, postback.currency, language)
        case .payout: money(postback.payout, postback.currency, language)
        case .currency: postback.currency
        case .reason: postback.reason
        case .eventID: postback.eventID
        }
    }

    /// A number is better than nothing where neither Keitaro nor the Mirror knows the name.
    private static func named(_ name: String, _ id: String) -> String {
        name.isEmpty && !id.isEmpty ? "#\(id)" : name
    }

    private static func money(_ amount: Amount?, _ currency: String, _ language: Language) -> String {
        guard let amount else { return "" }
        let shown = amount.shown(in: language)
        return currency.isEmpty ? shown : "\(shown) \(currency)"
    }
}

extension Amount {
    /// `100`, `1 234,50`, `0,0042`: no decimals, or two and as many more as it has.
    package func shown(in language: Language) -> String {
        let decimals = text.split(separator: ".", maxSplits: 1).dropFirst().first.map { part in
            part.reversed().drop { $0 == "0" }.count
        }
        let places = decimals.map { $0 == 0 ? 0 : min(max($0, 2), 8) } ?? 0
        return NumberFormat(language).number(DecimalNumber(text: text), places: places)
    }
}
