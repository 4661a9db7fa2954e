import Audit
import Base
import Postgres

/// One person's data: handed out whole, or erased.
struct PersonalData {
    let database: Database

    enum Refusal: Error, Hashable, CustomStringConvertible {
        case nobody(String)
        case several(String, [Int64])
        case pushWaiting

        var description: String {
            switch self {
            case .nobody(let name): "There is nobody called \(name), by name or by number."
            case .several(let name, let ids):
                "\(ids.count) people are called \(name). Give the number: \(ids.map(String.init).joined(separator: ", "))."
            case .pushWaiting: "A push of this person is under way. Try again when it is settled."
            }
        }
    }

    /// By number, or by a name that only one person has.
    func find(_ text: String) async throws -> Int64 {
        let number = Int64(text)
        let ids = try await database.query(
            "SELECT id FROM users WHERE id = \(number)::bigint OR name = \(text) ORDER BY id = \(number)::bigint DESC, id"
        ).map { try $0.get("id", Int64.self) }
        guard let first = ids.first else { throw Refusal.nobody(text) }
        guard ids.count == 1 || first == number else { throw Refusal.several(text, ids) }
        return first
    }

    /// `{"users": {…}, "table.column": [rows that refer to the person]}`, without secrets.
    func export(id: Int64) async throws -> JSON {
        let row = try await database.first("SELECT person_data(\(id)) AS data")
        guard let row, let data: JSON = try row.get("data") else { throw Refusal.nobody("\(id)") }
        return data
    }

    /// The person, their keys, sessions and tokens are gone for good. What they pushed stays, by nobody: it is the tracker's history.
    func erase(id: Int64) async throws {
        try await database.transaction { transaction in
            let known = try await transaction.first("SELECT 1 FROM users WHERE id = \(id) FOR UPDATE")
            guard known != nil else { throw Refusal.nobody("\(id)") }
            let waiting = try await transaction.first(
                "SELECT 1 FROM keitaro_pushes WHERE user_id = \(id) AND state = 'waiting' LIMIT 1")
            guard waiting == nil else { throw Refusal.pushWaiting }
            // The audit log keeps its rows and loses who they were about.
            try await transaction.execute(
                "UPDATE audit_log SET person = 'person ' || \(id)::bigint, address = '' WHERE user_id = \(id)")
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
            try await AuditActor.commandLine.record(
                "user \(id)", after: "erased", action: "person.erase", in: transaction)
            // The draft a person dropped names nobody; the one being edited loses its author.
            try await transaction.execute("DELETE FROM users WHERE id = \(id)")
        }
    }
}
