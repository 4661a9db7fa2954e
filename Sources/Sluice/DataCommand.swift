import Audit
import Base
import DataKeeping

/// The commands about what is kept: for how long, and about whom.
enum DataCommand: Equatable {
    case retentionList
    /// - Parameter days: nil for ever.
    case retentionSet(String, days: Int?)
    case retentionRun
    case personExport(String)
    case personErase(String, isSure: Bool)

    static let words: Set<String> = ["retention", "person"]

    static let usage = """
          retention list                       how long the rows of each table are kept
          retention set TABLE DAYS|forever     change it
          retention run                        remove now what is too old (the desk does it daily)
          person export NAME|ID                all that is kept about a person, as JSON
          person erase NAME|ID --yes           remove a person with keys, sessions and tokens
        """

    init(_ words: [String]) throws(Usage) {
        switch (words.first, words.dropFirst().first, words.count) {
        case ("retention", "list", 2): self = .retentionList
        case ("retention", "run", 2): self = .retentionRun
        case ("retention", "set", 4) where words[3] == "forever": self = .retentionSet(words[2], days: nil)
        case ("retention", "set", 4):
            guard let days = Int(words[3]), (1...36_500).contains(days) else {
                throw Usage("retention set needs 1 to 36500 days, or forever.\n\n\(Invocation.usage)")
            }
            self = .retentionSet(words[2], days: days)
        case ("person", "export", 3): self = .personExport(words[2])
        case ("person", "erase", 3): self = .personErase(words[2], isSure: false)
        case ("person", "erase", 4) where words[3] == "--yes": self = .personErase(words[2], isSure: true)
        default: throw Usage("\(words.joined(separator: " ")) can't be followed.\n\n\(Invocation.usage)")
        }
    }
}

/// Performs ``DataCommand``.
struct DataCommands {
    let retention: Retention
    let people: PersonalData

    func run(_ command: DataCommand) async throws -> Int32 {
        switch command {
        case .retentionList:
            for rule in try await retention.rules() {
                let kept = rule.keepDays.map { $0 == 1 ? "1 day" : "\($0) days" } ?? "for ever"
                let pruned = rule.prunedAt.map { "\(rule.prunedRows) rows removed, last looked \($0.iso8601)" }
                print("\(rule.name)\t\(kept)\t\(pruned ?? "never looked")")
            }
        case .retentionSet(let name, let days):
            guard try await retention.set(name, keepDays: days, by: .commandLine) else {
                StandardError.write("There is no rule for \(name); retention list names them.\n")
                return ExitCode.failure
            }
        case .retentionRun:
            for (name, rows) in try await retention.prune() { print("\(name)\t\(rows) rows removed") }
        case .personExport(let name):
            print(try await people.export(id: people.find(name), by: .commandLine).text)
        case .personErase(let name, let isSure):
            let id = try await people.find(name)
            guard isSure else {
                StandardError.write("This removes person \(id) for good. Say it again with --yes.\n")
                return ExitCode.usage
            }
            try await people.erase(id: id, by: .commandLine)
            print("Erased: person \(id). Backups from before still hold them.")
        }
        return 0
    }
}
