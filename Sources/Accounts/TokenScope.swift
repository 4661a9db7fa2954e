import HTTP

/// What an API token may be used for, within what its person's role may do. Every token reads.
package enum TokenScope: String, Sendable, CaseIterable {
    case read, write, push, admin

    static func needed(for effect: Effect) -> TokenScope {
        switch effect {
        case .reads, .exports: .read
        case .writes: .write
        case .pushes: .push
        case .administers: .admin
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
