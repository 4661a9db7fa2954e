/// One file of the time zone database (RFC 9636, TZif version 2 and later): when the offset changed, and the rule after that.
struct ZoneFile: Sendable {
    /// Seconds since 1970, ascending, each with the seconds east of UTC from then on.
    let changes: [(at: Int64, offset: Int)]
    /// Before the first change.
    let earliest: Int
    /// After the last one.
    let rule: ZoneRule?

    static let utc = ZoneFile(changes: [], earliest: 0, rule: nil)

    /// Nil for a name that is none, or when there is no such file.
    static func read(_ name: String) -> ZoneFile? {
        guard isName(name), let bytes = try? FileSystem.read("/usr/share/zoneinfo/" + name, limit: 65_536) else {
            return nil
        }
        return ZoneFile(parsing: bytes)
    }

    /// Letters in parts divided by slashes; a part is never `..`, so the name never leads out of the folder.
    private static func isName(_ name: String) -> Bool {
        guard 1...64 ~= name.utf8.count else { return false }
        return name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).allSatisfy { part in
            !part.isEmpty
                && part.allSatisfy { byte in
                    0x61...0x7A ~= byte | 0x20 || 0x30...0x39 ~= byte || "_+-".utf8.contains(byte)
                }
        }
    }

    private init(changes: [(at: Int64, offset: Int)], earliest: Int, rule: ZoneRule?) {
        self.changes = changes
        self.earliest = earliest
        self.rule = rule
    }

    /// §3: a header and a block with 32-bit times, then both again with 64-bit times, then the rule as a line.
    init?(parsing bytes: [UInt8]) {
        var reader = BigEndianReader(bytes: bytes)
        guard let old = Header(&reader), old.version >= UInt8(ascii: "2"), reader.skip(old.length(timeSize: 4)),
            let header = Header(&reader)
        else { return nil }
        var times: [Int64] = []
        for _ in 0..<header.timeCount {
            guard let time = reader.int64() else { return nil }
            times.append(time)
        }
        guard let kinds = reader.bytes(header.timeCount) else { return nil }
        var offsets: [Int] = []
        for _ in 0..<header.typeCount {
            guard let offset = reader.int32(), reader.skip(2), abs(Int(offset)) < 93_600 else { return nil }
            offsets.append(Int(offset))
        }
        var changes: [(at: Int64, offset: Int)] = []
        for (time, kind) in zip(times, kinds) {
            guard offsets.indices.contains(Int(kind)), changes.last.map({ $0.at < time }) ?? true else { return nil }
            changes.append((time, offsets[Int(kind)]))
        }
        guard let earliest = offsets.first,
            reader.skip(header.charCount + header.leapCount * 12 + header.standardCount + header.utCount)
        else { return nil }
        self.init(changes: changes, earliest: earliest, rule: ZoneRule(reader.rest))
    }

    /// Seconds east of UTC at a time in seconds since 1970.
    func offset(at time: Int64) -> Int {
        guard let last = changes.last else { return rule?.offset(at: time) ?? earliest }
        if time >= last.at { return rule?.offset(at: time) ?? last.offset }
        var low = 0
        var high = changes.count
        while low < high {
            let middle = (low + high) / 2
            if changes[middle].at <= time { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? earliest : changes[low - 1].offset
    }

    /// The first second of another offset than at `start`; `end` when there is none before it.
    func change(between start: Int64, and end: Int64) -> Int64 {
        let before = offset(at: start)
        var low = start
        var high = end
        while high - low > 1 {
            let middle = low + (high - low) / 2
            if offset(at: middle) == before { low = middle } else { high = middle }
        }
        return high
    }

    private struct Header {
        let version: UInt8
        let utCount, standardCount, leapCount, timeCount, typeCount, charCount: Int

        init?(_ reader: inout BigEndianReader) {
            guard let magic = reader.bytes(4), magic.elementsEqual("TZif".utf8), let version = reader.bytes(1)?.first,
                reader.skip(15), let ut = reader.count(), let standard = reader.count(), let leap = reader.count(),
                let time = reader.count(), let type = reader.count(), let char = reader.count()
            else { return nil }
            self.version = version
            (utCount, standardCount, leapCount) = (ut, standard, leap)
            (timeCount, typeCount, charCount) = (time, type, char)
        }

        func length(timeSize: Int) -> Int {
            timeCount * (timeSize + 1) + typeCount * 6 + charCount + leapCount * (timeSize + 4) + standardCount
                + utCount
        }
    }
}

/// Reads numbers from the front; nil once there are too few bytes.
private struct BigEndianReader {
    private var remaining: ArraySlice<UInt8>

    init(bytes: [UInt8]) { remaining = bytes[...] }

    var rest: ArraySlice<UInt8> { remaining }

    mutating func bytes(_ count: Int) -> ArraySlice<UInt8>? {
        guard count >= 0, remaining.count >= count else { return nil }
        defer { remaining = remaining.dropFirst(count) }
        return remaining.prefix(count)
    }

    mutating func skip(_ count: Int) -> Bool { bytes(count) != nil }

    mutating func int32() -> Int32? {
        bytes(4).map { Int32(bitPattern: $0.reduce(0) { $0 << 8 | UInt32($1) }) }
    }

    mutating func int64() -> Int64? {
        bytes(8).map { Int64(bitPattern: $0.reduce(0) { $0 << 8 | UInt64($1) }) }
    }

    /// Never more than the largest file could hold.
    mutating func count() -> Int? {
        int32().flatMap { 0...65_536 ~= $0 ? Int($0) : nil }
    }
}
