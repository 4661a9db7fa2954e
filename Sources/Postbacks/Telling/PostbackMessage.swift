import Base
import Telegram
import Views

/// What a chat is told about one postback, as Telegram's HTML.
package enum PostbackMessage {
    package enum Note: Hashable, Sendable {
        /// Sent by the profile's own button.
        case test
        /// It never arrived; reconciliation found it.
        case recovered
    }

    /// One message, or several when it is too long for one.
    ///
    /// - Parameter language: en, uk or ru, as a ``Destination`` says it.
    /// - Parameter templates: a profile's own, by the stored name of the status. A stored text that is no template any more
    ///   counts as none: the message must go.
    package static func parts(
        _ postback: Postback, language: String, templates: [String: String] = [:], note: Note? = nil
    ) -> [String] {
        MessageSplit.parts(html(postback, language: language, templates: templates, note: note))
    }

    /// Uncut.
    package static func html(
        _ postback: Postback, language: String, templates: [String: String] = [:], note: Note? = nil
    ) -> String {
        let language = Language(rawValue: language) ?? .ru
        let words = MessageWords(language)
        var own: MessageTemplate?
        if let text = templates[postback.status.name] { own = try? MessageTemplate(text) }
        let template = own ?? usual(postback.status, language)
        var html = template?.html(postback, in: language) ?? ""
        // A template of nothing but unknown fields still says what happened.
        if html.allSatisfy(\.isWhitespace) {
            html = "\(MessageWords.emoji(of: postback.status)) " + TelegramHTML.escape(words.title(of: postback.status))
        }
        switch note {
        case .test: return words.note(.test) + "\n" + html
        case .recovered: return html + "\n" + words.note(.recovered)
        case nil: return html
        }
    }

    /// How a template looks with all that a postback can say; an editor shows it before it is saved.
    package static func preview(
        _ template: String, of status: PostbackStatus, language: String
    ) throws(MessageTemplateProblem) -> String {
        let template = try MessageTemplate(template)
        return template.html(.sample(status), in: Language(rawValue: language) ?? .ru)
    }

    private static func usual(_ status: PostbackStatus, _ language: Language) -> MessageTemplate? {
        try? MessageTemplate(MessageWords(language).template(for: status))
    }
}

extension Postback {
    /// Something of everything: the seed's examples. For previews and test messages.
    package static func sample(_ status: PostbackStatus) -> Postback {
        var postback = Postback()
        postback.status = status
        postback.originalStatus = status.name
        postback.clickID = "2k7sh3a9c1"
        postback.transactionID = "abc123def456"
        postback.campaignID = "42"
        postback.campaignName = "Campaign Name"
        postback.offerID = "7"
        postback.offerName = "Offer Name"
        postback.landingID = "3"
        postback.landingName = "Landing Page"
        postback.country = "US"
        postback.source = "google"
        postback.creativeID = "cr_123"
        postback.subID1 = "utm_source"
        postback.subID2 = "utm_campaign"
        postback.revenue = Amount(canonical: "100")
        postback.payout = Amount(canonical: "100")
        postback.currency = "USD"
        postback.reason = status == .rejected ? "invalid_geo" : ""
        return postback
    }

    /// As a tracker would send it; what is empty is left out.
    var asSent: [PostbackFields.Pair] {
        let values: [(field: PostbackField, value: String)] = [
            (.status, status.name), (.clickID, clickID), (.transactionID, transactionID), (.campaignID, campaignID),
            (.campaignName, campaignName), (.offerID, offerID), (.offerName, offerName), (.landingID, landingID),
            (.landingName, landingName), (.country, country), (.source, source), (.creativeID, creativeID),
            (.subID1, subID1), (.subID2, subID2), (.revenue, revenue?.text ?? ""), (.payout, payout?.text ?? ""),
            (.currency, currency), (.reason, reason),
        ]
        return values.filter { !$0.value.isEmpty }.map { ($0.field.rawValue, $0.value) }
    }
}
