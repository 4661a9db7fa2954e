import Base
import HTTP
import Postgres

/// Who did what, when, to what, from where. Rows are only added.
package struct AuditTrail: Sendable {
    let database: Database

    package init(database: Database) {
        self.database = database
    }

    package struct Entry: Sendable {
        /// Nil for the command line, and for whoever is not known yet.
        package var userID: Int64?
        package var person: String
        package var tokenID: Int64?
        package var action: String
        package var object: String
        package var before: String?
        package var after: String?
        package var address: String
        package var requestID: String

        package init(
            userID: Int64?, person: String, tokenID: Int64? = nil, action: String, object: String = "",
            before: String? = nil, after: String? = nil, address: String = "", requestID: String = ""
        ) {
            self.userID = userID
            self.person = person
            self.tokenID = tokenID
            self.action = action
            self.object = object
            self.before = before
            self.after = after
            self.address = address
            self.requestID = requestID
        }
    }

    /// Sums longer than this are cut: the log is read by people.
    static let longestText = 2_000

    /// - Parameter queryable: the transaction that makes the change, where there is one.
    package func record(_ entry: Entry, in queryable: some Queryable) async throws {
        func cut(_ text: String?) -> String? { text.map { String($0.prefix(Self.longestText)) } }
        try await queryable.execute(
            """
            INSERT INTO audit_log (user_id, person, token_id, action, object, before, after, address, request_id)
            VALUES (\(entry.userID), \(entry.person), \(entry.tokenID), \(entry.action), \(cut(entry.object) ?? ""),
                \(cut(entry.before)), \(cut(entry.after)), \(entry.address), \(entry.requestID))
            """)
    }

    package func record(_ entry: Entry) async throws { try await record(entry, in: database) }

    /// One row for all uses of a token from one address in one hour.
    func recordUse(ofToken tokenID: Int64, user: User, address: String, requestID: String) async throws {
        try await database.execute(
            """
            INSERT INTO audit_log (user_id, person, token_id, action, object, address, request_id, window_start)
            SELECT \(user.id), \(user.name), id, 'token.use', name, \(address), \(requestID), date_trunc('hour', now())
            FROM api_tokens WHERE id = \(tokenID)
            ON CONFLICT (token_id, address, window_start) WHERE window_start IS NOT NULL DO NOTHING
            """)
    }

    /// The name of a route in the log: its path without the parts that vary, such as `campaigns.flow.push`.
    static func action(_ route: Route) -> String {
        let parts = route.pattern.split(separator: "/").filter { !$0.hasPrefix("{") }
        return parts.isEmpty ? "home" : parts.joined(separator: ".").replacing("-", with: "_")
    }

    // MARK: Reading

    /// What a search asks; nil or empty asks for nothing.
    struct Question: Sendable {
        /// A part of the person's name, or the number of the user.
        var person: String?
        /// The beginning of an action.
        var action: String?
        /// UTC days, both included.
        var from: CivilDate?
        var to: CivilDate?
        /// A part of object, before, after, address or request.
        var text: String?
        /// Rows older than this one.
        var before: Int64?
        var limit = 100
    }

    struct Row: Sendable {
        let id: Int64
        let at: Timestamp
        let entry: Entry
    }

    func search(_ question: Question) async throws -> [Row] {
        var filters: [SQL] = ["true"]
        if let person = question.person {
            filters.append("(strpos(lower(person), lower(\(person))) > 0 OR user_id = \(Int64(person)))")
        }
        if let action = question.action { filters.append("starts_with(action, \(action))") }
        if let from = question.from { filters.append("at >= \(Timestamp(from))") }
        if let to = question.to { filters.append("at < \(Timestamp(to))::timestamptz + interval '1 day'") }
        if let text = question.text {
            filters.append(
                """
                strpos(lower(concat_ws(' ', object, before, after, address, request_id)), lower(\(text))) > 0
                """)
        }
        if let before = question.before { filters.append("id < \(before)") }
        return try await database.query(
            """
            SELECT id, at, user_id, person, token_id, action, object, before, after, address, request_id
            FROM audit_log WHERE \(filters.joined(separator: " AND ")) ORDER BY id DESC LIMIT \(Int64(question.limit))
            """
        ).map { row in
            Row(
                id: try row.get("id"), at: try row.get("at"),
                entry: Entry(
                    userID: try row.get("user_id"), person: try row.get("person"), tokenID: try row.get("token_id"),
                    action: try row.get("action"), object: try row.get("object"), before: try row.get("before"),
                    after: try row.get("after"), address: try row.get("address"),
                    requestID: try row.get("request_id")))
        }
    }
}

/// What a handler adds to its line in the audit log. No secrets.
package struct AuditNote: Sendable {
    package var object: String?
    package var before: String?
    package var after: String?

    package init(object: String? = nil, before: String? = nil, after: String? = nil) {
        self.object = object
        self.before = before
        self.after = after
    }
}

/// Attached by a handler that wrote its line itself, in the transaction of its change.
package struct AuditIsDone: Sendable {
    package init() {}
}
