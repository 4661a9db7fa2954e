import HTTP
import Synchronization

/// Holds what a desk answers against what its routes describe: every test of a desk is a test of its description too.
package final class AnswerContract: Sendable {
    private struct Seen {
        var breaches: [String] = []
        var answered: Set<String> = []
    }

    private let seen = Mutex(Seen())

    package init() {}

    /// Outermost, for what the other layers make of an answer counts.
    package var middleware: Middleware {
        { [self] request, next in
            let response = try await next(request)
            if let route = request.route {
                let mismatch = route.mismatch(of: response)
                seen.withLock { seen in
                    if let mismatch { seen.breaches.append("\(route.name): \(mismatch)") }
                    // A form's good end is 303; a 302 is the way to the login page.
                    if response.status.code < 300 || response.status == .seeOther { seen.answered.insert(route.name) }
                }
            }
            return response
        }
    }

    package var breaches: [String] { seen.withLock { $0.breaches } }

    /// Routes that gave what was asked for, by name.
    package var answered: Set<String> { seen.withLock { $0.answered } }

    package func check() throws {
        let breaches = breaches
        if !breaches.isEmpty {
            throw TestCluster.Failure(description: "not as described: " + breaches.joined(separator: "; "))
        }
    }
}
