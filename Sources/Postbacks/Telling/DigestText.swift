import Base
import Telegram
import Views

/// One message instead of many: counts and revenue per campaign and status, with a link to all of them.
package enum DigestText {
    package enum Occasion: Hashable, Sendable {
        /// The chat's queue grew older than a minute.
        case queue
        /// The chat's quiet hours ended.
        case quietHours
    }

    /// More campaigns than these are counted together.
    package static let campaignLimit = 30

    /// - Parameter link: where they can be read, an absolute URL; nil: none.
    /// - Returns: what to send, cut as ``MessageSplit`` cuts; nothing for no postbacks.
    package static func parts(
        _ postbacks: [Postback], language: String, occasion: Occasion, link: String? = nil
    ) -> [String] {
        guard !postbacks.isEmpty else { return [] }
        let words = MessageWords(Language(rawValue: language) ?? .ru)
        var lines = ["<b>\(words.digestTitle(postbacks.count))</b>", words.occasion(occasion)]
        let campaigns = Dictionary(grouping: postbacks, by: { name(of: $0, words) })
            .sorted { ($1.value.count, $0.key) < ($0.value.count, $1.key) }
        // One left over is named rather than counted as others.
        let shown = campaigns.count <= campaignLimit + 1 ? campaigns.count : campaignLimit
        for (name, postbacks) in campaigns.prefix(shown) { lines += section(name, postbacks, words) }
        let others = campaigns.dropFirst(shown)
        if !others.isEmpty { lines += section(words.otherCampaigns(others.count), others.flatMap(\.value), words) }
        if let link { lines += ["", "<a href=\"\(TelegramHTML.escape(link))\">\(words.allEvents)</a>"] }
        return MessageSplit.parts(lines.joined(separator: "\n"))
    }

    private static func name(of postback: Postback, _ words: MessageWords) -> String {
        if !postback.campaignName.isEmpty { return postback.campaignName }
        return postback.campaignID.isEmpty ? words.withoutCampaign : "#\(postback.campaignID)"
    }

    private static func section(_ name: String, _ postbacks: [Postback], _ words: MessageWords) -> [String] {
        let statuses = Dictionary(grouping: postbacks, by: \.status).sorted { left, right in
            (rank(left.key), right.value.count, left.key.name) < (rank(right.key), left.value.count, right.key.name)
        }
        let format = NumberFormat(words.language)
        return ["", "<b>\(TelegramHTML.escape(name))</b>"]
            + statuses.map { status, postbacks in
                let title = TelegramHTML.escape(words.title(of: status))
                let line = "\(MessageWords.emoji(of: status)) \(title): \(format.number(postbacks.count))"
                let sums = revenue(of: postbacks, words.language)
                return sums.isEmpty ? line : "\(line) · \(sums)"
            }
    }

    private static func rank(_ status: PostbackStatus) -> Int {
        switch status {
        case .deposit: 0
        case .rebill: 1
        case .registration: 2
        case .other: 3
        case .rejected: 4
        }
    }

    /// Two currencies are never added; zeros say nothing.
    private static func revenue(of postbacks: [Postback], _ language: Language) -> String {
        var sums: [String: Amount] = [:]
        for postback in postbacks {
            guard let revenue = postback.revenue else { continue }
            let sum = sums[postback.currency] ?? .zero
            sums[postback.currency] = .sum(sum, revenue) ?? sum
        }
        return sums.filter { !$0.value.isZero }.sorted { $0.key < $1.key }.map { currency, sum in
            TelegramHTML.escape((sum.shown(in: language) + " " + currency).trimmingSpaces().description)
        }.joined(separator: " + ")
    }
}
