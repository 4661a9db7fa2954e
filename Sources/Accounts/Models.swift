import Base
import Frame
import HTTP
import Views

package enum Role: String, Sendable, CaseIterable {
    case admin, buyer, brand, analyst, content

    /// A name that no role has is the role that may do least.
    init(stored name: String) { self = Role(rawValue: name) ?? .content }

    /// Whether routes with this access serve the role.
    package func reaches(_ access: Access) -> Bool { Guard.admits(self, to: access) }
}

extension Access {
    package static func roles(_ roles: Role...) -> Access { .roles(Set(roles.map(\.rawValue))) }

    /// Who sees flows and their numbers.
    package static let flowReaders = Access.roles(.admin, .buyer, .analyst)
    /// Who changes flows and pushes them.
    package static let flowWriters = Access.roles(.admin, .buyer)
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
        case apiToken(id: Int64, scopes: Set<TokenScope>)
    }

    package let user: User
    package let proof: Proof
    /// Nil for a token that has none to use, and for a person who logged in by name and has none.
    package let key: KeitaroKey?
}
