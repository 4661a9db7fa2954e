import Audit
import Base
import Postgres
import Views

/// Something that can be done to a stored thing beside editing its fields.
package struct StoredAction: Sendable {
    /// In addresses and in the names of words: `admin.action.close`, `admin.ask.close`.
    package let name: String
    /// It asks first, and names what goes with it.
    package let isDestructive: Bool
    /// Where it may be done: a condition over `row`.
    package let when: SQL
    /// It does away with the row, and what depends on it goes or stays (``StoredDependent``).
    package let isRemoval: Bool
    /// Does it, in the transaction that holds the row.
    package let perform: @Sendable (StoredCall) async throws -> StoredOutcome

    package init(
        _ name: String, isDestructive: Bool = true, when: SQL = "true", isRemoval: Bool = false,
        perform: @escaping @Sendable (StoredCall) async throws -> StoredOutcome
    ) {
        self.name = name
        self.isDestructive = isDestructive
        self.when = when
        self.isRemoval = isRemoval
        self.perform = perform
    }

    /// Removes the row, and by the database's rules what hangs on it.
    /// - Parameter check: looks at it before. Throws ``StoredRefusal``.
    package static func delete(
        _ name: String = "delete", when: SQL = "true",
        check: @escaping @Sendable (StoredCall) async throws -> Void = { _ in }
    ) -> StoredAction {
        StoredAction(name, when: when, isRemoval: true) { call in
            try await check(call)
            try await call.transaction.execute("DELETE FROM \(call.table) AS row WHERE \(call.finds)")
            return .removed
        }
    }
}

/// What an action is given.
package struct StoredCall: Sendable {
    package let transaction: Transaction
    package let table: SQL
    /// The condition that finds the row, which is called `row`.
    package let finds: SQL
    /// The row's key as it stands in addresses.
    package let key: String
    package let reader: StoredReader
    package let actor: AuditActor

    package init(
        transaction: Transaction, table: SQL, finds: SQL, key: String, reader: StoredReader, actor: AuditActor
    ) {
        self.transaction = transaction
        self.table = table
        self.finds = finds
        self.key = key
        self.reader = reader
        self.actor = actor
    }

    /// The key of rows that are numbered; 0 for others, which no row has.
    package var number: Int64 { Int64(key) ?? 0 }
}

package enum StoredOutcome: Sendable {
    /// What the audit log says was and is.
    case changed(before: String?, after: String?)
    case removed
    /// A secret path of this server, shown this once: a one-time link.
    case link(String)
}

/// How a new one is made.
package struct StoredAddition: Sendable {
    package let fields: [(name: String, rule: StoredField.Rule)]
    /// - Returns: the new one's key.
    package let perform:
        @Sendable (_ values: [String: String?], StoredCall) async throws -> (
            key: String, outcome: StoredOutcome
        )

    package init(
        _ fields: [(name: String, rule: StoredField.Rule)],
        perform:
            @escaping @Sendable ([String: String?], StoredCall) async throws -> (
                key: String, outcome: StoredOutcome
            )
    ) {
        self.fields = fields
        self.perform = perform
    }
}

/// An edit about to be saved: the changed fields with their new values, nil for null.
package struct StoredEdit: Sendable {
    package let call: StoredCall
    package let changes: [String: String?]

    package init(call: StoredCall, changes: [String: String?]) {
        self.call = call
        self.changes = changes
    }
}

/// It may not be done; nothing was changed.
package struct StoredRefusal: Error, Sendable {
    package let word: Word
    package let field: String?

    package init(_ word: Word, field: String? = nil) {
        self.word = word
        self.field = field
    }
}
