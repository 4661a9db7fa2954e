import Base

/// Words for a status that Keitaro, its source templates and networks use (reference, keitaro.md §2.2). All others are a
/// profile's mapping, or are announced as themselves.
package enum StatusAliases {
    /// Nil for a word nobody taught us. The case does not matter, nor whether it is `first_deposit`, `First Deposit` or `FirstDeposit`.
    package static func status(of word: String) -> PostbackStatus? {
        known[key(word)]
    }

    /// As people and programs write it in settings: `sale` and `Deposit` are one.
    static func named(_ word: String) -> PostbackStatus {
        status(of: word) ?? PostbackStatus(name: word.trimmingSpaces().lowercased())
    }

    private static let known: [String: PostbackStatus] = [
        "registration": .registration, "reg": .registration, "lead": .registration, "registered": .registration,
        "signup": .registration,
        "deposit": .deposit, "dep": .deposit, "ftd": .deposit, "sale": .deposit, "firstdeposit": .deposit,
        "rejected": .rejected, "reject": .rejected, "trash": .rejected, "cancel": .rejected, "cancelled": .rejected,
        "canceled": .rejected,
        "rebill": .rebill,
    ]

    private static func key(_ word: String) -> String {
        String(decoding: word.utf8.filter { !" -_\t".utf8.contains($0) }, as: UTF8.self).lowercased()
    }
}
