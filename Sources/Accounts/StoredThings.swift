import HTTP
import Postgres
import StoredObjects
import Views

/// People and what proves who they are, for `/admin/`.
package enum AccountThings {
    package static let storedThings = StoredThings(
        objects: [users, keys, sessions, tokens, invitations, failures, trackers],
        dependents: [
            StoredDependent("sessions", "sessions", by: "user_id", of: "users"),
            StoredDependent("sessions", "sessions", by: "key_id", of: "keys"),
            StoredDependent("keys", "keitaro_keys", by: "user_id", of: "users"),
            StoredDependent("tokens", "api_tokens", by: "user_id", of: "users"),
            StoredDependent("tokens", "api_tokens", by: "key_id", of: "keys", stays: true),
            StoredDependent("passwords", "user_passwords", by: "user_id", of: "users"),
            StoredDependent("invitations", "user_invitations", by: "user_id", of: "users"),
            StoredDependent("audit", "audit_log", by: "user_id", of: "users", stays: true),
            StoredDependent("audit", "audit_log", by: "token_id", of: "tokens", stays: true),
        ])

    private static let roles = Role.allCases.map(\.rawValue)
    private static let everyone = Access.signedIn
    /// Everybody sees and ends what is their own.
    private static let own: @Sendable (StoredReader) -> SQL = { "row.user_id = \($0.userID)" }

    private static let users = StoredObject(
        "users", in: .people, table: "users", key: .number("row.id"), label: "row.name", order: ("id", false),
        fields: [
            .number("id", "row.id"),
            .text("name", "row.name").searched.edited(.text(1...80)),
            .text("login_name", "row.login_name").searched.edited(.text(0...80)),
            .choice("role", "row.role", roles).edited(.choice(roles)),
            .choice("state", "CASE WHEN row.disabled_at IS NULL THEN 'open' ELSE 'closed' END", ["open", "closed"]),
            .number("keys", "(SELECT count(*) FROM keitaro_keys WHERE user_id = row.id)"),
            .number("sessions", "(SELECT count(*) FROM sessions WHERE user_id = row.id AND expires_at > now())"),
            .choice("language", "row.language", ["en", "uk", "ru"]).onPage
                .edited(.choice(["en", "uk", "ru"], isOptional: true)),
            .choice("theme", "row.theme", ["light", "dark"]).onPage
                .edited(.choice(["light", "dark"], isOptional: true)),
            .masked("password", "EXISTS (SELECT 1 FROM user_passwords WHERE user_id = row.id)"),
            .time("created_at", "row.created_at"),
            .time("disabled_at", "row.disabled_at").onPage,
        ],
        actions: [
            StoredAction("invite", isDestructive: false, when: "row.disabled_at IS NULL") { call in
                let row = try await call.transaction.one(
                    "SELECT coalesce(login_name, name) AS login_name FROM users WHERE id = \(call.number)")
                return .link(
                    try await invitationPath(
                        loginName: row.get("login_name"), role: nil, userID: call.number, in: call.transaction
                    ).path)
            },
            StoredAction("close", when: "row.disabled_at IS NULL") { call in
                try await requireAnotherAdmin(call)
                try await call.transaction.execute("UPDATE users SET disabled_at = now() WHERE id = \(call.number)")
                let ended = try await call.transaction.execute("DELETE FROM sessions WHERE user_id = \(call.number)")
                return .changed(before: "open", after: "closed, \(ended) sessions ended")
            },
            StoredAction("open", isDestructive: false, when: "row.disabled_at IS NOT NULL") { call in
                try await call.transaction.execute("UPDATE users SET disabled_at = NULL WHERE id = \(call.number)")
                return .changed(before: "closed", after: "open")
            },
            .delete(check: requireAnotherAdmin),
        ],
        addition: StoredAddition([("login_name", .text(1...80)), ("role", .choice(roles))]) { values, call in
            let role = (values["role"] ?? nil).flatMap { Role(rawValue: $0) }
            let (userID, path) = try await invitationPath(
                loginName: (values["login_name"] ?? nil) ?? "", role: role, userID: nil, isNew: true,
                in: call.transaction)
            return (String(userID), .link(path))
        },
        check: { edit in
            guard let role = edit.changes["role"], role != Role.admin.rawValue else { return }
            try await requireAnotherAdmin(edit.call)
        })

    /// Nobody closes their own door, and somebody always holds the keys of the house.
    @Sendable private static func requireAnotherAdmin(_ call: StoredCall) async throws {
        if call.number == call.reader.userID { throw StoredRefusal(Word("admin.error.own_account")) }
        // Two administrators who close each other at one moment take turns.
        try await call.transaction.execute("SELECT pg_advisory_xact_lock(hashtextextended('administrators', 3))")
        let row = try await call.transaction.one(
            """
            SELECT EXISTS (SELECT 1 FROM users WHERE role = 'admin' AND disabled_at IS NULL AND id <> \(call.number)
                AND EXISTS (SELECT 1 FROM users me WHERE me.id = \(call.reader.userID) AND me.disabled_at IS NULL)
            ) AS is_safe
            """)
        if try !row.get("is_safe", Bool.self) { throw StoredRefusal(Word("admin.error.last_admin")) }
    }

    /// The page where the holder of the link chooses a password.
    private static func invitationPath(
        loginName: String, role: Role?, userID: Int64?, isNew: Bool = false, in transaction: Transaction
    ) async throws -> (userID: Int64, path: String) {
        do {
            let made = try await AccountStore.makeInvitation(
                loginName: loginName, role: role, userID: userID, isNew: isNew, in: transaction)
            return (made.userID, "/users/invitation/?token=\(made.token)")
        } catch AccountStore.InvitationRefusal.nameTaken {
            throw StoredRefusal(Word("admin.error.name_taken", ["name": .string(loginName)]), field: "login_name")
        }
    }

    private static let keys = StoredObject(
        "keys", in: .people, table: "keitaro_keys",
        joins:
            "JOIN users owner ON owner.id = row.user_id JOIN keitaro_trackers tracker ON tracker.id = row.tracker_id",
        key: .number("row.id"), label: "owner.name || ', ' || tracker.name", isNamedByPerson: true,
        order: ("id", true),
        readers: everyone, writers: everyone,
        fields: [
            .number("id", "row.id"),
            .text("owner", "owner.name").searched.linked(to: "users", "row.user_id"),
            .text("tracker", "tracker.name").searched.linked(to: "trackers", "row.tracker_id"),
            .choice("state", "CASE WHEN row.refused_at IS NULL THEN 'works' ELSE 'refused' END", ["works", "refused"]),
            .masked("api_key", "true"),
            .time("verified_at", "row.verified_at"), .time("refused_at", "row.refused_at").onPage,
            .time("created_at", "row.created_at").onPage,
        ],
        actions: [.delete()], visible: own)

    private static let sessions = StoredObject(
        "sessions", in: .people, table: "sessions", joins: "JOIN users owner ON owner.id = row.user_id",
        // The cookie's hash stays out of addresses; its own hash tells rows apart as well.
        key: .text("substr(encode(sha256(row.token_hash), 'hex'), 1, 20)"), label: "owner.name",
        isNamedByPerson: true, order: ("seen_at", true),
        readers: everyone, writers: everyone,
        fields: [
            .text("owner", "owner.name").searched.linked(to: "users", "row.user_id"),
            .choice("login", "CASE WHEN row.key_id IS NULL THEN 'by_name' ELSE 'by_key' END", ["by_name", "by_key"]),
            .time("seen_at", "row.seen_at"), .time("created_at", "row.created_at"),
            .time("expires_at", "row.expires_at"), .masked("cookie", "true"),
        ],
        actions: [.delete("end")], visible: own)

    private static let tokens = StoredObject(
        "tokens", in: .people, table: "api_tokens", joins: "JOIN users owner ON owner.id = row.user_id",
        key: .number("row.id"), label: "row.name", isNamedByPerson: true, order: ("id", true),
        readers: everyone, writers: everyone,
        fields: [
            .number("id", "row.id"),
            .text("name", "row.name").searched.edited(.text(1...80)),
            .text("owner", "owner.name").searched.linked(to: "users", "row.user_id"),
            .list("scopes", "row.scopes"),
            .choice(
                "state",
                """
                CASE WHEN row.revoked_at IS NOT NULL THEN 'revoked' WHEN row.expires_at <= now() THEN 'expired'
                    ELSE 'active' END
                """, ["active", "expired", "revoked"]),
            .time("last_used_at", "row.last_used_at"),
            .text("last_used_address", "row.last_used_address").searched.onPage,
            .time("expires_at", "row.expires_at"), .time("created_at", "row.created_at").onPage,
            .masked("token", "true"),
        ],
        actions: [
            StoredAction("revoke", when: "row.revoked_at IS NULL") { call in
                try await call.transaction.execute("UPDATE api_tokens SET revoked_at = now() WHERE id = \(call.number)")
                return .changed(before: "active", after: "revoked")
            },
            .delete(when: "row.revoked_at IS NOT NULL OR row.expires_at <= now()"),
        ], visible: own)

    private static let invitations = StoredObject(
        "invitations", in: .people, table: "user_invitations", joins: "JOIN users owner ON owner.id = row.user_id",
        key: .text("substr(encode(sha256(row.token_hash), 'hex'), 1, 20)"), label: "owner.name",
        isNamedByPerson: true, order: ("created_at", true),
        fields: [
            .text("owner", "owner.name").searched.linked(to: "users", "row.user_id"),
            .choice(
                "state",
                """
                CASE WHEN row.used_at IS NOT NULL THEN 'used' WHEN row.expires_at <= now() THEN 'expired'
                    ELSE 'waiting' END
                """, ["waiting", "used", "expired"]),
            .time("created_at", "row.created_at"), .time("expires_at", "row.expires_at"),
            .time("used_at", "row.used_at"), .masked("link", "true"),
        ],
        actions: [.delete()])

    private static let failures = StoredObject(
        "login_failures", in: .people, table: "login_failures", key: .text("row.address"), label: "row.address",
        isNamedByPerson: true, order: ("since", true),
        fields: [
            .text("address", "row.address").searched, .number("failures", "row.failures"),
            .time("since", "row.window_start"),
        ],
        actions: [.delete()])

    private static let trackers = StoredObject(
        "trackers", in: .keitaro, table: "keitaro_trackers", key: .number("row.id"), label: "row.name",
        order: ("id", false),
        fields: [
            .number("id", "row.id"), .text("name", "row.name").searched.edited(.text(1...80)),
            .text("url", "row.url").searched,
            .number("keys", "(SELECT count(*) FROM keitaro_keys WHERE tracker_id = row.id)"),
            .time("created_at", "row.created_at"),
        ])
}
