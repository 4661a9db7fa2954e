/// Turns a template's text into steps, by the mandatory modules of the Mustache specification.
///
/// Throws at the first thing that does not parse; unknown partials and words are gathered, so that one load names them all.
struct TemplateParser {
    /// Numbers for the names a template may mention.
    struct Names {
        var partials: [String: Int]
        var words: [String: Int]
    }

    /// What one reading of the source gave.
    struct Result {
        var steps: [TemplateStep] = []
        var unknown: [ViewProblem] = []
        /// Word names used, without "t.".
        var words: Set<String> = []
        /// Every name part, to be checked for hash collisions.
        var parts: Set<String> = []
    }

    static let deepestNesting = 64

    private struct Tag {
        let sigil: UInt8?
        let content: Range<Int>
        let start: Int
        let end: Int
    }

    private struct OpenSection {
        let name: String
        let step: Int
        let line: Int
    }

    private let name: String
    private let source: [UInt8]
    private let names: Names
    private let marksLines: Bool
    private var result = Result()
    private var opener: [UInt8] = Array("{{".utf8)
    private var closer: [UInt8] = Array("}}".utf8)
    private var open: [OpenSection] = []

    private init(name: String, source: [UInt8], names: Names, marksLines: Bool) {
        self.name = name
        self.source = source
        self.names = names
        self.marksLines = marksLines
    }

    /// `marksLines` adds an `.indent` step at the start of every line that has content.
    static func parse(
        name: String, source: [UInt8], names: Names, marksLines: Bool
    ) throws(ViewError) -> Result {
        var parser = TemplateParser(name: name, source: source, names: names, marksLines: marksLines)
        try parser.run()
        return parser.result
    }

    private mutating func run() throws(ViewError) {
        var position = 0
        while let tag = try nextTag(from: position) {
            let alone = isStandalone(tag)
            let textEnd = alone.map(\.lowerBound) ?? tag.start
            addText(position..<textEnd)
            if alone == nil, marksLines, startsLine(tag.start) { result.steps.append(.indent) }
            try add(tag, indentation: alone.map { $0.lowerBound..<tag.start })
            position = alone?.upperBound ?? tag.end
        }
        addText(position..<source.count)
        if let unclosed = open.last {
            throw problem("section \"\(unclosed.name)\" is never closed", line: unclosed.line)
        }
    }

    // MARK: Tags

    private func nextTag(from position: Int) throws(ViewError) -> Tag? {
        guard let start = find(opener, from: position) else { return nil }
        var contentStart = start + opener.count
        var ending = closer
        var sigil: UInt8?
        if contentStart < source.count, Self.sigils.contains(source[contentStart]) {
            sigil = source[contentStart]
            contentStart += 1
        }
        switch sigil {
        case UInt8(ascii: "{"): ending = [UInt8(ascii: "}")] + closer
        case UInt8(ascii: "="): ending = [UInt8(ascii: "=")] + closer
        default: break
        }
        guard let contentEnd = find(ending, from: contentStart) else {
            throw problem("tag is never closed with \"\(String(decoding: ending, as: UTF8.self))\"", at: start)
        }
        return Tag(sigil: sigil, content: contentStart..<contentEnd, start: start, end: contentEnd + ending.count)
    }

    private static let sigils = Set("{&#^/!>=".utf8)

    private mutating func add(_ tag: Tag, indentation: Range<Int>?) throws(ViewError) {
        switch tag.sigil {
        case UInt8(ascii: "!"):
            break
        case UInt8(ascii: "="):
            try setDelimiters(tag)
        case UInt8(ascii: ">"):
            try addPartial(tag, indentation: indentation)
        case UInt8(ascii: "#"), UInt8(ascii: "^"):
            let name = try readName(tag)
            guard open.count < Self.deepestNesting else {
                throw problem("sections are nested deeper than \(Self.deepestNesting)", at: tag.start)
            }
            guard !name.hasPrefix("t.") else {
                throw problem("\"\(name)\" is a word, which cannot be a section", at: tag.start)
            }
            open.append(OpenSection(name: name, step: result.steps.count, line: line(at: tag.start)))
            let subject = subject(of: name)
            result.steps.append(
                tag.sigil == UInt8(ascii: "#") ? .section(subject, end: 0) : .inverted(subject, end: 0))
        case UInt8(ascii: "/"):
            try closeSection(tag)
        default:
            try addVariable(tag, raw: tag.sigil != nil)
        }
    }

    private mutating func addVariable(_ tag: Tag, raw: Bool) throws(ViewError) {
        let name = try readName(tag)
        guard name.hasPrefix("t.") else {
            result.steps.append(.variable(subject(of: name), raw: raw))
            return
        }
        let word = String(name.dropFirst(2))
        result.words.insert(word)
        if let number = names.words[word] {
            result.steps.append(.word(number, raw: raw))
        } else {
            result.unknown.append(problemValue("there is no word \"\(word)\"", line: line(at: tag.start)))
        }
    }

