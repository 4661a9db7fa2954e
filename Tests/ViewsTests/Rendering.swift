import Views

/// Renders one template given as text, with partials by name.
func rendered(
    _ template: String, _ values: ViewValue = [:], partials: [String: String] = [:], book: WordBook = .empty,
    _ language: Language = .en
) throws -> String {
    let set = try TemplateSet(sources: partials.merging(["page": template]) { first, _ in first }, words: book)
    return String(decoding: try set.render("page", values, words: set.words(language)), as: UTF8.self)
}

/// What loading or rendering complained about, one line per problem; empty when all went well.
func problems(of work: () throws -> Void) -> [String] {
    do {
        try work()
        return []
    } catch let error as ViewError {
        return error.problems.map(\.description)
    } catch {
        return ["unexpected: \(error)"]
    }
}

/// A row of a table of templates.
struct TemplateCase: Sendable, CustomStringConvertible {
    let what: String
    let template: String
    var values: ViewValue
    let expected: String
    var partials: [String: String]

    init(
        _ what: String, _ template: String, _ values: ViewValue = [:], gives expected: String,
        partials: [String: String] = [:]
    ) {
        self.what = what
        self.template = template
        self.values = values
        self.expected = expected
        self.partials = partials
    }

    var description: String { what }
}
