import HTTP
import Postgres

extension HTTPError {
    /// What a failure of the database means to the asker; nil for one that is ours to mend.
    ///
    /// Away is a matter of waiting, and drafts are rows in it. A NUL is refused where requests are read; one that comes through
    /// nevertheless is still the sender's.
    package init?(_ error: PostgresError) {
        // Cancelled: the asker has gone, and nobody reads this.
        if error.isUnavailability || error.category == .cancelled {
            let seconds = max(1, error.retryAfter?.components.seconds ?? 1)
            self.init(.serviceUnavailable, type: "/problems/database-away", headers: [("Retry-After", String(seconds))])
        } else if error.isOfNUL {
            self.init(.badRequest, detail: "A value holds a NUL character, which no text here can.")
        } else {
            return nil
        }
    }
}
