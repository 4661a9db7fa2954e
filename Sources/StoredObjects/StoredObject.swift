import Base
import HTTP
import Postgres

/// One kind of stored thing, as `/admin/` lists, searches and edits it.
///
/// Floors and features declare theirs, each in a file of its own; the pages know them only through this. Names of tables and columns are
/// literals of the code, for an ``SQL`` takes no others; values are bound.
package struct StoredObject: Sendable {
    /// Under which heading it stands.
    package enum Group: String, Sendable, CaseIterable {
        case people, keitaro, delivery
    }

    /// In addresses and in the names of words: `/admin/users/`, `admin.object.users`.
    package let name: String
    package let group: Group
    /// The table whose rows these are. All expressions below call it `row`.
    package let table: SQL
    /// What is joined to it for reading.
    package let joins: SQL
    package let key: StoredKey
    /// What one of them is called, as text.
    package let label: SQL
    /// Its label is, or may be, a person's name: the audit log, which outlives people, names it by its key alone.
    package let isNamedByPerson: Bool
    package let fields: [StoredField]
    /// The order of a list that asks for none.
    package let order: (field: String, isDescending: Bool)
    package let readers: Access
    package let writers: Access
    /// Which rows somebody sees who isn't an administrator.
    package let visible: @Sendable (StoredReader) -> SQL
    package let actions: [StoredAction]
    package let addition: StoredAddition?
    /// Looks at an edit before it is saved, in its transaction. Throws ``StoredRefusal``.
    package let check: @Sendable (StoredEdit) async throws -> Void

    package init(
        _ name: String, in group: Group, table: StaticString, joins: SQL = "", key: StoredKey, label: SQL,
        isNamedByPerson: Bool = false, order: (field: String, isDescending: Bool), readers: Access = .admin,
        writers: Access = .admin,
        fields: [StoredField], actions: [StoredAction] = [], addition: StoredAddition? = nil,
        visible: @escaping @Sendable (StoredReader) -> SQL = { _ in "true" },
        check: @escaping @Sendable (StoredEdit) async throws -> Void = { _ in }
    ) {
        self.name = name
        self.group = group
        self.table = SQL.identifier(table)
        self.joins = joins
        self.key = key
        self.label = label
        self.isNamedByPerson = isNamedByPerson
        self.order = order
        self.readers = readers
        self.writers = writers
        self.fields = fields
        self.actions = actions
        self.addition = addition
        self.visible = visible
        self.check = check
    }
}

/// What tells one row from another, as it stands in addresses.
package enum StoredKey: Sendable {
    case number(SQL)
    /// An expression for rows whose key is no number.
    case text(SQL)

    package var text: SQL {
        switch self {
        case .number(let column): "\(column)::text"
        case .text(let expression): expression
        }
    }

    /// What finds the row; nil when the text can't be a key.
    package func finds(_ text: String) -> SQL? {
        switch self {
        case .number(let column): Int64(text).map { "\(column) = \($0)" }
        case .text(let expression): text.isEmpty ? nil : "\(expression) = \(text)"
        }
    }
}

/// Who looks.
package struct StoredReader: Sendable {
    package let userID: Int64
    package let isAdmin: Bool
    /// The Keitaro key whose view is theirs; 0 for none.
    package let keyID: Int64

    package init(userID: Int64, isAdmin: Bool, keyID: Int64) {
        self.userID = userID
        self.isAdmin = isAdmin
        self.keyID = keyID
    }
}
