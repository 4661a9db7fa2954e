import Testing

@testable import Postgres

@Suite struct StatementCacheTests {
    @Test func `evicts the least recently used`() {
        var cache = StatementCache(capacity: 2)
        let first = cache.make()
        cache.insert(first, for: "a")
        let second = cache.make()
        cache.insert(second, for: "b")
        #expect(cache.find("a") === first)
        #expect(cache.evict() === second)
        #expect(cache.find("b") == nil)
        #expect(cache.evict() == nil)
    }

    @Test func `never gives a name twice`() {
        var cache = StatementCache(capacity: 2)
        var names: Set<String> = []
        for index in 0..<10 {
            _ = cache.evict()
            let statement = cache.make()
            cache.insert(statement, for: "SELECT \(index)")
            names.insert(statement.name)
        }
        #expect(names.count == 10)
        #expect(cache.count == 2)
    }
}
