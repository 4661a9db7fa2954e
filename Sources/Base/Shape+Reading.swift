/// Shapes for readers: a line of words, the members as rows, an example.
extension Shape {
    /// `integer 0–100`, `list of Flow`, `text or null`.
    package var words: String {
        switch kind {
        case .anything: return "anything"
        case .bool: return "true or false"
        case .number: return "number"
        case .integer(let range):
            switch (range.lowerBound > .min, range.upperBound < .max) {
            case (true, true): return "integer \(range.lowerBound)–\(range.upperBound)"
            case (true, false): return "integer from \(range.lowerBound)"
            case (false, true): return "integer to \(range.upperBound)"
            case (false, false): return "integer"
            }
        case .text(let text):
            if !text.allowed.isEmpty { return text.allowed.joined(separator: " | ") }
            if let format = text.format { return "text: \(format.rawValue)" }
            return text.lengths.map { "text of \($0.lowerBound)–\($0.upperBound) characters" } ?? "text"
        case .list(let element, _): return "list of \(element.words)"
        case .object: return "object"
        case .nullable(let shape): return "\(shape.words) or null"
        case .named(let name, _): return name
        }
    }

    /// A member however deep, by its path: `flow.offers[].share`.
    package struct Row: Sendable, Hashable {
        package let path: String
        package let member: Member
    }

    /// All members, each before those within it.
    package var rows: [Row] { rows(below: "") }

    private func rows(below path: String) -> [Row] {
        switch kind {
        case .anything, .bool, .number, .integer, .text: []
        case .nullable(let shape), .named(_, let shape): shape.rows(below: path)
        case .list(let element, _): element.rows(below: path + "[]")
        case .object(let members, _):
            members.flatMap { member in
                let place = path.isEmpty ? member.name : "\(path).\(member.name)"
                return [Row(path: place, member: member)] + member.shape.rows(below: place)
            }
        }
    }

    /// A value of this shape, with what is optional left out when there are other members to show.
    package var example: JSON {
        switch kind {
        case .anything: return [:]
        case .bool: return true
        case .number: return 1.5
        case .integer(let range): return .integer(min(max(1, range.lowerBound), range.upperBound))
        case .text(let text): return .string(Self.example(of: text))
        case .list(let element, let count): return count.upperBound == 0 ? [] : [element.example]
        case .nullable(let shape), .named(_, let shape): return shape.example
        case .object(let members, _):
            let required = members.filter(\.isRequired)
            let shown = required.isEmpty ? members : required
            return .object(JSONObject(shown.map { .init(key: $0.name, value: $0.shape.example) }))
        }
    }

    private static func example(of text: Text) -> String {
        if let first = text.allowed.first { return first }
        switch text.format {
        case .date: return "2026-11-21"
        case .time: return "2026-11-21T14:32:00.000Z"
        case .uriReference: return "/"
        case .password, nil:
            let word = "text"
            let lengths = text.lengths ?? 0 ... .max
            if word.count < lengths.lowerBound { return String(repeating: "a", count: lengths.lowerBound) }
            return String(word.prefix(lengths.upperBound))
        }
    }
}

extension JSON {
    /// Two spaces a level, for people. Lists and objects without members stay on their line.
    package var indented: String {
        var text = ""
        write(indentedInto: &text, level: 0)
        return text
    }

    private func write(indentedInto text: inout String, level: Int) {
        let inner = String(repeating: "  ", count: level + 1)
        let outer = String(repeating: "  ", count: level)
        switch self {
        case .array(let elements) where !elements.isEmpty:
            text += "[\n"
            for (index, element) in elements.enumerated() {
                text += (index > 0 ? ",\n" : "") + inner
                element.write(indentedInto: &text, level: level + 1)
            }
            text += "\n\(outer)]"
        case .object(let object) where !object.isEmpty:
            text += "{\n"
            for (index, member) in object.members.enumerated() {
                text += (index > 0 ? ",\n" : "") + inner + JSON.string(member.key).text + ": "
                member.value.write(indentedInto: &text, level: level + 1)
            }
            text += "\n\(outer)}"
        default: text += self.text
        }
    }
}
