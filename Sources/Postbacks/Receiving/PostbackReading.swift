import Base

/// From what was sent to what is meant, by a profile's own mapping first.
package enum PostbackReading {
    /// A postback without a status; a filter can name it.
    package static let statusless = PostbackStatus.other("unknown")

    /// Never fails: what cannot be read stays in `fields`. Names of campaigns and offers that were not sent are the
    /// Mirror's to add.
    package static func read(_ fields: PostbackFields, for profile: PostbackProfile) -> Postback {
        var postback = Postback()
        postback.fields = fields.pairs
        readStatus(fields, profile, into: &postback)
        postback.clickID = fields[.clickID]
        postback.transactionID = fields[.transactionID]
        postback.campaignID = fields[.campaignID]
        postback.campaignName = fields[.campaignName]
        postback.offerID = fields[.offerID]
        postback.offerName = fields[.offerName]
        postback.landingID = fields[.landingID]
        postback.landingName = fields[.landingName]
        postback.country = Country.normalised(fields[.country])
        postback.source = fields[.source]
        postback.creativeID = fields[.creativeID]
        postback.subID1 = fields[.subID1]
        postback.subID2 = fields[.subID2]
        postback.eventID = fields[.eventID]
        readMoney(fields, into: &postback)
        return postback
    }

    /// What a word for a status means: by the profile's mapping, then by the usual words, else itself in lowercase.
    package static func status(
        of word: String, for profile: PostbackProfile
    ) -> (status: PostbackStatus, isMapped: Bool) {
        let plain = word.lowercased()
        if let known = profile.statusMappings[plain] ?? StatusAliases.status(of: word) { return (known, true) }
        return (plain.isEmpty ? statusless : .other(plain.cut(toBytes: PostbackField.status.limit)), false)
    }

    private static func readStatus(_ fields: PostbackFields, _ profile: PostbackProfile, into postback: inout Postback)
    {
        let original = fields[.originalStatus]
        let word = fields[.status].isEmpty ? original : fields[.status]
        postback.originalStatus = word
        (postback.status, postback.isMapped) = status(of: word, for: profile)
        guard postback.status == .rejected else { return }
        // The network's own word says why only where it says something else.
        postback.reason = fields[.reason]
        if postback.reason.isEmpty, original.lowercased() != word.lowercased() { postback.reason = original }
    }

    /// What is earned counts once: where only `payout` came it is the revenue.
    private static func readMoney(_ fields: PostbackFields, into postback: inout Postback) {
        let revenue = WrittenAmount(fields[.revenue])
        let payout = WrittenAmount(fields[.payout])
        postback.revenue = revenue?.amount ?? payout?.amount
        postback.payout = payout?.amount
        let beside = revenue.map(\.currency) ?? payout?.currency ?? ""
        let said = Currency.normalised(fields[.currency])
        postback.currency = said.isEmpty ? beside : said
    }
}
