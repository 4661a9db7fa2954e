/// What a template is given to show. Pages write it as literals:
/// `["name": .string(campaign.name), "rows": .list(rows), "empty": false]`.
///
/// False in a section: `null`, `false`, an empty list, an empty string, empty html. Zero is true: "0" is a number worth
/// showing. Lists and objects show nothing when written as a variable.
package enum ViewValue: Hashable, Sendable {
    case null
    case bool(Bool)
    case string(String)
    /// Written in plain ASCII digits; a number for people goes through `NumberFormat` first.
    case integer(Int64)
    /// Written in Swift's shortest form, for attributes and tests; a number for people goes through `NumberFormat` first.
    case number(Double)
    case list([ViewValue])
    case object(ViewObject)
    /// UTF-8 that is already safe HTML, such as another template's output. Never escaped.
    case html([UInt8])

    /// Nil becomes `.null`.
    package init(_ string: String?) { self = string.map(ViewValue.string) ?? .null }

    /// Nil becomes `.null`.
    package init(_ integer: Int64?) { self = integer.map(ViewValue.integer) ?? .null }

    /// True when a section of this value is shown.
    var isTruthy: Bool {
        switch self {
        case .null: false
        case .bool(let value): value
        case .string(let value): !value.isEmpty
        case .integer, .number, .object: true
        case .list(let values): !values.isEmpty
        case .html(let bytes): !bytes.isEmpty
        }
    }
}

extension ViewValue: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByFloatLiteral, ExpressibleByStringInterpolation, ExpressibleByArrayLiteral,
    ExpressibleByDictionaryLiteral
{
    package init(nilLiteral: ()) { self = .null }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(floatLiteral value: Double) { self = .number(value) }
    package init(stringLiteral value: String) { self = .string(value) }
    package init(arrayLiteral elements: ViewValue...) { self = .list(elements) }
    package init(dictionaryLiteral elements: (ViewKey, ViewValue)...) {
        self = .object(ViewObject(elements))
    }
}
