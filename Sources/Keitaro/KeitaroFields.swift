import Base

/// The fields of one object of the tracker, read leniently: numbers may be strings, strings numbers, fields absent (keitaro.md §1.3).
struct KeitaroFields {
    /// Such as `campaign 1001`, for the problem's sentence.
    let name: String
    private let object: JSONObject

    /// One object; some calls wrap it in a list of one (§1.2).
    init(_ json: JSON, _ kind: String) throws(KeitaroModelProblem) {
        if case .array(let elements) = json, elements.count == 1, let only = elements.first {
            try self.init(only, kind, place: nil)
        } else {
            try self.init(json, kind, place: nil)
        }
    }

    private init(_ json: JSON, _ kind: String, place: Int?) throws(KeitaroModelProblem) {
        let place = place.map { " (place \($0))" } ?? ""
        guard case .object(let object) = json else {
            throw KeitaroModelProblem(
                object: kind + place, field: "", expected: "an object", found: Self.kind(of: json))
        }
        self.object = object
        name = object["id"]?.lenientInt.map { "\(kind) \($0)" } ?? kind + place
    }

    /// A list of objects. PHP makes an object with numeric keys of a list that has a gap, and `{}` or null of an empty one.
    static func list(
        _ json: JSON, _ kind: String, called name: String? = nil
    ) throws(KeitaroModelProblem) -> [KeitaroFields] {
        guard let elements = elements(json) else {
            throw KeitaroModelProblem(
                object: name ?? "list of \(kind)s", field: "", expected: "a list", found: Self.kind(of: json))
        }
        var list: [KeitaroFields] = []
        list.reserveCapacity(elements.count)
        for (index, element) in elements.enumerated() {
            list.append(try KeitaroFields(element, kind, place: index + 1))
        }
        return list
    }

    static func elements(_ json: JSON) -> [JSON]? {
        switch json {
        case .array(let elements): elements
        case .object(let object) where object.members.allSatisfy({ UInt64($0.key) != nil }): object.members.map(\.value)
        default: nil
        }
    }

    /// The objects in a field of this one; none when the field is absent.
    func list(_ key: String) throws(KeitaroModelProblem) -> [KeitaroFields] {
        guard let json = object[key], !isNothing(json) else { return [] }
        return try Self.list(json, "\(name), \(key)", called: "\(name), \(key)")
    }

    subscript(_ key: String) -> JSON? { object[key] }

    func requiredInt(_ key: String) throws(KeitaroModelProblem) -> Int64 {
        guard let value = object[key]?.lenientInt else { throw problem(key, expected: "a whole number") }
        return value
    }

    /// Nil also for what is no number: nothing that matters hangs on an optional field.
    func int(_ key: String) -> Int64? { object[key]?.lenientInt }

    /// Nil also for 0, by which PHP says "none".
    func reference(_ key: String) -> Int64? {
        guard let value = int(key), value > 0 else { return nil }
        return value
    }

    /// Without control characters, which names have no use for and PostgreSQL's text refuses in part.
    func text(_ key: String) -> String? {
        guard let text = object[key]?.lenientString else { return nil }
        guard text.utf8.contains(where: { $0 < 0x20 }) else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 0x20 ? " " : $0 }))
    }

    /// A share: Keitaro counts in whole percents, but weights beyond 100 have been seen; what no tracker means is refused.
    func share(_ key: String) throws(KeitaroModelProblem) -> Int64 {
        let share = try requiredInt(key)
        guard (0...1_000_000).contains(share) else { throw problem(key, expected: "a share") }
        return share
    }

    func state(_ key: String = "state") -> KeitaroState { KeitaroState(text(key) ?? "active") }

    /// A number as decimal text, exact as it was written as far as JSON allows; for a `numeric` column.
    func decimal(_ key: String) -> String? {
        guard let json = object[key], json.lenientDouble != nil else { return nil }
        return json.lenientString.map { String($0.trimmingSpaces()) }
    }

    /// Texts from a list, from one text, or from text with commas.
    func texts(_ key: String) -> [String] {
        guard let json = object[key] else { return [] }
        let parts = Self.elements(json)?.compactMap(\.lenientString) ?? json.lenientString.map { [$0] } ?? []
        return parts.flatMap { $0.split(separator: ",") }.map { String($0.trimmingSpaces()) }.filter { !$0.isEmpty }
    }

    func problem(_ key: String, expected: String) -> KeitaroModelProblem {
        KeitaroModelProblem(object: name, field: key, expected: expected, found: Self.kind(of: object[key]))
    }

    private func isNothing(_ json: JSON) -> Bool { json.isNull || json == "" }

    static func kind(of json: JSON?) -> String {
        switch json {
        case nil: "nothing"
        case .null?: "null"
        case .bool?: "a truth value"
        case .integer?: "a whole number"
        case .number?: "a number with a fraction"
        case .string?: "a string"
        case .array?: "a list"
        case .object?: "an object"
        }
    }
}
