/// Holds templates, words files, Swift sources and scripts against each other. Used by a test and by CI, not at run time.
package struct WordCheck: Sendable {
    /// Mistakes: languages that differ, templates that do not load, names that no words file has.
    package let problems: [ViewProblem]
    /// Words that neither a template nor a string in the sources or scripts names.
    package let unused: [String]

    /// Scripts are given the words below this name, and leave it out.
    package static let scriptWords = "js."

    /// `templates` holds *.mustache files and words/*.json, `sources` Swift files, `scripts` ES modules; all are walked. What is
    /// missing counts as empty.
    package init(templates: String, sources: String, scripts: String) {
        do throws(ViewError) {
            let views = try LoadedViews(files: ReloadingViews.files(templates), in: templates)
            self.init(
                views: views, swiftFiles: Self.files(sources, ending: ".swift"),
                scripts: Self.files(scripts, ending: ".js"))
        } catch {
            self.init(problems: error.problems, unused: [])
        }
    }

    private static func files(_ directory: String, ending: String) -> [(String, [UInt8])] {
        ViewFiles.list(directory, endings: [ending]).map { file in
            (file.path, ViewFiles.read("\(directory)/\(file.path)") ?? [])
        }
    }

    /// The same over texts.
    package init(views: TemplateSet, swiftFiles: [String: String], scripts: [String: String] = [:]) {
        func sorted(_ files: [String: String]) -> [(String, [UInt8])] {
            files.sorted { $0.key < $1.key }.map { ($0.key, Array($0.value.utf8)) }
        }
        self.init(views: views.last, swiftFiles: sorted(swiftFiles), scripts: sorted(scripts))
    }

    private init(views: LoadedViews, swiftFiles: [(String, [UInt8])], scripts: [(String, [UInt8])]) {
        var mentions: [Mention] = []
        for (file, bytes) in swiftFiles {
            mentions += SwiftLiterals.find(in: bytes).map {
                Mention(
                    text: $0.text, isInterpolated: $0.isInterpolated, isWordName: $0.isWordName, file: file,
                    line: $0.line)
            }
        }
        for (file, bytes) in scripts {
            mentions += ScriptLiterals.find(in: bytes).map {
                Mention(
                    text: Self.scriptWords + $0.text, isInterpolated: $0.isInterpolated, isWordName: $0.isWordName,
                    file: file, line: $0.line)
            }
        }
        var problems: [ViewProblem] = []
        var used = views.usedWords
        for mention in mentions {
            if let reason = mention.problem(in: views.book) {
                problems.append(ViewProblem(file: mention.file, line: mention.line, reason: reason))
            }
            used.formUnion(mention.uses(in: views.book))
        }
        self.init(problems: problems, unused: views.book.names.filter { !used.contains($0) })
    }

    /// A string literal that may name a word.
    private struct Mention {
        let text: String
        let isInterpolated: Bool
        let isWordName: Bool
        let file: String
        let line: Int

        func problem(in book: WordBook) -> String? {
            guard isWordName else { return nil }
            if !isInterpolated { return book.contains(text) ? nil : "there is no word \"\(text)\"" }
            let hasStart = !text.isEmpty && book.names.contains { $0.hasPrefix(text) }
            return hasStart ? nil : "no word begins with \"\(text)\"; a name made at run time needs a fixed beginning"
        }

        /// Any literal that is a word's name counts as use: names travel through constants and tables.
        func uses(in book: WordBook) -> [String] {
            if !isInterpolated { return [text] }
            return isWordName ? book.names.filter { $0.hasPrefix(text) } : []
        }
    }

    private init(problems: [ViewProblem], unused: [String]) {
        self.problems = problems
        self.unused = unused
    }
}
