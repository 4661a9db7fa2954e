import Base
import Frame
import HTTP
import Views

/// `/users/audit/`: the audit log, for administrators.
extension AccountRoutes {
    var auditRoutes: [Route] {
        [Route(.get, "/users/audit/", access: .admin, summary: "Search the audit log", handler: showAudit)]
    }

    @Sendable private func showAudit(_ request: Request) async throws -> Response {
        let query = try request.query()
        func text(_ name: String) -> String? {
            let text = String((query[name] ?? "").trimmingSpaces().prefix(200))
            return text.isEmpty ? nil : text
        }
        func day(_ name: String) throws -> CivilDate? {
            guard let text = text(name) else { return nil }
            guard let date = Self.date(text) else {
                throw HTTPError.field(name, "\(name) is a day such as 2026-11-21.")
            }
            return date
        }
        var question = AuditTrail.Question()
        question.person = text("person")
        question.action = text("action")
        question.text = text("q")
        question.from = try day("from")
        question.to = try day("to")
        question.before = query["before"].flatMap { Int64($0) }
        let limit = question.limit
        question.limit += 1
        let found = try await AuditTrail(database: store.database).search(question)
        let rows = found.prefix(limit)
        var older: String?
        if found.count > limit, let last = rows.last {
            let kept = ["person", "action", "from", "to", "q"].compactMap { name in
                text(name).map { "\(name)=\(PercentCoding.encode($0))" }
            }
            older = "/users/audit/?" + (kept + ["before=\(last.id)"]).joined(separator: "&")
        }
        guard request.wantsPage else {
            return .json([
                "entries": .array(rows.map(Self.json)), "older": older.map { .string($0) } ?? .null,
            ])
        }
        let words = frame.words(for: request)
        let dates = DateFormat(words.language, offsetMinutes: 0)
        let context: ViewValue = [
            "person": ViewValue(text("person")), "action": ViewValue(text("action")), "q": ViewValue(text("q")),
            "from": ViewValue(text("from")), "to": ViewValue(text("to")), "has_entries": .bool(!rows.isEmpty),
            "older_href": ViewValue(older),
            "entries": .list(
                rows.map { row in
                    [
                        "iso": .string(row.at.iso8601), "text": .string(dates.dateTime(row.at) + " UTC"),
                        "who": .string(row.entry.person), "by_token": .bool(row.entry.tokenID != nil),
                        "what": .string(row.entry.action), "object": .string(row.entry.object),
                        "old": ViewValue(row.entry.before), "new": ViewValue(row.entry.after),
                        "address": .string(row.entry.address), "request": .string(row.entry.requestID),
                    ]
                }),
        ]
        return try frame.page("audit", context, title: words("audit.title"), at: .elsewhere, to: request)
    }

    private static func date(_ text: String) -> CivilDate? {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count == 3, text.utf8.count == 10, let year = parts[0], let month = parts[1], let day = parts[2]
        else { return nil }
        return CivilDate(year: year, month: month, day: day)
    }

    private static func json(_ row: AuditTrail.Row) -> JSON {
        func text(_ text: String?) -> JSON { text.map { .string($0) } ?? .null }
        return [
            "id": .integer(row.id), "at": .string(row.at.iso8601),
            "user_id": row.entry.userID.map { .integer($0) } ?? .null, "person": .string(row.entry.person),
            "token_id": row.entry.tokenID.map { .integer($0) } ?? .null, "action": .string(row.entry.action),
            "object": .string(row.entry.object), "before": text(row.entry.before), "after": text(row.entry.after),
            "address": .string(row.entry.address), "request_id": .string(row.entry.requestID),
        ]
    }

    /// A login has no session before it, so it is logged here.
    func recordLogin(_ request: Request, userID: Int64) async throws {
        request[AuditIsDone.self] = AuditIsDone()
        let isByLink = request.rawPath.hasPrefix("/users/invitation")
        let name = try await store.name(ofUser: userID)
        try await AuditTrail(database: store.database).record(
            AuditTrail.Entry(
                userID: userID, person: name, action: isByLink ? "users.invitation" : "users.login", object: name,
                address: ClientAddress.of(request, trusting: proxies), requestID: request.id))
    }
}
