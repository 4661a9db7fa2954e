import Base

/// COPY's text format (PostgreSQL manual, COPY, "Text Format"): a line for each row, tabs between values, `\N` for NULL.
enum CopyText {
    /// Appends one row. A NUL in a text is the caller's to refuse: the server would refuse all of the COPY.
    static func append(_ row: [PostgresParameter], to out: inout [UInt8]) {
        for (index, value) in row.enumerated() {
            if index > 0 { out.append(UInt8(ascii: "\t")) }
            switch value {
            case .null: out += "\\N".utf8
            case .text(let text): append(text.utf8, to: &out)
            case .bytes(let bytes):
                // The backslash of bytea's hexadecimal form is escaped like any other.
                out += "\\\\x".utf8
                out += Hex.encode(bytes).utf8
            }
        }
        out.append(UInt8(ascii: "\n"))
    }

    private static func append(_ text: String.UTF8View, to out: inout [UInt8]) {
        for byte in text {
            switch byte {
            case UInt8(ascii: "\\"): out += "\\\\".utf8
            case UInt8(ascii: "\n"): out += "\\n".utf8
            case UInt8(ascii: "\r"): out += "\\r".utf8
            case UInt8(ascii: "\t"): out += "\\t".utf8
            default: out.append(byte)
            }
        }
    }
}
