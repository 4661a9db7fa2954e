/// Why a statement, a connection or the reading of a row failed.
///
/// `description` may be logged and shown: it holds codes and names, never a value. `debugDescription` tells all there is.
package struct PostgresError: Error, Sendable {
    package enum Category: Hashable, Sendable {
        /// The server can't be reached, or is a standby that takes no writes; it is tried again in about `retryAfter`. Nothing was done.
        case unavailable(retryAfter: Duration)
        /// All of this loop's connections stayed busy for as long as a caller waits, or too many wait already. Nothing was done.
        case poolExhausted
        /// The connection broke while the statement was under way: it may have been done or not.
        case connectionLost
        /// The statement's deadline passed and it was cancelled, or its connection dropped.
        case deadline
        /// The task that asked has been cancelled, so the statement was too: nobody waits for it any more.
        case cancelled
        /// Two transactions met; the same transaction may well succeed when repeated.
        case serialization, deadlock
        case uniqueViolation, foreignKeyViolation, notNullViolation, checkViolation, exclusionViolation
        /// A value the server could not take: wrong form, out of range, too long (SQLSTATE class 22).
        case invalidValue
        case lockNotAvailable
        /// The user, the password or a right is refused.
        case denied
        /// A statement that does not fit the schema (SQLSTATE class 42): ours to mend.
        case invalidStatement
        /// The server is out of connections, memory or disk (class 53).
        case outOfResources
        /// A parameter that cannot be sent, such as a text with a NUL.
        case invalidParameter
        /// A row was read for a column it does not have, or as a type that does not fit.
        case decoding
        /// A transaction or connection was used when it was over, or off its event loop: ours to mend.
        case misuse
        case other
    }

    package let category: Category
    /// Five characters of PostgreSQL's appendix A; nil when the error is not the server's.
    package var sqlState: String?
    /// The server's or our own words. The server's may quote values.
    package let message: String
    package var detail: String?
    package var hint: String?
    package var schema: String?
    package var table: String?
    package var column: String?
    package var constraint: String?
    /// The statement's text, without its values.
    package var statement: String?
    /// Which step of a transaction failed: `begin`, `commit`, `rollback`; nil for a statement of the caller's.
    package var step: String?

    /// Whether the message is ours or of a kind that only names parts of the statement.
    var isMessageSafe: Bool
    /// The connection failed before the server could have seen the statement, so another connection may try.
    var isUnsent = false

    /// The statement was cancelled in the place of another that shared its round trip, and did nothing.
    var isStrayCancellation = false

    init(_ category: Category, _ message: String) {
        self.category = category
        self.message = message
        isMessageSafe = true
    }

    init(category: Category, sqlState: String?, message: String) {
        self.category = category
        self.sqlState = sqlState
        self.message = message
        isMessageSafe =
            sqlState.map { state in ["08", "25", "40", "42", "53", "55", "57"].contains(state.prefix(2)) } ?? true
    }
}

extension PostgresError {
    /// Whether a whole transaction may be repeated at once with hope of success.
    package var isWorthRetrying: Bool { category == .serialization || category == .deadlock }

    /// Whether the cause is the database being away or overloaded, so that the answer is 503 and not 500.
    package var isUnavailability: Bool {
        switch category {
        case .unavailable, .poolExhausted, .connectionLost, .deadline, .outOfResources: true
        default: false
        }
    }

    /// A text with a NUL was given: refused by us before it was sent, or by the server within JSON (22P05) or as text (22021).
    package var isOfNUL: Bool { category == .invalidParameter || sqlState == "22P05" || sqlState == "22021" }

    /// The server doesn't write, so it is not the one to stay connected to.
    var isFromStandby: Bool { sqlState == "25006" }

    /// The statement itself ran out of time, and the server said so: it was stopped, and the server is there.
    var isStatementTooSlow: Bool { category == .deadline && sqlState == "57014" }

    /// For `Retry-After`; nil when no time is known.
    package var retryAfter: Duration? {
        if case .unavailable(let delay) = category { delay } else { nil }
    }

    static func category(sqlState: String) -> Category {
        switch sqlState {
        case "40001": return .serialization
        case "40P01": return .deadlock
        case "23505": return .uniqueViolation
        case "23503": return .foreignKeyViolation
        case "23502": return .notNullViolation
        case "23514": return .checkViolation
        case "23P01": return .exclusionViolation
        case "55P03": return .lockNotAvailable
        case "57014": return .deadline
        // The server says goodbye on this connection: shutdown, crash of a neighbour, starting up, database dropped.
        case "57P01", "57P02", "57P03", "57P04", "57P05", "25P03": return .connectionLost
        case "42501": return .denied
        // A standby, as after a fail-over: no row is to blame, and the next connection may find the server that writes.
        case "25006": return .unavailable(retryAfter: .seconds(1))
        default: break
        }
        switch sqlState.prefix(2) {
        case "08": return .connectionLost
        case "22": return .invalidValue
        case "28": return .denied
        case "42", "26": return .invalidStatement
        case "53": return .outOfResources
        default: return .other
        }
    }
}

extension PostgresError: CustomStringConvertible, CustomDebugStringConvertible {
    package var description: String {
        var words = step.map { ["\($0):"] } ?? []
        words.append(categoryName)
        if let sqlState { words.append("(SQLSTATE \(sqlState))") }
        if isMessageSafe { words.append(message) }
        let places = [("table", table), ("column", column), ("constraint", constraint)]
        words += places.compactMap { name, value in value.map { "\(name)=\($0)" } }
        return words.joined(separator: " ")
    }

    package var debugDescription: String {
        var lines = ["\(description)"]
        let more = [
            ("message", isMessageSafe ? nil : message), ("detail", detail), ("hint", hint), ("schema", schema),
            ("statement", statement),
        ]
        lines += more.compactMap { name, value in value.map { "\(name): \($0)" } }
        return lines.joined(separator: "\n")
    }

    private var categoryName: String {
        switch category {
        case .unavailable: "unavailable"
        default: "\(category)"
        }
    }
}
