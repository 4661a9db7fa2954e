import Audit
import Base
import Postgres

/// The audit log as it is read: who did what, when, to what, from where. Rows are only added, by ``AuditActor``.
struct AuditTrail: Sendable {
    let database: Database

    /// What a search asks; nil asks for nothing.
    struct Question: Sendable {
        /// A part of the person's name, or the number of the user.
        var person: String?
        /// The beginning of an action.
        var action: String?
        /// A part of what it was done to.
        var object: String?
        /// UTC days, both included.
        var from: CivilDate?
        var to: CivilDate?
        /// A part of object, before, after, address or request.
        var text: String?
    }

    struct Row: Sendable {
        let id: Int64
        let at: Timestamp
        let userID: Int64?
        let person: String
        let tokenID: Int64?
        let action: String
        let object: String
        let before: String?
        let after: String?
        let address: String
        let requestID: String
    }

    /// Newest first.
    /// - Parameter last: only rows older than this one.
    func search(_ question: Question, before last: Int64?, limit: Int) async throws -> [Row] {
        var filters: [SQL] = ["true"]
        if let person = question.person {
            filters.append("(strpos(lower(person), lower(\(person))) > 0 OR user_id = \(Int64(person)))")
        }
        if let action = question.action { filters.append("starts_with(action, \(action))") }
        if let object = question.object { filters.append("strpos(lower(object), lower(\(object))) > 0") }
        if let from = question.from { filters.append("at >= \(Timestamp(from))") }
        if let to = question.to { filters.append("at < \(Timestamp(to))::timestamptz + interval '1 day'") }
        if let text = question.text {
            filters.append(
                """
                strpos(lower(concat_ws(' ', object, before, after, address, request_id)), lower(\(text))) > 0
                """)
        }
        if let last { filters.append("id < \(last)") }
        return try await database.query(
            """
            SELECT id, at, user_id, person, token_id, action, object, before, after, address, request_id
            FROM audit_log WHERE \(filters.joined(separator: " AND ")) ORDER BY id DESC LIMIT \(limit)::int
            """
        ).map { row in
            Row(
                id: try row.get("id"), at: try row.get("at"), userID: try row.get("user_id"),
                person: try row.get("person"), tokenID: try row.get("token_id"), action: try row.get("action"),
                object: try row.get("object"), before: try row.get("before"), after: try row.get("after"),
                address: try row.get("address"), requestID: try row.get("request_id"))
        }
    }
}
