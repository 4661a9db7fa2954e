import Base
import Postgres

/// SQL about API tokens.
extension AccountStore {
    /// A new token, shown once. It acts as a user of its own, so that what it did can be told apart.
    /// - Parameter days: how long it lives; nil for ever.
    package func createToken(
        name: String, role: Role, scopes: Set<TokenScope> = Set(TokenScope.allCases), days: Int64? = nil
    ) async throws -> String {
        let token = BearerToken.prefix + BearerToken.make()
        let hash = SHA256.hash(token)
        try await database.execute(
            """
            WITH made AS (INSERT INTO users (name, role) VALUES (\(name), \(role.rawValue)) RETURNING id)
            INSERT INTO api_tokens (token_hash, name, user_id, scopes, expires_at)
            SELECT \(hash), \(name), id, \(TokenScope.list(scopes)), now() + \(days)::bigint * interval '1 day' FROM made
            """)
        return token
    }

    /// A token that acts as the person who makes it.
    func createToken(
        name: String, userID: Int64, scopes: Set<TokenScope>, days: Int64?
    ) async throws -> (id: Int64, token: String) {
        let token = BearerToken.prefix + BearerToken.make()
        let hash = SHA256.hash(token)
        let row = try await database.one(
            """
            INSERT INTO api_tokens (token_hash, name, user_id, scopes, expires_at)
            VALUES (\(hash), \(name), \(userID), \(TokenScope.list(scopes)), now() + \(days)::bigint * interval '1 day')
            RETURNING id
            """)
        return (try row.get("id"), token)
    }

    package struct TokenSummary: Sendable {
        package let id: Int64
        package let name: String
        package let role: String
        package let scopes: [String]
        package let createdAt: Timestamp
        package let expiresAt: Timestamp?
        package let isExpired: Bool
        package let lastUsedAt: Timestamp?
        package let lastUsedAddress: String?
        package let isRevoked: Bool
    }

    /// - Parameter userID: whose; nil for all there are.
    package func tokens(ofUser userID: Int64? = nil) async throws -> [TokenSummary] {
        try await database.query(
            """
            SELECT tokens.id, tokens.name, users.role, tokens.scopes, tokens.created_at, tokens.expires_at,
                coalesce(tokens.expires_at <= now(), false) AS is_expired, tokens.last_used_at,
                tokens.last_used_address, tokens.revoked_at IS NOT NULL AS is_revoked
            FROM api_tokens tokens JOIN users ON users.id = tokens.user_id
            WHERE \(userID)::bigint IS NULL OR users.id = \(userID)::bigint ORDER BY tokens.id
            """
        ).map { row in
            TokenSummary(
                id: try row.get("id"), name: try row.get("name"), role: try row.get("role"),
                scopes: try row.get("scopes"), createdAt: try row.get("created_at"),
                expiresAt: try row.get("expires_at"), isExpired: try row.get("is_expired"),
                lastUsedAt: try row.get("last_used_at"), lastUsedAddress: try row.get("last_used_address"),
                isRevoked: try row.get("is_revoked"))
        }
    }

    /// - Parameter userID: revokes only a token of this user; nil revokes anybody's.
    /// - Returns: the token's name; nil when there is none that isn't revoked already.
    @discardableResult
    func revoke(tokenID: Int64, ofUser userID: Int64?) async throws -> String? {
        try await database.first(
            """
            UPDATE api_tokens SET revoked_at = now()
            WHERE id = \(tokenID) AND revoked_at IS NULL AND (\(userID)::bigint IS NULL OR user_id = \(userID)::bigint)
            RETURNING name
            """
        )?.get("name")
    }

    package func revokeToken(id: Int64) async throws -> Bool {
        try await revoke(tokenID: id, ofUser: nil) != nil
    }
}
