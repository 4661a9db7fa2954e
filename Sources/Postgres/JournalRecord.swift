import Base

/// One row in a journal's file, and how files and rows are framed.
///
/// A file begins with eight bytes of magic and eight of salt, of its own. A record is a mark, the length of its body, the sum of salt,
/// length and body (all UInt32, little end first), and the body: the kind's length in one byte, the kind, the row. The salt keeps
/// a record of one file, or one that somebody has sent in a row, from passing for one in another place.
struct JournalRecord: Hashable {
    /// Which handler replays it; at most 255 bytes.
    let kind: String
    let payload: [UInt8]

    static let fileMagic = Array("SLUICEJ1".utf8)
    static let fileHeaderSize = 16
    static let headerSize = 12
    /// No row is larger; a larger length is no length.
    static let largest = 1 << 20
    private static let mark = Array("SLJR".utf8)

    static func fileHeader(salt: [UInt8]) -> [UInt8] { fileMagic + salt }

    /// Nil for a kind or a row that is too long.
    func framed(salt: [UInt8]) -> [UInt8]? {
        let kind = Array(kind.utf8)
        let length = 1 + kind.count + payload.count
        guard kind.count <= 255, length <= Self.largest else { return nil }
        let body = [UInt8(kind.count)] + kind + payload
        let size = Self.bytes(UInt32(length))
        let sum = CRC32C.sum(body, continuing: CRC32C.sum(salt + size))
        return Self.mark + size + Self.bytes(sum) + body
    }

    /// A whole file of these records; those that don't fit are none, for they were read from one.
    static func file(of records: [JournalRecord]) -> [UInt8] {
        let salt = RandomBytes.make(fileHeaderSize - fileMagic.count)
        return records.reduce(into: fileHeader(salt: salt)) { $0 += $1.framed(salt: salt) ?? [] }
    }

    private static func bytes(_ number: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
    }

    private static func number(_ bytes: some Collection<UInt8>) -> UInt32 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }

    // MARK: Reading

    /// The record that stands at `offset`, whole and right, and where it ends.
    static func read(_ file: [UInt8], at offset: Int, salt: some Sequence<UInt8>) -> (JournalRecord, end: Int)? {
        guard offset >= 0, offset <= file.count - headerSize - 1 else { return nil }
        let header = file[offset..<(offset + headerSize)]
        guard header.prefix(4).elementsEqual(mark) else { return nil }
        let length = Int(number(header.dropFirst(4).prefix(4)))
        let start = offset + headerSize
        guard length >= 1, length <= largest, length <= file.count - start else { return nil }
        let body = file[start..<(start + length)]
        let expected = CRC32C.sum(
            body, continuing: CRC32C.sum(Array(salt) + Array(header.dropFirst(4).prefix(4))))
        guard number(header.suffix(4)) == expected, let kindLength = body.first, Int(kindLength) < length,
            let kind = String(validating: body.dropFirst().prefix(Int(kindLength)), as: UTF8.self)
        else { return nil }
        return (JournalRecord(kind: kind, payload: Array(body.dropFirst(1 + Int(kindLength)))), start + length)
    }

    struct Contents {
        struct Entry {
            let record: JournalRecord
            let offset: Int
            let end: Int
        }
        var entries: [Entry] = []
        /// Bytes at the end that are no record: what was being written when the process ended, and never answered for.
        var tornBytes = 0
        /// Bytes that are no record, with records behind them: those were on the disk, and the disk has lost some.
        var damagedBytes = 0
    }

    /// Everything that can be read in a file.
    static func contents(of file: [UInt8]) -> Contents {
        var contents = Contents()
        guard file.count >= fileHeaderSize, file.starts(with: fileMagic) else {
            if file.count > fileHeaderSize {
                contents.damagedBytes = file.count
            } else {
                contents.tornBytes = file.count
            }
            return contents
        }
        let salt = Array(file[fileMagic.count..<fileHeaderSize])
        var offset = fileHeaderSize
        while offset < file.count {
            if let (record, end) = read(file, at: offset, salt: salt) {
                contents.entries.append(Contents.Entry(record: record, offset: offset, end: end))
                offset = end
            } else if let next = nextRecord(file, after: offset, salt: salt) {
                contents.damagedBytes += next - offset
                offset = next
            } else {
                contents.tornBytes = file.count - offset
                break
            }
        }
        return contents
    }

    private static func nextRecord(_ file: [UInt8], after offset: Int, salt: [UInt8]) -> Int? {
        var place = offset + 1
        while place <= file.count - headerSize - 1 {
            guard let found = file[place...].firstIndex(of: mark[0]) else { return nil }
            if read(file, at: found, salt: salt) != nil { return found }
            place = found + 1
        }
        return nil
    }
}
