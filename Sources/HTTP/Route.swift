/// Answers one request.
package typealias Handler = @Sendable (Request) async throws -> Response

/// Stands before handlers; calls `next` or answers itself.
package typealias Middleware = @Sendable (_ request: Request, _ next: Handler) async throws -> Response

/// Who may call a route. The Accounts floor enforces it; tests walk it.
package enum Access: Sendable, Hashable {
    /// Nobody is asked who they are: files, probes.
    case anyone
    /// Whoever is known is greeted, strangers are served too: the login page.
    case known
    case signedIn
    case admin
    /// Whoever is signed in and has one of these roles, by their stored names.
    case roles(Set<String>)

    /// Whether strangers are turned away.
    package var needsPerson: Bool { self != .anyone && self != .known }
}

/// One line of the route table.
///
/// A pattern is a path whose parts may be `{name}` (any text) `{name:int}` (a decimal that fits `Int64`), or, as the last, `{name*}` (the rest of the path); a part that doesn't fit
/// means another route or 404. A trailing slash never matters.
package struct Route: Sendable {
    package let method: Method
    package let pattern: String
    package let access: Access
    package let effect: Effect
    /// What it does, in a few words; for the API description.
    package let summary: String
    /// Content this route takes at most, in bytes; nil for the server's limit.
    package let bodyLimit: Int?
    /// Answered without middleware: for probes that must cost nothing.
    package let isBare: Bool
    package let handler: Handler
    /// Its content is handed over as it comes (`Request.content`), not gathered before the handler runs.
    package var streamsBody = false
    /// What it takes and answers; nil for what is not part of the API, such as files.
    package var description: RouteDescription?
    /// Counts its answers; given by the application that serves it.
    var measure: RouteMeasure?

    /// - Parameter effect: nil: what the method says, and of an administrator's route that it administers.
    package init(
        _ method: Method, _ pattern: String, access: Access, effect: Effect? = nil, summary: String,
        bodyLimit: Int? = nil,
        isBare: Bool = false,
        handler: @escaping Handler
    ) {
        self.method = method
        self.pattern = pattern
        self.access = access
        self.effect = effect ?? (access == .admin ? .administers : method.isSafe ? .reads : .writes)
        self.summary = summary
        self.bodyLimit = bodyLimit
        self.isBare = isBare
        self.handler = handler
    }
}

package enum PathValue: Hashable, Sendable {
    case integer(Int64)
    case text(String)
}
