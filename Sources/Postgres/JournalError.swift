import Base

/// Why a row could not be put into the journal. It is not there, and its sender must not hear that it is.
package enum JournalError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The disk, or the room that the journal may take, is full.
    case full
    /// An fsync has failed: what the disk holds is unknown from then on (the kernel reports it once and forgets), so nothing more is
    /// written until the process starts anew.
    case untrusted
    case tooLarge
    case closed
    case system(SystemError)

    package var description: String {
        switch self {
        case .full: "The journal is full."
        case .untrusted: "The journal's disk has failed; nothing more is written to it before the next start."
        case .tooLarge: "The row is too large for the journal."
        case .closed: "The journal is closed."
        case .system(let error): "The journal can't be written: \(error)"
        }
    }
}
