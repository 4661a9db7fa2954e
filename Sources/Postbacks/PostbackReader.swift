import Accounts
import Postgres

/// Whose profiles a person sees: administrators and analysts everybody's, buyers their own.
package enum PostbackReader: Hashable, Sendable {
    case everything
    case own(userID: Int64)

    package init(_ user: User) {
        switch user.role {
        case .admin, .analyst: self = .everything
        case .buyer, .brand, .content: self = .own(userID: user.id)
        }
    }

    /// A condition on a table or alias called `profile`.
    package var condition: SQL {
        switch self {
        case .everything: "true"
        case .own(let userID): "profile.user_id = \(userID)"
        }
    }

    /// As ``condition``, for a profile in hand.
    func sees(_ profile: PostbackProfile) -> Bool {
        switch self {
        case .everything: true
        case .own(let userID): profile.userID == userID
        }
    }

    /// A condition on the `profile_id` of something else.
    package func condition(on profileID: SQL) -> SQL {
        switch self {
        case .everything: "true"
        case .own(let userID): "\(profileID) IN (SELECT id FROM keitaro_profiles WHERE user_id = \(userID))"
        }
    }
}
