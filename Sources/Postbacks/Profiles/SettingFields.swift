import Base
import Frame
import HTTP
import Views

/// Reads settings that people and programs send: JSON members, or fields of a form, which are all texts. What is wrong is refused with
/// the field's name and a sentence.
struct SettingFields {
    let json: JSON

    static func refuse(_ field: String, _ word: String, _ values: ViewObject = [:]) -> Problem {
        Problem(.unprocessable, Word(word, values), field: field)
    }

    func has(_ name: String) -> Bool { json[name] != nil }

    /// Null and blank are nil.
    private func value(_ name: String) -> JSON? {
        guard let value = json[name], !value.isNull else { return nil }
        if let text = value.stringValue, text.trimmingSpaces().isEmpty { return nil }
        return value
    }

    /// Without spaces around it.
    func text(_ name: String, _ lengths: ClosedRange<Int>) throws -> String {
        let text = String((json[name]?.lenientString ?? "").trimmingSpaces())
        guard lengths.contains(text.unicodeScalars.count), !text.unicodeScalars.contains("\u{0}") else {
            throw Self.refuse(
                name, "postbacks.refused.length", ["most": .integer(Int64(lengths.upperBound))])
        }
        return text
    }

    func number(_ name: String, _ range: ClosedRange<Int>) throws -> Int {
        guard let number = value(name)?.lenientInt, let number = Int(exactly: number), range.contains(number) else {
            throw Self.refuse(
                name, "postbacks.refused.number",
                ["least": .integer(Int64(range.lowerBound)), "most": .integer(Int64(range.upperBound))])
        }
        return number
    }

    /// A chat's or a topic's number; nil when it is null or blank.
    func id(_ name: String) throws -> Int64? {
        guard let value = value(name) else { return nil }
        guard let id = value.lenientInt, id != 0, id.magnitude < 1 << 52 else {
            throw Self.refuse(name, "postbacks.refused.chat")
        }
        return id
    }

    func flag(_ name: String) throws -> Bool {
        if let flag = json[name]?.boolValue { return flag }
        switch json[name]?.lenientString?.lowercased() {
        case "1", "true", "on", "yes": return true
        case "0", "false", "off", "no", "": return false
        default: throw Self.refuse(name, "postbacks.refused.flag")
        }
    }

    func word(_ name: String, of allowed: [String]) throws -> String {
        let word = json[name]?.lenientString ?? ""
        guard allowed.contains(word) else {
            throw Self.refuse(name, "postbacks.refused.word", ["words": .string(allowed.joined(separator: ", "))])
        }
        return word
    }

    /// Nil for null and blank.
    func wordIfAny(_ name: String, of allowed: [String]) throws -> String? {
        try value(name).map { _ in try word(name, of: allowed) }
    }

    /// A list, or a text with commas; at most 250 entries.
    func list(_ name: String) throws -> [String] {
        let entries =
            json[name]?.arrayValue.map { $0.map { $0.lenientString ?? "" } }
            ?? (json[name]?.lenientString ?? "").split(whereSeparator: { $0 == "," || $0.isWhitespace }).map(
                String.init)
        guard entries.count <= 250, entries.allSatisfy({ $0.unicodeScalars.count <= 100 }) else {
            throw Self.refuse(name, "postbacks.refused.length", ["most": 250])
        }
        return entries.map { String($0.trimmingSpaces()) }.filter { !$0.isEmpty }
    }

    /// An object of texts.
    func texts(_ name: String, longest: Int, most: Int) throws -> [(key: String, text: String)] {
        guard let value = value(name) else { return [] }
        guard let members = value.objectValue, members.count <= most else {
            throw Self.refuse(name, "postbacks.refused.object", ["most": .integer(Int64(most))])
        }
        return try members.map { member in
            guard let text = member.value.stringValue, text.unicodeScalars.count <= longest,
                !text.unicodeScalars.contains("\u{0}"), (1...100).contains(member.key.unicodeScalars.count)
            else { throw Self.refuse(name, "postbacks.refused.length", ["most": .integer(Int64(longest))]) }
            return (member.key, text)
        }
    }

    /// Minutes of the day of `08:30`; nil for null and blank.
    func minutes(_ name: String) throws -> Int? {
        guard let text = value(name)?.lenientString else { return nil }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count == 2, let hours = parts[0], let minutes = parts[1], 0...23 ~= hours, 0...59 ~= minutes else {
            throw Self.refuse(name, "postbacks.refused.time")
        }
        return hours * 60 + minutes
    }
}
