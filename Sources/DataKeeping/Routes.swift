import Accounts
import Audit
import Base
import Frame
import HTTP
import Postgres
import Views

/// `/admin/data/`: how long rows are kept, and what is kept about one person. For admins.
package struct DataRoutes: Sendable {
    let retention: Retention
    let people: PersonalData
    let pages: DataPages

    package init(database: Database, frame: Frame) {
        retention = Retention(database: database)
        people = PersonalData(database: database)
        pages = DataPages(frame: frame)
    }

    package var routes: [Route] {
        let person = "/admin/data/people/{id:int}"
        return [
            Route(.get, "/admin/data/", access: .admin, summary: "What is kept, and for how long", handler: show),
            Route(
                .post, "/admin/data/retention/", access: .admin, summary: "Keep a table's rows for longer or shorter",
                handler: keep),
            Route(
                .post, "\(person)/export/", access: .admin, summary: "All that is kept about a person", handler: export),
            Route(.get, "\(person)/erase/", access: .admin, summary: "Asks before erasing", handler: askToErase),
            Route(.post, "\(person)/erase/", access: .admin, summary: "Erase a person", handler: erase),
        ].map { $0.described(in: Self.descriptions) }
    }

    private static let path = "/admin/data/"

    @Sendable private func show(_ request: Request) async throws -> Response {
        let rules = try await retention.rules()
        let everybody = try await people.everybody()
        guard request.wantsPage else { return .json(DataJSON.overview(rules, everybody)) }
        let done = try request.query()["done"]
        return try pages.overview(rules, everybody, done: done, to: request)
    }

    @Sendable private func keep(_ request: Request) async throws -> Response {
        let table: String
        let days: Int?
        if request.hasJSONContent {
            let json = try request.json()
            table = json["table"]?.stringValue ?? ""
            guard let given = json["keep_days"] else { throw Self.badDays }
            days = given.isNull ? nil : try Self.days(given.intValue.map { Int($0) })
        } else {
            let form = try request.form()
            table = form["table"] ?? ""
            guard let given = form["keep_days"]?.trimmingSpaces() else { throw Self.badDays }
            days = given.isEmpty ? nil : try Self.days(Int(given))
        }
        guard try await retention.set(table, keepDays: days, by: try request.auditActor()) else {
            throw Problem(.unprocessable, Word("data.no_table"), field: "table")
        }
        if request.wantsPage { return .redirect(to: "\(Self.path)?done=saved") }
        return .json(["message": .string(pages.frame.words(for: request)("data.saved"))])
    }

    private static let badDays = Problem(.unprocessable, Word("data.bad_days"), field: "keep_days")

    private static func days(_ number: Int?) throws -> Int {
        guard let number, (1...36_500).contains(number) else { throw badDays }
        return number
    }

    // MARK: One person

    /// A POST, for each one is a line in the audit log.
    @Sendable private func export(_ request: Request) async throws -> Response {
        let person = try await person(request)
        let data = try await people.export(id: person.id, by: try request.auditActor())
        return Response(
            headers: [
                ("Content-Type", "application/json"), ("Cache-Control", "no-store"),
                ("Content-Disposition", "attachment; filename=\"person-\(person.id).json\""),
            ], body: data.bytes)
    }

    @Sendable private func askToErase(_ request: Request) async throws -> Response {
        let person = try await person(request)
        guard request.wantsPage else { return .json(DataJSON.person(person)) }
        return try pages.erasing(person, problem: nil, to: request)
    }

    @Sendable private func erase(_ request: Request) async throws -> Response {
        let person = try await person(request)
        func refuse(_ status: Status, _ word: Word, field: String? = nil) throws -> Response {
            guard request.wantsPage else { throw Problem(status, word, field: field) }
            return try pages.erasing(person, problem: word, to: request, status: status)
        }
        guard try request.person().user.id != person.id else { return try refuse(.conflict, Word("data.yourself")) }
        let given =
            request.hasJSONContent ? try request.json()["confirm"]?.stringValue : try request.form()["confirm"]
        guard given.map({ String($0.trimmingSpaces()) }) == person.name else {
            return try refuse(.unprocessable, Word("data.not_sure"), field: "confirm")
        }
        do {
            try await people.erase(id: person.id, by: try request.auditActor())
        } catch PersonalData.Refusal.pushWaiting {
            return try refuse(.conflict, Word("data.waiting"))
        } catch PersonalData.Refusal.nobody {
            throw Problem(.notFound, Word("data.nobody"))
        }
        if request.wantsPage { return .redirect(to: "\(Self.path)?done=erased") }
        return .json(["message": .string(pages.frame.words(for: request)("data.erased"))])
    }

    private func person(_ request: Request) async throws -> PersonalData.Person {
        guard let person = try await people.person(id: try request.int("id")) else {
            throw Problem(.notFound, Word("data.nobody"))
        }
        return person
    }
}
