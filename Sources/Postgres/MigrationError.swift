/// Why the schema cannot be brought up to date.
package enum MigrationError: Error, Hashable, Sendable, CustomStringConvertible {
    case unreadable(directory: String, reason: String)
    case badName(String)
    case duplicateNumber(String, String)
    case gap(after: Int, next: String)
    case changed(String)
    case missing(String)
    /// A new file stands before one that is already applied.
    case outOfOrder(String, applied: String)
    case failed(String, reason: String)
    case endsTransaction(String)

    package var description: String {
        switch self {
        case .unreadable(let directory, let reason):
            "The migrations in \(directory) can't be read: \(reason)."
        case .badName(let name):
            "The migration \(name) should be named like 0007_what_it_does.sql: four digits, an underscore, small letters."
        case .duplicateNumber(let first, let second):
            "The migrations \(first) and \(second) have the same number."
        case .gap(let number, let next):
            "A migration is missing: after number \(number) comes \(next)."
        case .changed(let name):
            "The migration \(name) has been changed since it was applied. Put it back as it was, and write a new one."
        case .missing(let name):
            "The database has the migration \(name), which this version of Sluice does not know. Start a newer version."
        case .outOfOrder(let name, let applied):
            "The migration \(name) is new, but \(applied), which comes after it, is already applied."
        case .failed(let name, let reason):
            "The migration \(name) failed and has been rolled back: \(reason)"
        case .endsTransaction(let name):
            "The migration \(name) ends its transaction itself (COMMIT or ROLLBACK), which it must not."
        }
    }
}
