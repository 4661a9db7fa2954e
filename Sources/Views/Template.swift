/// A parsed template: the source's bytes and two programs over them.
///
/// The spec indents each line of a partial whose tag stands alone on an indented line. `indented` carries a mark at each
/// line's start for that case; `plain` has none and is what every other render runs.
struct Template: Sendable {
    let name: String
    let source: [UInt8]
    let plain: [TemplateStep]
    let indented: [TemplateStep]
}

/// One step of a template's program. A section's body is the steps between its own and `end`.
enum TemplateStep: Sendable {
    case text(Range<Int>)
    /// Start of a line: write the indentation in force.
    case indent
    case variable(Subject, raw: Bool)
    case word(Int, raw: Bool)
    case section(Subject, end: Int)
    case inverted(Subject, end: Int)
    /// `indentation` is the white space before a tag alone on its line; empty for one inside a line.
    case partial(Int, indentation: Range<Int>)

    /// What a tag's name stands for.
    enum Subject: Sendable {
        /// "." : the innermost value.
        case current
        case key(ViewKey)
        /// "a.b.c": the first part is looked up through the stack, the others strictly inside it.
        case path(ViewKey, [ViewKey])
    }
}
