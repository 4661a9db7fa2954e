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

    /// By number, also that of an account that was removed while the audit log still names it, or by a name that only one person has.
    package func find(_ text: String) async throws -> Int64 {
        let number = Int64(text)
        let ids = try await database.query(
            "SELECT id FROM users WHERE id = \(number)::bigint OR name = \(text) ORDER BY id = \(number)::bigint DESC, id"
        ).map { try $0.get("id", Int64.self) }
        guard let first = ids.first else {
            if let number, try await PersonalTraces.exist(of: number, in: database) { return number }
            throw Refusal.nobody(text)
        }
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
    /// Of one whose account was removed before, the log alone still tells, and is cleared.
    /// - Parameter actor: who does it, for the audit log.
    package func erase(id: Int64, by actor: AuditActor) async throws {
        try await database.transaction { transaction in
            let known = try await transaction.first("SELECT 1 FROM users WHERE id = \(id) FOR UPDATE")
            if known == nil, try await !PersonalTraces.exist(of: id, in: transaction) { throw Refusal.nobody("\(id)") }
            let waiting = try await transaction.first(
                "SELECT 1 FROM keitaro_pushes WHERE user_id = \(id) AND state = 'waiting' LIMIT 1")
            guard waiting == nil else { throw Refusal.pushWaiting }
            try await PersonalTraces(id: id, transaction: transaction).anonymise()
            try await actor.record("user \(id)", after: "erased", action: "person.erase", in: transaction)
            // The draft a person dropped names nobody; the one being edited loses its author.
            try await transaction.execute("DELETE FROM users WHERE id = \(id)")
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
