import Base

/// A column of a batch, in PostgreSQL's binary form of a one-dimensional array (`array_recv`, and each type's own `_recv`). Neither side
/// writes or reads a text, which for times, ids and quoted texts is most of what a small value costs.
package struct BinaryArray {
    package enum Element: Sendable {
        case text, bigint, boolean, timestamptz, uuid, jsonb

        fileprivate var oid: UInt32 {
            switch self {
            case .text: 25
            case .bigint: 20
            case .boolean: 16
            case .timestamptz: 1184
            case .uuid: 2950
            case .jsonb: 3802
            }
        }
    }

    private static let headerSize = 20
    /// Of 2000-01-01, in microseconds since 1970: where PostgreSQL counts from.
    private static let epoch: Int64 = 946_684_800_000_000

    private let element: Element
    private var out: [UInt8]
    private var count: UInt32 = 0
    private var hasNull = false

    package init(of element: Element) {
        self.element = element
        out = [UInt8](repeating: 0, count: Self.headerSize)
    }

    /// Of an array of texts or `jsonb`.
    package mutating func append(_ text: String) {
        var text = text
        let mark = element == .jsonb ? 1 : 0
        text.withUTF8 { bytes in
            begin(bytes.count + mark)
            // The version of jsonb's binary form.
            if mark == 1 { out.append(1) }
            out.append(contentsOf: bytes)
        }
    }

    /// Of an array of UUIDs.
    /// - Returns: false when it is none; nothing was appended.
    package mutating func append(uuid: String) -> Bool {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(16)
        var high: UInt8?
        for digit in uuid.utf8 where digit != UInt8(ascii: "-") {
            guard let value = Hex.value(of: digit) else { return false }
            if let first = high {
                bytes.append(first << 4 | value)
                high = nil
            } else {
                high = value
            }
        }
        guard bytes.count == 16, high == nil else { return false }
        begin(16)
        out += bytes
        return true
    }

    package mutating func append(_ number: Int64) {
        begin(8)
        write(UInt64(bitPattern: number))
    }

    package mutating func append(_ flag: Bool) {
        begin(1)
        out.append(flag ? 1 : 0)
    }

    package mutating func append(_ moment: Timestamp) {
        let (microseconds, overflow) = moment.microseconds.subtractingReportingOverflow(Self.epoch)
        // Further back than PostgreSQL's calendar reaches, which it says itself. The least number would be its `-infinity`.
        append(overflow ? Int64.min + 1 : max(microseconds, .min + 1))
    }

    package mutating func appendNull() {
        count += 1
        hasNull = true
        write(UInt32.max)
    }

    private mutating func begin(_ size: Int) {
        count += 1
        write(UInt32(clamping: size))
    }

    private mutating func write(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.bigEndian) { out.append(contentsOf: $0) }
    }

    package var parameter: PostgresParameter {
        var header = BinaryHeader()
        header.write(count == 0 ? 0 : 1)
        header.write(hasNull ? 1 : 0)
        header.write(element.oid)
        guard count > 0 else { return .bytes(header.bytes) }
        header.write(count)
        header.write(1)
        var array = out
        array.replaceSubrange(0..<Self.headerSize, with: header.bytes)
        return .bytes(array)
    }
}

/// Dimensions, whether there are nulls, the type; then the number of elements and of the first one.
private struct BinaryHeader {
    var bytes: [UInt8] = []

    mutating func write(_ value: UInt32) { withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) } }
}
