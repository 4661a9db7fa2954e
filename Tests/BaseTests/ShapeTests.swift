import Base
import Testing

@Suite struct ShapeTests {
    private static let offer = Shape.object([
        .required("id", .integer(1...99)), .required("name", .text(1...5)), .optional("share", .integer.orNull),
        .required("state", .word("on", "off")), .optional("ratio", .number), .optional("tags", .list(of: .text)),
        .optional("at", .time), .optional("day", .date),
    ])

    private static func offer(_ changes: [(String, JSON?)]) -> JSON {
        var value: JSON = ["id": 1, "name": "Offer", "state": "on"]
        for (name, change) in changes { value[name] = change }
        return value
    }

    static let good: [[(String, JSON?)]] = [
        [], [("share", nil)], [("share", .null)], [("share", 4)], [("ratio", 1)], [("ratio", 1.5)], [("tags", [])],
        [("tags", ["a", "b"])], [("at", "2026-11-21T05:47:49.239Z")], [("day", "2026-02-28")], [("name", "Офер")],
    ]

    @Test(arguments: good.indices) func `a value of the shape has no mismatch`(_ index: Int) {
        #expect(Self.offer.mismatch(of: Self.offer(Self.good[index])) == nil)
    }

    static let bad: [(changes: [(String, JSON?)], said: String)] = [
        ([("id", nil)], "/id: absent"), ([("id", .null)], "/id: null instead of an integer"),
        ([("id", 1.5)], "/id: a number instead of an integer"), ([("id", 0)], "/id: 0 is outside 1...99"),
        ([("id", "1")], "/id: a string instead of an integer"), ([("name", "")], "/name: 0 characters long"),
        ([("name", "Offers")], "/name: 6 characters long"), ([("state", "On")], #"/state: "On" is none of on, off"#),
        ([("share", false)], "/share: a boolean instead of an integer"),
        ([("ratio", "1")], "/ratio: a string instead of a number"),
        ([("tags", ["a", 1])], "/tags/1: an integer instead of a string"),
        ([("tags", [:])], "/tags: an object instead of an array"), ([("at", "noon")], #"/at: "noon" is no time"#),
        ([("day", "2026-02-30")], #"/day: "2026-02-30" is no date"#), ([("more~/", 1)], "/more~0~1: not described"),
    ]

    @Test(arguments: bad.indices) func `a mismatch says where and what`(_ index: Int) {
        let (changes, said) = Self.bad[index]
        #expect(Self.offer.mismatch(of: Self.offer(changes))?.description == said)
    }

    @Test func `an open object takes members it does not list, and still holds the listed ones`() {
        let open = Self.offer.named("Offer").andOthers
        #expect(open.mismatch(of: Self.offer([("more", 1)])) == nil)
        #expect(open.mismatch(of: Self.offer([("more", 1), ("id", 0)]))?.pointer == "/id")
        #expect(Shape.list(of: .bool, count: 1...2).mismatch(of: [])?.description == "the value: 0 elements")
        #expect(Shape.anything.mismatch(of: ["a": [1]]) == nil)
    }

    @Test func `the schema says what the shape holds`() throws {
        let schema = Self.offer.schema()
        #expect(schema["required"] == ["id", "name", "state"])
        #expect(schema["additionalProperties"] == false)
        let properties = try #require(schema["properties"])
        let expected: [(String, JSON)] = [
            ("id", ["type": "integer", "minimum": 1, "maximum": 99]),
            ("name", ["type": "string", "minLength": 1, "maxLength": 5]),
            ("share", ["type": ["integer", "null"], "format": "int64"]),
            ("state", ["type": "string", "enum": ["on", "off"]]), ("ratio", ["type": "number"]),
            ("tags", ["type": "array", "items": ["type": "string"]]),
            ("at", ["type": "string", "format": "date-time"]), ("day", ["type": "string", "format": "date"]),
        ]
        for (name, schema) in expected { #expect(properties[name] == schema, "\(name)") }
        #expect(Self.offer.andOthers.schema()["additionalProperties"] == nil)
        #expect(Shape.word("a").orNull.schema() == ["anyOf": [["type": "string", "enum": ["a"]], ["type": "null"]]])
        #expect(Shape.list(of: .bool, count: 1...2).schema()["maxItems"] == 2)
    }

    @Test func `named shapes are referred to and found once, however deep`() {
        let inner = Shape.object([.required("id", .integer)]).named("Inner")
        let outer = Shape.object([.required("all", .list(of: inner)), .optional("one", inner.orNull)]).named("Outer")
        #expect(outer.schema() == ["$ref": "#/$defs/Outer"])
        var found: [String: Shape] = [:]
        Shape.list(of: outer).collectNamed(into: &found)
        #expect(Set(found.keys) == ["Inner", "Outer"])
        let one = found["Outer"]?.schema { "#/components/schemas/\($0)" }["properties"]?["one"]
        #expect(one == ["anyOf": [["$ref": "#/components/schemas/Inner"], ["type": "null"]]])
        #expect(outer.mismatch(of: ["all": [["id": "x"]]])?.pointer == "/all/0/id")
    }

    static let shapes: [(Shape, String)] = [
        (.integer, "integer"), (.integer(0...100), "integer 0–100"), (.integer(1 ... .max), "integer from 1"),
        (.integer(.min...9), "integer to 9"), (.word("a", "b"), "a | b"), (.text(1...80), "text of 1–80 characters"),
        (.text(9...80), "text of 9–80 characters"), (.text(0...2), "text of 0–2 characters"), (.date, "text: date"),
        (.time.orNull, "text: date-time or null"), (.list(of: offer.named("Offer")), "list of Offer"),
        (.list(of: .bool, count: 0...0), "list of true or false"), (.number, "number"), (.anything, "anything"),
        (offer, "object"), (.text(.password), "text: password"), (.text(.uriReference), "text: uri-reference"),
    ]

    @Test(arguments: shapes.indices) func `a shape reads as words, and its example has the shape`(_ index: Int) {
        let (shape, words) = Self.shapes[index]
        #expect(shape.words == words)
        #expect(shape.mismatch(of: shape.example) == nil, "\(shape.example)")
    }

    @Test func `rows reach every member by its path`() {
        let inner = Shape.object([.required("share", .integer)])
        let outer = Shape.object([
            .required("flow", Shape.object([.optional("offers", .list(of: inner))]).orNull), .required("id", .integer),
        ])
        #expect(outer.rows.map(\.path) == ["flow", "flow.offers", "flow.offers[].share", "id"])
        #expect(Shape.integer.rows.isEmpty && Shape.list(of: inner).rows.map(\.path) == ["[].share"])
    }

    @Test func `indented JSON is the same value`() throws {
        let value: JSON = ["a": [1, ["b": "\"x\n"]], "c": [], "d": [:], "e": nil]
        #expect(try JSON(parsing: value.indented) == value)
        #expect((["a": [1, 2], "b": []] as JSON).indented == "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": []\n}")
    }
}
