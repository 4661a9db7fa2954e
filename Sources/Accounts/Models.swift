import Base
import Views
import Frame

package enum Role: String, Sendable, CaseIterable {
    case admin, buyer
}

package struct User: Sendable {
    package let id: Int64
    package let name: String
    package let role: Role
    package let language: Language?
    package let theme: Theme?
}

package struct Tracker: Sendable {
    package let id: Int64
    package let name: String
    package let url: String

    package var host: String { Frame.host(url) ?? url }
}

/// A Keitaro key that may be used for a request.
package struct KeitaroKey: Sendable {
    package let id: Int64
    package let tracker: Tracker
    package let secret: Secret
    /// Keitaro has answered 401 to it since the last login with it.
    package let isRefused: Bool
}

/// Who makes a request, by cookie or by token.
package struct SignedIn: Sendable {
    package enum Proof: Sendable {
        case session(tokenHash: [UInt8], csrfToken: String)
        case apiToken(id: Int64)
    }

    package let user: User
    package let proof: Proof
    /// Nil only for a token that has no key to use.
    package let key: KeitaroKey?
}
