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

    package func setRole(userID: Int64, _ role: Role) async throws -> Bool {
        try await database.execute("UPDATE users SET role = \(role.rawValue) WHERE id = \(userID)") == 1
    }

    /// Closing also ends the user's sessions.
    package func setClosed(userID: Int64, _ isClosed: Bool) async throws -> Bool {
        try await database.transaction { transaction in
            if isClosed { try await transaction.execute("DELETE FROM sessions WHERE user_id = \(userID)") }
            return try await transaction.execute(
                "UPDATE users SET disabled_at = CASE WHEN \(isClosed) THEN now() END WHERE id = \(userID)") == 1
        }
    }

    /// An account for whoever holds `key`, as the demo has from its first start.
    package func seedUser(name: String, role: Role, key: Secret, tracker: Tracker) async throws {
        guard let admitted = try await admit(key, to: tracker, name: name) else { return }
        try await database.execute("UPDATE users SET role = \(role.rawValue) WHERE id = \(admitted.userID)")
    }
}
