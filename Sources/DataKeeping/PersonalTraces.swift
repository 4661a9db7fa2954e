import Audit
import Base
import Postgres

/// What the audit log says of one person. It keeps its rows, so that it stays whole, and loses who they were about: names, addresses,
/// and what the account's own settings were. It works the same for a person whose account was removed before, as far as the log knows
/// the number.
struct PersonalTraces {
    let id: Int64
    let transaction: Transaction

    private var user: String { "user \(id) " }
    private var users: String { "users \(id) " }

    /// Whether the log tells of a person with this number, who may be gone.
    static func exist(of id: Int64, in queryable: some Queryable) async throws -> Bool {
        try await queryable.first(
            """
            SELECT 1 FROM audit_log
            WHERE starts_with(object, \("user \(id) ")) OR starts_with(object, \("users \(id) ")) LIMIT 1
            """) != nil
    }

    func anonymise() async throws {
        let names = try await names()
        try await clearOwnLines(names)
        try await clearTokens()
        try await clearThingsNamed(names)
        try await clearAccount()
        for column in ["object", "before", "after"] as [StaticString] {
            let place = SQL.identifier(column)
            try await transaction.execute(
                "UPDATE audit_log SET \(place) = 'person ' || \(id)::bigint WHERE \(place) = ANY(\(names)::text[])")
        }
        try await transaction.execute(
            """
            DELETE FROM login_failures USING unnest(\(names)::text[]) AS name
            WHERE login_failures.address = 'name ' || lower(name)
            """)
    }

    /// Those of today, and earlier ones as far as the log has them.
    private func names() async throws -> [String] {
        try await transaction.query(
            """
            SELECT name FROM (
                SELECT name FROM users WHERE id = \(id)
                UNION SELECT login_name FROM users WHERE id = \(id)
                UNION SELECT person FROM audit_log WHERE user_id = \(id)
                UNION SELECT substr(object, length(\(user)) + 1) FROM audit_log WHERE starts_with(object, \(user))
                UNION SELECT substr(object, length(\(users)) + 1) FROM audit_log WHERE starts_with(object, \(users))
            ) AS known WHERE name <> ''
            """
        ).map { try $0.get("name") }
    }

    /// A line of an account that was removed has lost its number and still has its name. Without their addresses, the uses of a token in
    /// one hour would be one to `audit_log_uses`, so they lose the hour too.
    private func clearOwnLines(_ names: [String]) async throws {
        try await transaction.execute(
            """
            UPDATE audit_log SET person = 'person ' || \(id)::bigint, address = '', window_start = NULL,
                object = CASE WHEN action ~ '^users[.]' THEN '' WHEN action ~ '^tokens[.]'
                    THEN coalesce(substring(object from '^token \\d+'), '') ELSE object END,
                before = CASE WHEN action ~ '^(users|tokens)[.]' THEN NULL ELSE before END,
                after = CASE WHEN action ~ '^(users|tokens)[.]' THEN NULL ELSE after END
            WHERE user_id = \(id) OR (user_id IS NULL AND person = ANY(\(names)::text[])
                AND person <> \(AuditActor.commandLine.person) AND NOT EXISTS (SELECT 1 FROM users WHERE id = \(id)))
            """)
    }

    /// A token's name may be a person's; whoever made, changed or removed it, its lines keep its number.
    private func clearTokens() async throws {
        let marked = "new user \(id),"
        try await transaction.execute(
            """
            WITH own AS (
                SELECT id::text FROM api_tokens WHERE user_id = \(id)
                UNION SELECT substring(object from '^token (\\d+)') FROM audit_log
                WHERE object ~ '^token \\d+' AND (person = 'person ' || \(id)::bigint OR strpos(after, \(marked)) > 0)
            )
            UPDATE audit_log SET object = split_part(object, ' ', 1) || ' ' || own.id,
                before = CASE WHEN action = 'admin.tokens.edit' THEN NULL ELSE before END,
                after = CASE WHEN action = 'admin.tokens.edit' THEN NULL ELSE after END
            FROM own
            WHERE object = 'tokens ' || own.id OR starts_with(object, 'token ' || own.id || ' ')
                OR starts_with(object, 'tokens ' || own.id || ' ')
            """)
    }

    /// Lines from when `/admin/` named keys, sessions, invitations and reports by their owner, and failures by the name that was tried.
    private func clearThingsNamed(_ names: [String]) async throws {
        try await transaction.execute(
            """
            UPDATE audit_log SET object = split_part(object, ' ', 1) || ' ' || split_part(object, ' ', 2)
            FROM unnest(\(names)::text[]) AS name
            WHERE object ~ '^(keys|sessions|invitations|reports) '
                AND (substring(object from '^\\S+ \\S+ (.*)$') = name
                    OR starts_with(substring(object from '^\\S+ \\S+ (.*)$'), name || ', '))
            """)
        try await transaction.execute(
            """
            UPDATE audit_log SET object = 'login_failures' FROM unnest(\(names)::text[]) AS name
            WHERE object = 'login_failures name ' || lower(name)
                OR object = 'login_failures name ' || lower(name) || ' name ' || lower(name)
            """)
    }

    /// Nor is their name in what others did to the account.
    private func clearAccount() async throws {
        try await transaction.execute(
            """
            UPDATE audit_log SET object = 'user ' || \(id)::bigint, before = NULL, after = NULL
            WHERE object = 'user ' || \(id)::bigint OR starts_with(object, \(user)) OR starts_with(object, \(users))
            """)
        try await transaction.execute(
            """
            UPDATE audit_log SET after = 'user ' || \(id)::bigint
            WHERE action = 'keys.add' AND strpos(after, \(user)) > 0
            """)
    }
}
