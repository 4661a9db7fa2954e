/// Takes values out of an environment and gathers what is wrong with them. A variable set to nothing counts as absent.
struct ConfigurationReader {
    private let environment: [String: String]
    private(set) var problems: [ConfigurationProblem] = []

    init(_ environment: [String: String]) {
        self.environment = environment
    }

    /// The first of the names that is set, spaces around the value cut.
    func text(_ names: String...) -> (name: String, value: String)? {
        text(names)
    }

    private func text(_ names: [String]) -> (name: String, value: String)? {
        for name in names {
            if let value = environment[name]?.trimmingSpaces(), !value.isEmpty { return (name, String(value)) }
        }
        return nil
    }

    /// Nil when absent; nil and a problem when `parse` answers nil. The sentence is "NAME must " and what `must` says.
    mutating func value<Value>(_ names: String..., must: String, parse: (String) -> Value?) -> Value? {
        guard let (name, value) = text(names) else { return nil }
        if let parsed = parse(value) { return parsed }
        report(name, "must \(must).")
        return nil
    }

    mutating func report(_ name: String, _ sentence: String) {
        problems.append(ConfigurationProblem(name: name, sentence: sentence))
    }
}
