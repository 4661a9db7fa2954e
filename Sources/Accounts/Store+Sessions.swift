import Audit
import Base
import Frame
import Postgres
import Views

/// Sessions: opened at the login, found with each request, closed.
extension AccountStore {
    /// - Parameters:
    ///   - language: chosen on the login page, which makes it the person's; nil keeps theirs. So for `theme`.
    func openSession(
        token: String, csrfToken: String, userID: Int64, keyID: Int64?, language: Language?, theme: Theme?,
        by actor: AuditActor
    ) async throws {
        let hash = SHA256.hash(token)
        try await database.transaction { transaction in
            try await transaction.execute(
                """
                WITH old AS (DELETE FROM sessions WHERE expires_at < now())
                INSERT INTO sessions (token_hash, user_id, key_id, csrf_token, expires_at)
                VALUES (\(hash), \(userID), \(keyID), \(csrfToken),
                    now() + \(Self.sessionDays)::bigint * interval '1 day')
                """)
            let name: String = try await transaction.one(
                """
                UPDATE users SET language = coalesce(\(language?.rawValue), language),
                    theme = coalesce(\(theme?.rawValue), theme)
                WHERE id = \(userID) RETURNING name
                """
            ).get("name")
            try await actor.named(name, userID: userID).record("user \(userID)", action: "users.login", in: transaction)
        }
    }

    func closeSession(tokenHash: [UInt8], by actor: AuditActor) async throws {
        try await database.transaction { transaction in
            try await transaction.execute("DELETE FROM sessions WHERE token_hash = \(tokenHash)")
            try await actor.record("user \(actor.userID ?? 0)", in: transaction)
        }
    }

    /// Also moves the session's end, at most once an hour. Nil too when the key it was opened with can't be read any more, because
    /// SECRET_KEY is another one than when it was sealed: the person logs in again.
    func session(tokenHash: [UInt8]) async throws -> SignedIn? {
        let row = try await database.first(
            """
            SELECT \(Self.userColumns), \(Self.keyColumns), sessions.csrf_token, sessions.key_id IS NULL AS is_by_name,
                sessions.seen_at < now() - interval '1 hour' AS is_stale
            FROM sessions
            JOIN users ON users.id = sessions.user_id AND users.disabled_at IS NULL
            LEFT JOIN LATERAL (
                SELECT * FROM keitaro_keys candidate
                WHERE candidate.id = sessions.key_id
                    OR (sessions.key_id IS NULL AND candidate.user_id = sessions.user_id)
                ORDER BY candidate.refused_at IS NULL DESC, candidate.verified_at DESC, candidate.id
                LIMIT 1
            ) keys ON true
            LEFT JOIN keitaro_trackers trackers ON trackers.id = keys.tracker_id
            WHERE sessions.token_hash = \(tokenHash) AND sessions.expires_at > now()
            """)
        guard let row else { return nil }
        let isStale: Bool = try row.get("is_stale")
        if isStale {
            try await database.execute(
                """
                UPDATE sessions SET seen_at = now(), expires_at = now() + \(Self.sessionDays)::bigint * interval '1 day'
                WHERE token_hash = \(tokenHash)
                """)
        }
        let keyID: Int64? = try row.get("key_id")
        var readable: KeitaroKey?
        do {
            readable = keyID == nil ? nil : try key(row)
        } catch is CryptographyError {
            let isByName: Bool = try row.get("is_by_name")
            guard isByName else { return nil }
        }
        return SignedIn(
            user: try user(row), proof: .session(tokenHash: tokenHash, csrfToken: try row.get("csrf_token")),
            key: readable)
    }
}
