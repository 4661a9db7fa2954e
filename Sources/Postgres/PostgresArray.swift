import Base

/// An array for PostgreSQL, written an element at a time: a column of a batch. `[T]` can be interpolated as it is; where a batch is hot,
/// this saves the copies, and functions that don't know what they write.
package struct PostgresArray {
    private var out: [UInt8] = [UInt8(ascii: "{")]

    package init() {}

    package mutating func append(_ text: String) { append { PostgresArrayText.write(text, into: &$0) } }
    package mutating func append(_ number: Int64) { append { number.writeElement(into: &$0) } }
    package mutating func append(_ flag: Bool) { append { flag.writeElement(into: &$0) } }
    package mutating func append(_ moment: Timestamp) { append { moment.writeElement(into: &$0) } }
    package mutating func appendNull() { append { $0 += "NULL".utf8 } }

    @inline(__always) mutating func append(_ write: (inout [UInt8]) -> Void) {
        if out.count > 1 { out.append(UInt8(ascii: ",")) }
        write(&out)
    }

    package var parameter: PostgresParameter {
        .text(String(decoding: out + [UInt8(ascii: "}")], as: UTF8.self))
    }
}
