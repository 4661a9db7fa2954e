import Base

/// Every template of the program with the words they use, parsed once at start.
///
/// A template is named by its path below the directory without ".mustache": `{{> flows/row}}`. Words are in
/// `words/en.json`, `words/uk.json`, `words/ru.json` beside them, and `{{t.flow.title}}` writes one in the language of
/// the render, so a page's own values cannot have dotted names under `t`. A word's `{name}` is filled from the values in
/// view.
///
/// Rendering takes no lock and may run on any number of threads at once. With `reloads` (development) each render first
/// looks at every file's time and size and loads all anew after a change; that does take a lock and blocks on the disk.
package final class TemplateSet: Sendable {
    private enum Content: Sendable {
        case fixed(LoadedViews)
        case reloading(ReloadingViews)
    }

    private let content: Content

    /// Throws every problem of every template and words file at once. A missing partial or word is a problem.
    package init(directory: String, reloads: Bool = false) throws(ViewError) {
        guard FileSystem.kind(of: directory) == .directory else {
            throw ViewError([ViewProblem(file: directory, reason: "there is no such directory")])
        }
        if reloads {
            content = .reloading(try ReloadingViews(directory: directory))
        } else {
            content = .fixed(try LoadedViews(files: ReloadingViews.files(directory), in: directory))
        }
    }

    /// Templates given as text by name.
    package init(sources: [String: String], words: WordBook = .empty) throws(ViewError) {
        let sources = sources.sorted { $0.key < $1.key }.map { (name: $0.key, bytes: Array($0.value.utf8)) }
        content = .fixed(try LoadedViews(sources: sources, book: words))
    }

    /// The bytes of a page. `words` says the language; its texts are the set's own.
    /// Throws for an unknown name, for partials nested deeper than 64, and with `reloads` for files that do not load.
    package func render(_ name: String, _ context: ViewValue, words: Words) throws(ViewError) -> [UInt8] {
        try loaded().render(name, context, words.language)
    }

    /// The words of a language. With `reloads`: those of the last load that went well.
    package func words(_ language: Language) -> Words {
        switch content {
        case .fixed(let views): Words(views.book, language)
        case .reloading(let views): Words(views.last.book, language)
        }
    }

    package func contains(_ name: String) -> Bool { last.numbers[name] != nil }

    package var names: [String] { last.templates.map(\.name) }

    var last: LoadedViews {
        switch content {
        case .fixed(let views): views
        case .reloading(let views): views.last
        }
    }

    private func loaded() throws(ViewError) -> LoadedViews {
        switch content {
        case .fixed(let views): views
        case .reloading(let views): try views.current()
        }
    }
}
