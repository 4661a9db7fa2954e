/// Holds templates, words files and Swift sources against each other. Used by a test and by CI, not at run time.
package struct WordCheck: Sendable {
    /// Mistakes: languages that differ, templates that do not load, names that no words file has.
    package let problems: [ViewProblem]
    /// Words that neither a template nor a string in the sources names.
    package let unused: [String]

    /// `templates` holds *.mustache files and words/*.json, `sources` Swift files; both are walked. What is missing
    /// counts as empty.
    package init(templates: String, sources: String) {
        var swiftFiles: [(String, [UInt8])] = []
        for file in ViewFiles.list(sources, endings: [".swift"]) {
            swiftFiles.append((file.path, ViewFiles.read("\(sources)/\(file.path)") ?? []))
        }
        do throws(ViewError) {
            let views = try LoadedViews(files: ReloadingViews.files(templates), in: templates)
            self.init(views: views, swiftFiles: swiftFiles)
        } catch {
            self.init(problems: error.problems, unused: [])
        }
    }

    /// The same over texts.
    package init(views: TemplateSet, swiftFiles: [String: String]) {
        self.init(
            views: views.last, swiftFiles: swiftFiles.sorted { $0.key < $1.key }.map { ($0.key, Array($0.value.utf8)) })
    }

    private init(views: LoadedViews, swiftFiles: [(String, [UInt8])]) {
        var problems: [ViewProblem] = []
        var used = views.usedWords
        for (file, bytes) in swiftFiles {
            for literal in SwiftLiterals.find(in: bytes) {
                func report(_ reason: String) {
                    problems.append(ViewProblem(file: file, line: literal.line, reason: reason))
                }
                guard literal.isInterpolated else {
                    // Any literal that is a word's name counts as use: names travel through constants and tables.
                    used.insert(literal.text)
                    if literal.isWordName, !views.book.contains(literal.text) {
                        report("there is no word \"\(literal.text)\"")
                    }
                    continue
                }
                guard literal.isWordName else { continue }
                let begun = views.book.names.filter { $0.hasPrefix(literal.text) }
                if begun.isEmpty || literal.text.isEmpty {
                    report("no word begins with \"\(literal.text)\"; a name made at run time needs a fixed beginning")
                }
                used.formUnion(begun)
            }
        }
        self.init(problems: problems, unused: views.book.names.filter { !used.contains($0) })
    }

    private init(problems: [ViewProblem], unused: [String]) {
        self.problems = problems
        self.unused = unused
    }
}
