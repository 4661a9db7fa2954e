import Frame
import HTTP
import Views

extension AccountStore.TokenRefusal {
    /// RFC 6750 §3.1: 401, and what became of the token. Whoever holds it learns nothing that they could not find out by trying it.
    var problem: Problem {
        let word =
            switch self {
            case .unknown: Word("tokens.error.unknown")
            case .revoked: Word("tokens.error.revoked")
            case .expired: Word("tokens.error.expired")
            case .closed: Word("tokens.error.closed")
            }
        return Problem(
            .unauthorized, word, title: Word("tokens.error.refused_title"), type: "/problems/token",
            headers: [("WWW-Authenticate", "Bearer error=\"invalid_token\"")])
    }
}

/// Attached on routes that strangers may call: what became of the token that came along.
struct RefusedToken: Sendable {
    let problem: Problem
}
