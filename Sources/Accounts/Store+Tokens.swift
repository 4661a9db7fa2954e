import Audit
import Base
import Postgres

/// SQL about API tokens.
extension AccountStore {
    /// A new token, shown once. It acts as a user of its own, so that what it did can be told apart.
    /// - Parameter days: how long it lives; nil for ever.
    package func createToken(
        name: String, role: Role, scopes: Set<TokenScope> = Set(TokenScope.allCases), days: Int64? = nil,
        by actor: AuditActor = .commandLine
    ) async throws -> String {
        try await database.transaction { transaction in
            let userID: Int64 = try await transaction.one(
                "INSERT INTO users (name, role) VALUES (\(name), \(role.rawValue)) RETURNING id"
            ).get("id")
            return try await insertToken(
                name: name, userID: userID, scopes: scopes, days: days, owner: "new user \(userID), \(role.rawValue)",
                by: actor, in: transaction
            ).token
        }
    }

    /// A token that acts as the person who makes it.
    func createToken(
        name: String, userID: Int64, scopes: Set<TokenScope>, days: Int64?, by actor: AuditActor
    ) async throws -> (id: Int64, token: String) {
        try await database.transaction { transaction in
            try await insertToken(
                name: name, userID: userID, scopes: scopes, days: days, owner: nil, by: actor, in: transaction)
        }
    }

    /// - Parameter owner: whose it is, for the log, when it isn't the actor's own.
    private func insertToken(
        name: String, userID: Int64, scopes: Set<TokenScope>, days: Int64?, owner: String?, by actor: AuditActor,
        in transaction: Transaction
    ) async throws -> (id: Int64, token: String) {
        let token = BearerToken.prefix + BearerToken.make()
        let hash = SHA256.hash(token)
        let id: Int64 = try await transaction.one(
            """
            INSERT INTO api_tokens (token_hash, name, user_id, scopes, expires_at)
            VALUES (\(hash), \(name), \(userID), \(TokenScope.list(scopes)), now() + \(days)::bigint * interval '1 day')
            RETURNING id
            """
        ).get("id")
        let facts: [String?] = [
            TokenScope.list(scopes).joined(separator: " "), days.map { "\($0) days" } ?? "no end", owner,
        ]
        try await actor.record(
            "token \(id) \(name)", after: facts.compactMap { $0 }.joined(separator: ", "), action: "tokens.add",
            in: transaction)
        return (id, token)
    }

    /// When and from where a token was last used, and one line of the audit log for all its uses of an hour from one address.
    func noteUse(ofToken tokenID: Int64, by user: User, address: String, requestID: String) async throws {
        try await database.execute(
            """
            WITH used AS (
                UPDATE api_tokens SET last_used_at = now(), last_used_address = \(address) WHERE id = \(tokenID)
                RETURNING id, name
            )
            INSERT INTO audit_log (user_id, person, token_id, action, object, address, request_id, window_start)
            SELECT \(user.id), \(user.name), id, 'tokens.use', 'token ' || id || ' ' || name, \(address), \(requestID),
                date_trunc('hour', now())
            FROM used
            ON CONFLICT (token_id, address, window_start) WHERE window_start IS NOT NULL DO NOTHING
            """)
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
    func revoke(tokenID: Int64, ofUser userID: Int64?, by actor: AuditActor) async throws -> String? {
        try await database.transaction { transaction in
            let row = try await transaction.first(
                """
                UPDATE api_tokens SET revoked_at = now()
                WHERE id = \(tokenID) AND revoked_at IS NULL
                    AND (\(userID)::bigint IS NULL OR user_id = \(userID)::bigint)
                RETURNING name
                """)
            guard let name = try row?.get("name", String.self) else { return nil }
            try await actor.record(
                "token \(tokenID) \(name)", before: "active", after: "revoked", action: "tokens.revoke", in: transaction
            )
            return name
        }
    }

    package func revokeToken(id: Int64, by actor: AuditActor = .commandLine) async throws -> Bool {
        try await revoke(tokenID: id, ofUser: nil, by: actor) != nil
    }
}
