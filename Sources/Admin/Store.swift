import Audit
import Base
import Postgres
import StoredObjects
import Views

/// The SQL of `/admin/`, made from what objects declare.
struct AdminStore: Sendable {
    let database: Database
    let things: StoredThings

    /// Rows are counted up to here.
    static let countLimit = 10_000

    private func from(_ object: StoredObject) -> SQL { "\(object.table) AS row \(object.joins)" }

    private func sees(_ object: StoredObject, _ reader: StoredReader) -> SQL {
        reader.isAdmin ? "true" : object.visible(reader)
    }

    // MARK: Reading

    func count(_ object: StoredObject, _ reader: StoredReader) async throws -> Int {
        try await database.one(
            """
            SELECT count(*) AS found FROM (
                SELECT 1 FROM \(from(object)) WHERE \(sees(object, reader)) LIMIT \(Self.countLimit + 1)::int) AS counted
            """
        ).get("found")
    }

    func list(
        _ object: StoredObject, _ question: ListQuestion, _ reader: StoredReader
    ) async throws -> (rows: [StoredRow], found: Int) {
        var filters = [sees(object, reader)]
        let searched = object.fields.filter(\.isSearched).map(\.value)
        if !question.text.isEmpty {
            let all = ([object.key.text] + searched).map { "(\($0))::text" as SQL }.joined(separator: ", ")
            filters.append("strpos(lower(concat_ws(' ', \(all))), lower(\(question.text))) > 0")
        }
        for (field, value) in question.filters {
            if let link = field.link {
                filters.append("(\(link.key))::text = \(value)")
            } else if field.kind == .flag {
                filters.append("(\(field.value)) IS NOT DISTINCT FROM \(value == "true")")
            } else {
                filters.append("(\(field.value)) = \(value)")
            }
        }
        let condition = filters.map { "(\($0))" as SQL }.joined(separator: " AND ")
        var order: SQL = object.key.text
        if let sort = question.sort {
            order =
                question.isDescending
                ? "\(sort.value) DESC NULLS LAST, \(object.key.text) DESC"
                : "\(sort.value) ASC NULLS LAST, \(object.key.text)"
        }
        let found: Int = try await database.one(
            """
            SELECT count(*) AS found FROM (
                SELECT 1 FROM \(from(object)) WHERE \(condition) LIMIT \(Self.countLimit + 1)::int) AS counted
            """
        ).get("found")
        let rows = try await database.query(
            """
            SELECT \(StoredRow.columns(of: object)) FROM \(from(object)) WHERE \(condition)
            ORDER BY \(order) LIMIT \(ListQuestion.pageSize)::int
            OFFSET \((question.page - 1) * ListQuestion.pageSize)::int
            """
        ).map { try StoredRow($0, of: object) }
        return (rows, found)
    }

    /// Nil when there is none, or none that the reader may see.
    func row(
        _ object: StoredObject, key: String, _ reader: StoredReader, in queryable: some Queryable
    ) async throws -> StoredRow? {
        guard let finds = object.key.finds(key) else { return nil }
        return try await queryable.first(
            """
            SELECT \(StoredRow.columns(of: object)) FROM \(from(object))
            WHERE \(finds) AND (\(sees(object, reader))) LIMIT 1
            """
        ).map { try StoredRow($0, of: object) }
    }

    /// The actions that may be done to the row now.
    func open(
        _ object: StoredObject, key: String, in queryable: some Queryable
    ) async throws -> [StoredAction] {
        guard let finds = object.key.finds(key), !object.actions.isEmpty else { return [] }
        let conditions = object.actions.map { "coalesce(\($0.when), false)" as SQL }.joined(separator: ", ")
        guard
            let row = try await queryable.first("SELECT \(conditions) FROM \(from(object)) WHERE \(finds) LIMIT 1")
        else { return [] }
        return try object.actions.enumerated().filter { try row.get($0.offset, Bool.self) }.map(\.element)
    }

    /// What goes with the row or stays without it, counted.
    func companions(
        of action: StoredAction, on object: StoredObject, key: String, in queryable: some Queryable
    ) async throws -> [Companion] {
        guard action.isRemoval, let number = Int64(key) else { return [] }
        var counted: [Companion] = []
        for dependent in things.dependents where dependent.object == object.name {
            let count: Int64 = try await queryable.one(dependent.count(ofKey: number)).get("found")
            if count > 0 { counted.append(Companion(name: dependent.name, count: count, stays: dependent.stays)) }
        }
        return counted
    }

    struct Companion: Sendable {
        let name: String
        let count: Int64
        let stays: Bool
    }

    // MARK: Writing

    /// Holds the row, so that nobody changes it between the look and the write. False: it is gone.
    private func hold(_ object: StoredObject, _ finds: SQL, in transaction: Transaction) async throws -> Bool {
        try await transaction.first("SELECT 1 FROM \(object.table) AS row WHERE \(finds) FOR UPDATE") != nil
    }

