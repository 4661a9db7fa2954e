/// A JSON value (RFC 8259). Whole numbers that fit are `integer`, all others `number`; the two never compare equal.
package enum JSON: Hashable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    /// Never infinite or not-a-number when parsed; such a value made by hand is written as `null`.
    case number(Double)
    case string(String)
    case array([JSON])
    case object(JSONObject)
}

extension JSON {
    /// The member of an object; nil when there is none, or when this is not an object. Setting a member of anything
    /// but an object first makes it an empty object; setting nil removes the member.
    package subscript(_ key: String) -> JSON? {
        get {
            if case .object(let object) = self { object[key] } else { nil }
        }
        set {
            var object = objectValue ?? JSONObject()
            // Let go of our copy first, or the members would be copied on each assignment.
            self = .null
            object[key] = newValue
            self = .object(object)
        }
    }

    /// The element of an array; nil out of range, or when this is not an array.
    package subscript(_ index: Int) -> JSON? {
        guard case .array(let elements) = self, elements.indices.contains(index) else { return nil }
        return elements[index]
    }

    package var isNull: Bool { self == .null }

    package var stringValue: String? {
        if case .string(let value) = self { value } else { nil }
    }

    package var intValue: Int64? {
        if case .integer(let value) = self { value } else { nil }
    }

    /// Of a `number` or an `integer`, for both are numbers to whoever sent them.
    package var doubleValue: Double? {
        switch self {
        case .number(let value): value
        case .integer(let value): Double(value)
        default: nil
        }
    }

    package var boolValue: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    package var arrayValue: [JSON]? {
        if case .array(let value) = self { value } else { nil }
    }

    package var objectValue: JSONObject? {
        if case .object(let value) = self { value } else { nil }
    }
}

extension JSON: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByFloatLiteral, ExpressibleByStringLiteral, ExpressibleByStringInterpolation,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    package init(nilLiteral: ()) { self = .null }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(floatLiteral value: Double) { self = .number(value) }
    package init(stringLiteral value: String) { self = .string(value) }
    package init(arrayLiteral elements: JSON...) { self = .array(elements) }
    package init(dictionaryLiteral elements: (String, JSON)...) {
        self = .object(JSONObject(elements.map { JSONObject.Member(key: $0.0, value: $0.1) }))
    }
}

extension JSON: CustomStringConvertible {
    package var description: String { text }
}
