/// One thing wrong with a template or a words file: where and what.
package struct ViewProblem: Hashable, Sendable, CustomStringConvertible {
    /// A template's name ("flows/row") or a file ("words/uk.json").
    package let file: String
    /// Counted from 1; nil when the problem has no line of its own.
    package let line: Int?
    package let reason: String

    package init(file: String, line: Int? = nil, reason: String) {
        self.file = file
        self.line = line
        self.reason = reason
    }

    /// "flows/row:12: section \"rows\" is never closed"
    package var description: String {
        line.map { "\(file):\($0): \(reason)" } ?? "\(file): \(reason)"
    }
}

/// Everything found wrong at once while loading, or the one thing that stopped a render.
package struct ViewError: Error, Hashable, CustomStringConvertible {
    package let problems: [ViewProblem]

    package init(_ problems: [ViewProblem]) { self.problems = problems }

    package var description: String { problems.map(\.description).joined(separator: "\n") }
}
