import Base
import HTTP
import Views

/// A failure said in the asker's language: features throw it, `ProblemPages` puts it into words.
package struct Problem: Error, Sendable {
    package var status: Status
    package var title: Word?
    package var detail: Word
    /// Sentences that stand before the detail.
    package var reasons: [Word]
    /// Names the kind of problem for programs, such as `/problems/conflict`.
    package var type: String?
    /// The input that was wrong, when one was.
    package var field: String?
    package var headers: [(String, String)]
    package var members: [(String, JSON)]

    package init(
        _ status: Status, _ detail: Word, title: Word? = nil, reasons: [Word] = [], type: String? = nil,
        field: String? = nil, headers: [(String, String)] = [], members: [(String, JSON)] = []
    ) {
        self.status = status
        self.detail = detail
        self.title = title
        self.reasons = reasons
        self.type = type
        self.field = field
        self.headers = headers
        self.members = members
    }
}