    enum Saved: Sendable {
        case saved(StoredRow)
        case gone
        /// Somebody else changed it since it was read.
        case stale
    }

    /// - Parameters:
    ///   - changes: fields with a rule, with values that fit it; nil for null.
    ///   - mark: the one of the row that the edit began from; nil takes whatever is there.
    func save(
        _ object: StoredObject, key: String, _ changes: [(field: StoredField, value: String?)], mark: String?,
        _ reader: StoredReader, by actor: AuditActor
    ) async throws -> Saved {
        guard let finds = object.key.finds(key) else { return .gone }
        return try await database.transaction { transaction in
            guard try await hold(object, finds, in: transaction),
                let old = try await row(object, key: key, reader, in: transaction)
            else { return .gone }
            if let mark, mark != old.mark(of: object) { return .stale }
            let values = Dictionary(
                zip(object.fields, old.values).map { ($0.0.name, $0.1.plain) }, uniquingKeysWith: { first, _ in first })
            let changed = changes.filter { values[$0.field.name] != .some($0.value) }
            let call = StoredCall(
                transaction: transaction, table: object.table, finds: finds, key: key, reader: reader, actor: actor)
            if !changed.isEmpty {
                try await object.check(
                    StoredEdit(
                        call: call,
                        changes: Dictionary(
                            changed.map { ($0.field.name, $0.value) }, uniquingKeysWith: { first, _ in first })))
                let assignments = changed.map { "\($0.field.column) = \($0.value)" as SQL }.joined(separator: ", ")
                try await transaction.execute("UPDATE \(object.table) AS row SET \(assignments) WHERE \(finds)")
            }
            guard let new = try await row(object, key: key, reader, in: transaction) else { return .gone }
            let names = Set(changed.map(\.field.name))
            try await actor.record(
                object.name(of: new), before: text(old, object, names), after: text(new, object, names),
                action: "admin.\(object.name).edit", in: transaction)
            return .saved(new)
        }
    }

    private func text(_ row: StoredRow, _ object: StoredObject, _ names: Set<String>) -> String {
        zip(object.fields, row.values).filter { names.contains($0.0.name) }
            .map { "\($0.0.name): \($0.1.plain ?? "–")" }.joined(separator: "; ")
    }

    enum Done: Sendable {
        case done(StoredOutcome, label: String)
        case gone
        /// It may not be done to this row, or not any more.
        case closed
    }

    func perform(
        _ action: StoredAction, on object: StoredObject, key: String, _ reader: StoredReader, by actor: AuditActor
    ) async throws -> Done {
        guard let finds = object.key.finds(key) else { return .gone }
        return try await database.transaction { transaction in
            guard try await hold(object, finds, in: transaction),
                let row = try await row(object, key: key, reader, in: transaction)
            else { return .gone }
            guard try await open(object, key: key, in: transaction).contains(where: { $0.name == action.name }) else {
                return .closed
            }
            let with = try await companions(of: action, on: object, key: key, in: transaction)
            let outcome = try await action.perform(
                StoredCall(
                    transaction: transaction, table: object.table, finds: finds, key: key, reader: reader, actor: actor)
            )
            var before: String?
            var after: String?
            switch outcome {
            case .changed(let was, let now): (before, after) = (was, now)
            case .removed:
                after = (["removed"] + with.filter { !$0.stays }.map { "\($0.name): \($0.count)" }).joined(
                    separator: ", ")
            case .link: after = "a one-time link"
            }
            try await actor.record(
                object.name(of: row), before: before, after: after, action: "admin.\(object.name).\(action.name)",
                in: transaction)
            return .done(outcome, label: row.label)
        }
    }

    func add(
        _ object: StoredObject, _ addition: StoredAddition, _ values: [String: String?], _ reader: StoredReader,
        by actor: AuditActor
    ) async throws -> (key: String, outcome: StoredOutcome) {
        try await database.transaction { transaction in
            let call = StoredCall(
                transaction: transaction, table: object.table, finds: "false", key: "", reader: reader, actor: actor)
            let (key, outcome) = try await addition.perform(values, call)
            let row = try await row(object, key: key, reader, in: transaction)
            try await actor.record(
                row.map { object.name(of: $0) } ?? "\(object.name) \(key)",
                after: addition.fields.map { "\($0.name): \((values[$0.name] ?? nil) ?? "–")" }.joined(separator: "; "),
                action: "admin.\(object.name).add", in: transaction)
            return (key, outcome)
        }
    }
}

extension StoredObject {
    /// As the audit log names it.
    func name(of row: StoredRow) -> String {
        row.label.isEmpty || isNamedByPerson ? "\(name) \(row.key)" : "\(name) \(row.key) \(row.label)"
    }
}
