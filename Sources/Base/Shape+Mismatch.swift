/// Holds values against shapes.
extension Shape {
    /// The first thing about a value that its shape does not allow.
    package struct Mismatch: Error, Hashable, CustomStringConvertible {
        /// Where, as a JSON Pointer (RFC 6901); empty for the whole value.
        package let pointer: String
        package let problem: String

        package var description: String { "\(pointer.isEmpty ? "the value" : pointer): \(problem)" }
    }

    /// Nil when the value has this shape.
    package func mismatch(of value: JSON) -> Mismatch? { mismatch(of: value, at: "") }

    private func mismatch(of value: JSON, at pointer: String) -> Mismatch? {
        func wrong(_ problem: String) -> Mismatch { Mismatch(pointer: pointer, problem: problem) }
        switch kind {
        case .anything: return nil
        case .bool: return value.boolValue == nil ? wrong("\(Self.kind(of: value)) instead of a boolean") : nil
        case .number: return value.doubleValue == nil ? wrong("\(Self.kind(of: value)) instead of a number") : nil
        case .integer(let range):
            guard let number = value.intValue else { return wrong("\(Self.kind(of: value)) instead of an integer") }
            return range.contains(number) ? nil : wrong("\(number) is outside \(range)")
        case .text(let text):
            guard let string = value.stringValue else { return wrong("\(Self.kind(of: value)) instead of a string") }
            return Self.problem(of: string, text).map(wrong)
        case .list(let element, let count):
            guard let values = value.arrayValue else { return wrong("\(Self.kind(of: value)) instead of an array") }
            guard count.contains(values.count) else { return wrong("\(values.count) elements") }
            for (index, value) in values.enumerated() {
                if let found = element.mismatch(of: value, at: "\(pointer)/\(index)") { return found }
            }
            return nil
        case .object(let members, let isOpen):
            guard let object = value.objectValue else { return wrong("\(Self.kind(of: value)) instead of an object") }
            return Self.mismatch(of: object, members, isOpen: isOpen, at: pointer)
        case .nullable(let shape): return value.isNull ? nil : shape.mismatch(of: value, at: pointer)
        case .named(_, let shape): return shape.mismatch(of: value, at: pointer)
        }
    }

    private static func mismatch(
        of object: JSONObject, _ members: [Member], isOpen: Bool, at pointer: String
    ) -> Mismatch? {
        for member in members {
            let place = "\(pointer)/\(escaped(member.name))"
            guard let value = object[member.name] else {
                if member.isRequired { return Mismatch(pointer: place, problem: "absent") }
                continue
            }
            if let found = member.shape.mismatch(of: value, at: place) { return found }
        }
        guard !isOpen else { return nil }
        let unknown = object.keys.first { key in !members.contains { $0.name == key } }
        return unknown.map { Mismatch(pointer: "\(pointer)/\(escaped($0))", problem: "not described") }
    }

    private static func problem(of string: String, _ text: Text) -> String? {
        if !text.allowed.isEmpty, !text.allowed.contains(string) {
            return "\"\(string)\" is none of \(text.allowed.joined(separator: ", "))"
        }
        if let lengths = text.lengths, !lengths.contains(string.unicodeScalars.count) {
            return "\(string.unicodeScalars.count) characters long"
        }
        switch text.format {
        case nil, .uriReference, .password: return nil
        case .time: return Timestamp(iso8601: string) == nil ? "\"\(string)\" is no time" : nil
        case .date:
            let isDate = string.utf8.count == 10 && Timestamp(iso8601: "\(string)T00:00:00Z") != nil
            return isDate ? nil : "\"\(string)\" is no date"
        }
    }

    private static func kind(of value: JSON) -> String {
        switch value {
        case .null: "null"
        case .bool: "a boolean"
        case .integer: "an integer"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }

    /// RFC 6901 §3.
    private static func escaped(_ key: String) -> String {
        key.replacing("~", with: "~0").replacing("/", with: "~1")
    }
}
