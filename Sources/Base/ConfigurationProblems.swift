/// One variable that is missing or bad.
package struct ConfigurationProblem: Hashable, Sendable, CustomStringConvertible {
    /// The variable, or the place in a file.
    package let name: String
    /// What it must be, without its name. Never holds the value, which may be a secret in the wrong place.
    package let sentence: String

    package init(name: String, sentence: String) {
        self.name = name
        self.sentence = sentence
    }

    package var description: String { "\(name) \(sentence)" }
}

/// Everything that is wrong with the configuration, found in one reading.
package struct ConfigurationProblems: Error, Hashable, Sendable, CustomStringConvertible {
    package let problems: [ConfigurationProblem]

    package init(_ problems: [ConfigurationProblem]) {
        self.problems = problems
    }

    /// One sentence a line.
    package var description: String { problems.map(\.description).joined(separator: "\n") }
}
