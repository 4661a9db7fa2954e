/// Which statements one connection has prepared, the least recently used first to go. Pure: the connection does what it says.
struct StatementCache {
    final class Statement {
        let name: String
        fileprivate(set) var columns: PostgresColumns?
        fileprivate var lastUse: UInt64 = 0

        fileprivate init(name: String) { self.name = name }

        func remember(_ columns: PostgresColumns) { self.columns = columns }
    }

    private let capacity: Int
    private var statements: [String: Statement] = [:]
    private var clock: UInt64 = 0

    init(capacity: Int = 256) {
        self.capacity = capacity
    }

    var count: Int { statements.count }

    mutating func find(_ text: String) -> Statement? {
        guard let statement = statements[text] else { return nil }
        clock += 1
        statement.lastUse = clock
        return statement
    }

    /// A name no statement of this connection has had. Nothing is kept until `insert`.
    mutating func make() -> Statement {
        clock += 1
        let statement = Statement(name: "s\(clock)")
        statement.lastUse = clock
        return statement
    }

    mutating func insert(_ statement: Statement, for text: String) {
        statements[text] = statement
    }

    /// Takes out the least recently used statement when there is no room for another; it is to be deallocated.
    mutating func evict() -> Statement? {
        guard statements.count >= capacity, let oldest = statements.min(by: { $0.value.lastUse < $1.value.lastUse })
        else {
            return nil
        }
        return statements.removeValue(forKey: oldest.key)
    }

    mutating func remove(_ text: String) -> Statement? {
        statements.removeValue(forKey: text)
    }
}
