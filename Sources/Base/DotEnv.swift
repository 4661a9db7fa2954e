/// Reads a `.env` file: `KEY=value` lines, as Docker Compose and shells write them.
///
/// - `export ` before a key is passed over; so are empty lines and lines that begin with `#`.
/// - A bare value ends at the line's end or at a `#` after a space; spaces around it are cut.
/// - In single quotes everything is literal. In double quotes `\n \r \t \" \\ \$` are escapes.
/// - A quoted value may span lines. Nothing is ever expanded: a password may hold a `$`.
/// - A key that comes twice has its last value.
package enum DotEnv {
    /// All lines that cannot be read are reported together, by number and never by content.
    package static func parse(_ text: String, name: String = ".env") throws(ConfigurationProblems) -> [String: String] {
        var parser = DotEnvParser(bytes: Array(text.utf8))
        parser.parse()
        if parser.problems.isEmpty { return parser.values }
        throw ConfigurationProblems(
            parser.problems.map { ConfigurationProblem(name: "\(name) line \($0.line)", sentence: $0.sentence) })
    }

    /// The file's values with the environment's over them. A file that is not there counts as empty.
    package static func merged(
        file path: String, under environment: [String: String]
    ) throws(ConfigurationProblems) -> [String: String] {
        guard FileSystem.kind(of: path) != nil else { return environment }
        let content: [UInt8]
        do {
            content = try FileSystem.read(path, limit: 1 << 20)
        } catch {
            throw ConfigurationProblems([ConfigurationProblem(name: path, sentence: "cannot be read: \(error.reason).")]
            )
        }
        guard let text = String(validating: content, as: UTF8.self) else {
            throw ConfigurationProblems([ConfigurationProblem(name: path, sentence: "must be UTF-8 text.")])
        }
        return try parse(text, name: path).merging(environment) { _, fromEnvironment in fromEnvironment }
    }
}

private struct DotEnvParser {
    private let bytes: [UInt8]
    private var at = 0
    private var line = 1
    private(set) var values: [String: String] = [:]
    private(set) var problems: [(line: Int, sentence: String)] = []

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    mutating func parse() {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { at = 3 }
        while at < bytes.count {
            skipSpaces()
            if let byte = current, !isLineEnd(byte), byte != UInt8(ascii: "#") { assignment() }
            skipLine()
        }
    }

    private var current: UInt8? { at < bytes.count ? bytes[at] : nil }

    private func isLineEnd(_ byte: UInt8) -> Bool { byte == 0x0A || byte == 0x0D }

    private mutating func skipSpaces() {
        while let byte = current, byte == 0x20 || byte == 0x09 { at += 1 }
    }

    private mutating func skipLine() {
        while let byte = current {
            at += 1
            if byte == 0x0A {
                line += 1
                return
            }
        }
    }

    private mutating func assignment() {
        let start = line
        var key = word()
        skipSpaces()
        if key == "export", current != UInt8(ascii: "=") {
            key = word()
            skipSpaces()
        }
        guard let key, current == UInt8(ascii: "=") else {
            problems.append((start, "must be of the form KEY=value."))
            return
        }
        at += 1
        skipSpaces()
        if let quote = current, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") {
            at += 1
            guard let value = quoted(quote) else {
                problems.append((start, "opens a quote that is never closed."))
                return
            }
            skipSpaces()
            if let byte = current, !isLineEnd(byte), byte != UInt8(ascii: "#") {
                problems.append((start, "has something after the closing quote."))
                return
            }
            values[key] = value
        } else {
            values[key] = bare()
        }
    }

    private mutating func word() -> String? {
        let start = at
        while let byte = current {
            let isLetter = 65...90 ~= byte || 97...122 ~= byte || byte == UInt8(ascii: "_")
            let isInner = 48...57 ~= byte || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-")
            guard isLetter || (at > start && isInner) else { break }
            at += 1
        }
        return at > start ? String(decoding: bytes[start..<at], as: UTF8.self) : nil
    }

    private mutating func bare() -> String {
        let start = at
        while let byte = current, !isLineEnd(byte) {
            let followsSpace = at == start || bytes[at - 1] == 0x20 || bytes[at - 1] == 0x09
            if byte == UInt8(ascii: "#"), followsSpace { break }
            at += 1
        }
        return String(String(decoding: bytes[start..<at], as: UTF8.self).trimmingSpaces())
    }

    /// Nil when the text ends first; the rest of the text is then eaten, for any line of it could be the value's.
    private mutating func quoted(_ quote: UInt8) -> String? {
        var value: [UInt8] = []
        while let byte = current {
            at += 1
            if byte == quote { return String(decoding: value, as: UTF8.self) }
            if byte == 0x0A { line += 1 }
            if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\""), let escaped = current {
                let plain: UInt8? =
                    switch escaped {
                    case UInt8(ascii: "n"): 0x0A
                    case UInt8(ascii: "r"): 0x0D
                    case UInt8(ascii: "t"): 0x09
                    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "$"): escaped
                    default: nil
                    }
                if let plain {
                    value.append(plain)
                    at += 1
                    continue
                }
            }
            value.append(byte)
        }
        return nil
    }
}
