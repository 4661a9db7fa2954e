/// All words in all languages, read once. A word is a number; each language is an array indexed by it.
///
/// There is no fallback from one language to another: a book whose languages differ in names, placeholders or plural
/// forms does not load.
package final class WordBook: Sendable {
    /// Dotted names in order, "flow.changes".
    package let names: [String]
    let numbers: [String: Int]
    private let texts: [Language: [WordText]]

    package static let empty = WordBook(names: [], texts: [:])

    private init(names: [String], texts: [Language: [WordText]]) {
        self.names = names
        self.texts = texts
        numbers = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
    }

    /// `sources` holds each language's words file. Throws every difference and error at once.
    package convenience init(sources: [Language: [UInt8]]) throws(ViewError) {
        var problems: [ViewProblem] = []
        var found: [Language: [String: WordEntry]] = [:]
        for language in Language.allCases {
            guard let bytes = sources[language] else {
                problems.append(ViewProblem(file: Self.file(language), reason: "the file is missing"))
                continue
            }
            do {
                let entries = try WordFile.read(file: Self.file(language), bytes: bytes)
                found[language] = WordEntry.gather(entries, language, &problems)
            } catch {
                problems += error.problems
            }
        }
        // Differences are only worth telling once each file stands by itself.
        if problems.isEmpty { problems = Self.differences(found) }
        guard problems.isEmpty else { throw ViewError(problems) }
        let names = (found[.en] ?? [:]).keys.sorted()
        self.init(names: names, texts: found.mapValues { words in names.compactMap { words[$0]?.text } })
    }

    /// True when both templates and code may use the name.
    package func contains(_ name: String) -> Bool { numbers[name] != nil }

    func number(of name: String) -> Int? { numbers[name] }

    /// As many as `names`, in their order.
    func texts(_ language: Language) -> [WordText] { texts[language] ?? [] }

    static func file(_ language: Language) -> String { "words/\(language.rawValue).json" }

    private static func differences(_ found: [Language: [String: WordEntry]]) -> [ViewProblem] {
        var problems: [ViewProblem] = []
        let all = Set(found.values.flatMap(\.keys)).sorted()
        for name in all {
            guard let model = Language.allCases.lazy.compactMap({ found[$0]?[name] }).first else { continue }
            for language in Language.allCases {
                func differs(_ reason: String, line: Int?) {
                    problems.append(ViewProblem(file: file(language), line: line, reason: reason))
                }
                guard let word = found[language]?[name] else {
                    differs("\"\(name)\" is missing", line: nil)
                    continue
                }
                if word.text.isPlural != model.text.isPlural {
                    differs("\"\(name)\" is plural in one language and plain in another", line: word.line)
                }
                let (here, there) = (word.text.placeholders, model.text.placeholders)
                if here != there {
                    let list = here.symmetricDifference(there).sorted().map { "{\($0)}" }.joined(separator: ", ")
                    differs("\"\(name)\" has other placeholders than its translation: \(list)", line: word.line)
                }
            }
        }
        return problems
    }
}
