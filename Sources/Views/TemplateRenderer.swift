/// One render: runs a template's steps and appends UTF-8 to `out`. Lives on one thread for the length of a call.
struct TemplateRenderer {
    /// Partials inside partials; deeper is an error and not an overflowing stack.
    static let deepestPartials = 64

    private let templates: [Template]
    private let words: [WordText]
    private let numbers: NumberFormat
    private let language: Language
    private var stack: [ViewValue]
    private var indentation: [UInt8] = []
    private var depth = 0
    private(set) var out: [UInt8] = []

    init(templates: [Template], words: [WordText], language: Language, context: ViewValue) {
        self.templates = templates
        self.words = words
        self.language = language
        numbers = NumberFormat(language)
        stack = [context]
        stack.reserveCapacity(16)
        out.reserveCapacity(16 * 1024)
    }

    mutating func render(_ number: Int) throws(ViewError) {
        let template = templates[number]
        let steps = indentation.isEmpty ? template.plain : template.indented
        try run(steps, 0..<steps.count, of: template)
    }

    private mutating func run(_ steps: [TemplateStep], _ range: Range<Int>, of template: Template) throws(ViewError) {
        var index = range.lowerBound
        while index < range.upperBound {
            let next = index + 1
            switch steps[index] {
            case .text(let range):
                template.source.withUnsafeBufferPointer {
                    out.append(contentsOf: UnsafeBufferPointer(rebasing: $0[range]))
                }
            case .indent:
                out.append(contentsOf: indentation)
            case .variable(let subject, let raw):
                if let value = find(subject) { append(value, raw: raw) }
            case .word(let number, let raw):
                appendWord(words[number], raw: raw)
            case .section(let subject, let end):
                if let value = find(subject), value.isTruthy {
                    try runSection(steps, next..<end, of: template, value)
                }
                index = end
                continue
            case .inverted(let subject, let end):
                if find(subject)?.isTruthy != true { try run(steps, next..<end, of: template) }
                index = end
                continue
            case .partial(let number, let spaces):
                try runPartial(number, indentedBy: template.source[spaces], from: template)
            }
            index = next
        }
    }

    private mutating func runSection(
        _ steps: [TemplateStep], _ range: Range<Int>, of template: Template, _ value: ViewValue
    ) throws(ViewError) {
        guard case .list(let items) = value else {
            stack.append(value)
            try run(steps, range, of: template)
            stack.removeLast()
            return
        }
        for item in items {
            stack.append(item)
            try run(steps, range, of: template)
            stack.removeLast()
        }
    }

    private mutating func runPartial(
        _ number: Int, indentedBy spaces: ArraySlice<UInt8>, from template: Template
    ) throws(ViewError) {
        guard depth < Self.deepestPartials else {
            throw ViewError([
                ViewProblem(file: template.name, reason: "partials nest deeper than \(Self.deepestPartials)")
            ])
        }
        let outer = indentation
        if spaces.isEmpty { indentation = [] } else { indentation += spaces }
        depth += 1
        try render(number)
        depth -= 1
        indentation = outer
    }

    // MARK: Values

    private func find(_ subject: TemplateStep.Subject) -> ViewValue? {
        switch subject {
        case .current:
            return stack.last
        case .key(let key):
            return find(key)
        case .path(let first, let rest):
            var found = find(first)
            for key in rest {
                guard case .object(let object)? = found else { return nil }
                found = object[key]
            }
            return found
        }
    }

    /// The innermost object that has the name decides, even when it says `.null`.
    private func find(_ key: ViewKey) -> ViewValue? {
        var index = stack.count
        while index > 0 {
            index -= 1
            if case .object(let object) = stack[index], let value = object[key] { return value }
        }
        return nil
    }

    private mutating func append(_ value: ViewValue, raw: Bool) {
        switch value {
        case .string(let text):
            if raw { out.append(contentsOf: text.utf8) } else { HTMLEscape.append(text, to: &out) }
        case .html(let bytes): out.append(contentsOf: bytes)
        case .integer(let number): out.append(contentsOf: String(number).utf8)
        case .number(let number): out.append(contentsOf: number.description.utf8)
        case .bool(let flag): out.append(contentsOf: (flag ? "true" : "false").utf8)
        case .null, .list, .object: break
        }
    }

    // MARK: Words

    /// A word's `{name}` is filled from the values in view, as `{{name}}` would be; escaped even when the word is raw.
    private mutating func appendWord(_ word: WordText, raw: Bool) {
        var count: ViewValue?
        if case .plural = word { count = find(WordText.count) }
        for piece in word.form(for: count, language) {
            switch piece {
            case .text(let text, let escaped):
                if raw { out.append(contentsOf: text.utf8) } else { out.append(contentsOf: escaped) }
            case .placeholder(let key, let name):
                switch find(key) {
                case .integer(let number)?: out.append(contentsOf: numbers.number(number).utf8)
                case nil: out.append(contentsOf: "{\(name)}".utf8)
                case let value?: append(value, raw: false)
                }
            }
        }
    }
}
