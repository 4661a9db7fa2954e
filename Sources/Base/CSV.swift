/// Comma-separated values (RFC 4180): every cell quoted that needs it, lines end in CRLF.
package enum CSV {
    /// Stands before the first line, so that spreadsheets take the text for UTF-8.
    package static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    /// One line. A cell that a spreadsheet would take for a formula is led by an apostrophe, for other people wrote it.
    package static func line(_ cells: [String]) -> [UInt8] {
        var line: [UInt8] = []
        for (index, cell) in cells.enumerated() {
            if index > 0 { line.append(UInt8(ascii: ",")) }
            append(cell, to: &line)
        }
        line.append(UInt8(ascii: "\r"))
        line.append(UInt8(ascii: "\n"))
        return line
    }

    private static func append(_ cell: String, to line: inout [UInt8]) {
        let quote = UInt8(ascii: "\"")
        let isFormula = cell.utf8.first.map { "=+-@\t\r".utf8.contains($0) } ?? false
        let needsQuotes = isFormula || cell.utf8.contains { $0 == quote || $0 == 0x2C || $0 == 0x0A || $0 == 0x0D }
        guard needsQuotes else { return line.append(contentsOf: cell.utf8) }
        line.append(quote)
        if isFormula { line.append(UInt8(ascii: "'")) }
        for byte in cell.utf8 {
            if byte == quote { line.append(quote) }
            line.append(byte)
        }
        line.append(quote)
    }
}
