import Base
import Postgres

/// A row as a desk has them: an event with a key of its own that moves a total, in one statement.
package struct CountedEvent: JournaledRow {
    package let id: Int64
    package let name: String
    package let amount: Int

    package init(id: Int64, name: String, amount: Int) {
        self.id = id
        self.name = name
        self.amount = amount
    }

    package var key: [UInt8] { Array(name.utf8) }

    package func check() throws(PostgresError) {
        if name.utf8.count > 100 { throw .unfit("the name is too long") }
    }

    package static var isRepeatable: Bool { true }

    package static func create(_ database: Database) async throws {
        try await database.execute(
            "CREATE TABLE counted_events (id bigint PRIMARY KEY, name text NOT NULL UNIQUE, amount int CHECK (amount < 1000))"
        )
        try await database.execute("CREATE TABLE counted_totals (half int PRIMARY KEY, events int, amount bigint)")
    }

    /// Two totals, so that two batches can meet on them.
    package static func statement(_ rows: [CountedEvent]) -> SQL {
        """
        WITH input AS (
            SELECT * FROM unnest(\(rows.map(\.id))::bigint[], \(rows.map(\.name))::text[], \(rows.map(\.amount))::int[])
                AS t (id, name, amount)
        ), added AS (
            INSERT INTO counted_events (id, name, amount) SELECT id, name, amount FROM input ORDER BY name COLLATE "C"
            ON CONFLICT (name) DO NOTHING RETURNING id, amount
        ), totals AS (
            INSERT INTO counted_totals SELECT id % 2, count(*), sum(amount) FROM added GROUP BY 1 ORDER BY 1
            ON CONFLICT (half) DO UPDATE SET events = counted_totals.events + excluded.events,
                amount = counted_totals.amount + excluded.amount
        )
        SELECT input.id, (added.id IS NOT NULL OR present.id = input.id) AS "isOurs"
        FROM input LEFT JOIN added USING (id) LEFT JOIN counted_events present ON present.name = input.name
        """
    }

    /// Whether the row in the table is this one.
    package static func answers(to rows: [CountedEvent], from result: Rows) throws(PostgresError) -> [Bool] {
        var ours: Set<Int64> = []
        for row in result where try row.get("isOurs", Bool.self) { ours.insert(try row.get("id")) }
        return rows.map { ours.contains($0.id) }
    }

    /// Events in the table and in the totals, which are the same if nothing happened twice.
    package static func counts(_ database: Database) async throws -> (
        events: Int, total: Int, amount: Int, totalAmount: Int
    ) {
        let row = try await database.one(
            """
            SELECT (SELECT count(*) FROM counted_events) AS events, (SELECT sum(events) FROM counted_totals) AS total,
                (SELECT sum(amount) FROM counted_events) AS amount,
                (SELECT sum(amount)::bigint FROM counted_totals) AS total_amount
            """)
        return (
            try row.get("events"), try row.get("total"), try row.get("amount"), try row.get("total_amount")
        )
    }

    // MARK: In the journal

    package static var kind: String { "counted event" }

    package var journaled: [UInt8] { Array("\(id) \(amount) \(name)".utf8) }

    package init?(journaled: [UInt8]) {
        let parts = String(decoding: journaled, as: UTF8.self).split(separator: " ", maxSplits: 2)
        guard parts.count == 3, let id = Int64(parts[0]), let amount = Int(parts[1]) else { return nil }
        self.init(id: id, name: String(parts[2]), amount: amount)
    }
}
