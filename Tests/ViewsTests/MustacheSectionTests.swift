import Testing
import Views

struct MustacheSectionTests {
    static let cases: [TemplateCase] = [
        .init("true", "{{#x}}shown{{/x}}", ["x": true], gives: "shown"),
        .init("false", "{{#x}}shown{{/x}}", ["x": false], gives: ""),
        .init("null", "{{#x}}shown{{/x}}", ["x": nil], gives: ""),
        .init("missing", "[{{#x}}shown{{/x}}]", gives: "[]"),
        .init("an empty string is false", "[{{#x}}shown{{/x}}]", ["x": ""], gives: "[]"),
        .init("zero is true", "[{{#x}}{{.}}{{/x}}]", ["x": 0], gives: "[0]"),
        .init("an object is the new context", "{{#x}}{{name}}{{/x}}", ["x": ["name": "Joe"]], gives: "Joe"),
        .init("an empty object is true", "{{#x}}shown{{/x}}", ["x": [:]], gives: "shown"),
        .init("a string is the new context", "{{#x}}{{.}}!{{/x}}", ["x": "yes"], gives: "yes!"),
        .init("names outside stay in view", "{{#x}}{{a}}{{b}}{{/x}}", ["x": ["a": 1], "b": 2], gives: "12"),
        .init(
            "the innermost name wins", "{{#x}}{{a}}{{#y}}{{a}}{{/y}}{{a}}{{/x}}{{a}}",
            ["a": 1, "x": ["a": 2, "y": ["a": 3]]], gives: "2321"),
        .init("an inner null hides the outer value", "({{#x}}{{a}}{{/x}})", ["a": 1, "x": ["a": nil]], gives: "()"),
        .init(
            "deep nesting sees every level",
            "{{#a}}{{#b}}{{one}}{{two}}{{three}}{{#c.d}}{{one}}{{two}}{{four}}{{/c.d}}{{/b}}{{/a}}",
            ["a": ["one": 1], "b": ["two": 2, "three": 3], "c": ["d": ["four": 4]]], gives: "123124"),
        .init("a list of objects", "{{#x}}{{n}},{{/x}}", ["x": [["n": 1], ["n": 2], ["n": 3]]], gives: "1,2,3,"),
        .init("an empty list", "[{{#x}}shown{{/x}}]", ["x": []], gives: "[]"),
        .init("a list of strings", "{{#x}}({{.}}){{/x}}", ["x": ["a", "b", "<"]], gives: "(a)(b)(&lt;)"),
        .init("a list of strings, triple", "{{#x}}({{{.}}}){{/x}}", ["x": ["a", "<"]], gives: "(a)(<)"),
        .init("a list of strings, ampersand", "{{#x}}({{&.}}){{/x}}", ["x": ["a", "<"]], gives: "(a)(<)"),
        .init("a list of numbers", "{{#x}}({{.}}){{/x}}", ["x": [1, 2.5, 3]], gives: "(1)(2.5)(3)"),
        .init(
            "a list of lists", "{{#x}}({{#.}}{{.}}{{/.}}){{/x}}", ["x": [[1, 2], ["a", "b"]]], gives: "(12)(ab)"),
        .init("a list as the whole context", "{{#.}}({{n}}){{/.}}", [["n": 1], ["n": 2]], gives: "(1)(2)"),
        .init("false items are still items", "{{#x}}({{.}}){{/x}}", ["x": [false, nil, ""]], gives: "(false)()()"),
        .init("the same section twice", "{{#x}}1{{/x}}-{{#x}}2{{/x}}", ["x": true], gives: "1-2"),
        .init("nested, both true", "a{{#x}}b{{#x}}c{{/x}}d{{/x}}e", ["x": true], gives: "abcde"),
        .init("nested, both false", "a{{#x}}b{{#x}}c{{/x}}d{{/x}}e", ["x": false], gives: "ae"),
        .init("a dotted name, true", "{{#a.b.c}}yes{{/a.b.c}}", ["a": ["b": ["c": true]]], gives: "yes"),
        .init("a dotted name, false", "[{{#a.b.c}}no{{/a.b.c}}]", ["a": ["b": ["c": false]]], gives: "[]"),
        .init("a broken path is false", "[{{#a.b.c}}no{{/a.b.c}}]", ["a": [:]], gives: "[]"),
        .init("space around an inline section stays", " | {{#x}}\t|\t{{/x}} | \n", ["x": true], gives: " | \t|\t | \n"),
        .init(
            "space inside an inline section stays", " | {{#x}} {{! note }}\n {{/x}} | \n", ["x": true],
            gives: " |  \n  | \n"),
        .init(
            "two inline sections on lines of their own", " {{#x}}YES{{/x}}\n {{#x}}GOOD{{/x}}\n", ["x": true],
            gives: " YES\n GOOD\n"),
        .init(
            "tags alone take their lines with them", "a\n{{#x}}\nb\n{{/x}}\nc", ["x": true], gives: "a\nb\nc"),
        .init("indented tags too", "a\n  {{#x}}\nb\n\t{{/x}} \nc", ["x": true], gives: "a\nb\nc"),
        .init("with CRLF", "|\r\n{{#x}}\r\n{{/x}}\r\n|", ["x": true], gives: "|\r\n|"),
        .init("on the first line", "  {{#x}}\n#{{/x}}\n/", ["x": true], gives: "#\n/"),
        .init("on the last line", "#{{#x}}\n/\n  {{/x}}", ["x": true], gives: "#\n/\n"),
        .init("a hidden section leaves no line", "a\n{{#x}}\nb\n{{/x}}\nc", ["x": false], gives: "a\nc"),
        .init("opened and closed on one line stays inline", "a\n {{#x}}{{/x}}\nb", ["x": true], gives: "a\n \nb"),
        .init("space inside the tags", "|{{# x }}={{/ x }}|", ["x": true], gives: "|=|"),
        .init("a lone carriage return is not a line end", "a\r{{#x}}\rb{{/x}}", ["x": true], gives: "a\r\rb"),
    ]

