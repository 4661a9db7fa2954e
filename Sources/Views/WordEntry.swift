/// A word as one file gives it: the text and where it stands.
struct WordEntry {
    let text: WordText
    let line: Int

    /// Joins a file's entries into words. An object all of whose names are plural categories is one plural word, so
    /// that "other" may be an ordinary name beside "all".
    static func gather(
        _ entries: [WordFile.Entry], _ language: Language, _ problems: inout [ViewProblem]
    ) -> [String: WordEntry] {
        var ordinary: Set<String> = []
        for entry in entries {
            for depth in entry.name.indices {
                let isForm = depth == entry.name.count - 1 && PluralCategory(rawValue: entry.name[depth]) != nil
                if !isForm { ordinary.insert(entry.name[..<depth].joined(separator: ".")) }
            }
        }
        ordinary.insert("")
        var words: [String: WordEntry] = [:]
        var plurals: [String: [PluralCategory: WordFile.Entry]] = [:]
        for entry in entries {
            let parent = entry.name.dropLast().joined(separator: ".")
            if !ordinary.contains(parent), let category = entry.name.last.flatMap(PluralCategory.init(rawValue:)) {
                plurals[parent, default: [:]][category] = entry
            } else if let pieces = pieces(of: entry, language, &problems) {
                words[entry.name.joined(separator: ".")] = WordEntry(text: .plain(pieces), line: entry.line)
            }
        }
        for (name, forms) in plurals.sorted(by: { $0.key < $1.key }) {
            guard let text = plural(name, forms, language, &problems) else { continue }
            words[name] = WordEntry(text: text, line: forms.values.map(\.line).min() ?? 1)
        }
        return words
    }

    private static func plural(
        _ name: String, _ forms: [PluralCategory: WordFile.Entry], _ language: Language,
        _ problems: inout [ViewProblem]
    ) -> WordText? {
        let file = WordBook.file(language)
        let line = forms.values.map(\.line).min()
        let missing = PluralRule.required(in: language).subtracting(forms.keys).map(\.rawValue).sorted()
        guard missing.isEmpty else {
            let list = missing.joined(separator: ", ")
            problems.append(ViewProblem(file: file, line: line, reason: "\"\(name)\" lacks the plural forms: \(list)"))
            return nil
        }
        var pieces: [PluralCategory: [WordText.Piece]] = [:]
        for (category, entry) in forms { pieces[category] = Self.pieces(of: entry, language, &problems) }
        // `count` may be left out of a form ("one change"); anything else must be said in each.
        let named = pieces.mapValues { WordText.plain($0).placeholders.subtracting(["count"]) }
        if Set(named.values).count > 1 {
            problems.append(
                ViewProblem(file: file, line: line, reason: "\"\(name)\" has placeholders that not every form has"))
        }
        let nearest = pieces[.other] ?? pieces[.many] ?? []
        return .plural(PluralCategory.allCases.map { pieces[$0] ?? nearest })
    }

    private static func pieces(
        of entry: WordFile.Entry, _ language: Language, _ problems: inout [ViewProblem]
    ) -> [WordText.Piece]? {
        let name = entry.name.joined(separator: ".")
        func report(_ reason: String) {
            problems.append(ViewProblem(file: WordBook.file(language), line: entry.line, reason: reason))
        }
        guard !entry.text.isEmpty else {
            report("\"\(name)\" is empty")
            return nil
        }
        guard let pieces = WordText.pieces(of: entry.text) else {
            report("\"\(name)\" has a stray brace or a malformed placeholder; a brace to be shown is doubled")
            return nil
        }
        return pieces
    }
}
