/// The plural categories our languages use. Raw values are the keys in words files.
package enum PluralCategory: String, CaseIterable, Hashable, Sendable {
    case one, few, many, other
}

/// CLDR's cardinal rules for whole numbers: which form of a noun stands after a count.
package enum PluralRule {
    /// The sign is ignored: −1 counts as 1.
    package static func category(of count: Int64, in language: Language) -> PluralCategory {
        let magnitude = count.magnitude
        switch language {
        case .en:
            return magnitude == 1 ? .one : .other
        case .uk, .ru:
            let last = magnitude % 10
            let lastTwo = magnitude % 100
            if last == 1, lastTwo != 11 { return .one }
            if (2...4).contains(last), !(12...14).contains(lastTwo) { return .few }
            return .many
        }
    }

    /// The forms a words file must hold. `other` is for fractions in Ukrainian and Russian, so a file may leave it out.
    package static func required(in language: Language) -> Set<PluralCategory> {
        switch language {
        case .en: [.one, .other]
        case .uk, .ru: [.one, .few, .many]
        }
    }
}
