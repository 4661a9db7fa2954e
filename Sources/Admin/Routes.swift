import Accounts
import Audit
import Base
import Frame
import HTTP
import Postgres
import StoredObjects
import Views

/// `/admin/`: everything stored, listed, searched and edited by role (seed 1, "Django Admin"). What there is, the objects say.
package struct AdminRoutes: Sendable {
    let store: AdminStore
    let pages: AdminPages
    let frame: Frame
    /// The address that one-time links begin with; nil takes the asker's.
    let publicURL: String?

    package init(database: Database, things: StoredThings, frame: Frame, publicURL: String?) {
        let objects = things.objects
        precondition(Set(objects.map(\.name)).count == objects.count, "two kinds of stored things have one name")
        store = AdminStore(database: database, things: things)
        self.frame = frame
        self.publicURL = publicURL
        pages = AdminPages(frame: frame, objects: objects)
    }

    package var routes: [Route] {
        [
            route(.get, "/admin/", "What is stored, by kind", home),
            route(.get, "/admin/{object}/", "Search one kind of stored things", list),
            route(.get, "/admin/{object}/new/", "The form for a new one", showNew),
            route(.post, "/admin/{object}/new/", "Make a new one", add),
            route(.get, "/admin/{object}/{key}/", "One stored thing", show),
            route(.post, "/admin/{object}/{key}/", "Edit one stored thing", save),
            route(.get, "/admin/{object}/{key}/{action}/", "What an action would do", ask),
            route(.post, "/admin/{object}/{key}/{action}/", "Do something to a stored thing", perform),
        ]
    }

    /// Everybody has something here, such as their own sessions; the kind decides who reads and who writes it.
    private func route(
        _ method: HTTP.Method, _ pattern: String, _ summary: String, _ handler: @escaping Handler
    ) -> Route {
        Route(method, pattern, access: .signedIn, effect: .administers, summary: summary) { request in
            do {
                var response = try await handler(request)
                response.set("Vary", "Accept")
                return response
            } catch let refusal as StoredRefusal {
                throw Problem(.unprocessable, refusal.word, field: refusal.field)
            }
        }.described(in: Self.descriptions)
    }

    // MARK: Who asks for what

    static func reader(_ request: Request) throws -> StoredReader {
        let person = try request.person()
        return StoredReader(
            userID: person.user.id, isAdmin: person.user.role == .admin, keyID: person.key?.id ?? 0)
    }

    private func object(_ request: Request) throws -> StoredObject {
        let name = try request.text("object")
        guard let object = objects.first(where: { $0.name == name }) else { throw HTTPError(.notFound) }
        guard try request.person().user.role.reaches(object.readers) else { throw HTTPError(.forbidden) }
        return object
    }

    private func writable(_ request: Request) throws -> StoredObject {
        let object = try object(request)
        guard try request.person().user.role.reaches(object.writers) else { throw HTTPError(.forbidden) }
        return object
    }

    private func row(
        _ object: StoredObject, _ request: Request
    ) async throws -> (row: StoredRow, actions: [StoredAction]) {
        let key = try request.text("key")
        guard let row = try await store.row(object, key: key, try Self.reader(request), in: store.database) else {
            throw Self.gone
        }
        guard try request.person().user.role.reaches(object.writers) else { return (row, []) }
        return (row, try await store.open(object, key: key, in: store.database))
    }

    private var objects: [StoredObject] { store.things.objects }

    private static let gone = Problem(.notFound, Word("admin.error.gone"))

    // MARK: Reading

    @Sendable private func home(_ request: Request) async throws -> Response {
        let role = try request.person().user.role
        let reader = try Self.reader(request)
        var counted: [(object: StoredObject, count: Int)] = []
        for object in objects where role.reaches(object.readers) {
            counted.append((object, try await store.count(object, reader)))
        }
        return try pages.home(counted, to: request)
    }

    @Sendable private func list(_ request: Request) async throws -> Response {
        let object = try object(request)
        let query = try request.query()
        let question = ListQuestion(query, of: object)
        let (rows, found) = try await store.list(object, question, try Self.reader(request))
        let mayAdd = try object.addition != nil && request.person().user.role.reaches(object.writers)
        return try pages.list(
            object, question, rows, found: found, mayAdd: mayAdd, done: query["done"], to: request)
    }

    @Sendable private func show(_ request: Request) async throws -> Response {
        let object = try object(request)
        let (row, actions) = try await row(object, request)
        return try pages.row(object, row, actions, done: try request.query()["done"], to: request)
    }

    // MARK: Writing

    /// The fields of a JSON object or of a form; nil stands for null. Of a form's repeated field the last counts, as checkboxes need.
    private func values(_ request: Request) throws -> [String: String?] {
        var values: [String: String?] = [:]
        if request.body.isEmpty { return values }
        guard request.hasJSONContent else {
            for (name, value) in try request.form().pairs { values[name] = .some(value) }
            return values
        }
        guard let object = try request.json().objectValue else {
            throw HTTPError(.badRequest, detail: "The content is not a JSON object.")
        }
        for member in object {
            switch member.value {
            case .null: values[member.key] = .some(nil)
            case .string(let text): values[member.key] = text
            case .bool(let flag): values[member.key] = String(flag)
            case .integer(let number): values[member.key] = String(number)
            default: throw HTTPError.field(member.key, "\(member.key) is not a text, a number, a boolean or null.")
            }
        }
        return values
    }

    @Sendable private func save(_ request: Request) async throws -> Response {
        let object = try writable(request)
        let (row, actions) = try await row(object, request)
        let given = try values(request)
        let known = Set(object.fields.filter { $0.rule != nil }.map(\.name) + ["csrf_token", "mark"])
        if request.hasJSONContent, let stray = given.keys.sorted().first(where: { !known.contains($0) }) {
            throw Problem(.unprocessable, Word("admin.error.fixed", ["field": .string(stray)]), field: stray)
        }
        var changes: [(field: StoredField, value: String?)] = []
        var problems: [StoredRefusal] = []
        for field in object.fields {
            guard let rule = field.rule, let value = given[field.name] else { continue }
            do throws(StoredRefusal) {
                changes.append((field, try rule.accepted(value, for: field.name)))
            } catch {
                problems.append(error)
            }
        }
        func refused(_ problem: StoredRefusal, _ status: Status) throws -> Response {
            guard request.wantsPage else { throw Problem(status, problem.word, field: problem.field) }
            return try pages.row(
                object, row, actions, done: nil, typed: given, problems: problems.isEmpty ? [problem] : problems,
                status: status, to: request)
        }
        if let problem = problems.first { return try refused(problem, .unprocessable) }
        let saved: AdminStore.Saved
        do {
            saved = try await store.save(
                object, key: row.key, changes, mark: given["mark"] ?? nil, try Self.reader(request),
                by: try request.auditActor())
        } catch let problem as StoredRefusal {
            return try refused(problem, .unprocessable)
        } catch let error as PostgresError where error.category == .uniqueViolation {
            return try refused(StoredRefusal(Word("admin.error.taken")), .conflict)
        } catch let error as PostgresError where error.isOfValue {
            return try refused(StoredRefusal(Word("admin.error.value")), .unprocessable)
        }
        switch saved {
        case .gone: throw Self.gone
        case .stale:
            let problem = StoredRefusal(Word("admin.error.stale"))
            guard request.wantsPage else { return try refused(problem, .conflict) }
            // With what is there now, and its mark: the next press takes it.
            let (now, actions) = try await self.row(object, request)
            return try pages.row(object, now, actions, done: nil, problems: [problem], status: .conflict, to: request)
        case .saved(let new):
            if request.wantsPage { return .redirect(to: "\(pages.address(object, new.key))?done=edit") }
            return .json(
                pages.json(object, new, actions, message: frame.words(for: request)("admin.done.edit"), request))
        }
    }

    // MARK: Actions

    private func action(_ object: StoredObject, _ request: Request) throws -> StoredAction {
        let name = try request.text("action")
        guard let action = object.actions.first(where: { $0.name == name }) else { throw HTTPError(.notFound) }
        return action
    }

    @Sendable private func ask(_ request: Request) async throws -> Response {
        let object = try writable(request)
        let action = try action(object, request)
        let (row, actions) = try await row(object, request)
        guard actions.contains(where: { $0.name == action.name }) else { throw Self.closed }
        let companions = try await store.companions(of: action, on: object, key: row.key, in: store.database)
        return try pages.ask(object, row, action, companions, to: request)
    }

    private static let closed = Problem(.conflict, Word("admin.error.closed"))

    @Sendable private func perform(_ request: Request) async throws -> Response {
        let object = try writable(request)
        let action = try action(object, request)
        let (row, actions) = try await row(object, request)
        guard actions.contains(where: { $0.name == action.name }) else { throw Self.closed }
        let isConfirmed = (try values(request)["confirm"] ?? nil) == "true"
        if action.isDestructive, !isConfirmed {
            request[NothingChanged.self] = NothingChanged()
            if request.wantsPage { return .redirect(to: "\(pages.address(object, row.key))\(action.name)/") }
            let companions = try await store.companions(of: action, on: object, key: row.key, in: store.database)
            throw Problem(
                .conflict, Word("admin.error.unconfirmed"), type: "/problems/confirm",
                members: [("goes_with", AdminPages.json(companions))])
        }
        let done = try await store.perform(
            action, on: object, key: row.key, try Self.reader(request), by: try request.auditActor())
        let words = frame.words(for: request)
        switch done {
        case .gone: throw Self.gone
        case .closed: throw Self.closed
        case .done(.link(let path), _):
            return try pages.link(object, row, address: address(path, request), to: request)
        case .done(let outcome, _):
            if request.wantsPage {
                let page: String
                if case .removed = outcome {
                    page = "/admin/\(object.name)/"
                } else {
                    page = pages.address(object, row.key)
                }
                return .redirect(to: "\(page)?done=\(action.name)")
            }
            return .json(["message": .string(words("admin.done.\(action.name)")), "link": .null])
        }
    }

    private func address(_ path: String, _ request: Request) -> String {
        let base = publicURL ?? "\(frame.isSecure ? "https" : "http")://\(request.host ?? "localhost")"
        return base + path
    }

    // MARK: New ones

    @Sendable private func showNew(_ request: Request) async throws -> Response {
        let object = try writable(request)
        guard let addition = object.addition else { throw HTTPError(.notFound) }
        return try pages.new(object, addition, to: request)
    }

    @Sendable private func add(_ request: Request) async throws -> Response {
        let object = try writable(request)
        guard let addition = object.addition else { throw HTTPError(.notFound) }
        let given = try values(request)
        var accepted: [String: String?] = [:]
        var problems: [StoredRefusal] = []
        for (name, rule) in addition.fields {
            do throws(StoredRefusal) {
                accepted[name] = .some(try rule.accepted(given[name] ?? nil, for: name))
            } catch {
                problems.append(error)
            }
        }
        func refused(_ problem: StoredRefusal, _ status: Status) throws -> Response {
            guard request.wantsPage else { throw Problem(status, problem.word, field: problem.field) }
            return try pages.new(
                object, addition, typed: given, problems: problems.isEmpty ? [problem] : problems, status: status,
                to: request)
        }
        if let problem = problems.first { return try refused(problem, .unprocessable) }
        let made: (key: String, outcome: StoredOutcome)
        do {
            made = try await store.add(
                object, addition, accepted, try Self.reader(request), by: try request.auditActor())
        } catch let problem as StoredRefusal {
            return try refused(problem, .unprocessable)
        } catch let error as PostgresError where error.category == .uniqueViolation {
            return try refused(StoredRefusal(Word("admin.error.taken")), .conflict)
        }
        guard case .link(let path) = made.outcome else {
            if request.wantsPage { return .redirect(to: "\(pages.address(object, made.key))?done=add") }
            return .json([
                "key": .string(made.key), "message": .string(frame.words(for: request)("admin.done.add")),
                "link": .null,
            ])
        }
        let row = try await store.row(object, key: made.key, try Self.reader(request), in: store.database)
        guard let row else { throw Self.gone }
        return try pages.link(object, row, address: address(path, request), to: request)
    }
}

extension PostgresError {
    /// The value is one that its column doesn't take.
    fileprivate var isOfValue: Bool {
        switch category {
        case .checkViolation, .notNullViolation, .invalidValue, .foreignKeyViolation: true
        default: false
        }
    }
}