    @Test(arguments: cases)
    func `sections are shown for what is true and once per item`(_ row: TemplateCase) throws {
        #expect(try rendered(row.template, row.values) == row.expected)
    }

    static let invertedCases: [TemplateCase] = [
        .init("false", "{{^x}}shown{{/x}}", ["x": false], gives: "shown"),
        .init("true", "[{{^x}}shown{{/x}}]", ["x": true], gives: "[]"),
        .init("null", "{{^x}}shown{{/x}}", ["x": nil], gives: "shown"),
        .init("missing", "{{^x}}shown{{/x}}", gives: "shown"),
        .init("an object", "[{{^x}}shown{{/x}}]", ["x": ["a": 1]], gives: "[]"),
        .init("a list", "[{{^x}}shown{{/x}}]", ["x": [["a": 1]]], gives: "[]"),
        .init("an empty list", "{{^x}}shown{{/x}}", ["x": []], gives: "shown"),
        .init("an empty string", "{{^x}}shown{{/x}}", ["x": ""], gives: "shown"),
        .init("zero", "[{{^x}}shown{{/x}}]", ["x": 0], gives: "[]"),
        .init("twice", "{{^x}}1{{/x}}-{{^x}}2{{/x}}", ["x": false], gives: "1-2"),
        .init("nested, false", "a{{^x}}b{{^x}}c{{/x}}d{{/x}}e", ["x": false], gives: "abcde"),
        .init("nested, true", "a{{^x}}b{{^x}}c{{/x}}d{{/x}}e", ["x": true], gives: "ae"),
        .init("a dotted name, true", "[{{^a.b}}no{{/a.b}}]", ["a": ["b": true]], gives: "[]"),
        .init("a dotted name, false", "{{^a.b}}yes{{/a.b}}", ["a": ["b": false]], gives: "yes"),
        .init("a broken path", "{{^a.b.c}}yes{{/a.b.c}}", ["a": [:]], gives: "yes"),
        .init("the context does not change", "{{^x}}{{a}}{{/x}}", ["a": 1, "x": false], gives: "1"),
        .init("the other half of a section", "{{#x}}some{{/x}}{{^x}}none{{/x}}", ["x": []], gives: "none"),
        .init("tags alone on lines", "a\n{{^x}}\nb\n{{/x}}\nc", gives: "a\nb\nc"),
        .init("indented tags alone on lines", "a\n  {{^x}}\nb\n  {{/x}}\nc", gives: "a\nb\nc"),
        .init("with CRLF", "|\r\n{{^x}}\r\n{{/x}}\r\n|", gives: "|\r\n|"),
        .init("on the first line", "  {{^x}}\n^{{/x}}\n/", gives: "^\n/"),
        .init("on the last line", "^{{^x}}\n/\n  {{/x}}", gives: "^\n/\n"),
        .init("space around an inline one", " | {{^x}}\t|\t{{/x}} | \n", gives: " | \t|\t | \n"),
        .init("space inside the tags", "|{{^ x }}={{/ x }}|", gives: "|=|"),
    ]

    @Test(arguments: invertedCases)
    func `inverted sections are shown for what is false`(_ row: TemplateCase) throws {
        #expect(try rendered(row.template, row.values) == row.expected)
    }
}
