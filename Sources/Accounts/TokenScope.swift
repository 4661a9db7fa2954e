import HTTP

/// What an API token may be used for, within what its person's role may do. Every token reads.
package enum TokenScope: String, Sendable, CaseIterable {
    case read, write, push, admin

    /// What administrators alone may reach needs their scope, also to read it or to carry it away.
    package static func needed(for route: Route) -> TokenScope {
        if route.access == .admin { return .admin }
        switch route.effect {
        case .reads, .exports: return .read
        case .writes: return .write
        case .pushes: return .push
        case .administers: return .admin
        }
    }

    /// From a list with commas or spaces; reading is added. Nil when a word is none of them.
    package static func set(_ text: some StringProtocol) -> Set<TokenScope>? {
        var scopes: Set<TokenScope> = [.read]
        for word in text.split(whereSeparator: { $0 == "," || $0 == " " }) {
            guard let scope = TokenScope(rawValue: String(word)) else { return nil }
            scopes.insert(scope)
        }
        return scopes
    }

    /// What a person may give a token: nobody passes on more than they have.
    static func grantable(by role: Role) -> Set<TokenScope> {
        switch role {
        case .admin: [.read, .write, .push, .admin]
        case .buyer: [.read, .write, .push]
        case .brand, .content: [.read, .write]
        case .analyst: [.read, .write]
        }
    }

    /// Always in the same order.
    static func list(_ scopes: Set<TokenScope>) -> [String] {
        allCases.filter { scopes.contains($0) }.map(\.rawValue)
    }
}

/// How long a token lives: `90d`, at most ten years.
package enum TokenLifetime {
    package static func days(_ text: some StringProtocol) -> Int64? {
        guard text.hasSuffix("d"), let days = Int64(text.dropLast()), (1...3_650).contains(days) else { return nil }
        return days
    }
}
