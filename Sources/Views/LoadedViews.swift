/// Templates and words as one load found them; never changed afterwards.
struct LoadedViews: Sendable {
    let templates: [Template]
    let numbers: [String: Int]
    let book: WordBook
    /// Word names the templates use.
    let usedWords: Set<String>

    static let templateEnding = ".mustache"
    static let wordsEnding = ".json"

    init(files: [ViewFiles.File], in directory: String) throws(ViewError) {
        var problems: [ViewProblem] = []
        var sources: [(String, [UInt8])] = []
        var wordSources: [Language: [UInt8]] = [:]
        for file in files {
            guard let bytes = ViewFiles.read("\(directory)/\(file.path)") else {
                problems.append(ViewProblem(file: file.path, reason: "the file cannot be read"))
                continue
            }
            if file.path.hasSuffix(Self.templateEnding) {
                sources.append((String(file.path.dropLast(Self.templateEnding.count)), bytes))
            } else if let language = Language.allCases.first(where: { WordBook.file($0) == file.path }) {
                wordSources[language] = bytes
            }
        }
        var book = WordBook.empty
        do {
            // No words file at all is a program without words; some but not all is a mistake.
            if !wordSources.isEmpty { book = try WordBook(sources: wordSources) }
        } catch {
            // Templates are checked against words only when those load: one mistake, one message.
            throw ViewError(problems + error.problems)
        }
        guard problems.isEmpty else { throw ViewError(problems) }
        try self.init(sources: sources, book: book)
    }

    init(sources: [(name: String, bytes: [UInt8])], book: WordBook) throws(ViewError) {
        let names = TemplateParser.Names(
            partials: Dictionary(sources.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first }),
            words: book.numbers)
        var problems: [ViewProblem] = []
        var parts: [ViewKey: String] = [:]
        var templates: [Template] = []
        var usedWords: Set<String> = []
        for (name, bytes) in sources {
            do throws(ViewError) {
                let plain = try TemplateParser.parse(name: name, source: bytes, names: names, marksLines: false)
                let indented = try TemplateParser.parse(name: name, source: bytes, names: names, marksLines: true)
                problems += plain.unknown
                usedWords.formUnion(plain.words)
                for part in plain.parts {
                    if let other = parts.updateValue(part, forKey: ViewKey(part)), other != part {
                        problems.append(
                            ViewProblem(
                                file: name, reason: "\"\(part)\" and \"\(other)\" have the same hash; rename one"))
                    }
                }
                templates.append(
                    Template(name: name, source: bytes, plain: plain.steps, indented: indented.steps))
            } catch {
                problems += error.problems
            }
        }
        guard problems.isEmpty else { throw ViewError(problems) }
        self.templates = templates
        self.numbers = names.partials
        self.book = book
        self.usedWords = usedWords
    }

    func render(_ name: String, _ context: ViewValue, _ language: Language) throws(ViewError) -> [UInt8] {
        guard let number = numbers[name] else {
            throw ViewError([ViewProblem(file: name, reason: "there is no such template")])
        }
        var renderer = TemplateRenderer(
            templates: templates, words: book.texts(language), language: language, context: context)
        try renderer.render(number)
        return renderer.out
    }
}
