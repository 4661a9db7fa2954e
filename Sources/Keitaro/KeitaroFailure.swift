import Fetch

/// What every call throws: the reason and the facts of the call.
package struct KeitaroFailure: Error, Hashable, Sendable, CustomStringConvertible {
    package let error: KeitaroError
    package let facts: KeitaroCallFacts

    package init(_ error: KeitaroError, _ facts: KeitaroCallFacts) {
        self.error = error
        self.facts = facts
    }

    /// The same call may succeed later without anybody changing anything.
    package var isWorthRetrying: Bool {
        switch error {
        case .timeout, .serverError, .rateLimited: true
        case .unreachable(let error):
            switch error {
            case .timeout, .couldNotResolve, .refused, .reset, .cancelled, .other: true
            case .tls, .tooLarge, .invalidURL, .invalidHeader: false
            }
        case .keyRefused, .editionWithoutAPI, .noPermission, .firewall, .notFound, .rejectedFields, .notJSON,
            .redirected,
            .unreadable:
            false
        }
    }

    /// A write whose outcome is not known: read again before sending it again or calling it failed.
    package var mayHaveBeenApplied: Bool {
        guard facts.isWrite, facts.wasSent else { return false }
        switch error {
        case .timeout, .serverError, .unreadable: return true
        case .unreachable(let error): return error.mayHaveBeenReceived
        case .notJSON(let status, _): return 200..<300 ~= status
        case .keyRefused, .editionWithoutAPI, .noPermission, .firewall, .notFound, .rejectedFields, .rateLimited,
            .redirected:
            return false
        }
    }

    package var description: String {
        "\(facts.method) \(facts.path): \(error)"
    }
}
