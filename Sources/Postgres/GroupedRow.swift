import Base

/// A row that is committed together with whatever else arrives meanwhile (DESIGN, rule 3): what ``GroupCommitter`` needs to know
/// of it.
///
/// ```swift
/// static func statement(_ rows: [Self]) -> SQL {
///     """
///     INSERT INTO events (id, name) SELECT * FROM unnest(\(rows.map(\.id))::bigint[], \(rows.map(\.name))::text[])
///     ORDER BY 1 ON CONFLICT DO NOTHING RETURNING id
///     """
/// }
/// ```
package protocol GroupedRow: Sendable {
    associatedtype Answer: Sendable

    /// One row for each key in a batch, and the batch in the order of these bytes: two loops that upsert the same keys take the rows'
    /// locks in one order. For that the statement says ORDER BY too, and a second table with other keys needs an ORDER BY of its own.
    var key: [UInt8] { get }
    /// About how many bytes the row adds to a statement.
    var size: Int { get }
    /// Looks at the values before the row joins others, who would have to be sent again because of it.
    func check() throws(PostgresError)

    /// Whether a batch may be sent again when its connection broke under it: ids are made before, and what was committed the first time
    /// is left alone (ON CONFLICT DO NOTHING), in every table of the statement.
    static var isRepeatable: Bool { get }
    /// One row for two with the same key that arrive together. Nil: the later waits for the next batch.
    static func joined(_ earlier: Self, with later: Self) -> Self?
    /// One statement for all rows, none of which has another's key.
    static func statement(_ rows: [Self]) -> SQL
    /// What the statement's result says to each row, in the rows' order.
    static func answers(to rows: [Self], from result: Rows) throws(PostgresError) -> [Answer]
}

extension GroupedRow {
    package var size: Int { 256 }
    package func check() throws(PostgresError) {}
    /// The first stands for both.
    package static func joined(_ earlier: Self, with later: Self) -> Self? { earlier }
}

/// What a sender is told.
package struct GroupAnswer<Answer: Sendable>: Sendable {
    package let answer: Answer
    /// False when another row of the batch had the same key and came before: then the answer is about both.
    package let isFirst: Bool
}

extension PostgresError {
    /// For ``GroupedRow/check()``: a value that no statement should be sent with. The words are shown: no values in them.
    package static func unfit(_ words: String) -> PostgresError { PostgresError(.invalidParameter, words) }
}