    private mutating func addPartial(_ tag: Tag, indentation: Range<Int>?) throws(ViewError) {
        let partial = try readName(tag, also: UInt8(ascii: "/"))
        if let number = names.partials[partial] {
            result.steps.append(.partial(number, indentation: indentation ?? tag.start..<tag.start))
        } else {
            result.unknown.append(problemValue("there is no template \"\(partial)\"", line: line(at: tag.start)))
        }
    }

    private mutating func closeSection(_ tag: Tag) throws(ViewError) {
        let name = try readName(tag)
        guard let section = open.popLast() else {
            throw problem("section \"\(name)\" is closed but was not opened", at: tag.start)
        }
        guard section.name == name else {
            throw problem(
                "section \"\(section.name)\" of line \(section.line) is closed as \"\(name)\"", at: tag.start)
        }
        switch result.steps[section.step] {
        case .section(let subject, _): result.steps[section.step] = .section(subject, end: result.steps.count)
        case .inverted(let subject, _): result.steps[section.step] = .inverted(subject, end: result.steps.count)
        default: break
        }
    }

    private mutating func setDelimiters(_ tag: Tag) throws(ViewError) {
        let parts = source[tag.content].split(whereSeparator: Self.isSpace)
        guard parts.count == 2, !parts.contains(where: { $0.contains(UInt8(ascii: "=")) }) else {
            throw problem("delimiters are two marks with a space between and no \"=\"", at: tag.start)
        }
        opener = Array(parts[0])
        closer = Array(parts[1])
    }

    // MARK: Names

    private func readName(_ tag: Tag, also allowed: UInt8? = nil) throws(ViewError) -> String {
        var content = source[tag.content]
        while let first = content.first, Self.isSpace(first) { content.removeFirst() }
        while let last = content.last, Self.isSpace(last) { content.removeLast() }
        let text = String(decoding: content, as: UTF8.self)
        guard !content.isEmpty else { throw problem("tag has no name", at: tag.start) }
        if text == "." { return text }
        let parts = content.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        let wellFormed = parts.allSatisfy { part in
            !part.isEmpty && part.allSatisfy { Self.isNameByte($0) || $0 == allowed }
        }
        guard wellFormed else { throw problem("\"\(text)\" is not a name", at: tag.start) }
        return text
    }

    private mutating func subject(of name: String) -> TemplateStep.Subject {
        if name == "." { return .current }
        let parts = name.split(separator: ".").map(String.init)
        result.parts.formUnion(parts)
        let keys = parts.map { ViewKey($0) }
        guard let first = keys.first else { return .current }
        return keys.count == 1 ? .key(first) : .path(first, Array(keys.dropFirst()))
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    // MARK: Lines

    /// The whole line of a tag that shares it with white space only, its line ending included; else nil.
    private func isStandalone(_ tag: Tag) -> Range<Int>? {
        guard let sigil = tag.sigil, sigil != UInt8(ascii: "{"), sigil != UInt8(ascii: "&") else { return nil }
        var start = tag.start
        while start > 0, Self.isBlank(source[start - 1]) { start -= 1 }
        guard startsLine(start) else { return nil }
        var end = tag.end
        while end < source.count, Self.isBlank(source[end]) { end += 1 }
        if end == source.count { return start..<end }
        if source[end] == Self.newline { return start..<end + 1 }
        if source[end] == Self.carriageReturn, end + 1 < source.count, source[end + 1] == Self.newline {
            return start..<end + 2
        }
        return nil
    }

    private func startsLine(_ position: Int) -> Bool {
        position == 0 || source[position - 1] == Self.newline
    }

    private mutating func addText(_ range: Range<Int>) {
        guard !range.isEmpty else { return }
        guard marksLines else {
            result.steps.append(.text(range))
            return
        }
        var start = range.lowerBound
        while start < range.upperBound {
            let end = source[start..<range.upperBound].firstIndex(of: Self.newline).map { $0 + 1 } ?? range.upperBound
            let isEmptyLine = source[start] == Self.newline || source[start] == Self.carriageReturn
            if startsLine(start), !isEmptyLine { result.steps.append(.indent) }
            result.steps.append(.text(start..<end))
            start = end
        }
    }

    private func line(at position: Int) -> Int {
        1 + source[..<position].count { $0 == Self.newline }
    }

    private static let newline = UInt8(ascii: "\n")
    private static let carriageReturn = UInt8(ascii: "\r")

    private static func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }

    private static func isSpace(_ byte: UInt8) -> Bool {
        isBlank(byte) || byte == newline || byte == carriageReturn
    }

    private func find(_ mark: [UInt8], from position: Int) -> Int? {
        guard let first = mark.first, position <= source.count - mark.count else { return nil }
        var index = position
        while index <= source.count - mark.count {
            if source[index] == first, source[index..<index + mark.count].elementsEqual(mark) { return index }
            index += 1
        }
        return nil
    }

    // MARK: Problems

    private func problem(_ reason: String, at position: Int) -> ViewError {
        problem(reason, line: line(at: position))
    }

    private func problem(_ reason: String, line: Int) -> ViewError { ViewError([problemValue(reason, line: line)]) }

    private func problemValue(_ reason: String, line: Int) -> ViewProblem {
        ViewProblem(file: name, line: line, reason: reason)
    }
}
