import Base
import Postgres

/// One value of a stored thing: how it is read, shown and, for some, edited.
package struct StoredField: Sendable {
    package enum Kind: Sendable, Equatable {
        case text, number, decimal, time, flag, list, json
        /// One of these words.
        case choice([String])
        /// Kept and never shown; the expression says whether there is one.
        case masked
    }

    /// What may be written into it.
    package enum Rule: Sendable {
        /// Characters; zero of them means null.
        case text(ClosedRange<Int>)
        /// One of the words; nothing means null where it is optional.
        case choice([String], isOptional: Bool = false)
        case flag
        case time
    }

    /// In JSON, in addresses, and in the names of words: `admin.field.name`.
    package let name: String
    package let value: SQL
    package let kind: Kind
    package private(set) var isListed = true
    package private(set) var isSearched = false
    /// A number that is a name and no quantity, as ids are: it has no thousands and stands at the left.
    package private(set) var isName = false
    /// The thing it names: which kind, and the expression of its key.
    package private(set) var link: (object: String, key: SQL)?
    package private(set) var rule: Rule?
    /// The column that an edit writes.
    package let column: SQL

    private init(_ name: StaticString, _ value: SQL, _ kind: Kind) {
        self.name = name.description
        self.value = value
        self.kind = kind
        column = SQL.identifier(name)
        isName = name.description == "id"
    }

    package static func text(_ name: StaticString, _ value: SQL) -> StoredField { StoredField(name, value, .text) }
    package static func number(_ name: StaticString, _ value: SQL) -> StoredField { StoredField(name, value, .number) }
    package static func decimal(_ name: StaticString, _ value: SQL) -> StoredField {
        StoredField(name, value, .decimal)
    }
    package static func time(_ name: StaticString, _ value: SQL) -> StoredField { StoredField(name, value, .time) }
    package static func flag(_ name: StaticString, _ value: SQL) -> StoredField { StoredField(name, value, .flag) }
    package static func list(_ name: StaticString, _ value: SQL) -> StoredField { StoredField(name, value, .list) }
    package static func json(_ name: StaticString, _ value: SQL) -> StoredField {
        StoredField(name, value, .json).onPage
    }
    package static func choice(_ name: StaticString, _ value: SQL, _ words: [String]) -> StoredField {
        StoredField(name, value, .choice(words))
    }
    /// - Parameter isSet: whether there is a value; the value itself is never selected.
    package static func masked(_ name: StaticString, _ isSet: SQL) -> StoredField {
        StoredField(name, isSet, .masked).onPage
    }

    /// Not in the list, on the thing's own page alone.
    package var onPage: StoredField { changed { $0.isListed = false } }
    package var searched: StoredField { changed { $0.isSearched = true } }
    package var asName: StoredField { changed { $0.isName = true } }

    package func linked(to object: String, _ key: SQL) -> StoredField { changed { $0.link = (object, key) } }

    /// The column has the field's name.
    package func edited(_ rule: Rule) -> StoredField { changed { $0.rule = rule } }

    private func changed(_ change: (inout StoredField) -> Void) -> StoredField {
        var field = self
        change(&field)
        return field
    }

    package var isSortable: Bool {
        switch kind {
        case .list, .json, .masked: false
        case .text, .number, .decimal, .time, .flag, .choice: true
        }
    }
}
