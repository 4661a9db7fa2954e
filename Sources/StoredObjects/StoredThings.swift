import Postgres

/// What one floor or feature stores: its kinds of things, and what hangs on which.
package struct StoredThings: Sendable {
    package var objects: [StoredObject]
    package var dependents: [StoredDependent]

    package init(objects: [StoredObject], dependents: [StoredDependent] = []) {
        self.objects = objects
        self.dependents = dependents
    }

    package static func + (left: StoredThings, right: StoredThings) -> StoredThings {
        StoredThings(objects: left.objects + right.objects, dependents: left.dependents + right.dependents)
    }
}

/// Rows that name another kind of thing: when one of those is removed they go too, or stay without it. Whoever is asked is told of
/// both, with a count: `admin.with.sessions`, `admin.stays.pushes`. The foreign keys of the database decide; a test holds this list
/// against them.
package struct StoredDependent: Sendable {
    package let name: String
    package let table: StaticString
    package let column: StaticString
    /// The name of the object that they hang on.
    package let object: String
    package let stays: Bool

    package init(_ name: String, _ table: StaticString, by column: StaticString, of object: String, stays: Bool = false)
    {
        self.name = name
        self.table = table
        self.column = column
        self.object = object
        self.stays = stays
    }

    package func count(ofKey key: Int64) -> SQL {
        "SELECT count(*) AS found FROM \(SQL.identifier(table)) WHERE \(SQL.identifier(column)) = \(key)"
    }
}
