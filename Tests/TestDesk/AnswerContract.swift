import Accounts
import Audit
import Base
import HTTP
import Synchronization

/// Holds what a desk answers against what its routes describe and against the document that is published: every test of a desk is a
/// test of both.
package final class AnswerContract: Sendable {
    private struct Seen {
        var breaches: [String] = []
        var answered: Set<String> = []
        var problems: Set<Int> = []
        var published: PublishedAPI?
    }

    private let seen = Mutex(Seen())

    package init() {}

    /// From here on answers are held against this document too.
    package func publish(_ document: JSON) { seen.withLock { $0.published = PublishedAPI(document) } }

    /// Outermost, for what the other layers make of an answer counts.
    package var middleware: Middleware {
        { [self] request, next in
            let response = try await next(request)
            let route = request.route
            let published = seen.withLock { $0.published }
            let mismatch = route?.mismatch(of: response) ?? Self.mismatch(of: response, to: request, published)
            let isUntold = route.map { Self.isUntold($0, request, response) } ?? false
            seen.withLock { seen in
                let name = route?.name ?? "\(request.method.rawValue) \(request.rawPath)"
                if let mismatch { seen.breaches.append("\(name): \(mismatch)") }
                if isUntold { seen.breaches.append("\(name): no line in the audit log with its change") }
                // A form's good end is 303; a 302 is the way to the login page.
                if let route, response.status.code < 300 || response.status == .seeOther {
                    seen.answered.insert(route.name)
                }
                if Self.type(of: response) == "application/problem+json" { seen.problems.insert(response.status.code) }
            }
            return response
        }
    }

    private static func type(of response: Response) -> String {
        response.header("Content-Type")?.split(separator: ";").first.map(String.init) ?? ""
    }

    private static func mismatch(of response: Response, to request: Request, _ published: PublishedAPI?) -> String? {
        // Files are no part of the API. A browser that is not logged in is led away from any page.
        guard let published, request.route.map({ $0.description != nil }) ?? true, response.status != .found else {
            return nil
        }
        return published.mismatch(
            method: (request.method == .head ? .get : request.method).rawValue, path: request.route?.path,
            status: response.status.code, type: type(of: response), body: response.body)
    }

    /// A change that was not written into the audit log in the transaction that made it.
    private static func isUntold(_ route: Route, _ request: Request, _ response: Response) -> Bool {
        guard response.status.code < 400, route.isAudited(request.method), let slip = request[AuditSlip.self] else {
            return false
        }
        return !slip.isWritten && request[NothingChanged.self] == nil
    }

    package var breaches: [String] { seen.withLock { $0.breaches } }

    /// Routes that gave what was asked for, by name.
    package var answered: Set<String> { seen.withLock { $0.answered } }

    /// Statuses of the problems that programs were given.
    package var problems: Set<Int> { seen.withLock { $0.problems } }

    package func check() throws {
        let breaches = breaches
        if !breaches.isEmpty {
            throw TestCluster.Failure(description: "not as described: " + breaches.joined(separator: "; "))
        }
    }
}
