import Audit
import Base
import Postgres

/// What the command line does to people and tokens.
extension AccountStore {
    package struct UserSummary: Sendable {
        package let id: Int64
        package let name: String
        package let role: String
        package let keys: Int64
        package let isClosed: Bool
    }

    package func users() async throws -> [UserSummary] {
        try await database.query(
            """
            SELECT users.id, users.name, users.role, users.disabled_at IS NOT NULL AS is_closed,
                (SELECT count(*) FROM keitaro_keys WHERE user_id = users.id) AS keys
            FROM users ORDER BY users.id
            """
        ).map { row in
            UserSummary(
                id: try row.get("id"), name: try row.get("name"), role: try row.get("role"), keys: try row.get("keys"),
                isClosed: try row.get("is_closed"))
        }
    }

    /// - Returns: false when there is no such user.
    package func setRole(userID: Int64, _ role: Role, by actor: AuditActor = .commandLine) async throws -> Bool {
        try await database.transaction { transaction in
            let row = try await transaction.first("SELECT name, role FROM users WHERE id = \(userID) FOR UPDATE")
            guard let row else { return false }
            let before: String = try row.get("role")
            guard before != role.rawValue else { return true }
            try await transaction.execute("UPDATE users SET role = \(role.rawValue) WHERE id = \(userID)")
            try await actor.record(
                "user \(userID) \(try row.get("name", String.self))", before: before, after: role.rawValue,
                action: "users.role", in: transaction)
            return true
        }
    }

    /// Closing also ends the user's sessions.
    /// - Returns: false when there is no such user.
    package func setClosed(userID: Int64, _ isClosed: Bool, by actor: AuditActor = .commandLine) async throws -> Bool {
        try await database.transaction { transaction in
            let row = try await transaction.first(
                "SELECT name, disabled_at IS NOT NULL AS is_closed FROM users WHERE id = \(userID) FOR UPDATE")
            guard let row else { return false }
            let wasClosed: Bool = try row.get("is_closed")
            let ended = isClosed ? try await transaction.execute("DELETE FROM sessions WHERE user_id = \(userID)") : 0
            guard wasClosed != isClosed else { return true }
            try await transaction.execute(
                "UPDATE users SET disabled_at = CASE WHEN \(isClosed) THEN now() END WHERE id = \(userID)")
            try await actor.record(
                "user \(userID) \(try row.get("name", String.self))", before: wasClosed ? "closed" : "open",
                after: isClosed ? "closed, \(ended) sessions ended" : "open",
                action: isClosed ? "users.close" : "users.open", in: transaction)
            return true
        }
    }

    /// An account for whoever holds `key`, as the demo has from its first start.
    package func seedUser(name: String, role: Role, key: Secret, tracker: Tracker) async throws {
        guard let admitted = try await admit(key, to: tracker, name: name) else { return }
        _ = try await setRole(userID: admitted.userID, role)
    }
}
