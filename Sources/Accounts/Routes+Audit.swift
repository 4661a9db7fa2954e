import Base
import Frame
import HTTP
import Views

/// `/users/audit/`: the audit log, for administrators.
extension AccountRoutes {
    var auditRoutes: [Route] {
        [
            Route(.get, "/users/audit/", access: .admin, summary: "Search the audit log", handler: showAudit),
            Route(
                .get, "/users/audit/export/", access: .admin, effect: .exports, summary: "The audit log as CSV",
                handler: exportAudit),
        ]
    }

    private var trail: AuditTrail { AuditTrail(database: store.database) }

    /// A page of the log, and of the export.
    private static let pageSize = 100
    private static let exportedAtOnce = 1_000

    /// What a query string asks for.
    private struct AuditSearch {
        var question = AuditTrail.Question()
        /// The fields that are not empty, as they were given.
        var given: [(name: String, value: String)] = []

        init(_ query: FormFields) throws {
            func text(_ name: String) -> String? {
                let text = String((query[name] ?? "").trimmingSpaces().prefix(200))
                return text.isEmpty ? nil : text
            }
            func day(_ name: String) throws -> CivilDate? {
                guard let text = text(name) else { return nil }
                guard let date = Self.date(text) else {
                    throw Problem(.unprocessable, Word("audit.error_day", ["value": .string(text)]), field: name)
                }
                return date
            }
            question.person = text("person")
            question.action = text("action")
            question.object = text("object")
            question.text = text("q")
            question.from = try day("from")
            question.to = try day("to")
            given = ["person", "action", "object", "from", "to", "q"].compactMap { name in
                text(name).map { (name, $0) }
            }
        }

        private static func date(_ text: String) -> CivilDate? {
            let parts = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
            guard parts.count == 3, text.utf8.count == 10, let year = parts[0], let month = parts[1], let day = parts[2]
            else { return nil }
            return CivilDate(year: year, month: month, day: day)
        }

        func value(_ name: String) -> String? { given.first { $0.name == name }?.value }

        /// The address of the same search, at `path` and with one more field.
        func address(_ path: String, _ more: [String] = []) -> String {
            let fields = given.map { "\($0.name)=\(PercentCoding.encode($0.value))" } + more
            return fields.isEmpty ? path : path + "?" + fields.joined(separator: "&")
        }
    }

    @Sendable private func showAudit(_ request: Request) async throws -> Response {
        let query = try request.query()
        let search = try AuditSearch(query)
        let found = try await trail.search(
            search.question, before: query["before"].flatMap { Int64($0) }, limit: Self.pageSize + 1)
        let rows = found.prefix(Self.pageSize)
        var older: String?
        if found.count > rows.count, let last = rows.last {
            older = search.address("/users/audit/", ["before=\(last.id)"])
        }
        guard request.wantsPage else {
            return .json(["entries": .array(rows.map(Self.json)), "older": older.map { .string($0) } ?? .null])
        }
        let words = frame.words(for: request)
        let context: ViewValue = [
            "person": ViewValue(search.value("person")), "action": ViewValue(search.value("action")),
            "object_filter": ViewValue(search.value("object")), "q": ViewValue(search.value("q")),
            "from": ViewValue(search.value("from")), "to": ViewValue(search.value("to")),
            "has_entries": .bool(!rows.isEmpty), "is_searched": .bool(!search.given.isEmpty),
            "older_href": ViewValue(older), "export_href": .string(search.address("/users/audit/export/")),
            "entries": .list(
                rows.map { row in
                    [
                        "iso": .string(row.at.iso8601), "text": .string(words.utc(row.at)),
                        "who": .string(row.person), "by_token": .bool(row.tokenID != nil),
                        "what": .string(row.action), "object": .string(row.object),
                        "old": ViewValue(row.before), "new": ViewValue(row.after),
                        "address": .string(row.address), "request": .string(row.requestID),
                    ]
                }),
        ]
        return try frame.page("audit", context, title: words("audit.title"), at: .elsewhere, to: request)
    }

    /// The whole search, newest first, read and sent a thousand rows at a time.
    @Sendable private func exportAudit(_ request: Request) async throws -> Response {
        let search = try AuditSearch(try request.query())
        let trail = trail
        let headers = [
            ("Content-Disposition", "attachment; filename=\"audit.csv\""), ("Cache-Control", "no-store"),
        ]
        return .stream(type: "text/csv; charset=utf-8", headers: headers) { writer in
            try await writer.append(
                CSV.byteOrderMark
                    + CSV.line([
                        "id", "at", "user_id", "person", "token_id", "action", "object", "before", "after", "address",
                        "request_id",
                    ]))
            var last: Int64?
            while true {
                let rows = try await trail.search(search.question, before: last, limit: Self.exportedAtOnce)
                for row in rows { try await writer.append(CSV.line(Self.cells(row))) }
                guard rows.count == Self.exportedAtOnce, let oldest = rows.last else { return }
                last = oldest.id
            }
        }
    }

    private static func cells(_ row: AuditTrail.Row) -> [String] {
        [
            String(row.id), row.at.iso8601, row.userID.map { String($0) } ?? "", row.person,
            row.tokenID.map { String($0) } ?? "", row.action, row.object, row.before ?? "", row.after ?? "",
            row.address, row.requestID,
        ]
    }

    private static func json(_ row: AuditTrail.Row) -> JSON {
        func text(_ text: String?) -> JSON { text.map { .string($0) } ?? .null }
        return [
            "id": .integer(row.id), "at": .string(row.at.iso8601),
            "user_id": row.userID.map { .integer($0) } ?? .null, "person": .string(row.person),
            "token_id": row.tokenID.map { .integer($0) } ?? .null, "action": .string(row.action),
            "object": .string(row.object), "before": text(row.before), "after": text(row.after),
            "address": .string(row.address), "request_id": .string(row.requestID),
        ]
    }
}
