import Audit
import Base
import Postgres

/// One person's data: handed out whole, or erased.
package struct PersonalData: Sendable {
    let database: Database

    package init(database: Database) { self.database = database }

    package enum Refusal: Error, Hashable, CustomStringConvertible {
        case nobody(String)
        case several(String, [Int64])
        case pushWaiting

        package var description: String {
            switch self {
            case .nobody(let name): "There is nobody called \(name), by name or by number."
            case .several(let name, let ids):
                "\(ids.count) people are called \(name). Give the number: \(ids.map(String.init).joined(separator: ", "))."
            case .pushWaiting: "A push of this person is under way. Try again when it is settled."
            }
        }
    }

    /// By number, or by a name that only one person has.
    package func find(_ text: String) async throws -> Int64 {
        let number = Int64(text)
        let ids = try await database.query(
            "SELECT id FROM users WHERE id = \(number)::bigint OR name = \(text) ORDER BY id = \(number)::bigint DESC, id"
        ).map { try $0.get("id", Int64.self) }
        guard let first = ids.first else { throw Refusal.nobody(text) }
        guard ids.count == 1 || first == number else { throw Refusal.several(text, ids) }
        return first
    }

    /// `{"users": {…}, "table.column": [rows that refer to the person]}`, without secrets.
    /// - Parameter actor: as in ``erase(id:by:)``.
    package func export(id: Int64, by actor: AuditActor) async throws -> JSON {
        let row = try await database.first("SELECT person_data(\(id)) AS data")
        guard let row, let data: JSON = try row.get("data") else { throw Refusal.nobody("\(id)") }
        try await database.transaction { transaction in
            try await actor.record("user \(id)", action: "person.export", in: transaction)
        }
        return data
    }

    /// The person, their keys, sessions and tokens are gone for good. What they pushed stays, by nobody: it is the tracker's history.
    /// - Parameter actor: who does it, for the audit log.
    package func erase(id: Int64, by actor: AuditActor) async throws {
        try await database.transaction { transaction in
            let known = try await transaction.first("SELECT name, login_name FROM users WHERE id = \(id) FOR UPDATE")
            guard let known else { throw Refusal.nobody("\(id)") }
            let waiting = try await transaction.first(
                "SELECT 1 FROM keitaro_pushes WHERE user_id = \(id) AND state = 'waiting' LIMIT 1")
            guard waiting == nil else { throw Refusal.pushWaiting }
            let names = [try known.get("name", String.self), try known.get("login_name", String?.self)].compactMap(
                \.self)
            try await Self.anonymise(id, names, in: transaction)
            try await actor.record("user \(id)", after: "erased", action: "person.erase", in: transaction)
            // The draft a person dropped names nobody; the one being edited loses its author.
            try await transaction.execute("DELETE FROM users WHERE id = \(id)")
        }
    }

    /// The audit log keeps its rows, so that it stays whole, and loses who they were about: names, addresses, and what the account's own
    /// settings were.
    private static func anonymise(_ id: Int64, _ names: [String], in transaction: Transaction) async throws {
        try await transaction.execute(
            """
            UPDATE audit_log SET person = 'person ' || \(id)::bigint, address = '',
                object = CASE WHEN action ~ '^(users|tokens)[.]' THEN '' ELSE object END,
                before = CASE WHEN action ~ '^(users|tokens)[.]' THEN NULL ELSE before END,
                after = CASE WHEN action ~ '^(users|tokens)[.]' THEN NULL ELSE after END
            WHERE user_id = \(id)
            """)
        // A token's name may be a person's; whoever made it, its lines keep its number.
        try await transaction.execute(
            """
            UPDATE audit_log SET object = 'token ' || tokens.id FROM api_tokens tokens
            WHERE tokens.user_id = \(id) AND starts_with(object, 'token ' || tokens.id || ' ')
            """)
        try await transaction.execute(
            """
            DELETE FROM login_failures USING users
            WHERE users.id = \(id) AND login_failures.address = 'name ' || lower(users.login_name)
            """)
        // Nor is their name in what others did to the account.
        try await transaction.execute(
            """
            UPDATE audit_log SET object = 'user ' || \(id)::bigint, before = NULL, after = NULL
            WHERE object = 'user ' || \(id)::bigint OR starts_with(object, 'user ' || \(id)::bigint || ' ')
                OR starts_with(object, 'users ' || \(id)::bigint || ' ')
            """)
        try await transaction.execute(
            """
            UPDATE audit_log SET after = 'user ' || \(id)::bigint
            WHERE action = 'keys.add' AND strpos(after, 'user ' || \(id)::bigint || ' ') > 0
            """)
        for column in ["object", "before", "after"] as [StaticString] {
            let place = SQL.identifier(column)
            try await transaction.execute(
                "UPDATE audit_log SET \(place) = 'person ' || \(id)::bigint WHERE \(place) = ANY(\(names)::text[])")
        }
    }

    // MARK: Everybody

    package struct Person: Sendable {
        package let id: Int64
        package let name: String
        package let role: String
        package let isClosed: Bool
        package let pushes: Int64
    }

    package func everybody() async throws -> [Person] { try await people("true") }

    package func person(id: Int64) async throws -> Person? { try await people("users.id = \(id)").first }

    private func people(_ filter: SQL) async throws -> [Person] {
        try await database.query(
            """
            SELECT users.id, name, role, disabled_at IS NOT NULL AS is_closed,
                (SELECT count(*) FROM keitaro_pushes WHERE user_id = users.id) AS pushes
            FROM users WHERE \(filter) ORDER BY lower(name), users.id LIMIT 1000
            """
        ).map { row in
            Person(
                id: try row.get("id"), name: try row.get("name"), role: try row.get("role"),
                isClosed: try row.get("is_closed"), pushes: try row.get("pushes"))
        }
    }
}
