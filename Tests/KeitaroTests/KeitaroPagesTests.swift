import Testing

@testable import Keitaro

@Suite struct KeitaroPagesTests {
    struct Row: Identifiable, Equatable {
        let id: Int
    }

    /// A tracker with `count` rows.
    final class Source {
        let rows: [Row]
        let pages: Bool
        private(set) var asked: [Int] = []

        init(count: Int, pages: Bool) {
            rows = (0..<count).map { Row(id: $0) }
            self.pages = pages
        }

        func page(limit: Int, offset: Int) -> [Row] {
            asked.append(offset)
            return pages ? Array(rows.dropFirst(offset).prefix(limit)) : rows
        }
    }

    @Test(arguments: [
        (0, [0]), (3, [0]), (9, [0]), (10, [0, 10]), (11, [0, 10]), (20, [0, 10, 20]), (25, [0, 10, 20]),
    ])
    func `asks until a page is not full`(count: Int, offsets: [Int]) async {
        let source = Source(count: count, pages: true)
        let rows = await KeitaroPages.collect(size: 10) { source.page(limit: $0, offset: $1) }
        #expect(rows == source.rows)
        #expect(source.asked == offsets)
    }

    @Test(arguments: [(3, 1), (10, 2), (20, 1), (1_000, 1)])
    func `takes everything once from a tracker that does not page`(count: Int, requests: Int) async {
        let source = Source(count: count, pages: false)
        let rows = await KeitaroPages.collect(size: 10) { source.page(limit: $0, offset: $1) }
        #expect(rows == source.rows)
        #expect(source.asked.count == requests)
    }

    @Test func `keeps a row once that moved to the next page meanwhile`() async {
        let rows = await KeitaroPages.collect(size: 2) { _, offset in
            offset == 0 ? [Row(id: 1), Row(id: 2)] : offset == 2 ? [Row(id: 2), Row(id: 3)] : []
        }
        #expect(rows.map(\.id) == [1, 2, 3])
    }

    @Test func `does not follow a tracker that never ends`() async {
        let rows = await KeitaroPages.collect(size: 1) { _, offset in [Row(id: offset)] }
        #expect(rows.count == KeitaroPages.most)
    }

    @Test func `passes on a page's failure`() async {
        struct Broken: Error {}
        await #expect(throws: Broken.self) {
            try await KeitaroPages.collect(size: 1) { _, offset async throws(Broken) -> [Row] in
                if offset == 2 { throw Broken() }
                return [Row(id: offset)]
            }
        }
    }
}
