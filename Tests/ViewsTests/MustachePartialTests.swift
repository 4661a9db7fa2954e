import Testing
import Views

struct MustachePartialTests {
    static let cases: [TemplateCase] = [
        .init("is written in place", "\"{{>p}}\"", gives: "\"from the partial\"", partials: ["p": "from the partial"]),
        .init("sees the context", "\"{{>p}}\"", ["x": "content"], gives: "\"*content*\"", partials: ["p": "*{{x}}*"]),
        .init("an empty one", "a{{>p}}b", gives: "ab", partials: ["p": ""]),
        .init(
            "may call itself", "{{>node}}", ["n": "X", "nodes": [["n": "Y", "nodes": []]]], gives: "X<Y<>>",
            partials: ["node": "{{n}}<{{#nodes}}{{>node}}{{/nodes}}>"]),
        .init(
            "inside another", "{{>outer}}", ["x": "w"], gives: "*w w!*",
            partials: ["outer": "*{{x}} {{>inner}}*", "inner": "{{x}}!"]),
        .init("once per item", "{{#x}}{{>p}}{{/x}}", ["x": [1, 2]], gives: "<1><2>", partials: ["p": "<{{.}}>"]),
        .init("inside a line the space stays", "| {{>p}} |", gives: "| \t|\t |", partials: ["p": "\t|\t"]),
        .init(
            "inside a line nothing is indented", "  {{x}}  {{> p}}\n", ["x": "|"], gives: "  |  >\n>\n",
            partials: ["p": ">\n>"]),
        .init("alone with CRLF", "|\r\n{{>p}}\r\n|", gives: "|\r\n>|", partials: ["p": ">"]),
        .init("alone on the first line", "  {{>p}}\n>", gives: "  >\n  >>", partials: ["p": ">\n>"]),
        .init("alone on the last line", ">\n  {{>p}}", gives: ">\n  >\n  >", partials: ["p": ">\n>"]),
        .init(
            "alone on a line, each of its lines is indented, values are not", "\\\n {{>p}}\n/\n", ["x": "<\n->"],
            gives: "\\\n |\n <\n->\n |\n/\n", partials: ["p": "|\n{{{x}}}\n|\n"]),
        .init(
            "indentation adds up", " {{>a}}\n", gives: " a\n   b\n   c\n",
            partials: ["a": "a\n  {{>b}}\n", "b": "b\nc\n"]),
        .init(
            "an inline partial of an indented one is not indented again", " {{>a}}\n", gives: " a b\nc\n",
            partials: ["a": "a {{>b}}\n", "b": "b\nc"]),
        .init(
            "empty lines are not indented", "  {{>p}}\n", gives: "  a\n\n  b\n\r\n", partials: ["p": "a\n\nb\n\r\n"]),
        .init(
            "tags alone on lines of an indented partial leave nothing", "  {{>p}}\n", ["x": [1, 2]],
            gives: "  <\n    1\n    2\n  >\n",
            partials: ["p": "<\n{{#x}}\n  {{.}}\n{{/x}}\n{{! note }}\n>\n"]),
        .init(
            "a line that starts with an inline section", "  {{>p}}\n", ["x": true], gives: "  yes\n  \n",
            partials: ["p": "{{#x}}yes{{/x}}\n{{^x}}no{{/x}}\n"]),
        .init("space inside the tag", "|{{> p }}|", ["x": true], gives: "|[]|", partials: ["p": "[]"]),
        .init("a name with a folder", "{{> flows/row}}", gives: "row", partials: ["flows/row": "row"]),
    ]

    @Test(arguments: cases)
    func `partials are written in place, with the indentation of their line`(_ row: TemplateCase) throws {
        #expect(try rendered(row.template, row.values, partials: row.partials) == row.expected)
    }

    @Test func `a partial that never ends is an error, not a crash`() {
        #expect(
            problems { _ = try rendered("{{>p}}", partials: ["p": "x{{>p}}"]) }
                == ["p: partials nest deeper than 64"])
        #expect(
            problems { _ = try rendered("{{>p}}", partials: ["p": "x\n {{>p}}\n"]) }
                == ["p: partials nest deeper than 64"])
    }

    @Test func `64 partials deep is allowed`() throws {
        var chain = ["p64": "end"]
        for depth in 1..<64 { chain["p\(depth)"] = "{{>p\(depth + 1)}}" }
        #expect(try rendered("{{>p1}}", partials: chain) == "end")
        chain["p64"] = "{{>p65}}"
        chain["p65"] = "end"
        #expect(problems { _ = try rendered("{{>p1}}", partials: chain) } == ["p64: partials nest deeper than 64"])
    }
}
