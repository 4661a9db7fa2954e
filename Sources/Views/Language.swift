/// The languages Sluice speaks. Raw values are ISO 639-1 and name the words files.
package enum Language: String, CaseIterable, Hashable, Sendable {
    case en, uk, ru

    /// The best of ours for an `Accept-Language` header (RFC 9110 §12.5.4), nil when it names none of them.
    ///
    /// The highest weight wins, the earlier of equals; "uk-UA" means `uk`; weight 0 refuses. Malformed items are skipped
    /// and only the first 32 are read, since the header comes from outside.
    package init?(acceptLanguage header: String) {
        var best: (language: Language, weight: Int)?
        for item in header.utf8.split(separator: UInt8(ascii: ","), maxSplits: 32).prefix(32) {
            let parts = item.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false)
                .map { String(Substring($0)).filter { $0 != " " && $0 != "\t" }.lowercased() }
            guard let tag = parts.first, let language = Language(tag: tag) else { continue }
            var weight: Int? = 1000
            for parameter in parts.dropFirst() where parameter.hasPrefix("q=") {
                weight = Self.weight(parameter.dropFirst(2))
            }
            guard let weight, weight > 0 else { continue }
            if weight > best?.weight ?? 0 { best = (language, weight) }
        }
        guard let best else { return nil }
        self = best.language
    }

    /// "uk", "uk-UA", "UK_ua": the primary subtag decides.
    package init?(tag: String) {
        let primary = tag.lowercased().prefix { $0 != "-" && $0 != "_" }
        self.init(rawValue: String(primary))
    }

    /// "0.8" as 800; at most three decimals and never above 1, as the RFC has it.
    private static func weight(_ text: Substring) -> Int? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard let whole = parts.first, parts.count <= 2, whole == "0" || whole == "1" else { return nil }
        let decimals = parts.count == 2 ? parts[1] : ""
        guard decimals.count <= 3, decimals.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        let fraction = Int(decimals + String(repeating: "0", count: 3 - decimals.count)) ?? 0
        let weight = (whole == "1" ? 1000 : 0) + fraction
        return weight <= 1000 ? weight : nil
    }
}
