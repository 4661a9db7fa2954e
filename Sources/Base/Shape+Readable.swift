/// Shapes for what others send: whether it can be read as what it should be. Limits of a readable value are another question, answered by
/// whoever uses it, in the asker's language.
extension Shape {
    /// The same kinds and words without limits: any length and count, any range, no member required.
    package var withoutLimits: Shape {
        switch kind {
        case .anything: .anything
        case .bool: .bool
        case .number: .number
        case .integer: .integer
        case .text(let text): .word(text.allowed)
        case .list(let element, _): .list(of: element.withoutLimits)
        case .object(let members, let isOpen):
            isOpen ? Shape.object(Self.unlimited(members)).andOthers : .object(Self.unlimited(members))
        case .nullable(let shape): shape.withoutLimits.orNull
        case .named(_, let shape): shape.withoutLimits
        }
    }

    private static func unlimited(_ members: [Member]) -> [Member] {
        members.map { .optional($0.name, $0.shape.withoutLimits, $0.note) }
    }

    /// Whether an object may have members that it does not list; false for anything else.
    package var isOpen: Bool {
        switch kind {
        case .object(_, let isOpen): isOpen
        case .nullable(let shape), .named(_, let shape): shape.isOpen
        default: false
        }
    }

    package var isList: Bool {
        switch kind {
        case .list: true
        case .nullable(let shape), .named(_, let shape): shape.isList
        default: false
        }
    }

    /// Why a field of a form or a query string can't be read as this shape; nil when it can. Such fields are text: numbers are written in
    /// decimal, booleans as `true` and `false`, null as nothing. Each field of a list is one of its elements.
    package func unreadable(_ text: String) -> String? {
        switch kind {
        case .anything: nil
        case .bool: Bool(text) == nil ? "true or false is expected" : nil
        case .number: Double(text)?.isFinite == true ? nil : "a number is expected"
        case .integer: Int64(text) == nil ? "an integer is expected" : nil
        case .text(let limits):
            limits.allowed.isEmpty || limits.allowed.contains(text)
                ? nil : "one of \(limits.allowed.joined(separator: ", ")) is expected"
        case .list(let element, _): element.unreadable(text)
        case .object: "an object can't be sent as a field"
        case .nullable(let shape): text.isEmpty ? nil : shape.unreadable(text)
        case .named(_, let shape): shape.unreadable(text)
        }
    }
}
