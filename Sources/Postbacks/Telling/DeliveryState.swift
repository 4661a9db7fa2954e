import Base

/// What became of an event's messages, in the words of the log's last column.
package struct DeliveryState: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable {
        /// A duplicate: never meant to be told.
        case duplicate
        /// The profile's policy keeps it out: not told either.
        case ignored
        /// No route and no chat took it.
        case nowhere
        case queued, sending, retrying
        /// Until the end of the quiet hours.
        case held
        case delivered
        /// Told in a message with others.
        case digested
        /// Waits in a chat in which the bot can't write.
        case blocked
        /// Telegram refused the message itself.
        case failed
    }

    package var kind: Kind
    /// Titles of the chats, or their numbers.
    package var chats: [String] = []
    /// From the request to Telegram's answer.
    package var milliseconds: Int64?
    /// When it is tried again, or told.
    package var until: Timestamp?
    /// Why not, in a sentence.
    package var problem: String?

    package init(
        kind: Kind, chats: [String] = [], milliseconds: Int64? = nil, until: Timestamp? = nil, problem: String? = nil
    ) {
        self.kind = kind
        self.chats = chats
        self.milliseconds = milliseconds
        self.until = until
        self.problem = problem
    }

    /// What one event's rows of `telegram_messages` are counted to.
    struct Counts {
        var total: Int64 = 0
        var sent: Int64 = 0
        var digested: Int64 = 0
        var failed: Int64 = 0
        var sending: Int64 = 0
        var held: Int64 = 0
        /// Waiting messages in a chat with a problem.
        var blocked: Int64 = 0
        /// Of the waiting ones.
        var runAt: Timestamp?
        /// Of the waiting ones that were tried, by themselves or in their digest: when the chat is tried again.
        var retryAt: Timestamp?
        var settledAt: Timestamp?
        var error: String?
        var chatProblem: String?
        var chats: [String] = []
    }

    /// Of several messages the one that needs a person counts first, then the one that is not done.
    init(_ counts: Counts, outcome: String, receivedAt: Timestamp, now: Timestamp) {
        let chats = counts.chats
        if counts.total == 0 {
            self.init(kind: outcome == "duplicate" ? .duplicate : outcome == "ignored" ? .ignored : .nowhere)
        } else if counts.blocked > 0 {
            self.init(kind: .blocked, chats: chats, problem: counts.chatProblem ?? counts.error)
        } else if counts.failed > 0 {
            self.init(kind: .failed, chats: chats, problem: counts.error)
        } else if counts.sending > 0 {
            self.init(kind: .sending, chats: chats)
        } else if counts.sent + counts.digested < counts.total {
            if counts.held > 0 {
                self.init(kind: .held, chats: chats, until: counts.runAt)
            } else if let retryAt = counts.retryAt, retryAt > now {
                self.init(kind: .retrying, chats: chats, until: retryAt, problem: counts.error)
            } else {
                self.init(kind: .queued, chats: chats)
            }
        } else {
            let milliseconds = counts.settledAt.map { max(0, ($0.microseconds - receivedAt.microseconds) / 1_000) }
            self.init(kind: counts.sent > 0 ? .delivered : .digested, chats: chats, milliseconds: milliseconds)
        }
    }
}
