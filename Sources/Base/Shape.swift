/// What a JSON value looks like: said once, written as JSON Schema (`Shape+Schema.swift`) and held against values (`Shape+Mismatch.swift`).
///
/// An object lists all its members; one that may have others says so with `andOthers`.
package struct Shape: Sendable, Hashable {
    indirect enum Kind: Sendable, Hashable {
        case anything
        case bool
        case integer(ClosedRange<Int64>)
        case number
        case text(Text)
        case list(Shape, ClosedRange<Int>)
        case object([Member], isOpen: Bool)
        case nullable(Shape)
        case named(String, Shape)
    }

    /// Limits of a string. Lengths are in Unicode scalars, as JSON Schema counts them.
    struct Text: Sendable, Hashable {
        var allowed: [String] = []
        var lengths: ClosedRange<Int>?
        var format: Format?
    }

    /// Forms of text with a name in JSON Schema 2020-12 (Validation, §7.3).
    package enum Format: String, Sendable {
        case date
        case time = "date-time"
        case uriReference = "uri-reference"
        case password
    }

    package struct Member: Sendable, Hashable {
        package let name: String
        package let shape: Shape
        /// False: the member may be absent, which is not the same as null.
        package let isRequired: Bool
        package let note: String?
    }

    let kind: Kind

    private init(_ kind: Kind) { self.kind = kind }

    package static let anything = Shape(.anything)
    package static let bool = Shape(.bool)
    package static let integer = Shape(.integer(.min ... .max))
    /// Also whole numbers, which JSON does not tell apart.
    package static let number = Shape(.number)
    package static let text = Shape(.text(Text()))
    /// RFC 3339 with its offset.
    package static let time = Shape(.text(Text(format: .time)))
    package static let date = Shape(.text(Text(format: .date)))

    package static func integer(_ range: ClosedRange<Int64>) -> Shape { Shape(.integer(range)) }
    package static func text(_ lengths: ClosedRange<Int>) -> Shape { Shape(.text(Text(lengths: lengths))) }
    package static func text(_ format: Format) -> Shape { Shape(.text(Text(format: format))) }
    /// One of these words.
    package static func word(_ allowed: [String]) -> Shape { Shape(.text(Text(allowed: allowed))) }
    package static func word(_ allowed: String...) -> Shape { word(allowed) }
    package static func list(of shape: Shape, count: ClosedRange<Int> = 0 ... .max) -> Shape {
        Shape(.list(shape, count))
    }
    package static func object(_ members: [Member]) -> Shape { Shape(.object(members, isOpen: false)) }

    /// The same, or null.
    package var orNull: Shape {
        if case .nullable = kind { return self }
        return Shape(.nullable(self))
    }

    /// The same under a name of its own, which documents then refer to.
    package func named(_ name: String) -> Shape { Shape(.named(name, self)) }

    /// The same object with room for members that are not listed.
    package var andOthers: Shape {
        switch kind {
        case .object(let members, _): Shape(.object(members, isOpen: true))
        case .named(let name, let shape): shape.andOthers.named(name)
        default: self
        }
    }

    /// The members of an object, in their order; empty for anything else.
    package var members: [Member] {
        switch kind {
        case .object(let members, _): members
        case .nullable(let shape), .named(_, let shape): shape.members
        default: []
        }
    }
}

extension Shape.Member {
    package static func required(_ name: String, _ shape: Shape, _ note: String? = nil) -> Self {
        Self(name: name, shape: shape, isRequired: true, note: note)
    }

    package static func optional(_ name: String, _ shape: Shape, _ note: String? = nil) -> Self {
        Self(name: name, shape: shape, isRequired: false, note: note)
    }
}
