import Base
import Testing

@testable import Postgres

@Suite struct JournalRecordTests {
    private static let salt: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8]
    private static let records = (0..<5).map {
        JournalRecord(kind: "kind \($0)", payload: Array(repeating: 65, count: $0 * 7))
    }

    private static func file(_ records: [JournalRecord]) throws -> [UInt8] {
        try records.reduce(JournalRecord.fileHeader(salt: salt)) { $0 + (try #require($1.framed(salt: salt))) }
    }

    @Test func `the checksum is Castagnoli's`() {
        #expect(CRC32C.sum(Array("123456789".utf8)) == 0xE306_9283)
        #expect(CRC32C.sum(Array("6789".utf8), continuing: CRC32C.sum(Array("12345".utf8))) == 0xE306_9283)
    }

    @Test func `rows come out as they went in, and a file cut anywhere gives those that are whole`() throws {
        let file = try Self.file(Self.records)
        let whole = JournalRecord.contents(of: file)
        #expect(whole.entries.map(\.record) == Self.records)
        #expect(whole.tornBytes == 0 && whole.damagedBytes == 0)
        for length in 0..<file.count {
            let cut = JournalRecord.contents(of: Array(file[..<length]))
            let expected = whole.entries.filter { $0.end <= length }.map(\.record)
            #expect(cut.entries.map(\.record) == expected, "cut at \(length)")
            #expect(cut.damagedBytes == 0)
            // A disk that grew the file before it wrote it leaves zeros.
            let zeros = JournalRecord.contents(of: Array(file[..<length]) + [UInt8](repeating: 0, count: 50))
            #expect(zeros.entries.map(\.record) == expected, "zeros from \(length)")
        }
    }

    @Test func `any bit that turns loses one row at most, and is noticed`() throws {
        let file = try Self.file(Self.records)
        for place in JournalRecord.fileHeaderSize..<file.count {
            var rotten = file
            rotten[place] ^= 0x10
            let contents = JournalRecord.contents(of: rotten)
            #expect(contents.entries.count == Self.records.count - 1, "at \(place)")
            #expect(contents.damagedBytes + contents.tornBytes > 0)
        }
    }

    @Test func `a record that somebody has sent as a row is no record`() throws {
        let other = try #require(JournalRecord(kind: "k", payload: [7]).framed(salt: [9, 9, 9, 9, 9, 9, 9, 9]))
        var file = try Self.file([JournalRecord(kind: "k", payload: other + other)])
        file[JournalRecord.fileHeaderSize] = 0
        let contents = JournalRecord.contents(of: file)
        #expect(contents.entries.isEmpty)
    }

    @Test func `what is too long is not framed`() {
        #expect(JournalRecord(kind: String(repeating: "k", count: 256), payload: []).framed(salt: Self.salt) == nil)
        let large = JournalRecord(kind: "k", payload: [UInt8](repeating: 0, count: JournalRecord.largest))
        #expect(large.framed(salt: Self.salt) == nil)
        #expect(JournalRecord(kind: "", payload: []).framed(salt: Self.salt) != nil)
    }

    @Test func `a row that was tried when its process died goes alone, and after two deaths not at all`() {
        let rows = [(start: 16, end: 40), (start: 40, end: 70)]
        var progress = JournalProgress(segment: 1, done: 16, tried: 70)
        progress.takeOver(rows: rows)
        #expect(progress.alone == 70 && progress.deaths == 0 && !progress.isDeadly)
        for death in 1...2 {
            progress.tried = 40
            progress.takeOver(rows: rows)
            #expect(progress.deaths == death && progress.isDeadly == (death == 2))
        }
        progress.finished(upTo: 40)
        #expect(!progress.isDeadly && progress.done == 40)
        progress.takeOver(rows: rows)
        #expect(progress.deaths == 0)
    }
}
