import Testing
import Views

struct MustacheDelimiterTests {
    static let cases: [TemplateCase] = [
        .init("a pair", "{{=<% %>=}}(<%x%>)", ["x": "Hey"], gives: "(Hey)"),
        .init("marks special elsewhere", "({{=[ ]=}}[x])", ["x": "It"], gives: "(It)"),
        .init("space between and around", "|{{= @   @ =}}|@x@", ["x": 1], gives: "||1"),
        .init("old marks become text", "{{=<% %>=}}{{x}}", ["x": 1], gives: "{{x}}"),
        .init("and back again", "{{=| |=}}|x||={{ }}=|{{x}}|x|", ["x": 1], gives: "11|x|"),
        .init("no escaping, with other marks", "{{=<% %>=}}<%{x}%> <%&x%> <%x%>", ["x": "<"], gives: "< < &lt;"),
        .init(
            "sections", "[\n{{#s}}\n  {{x}}\n  |x|\n{{/s}}\n\n{{= | | =}}\n|#s|\n  {{x}}\n  |x|\n|/s|\n]\n",
            ["s": true, "x": "I"], gives: "[\n  I\n  |x|\n\n  {{x}}\n  I\n]\n"),
        .init(
            "inverted sections", "[\n{{^s}}\n  {{x}}\n  |x|\n{{/s}}\n\n{{= | | =}}\n|^s|\n  {{x}}\n  |x|\n|/s|\n]\n",
            ["s": false, "x": "I"], gives: "[\n  I\n  |x|\n\n  {{x}}\n  I\n]\n"),
        .init(
            "changed inside a section, in force after it", "{{#s}}{{=< >=}}<x><={{ }}=>{{x}}{{/s}}{{x}}",
            ["s": true, "x": 1], gives: "111"),
        .init(
            "a list reads its body with one set of marks", "{{#s}}{{=< >=}}<.>{{.}}</s>", ["s": [1, 2]],
            gives: "1{{.}}2{{.}}"),
        .init(
            "a partial begins with the usual marks", "[ {{>p}} ]\n{{= | | =}}\n[ |>p| ]\n", ["x": "yes"],
            gives: "[ .yes. ]\n[ .yes. ]\n", partials: ["p": ".{{x}}."]),
        .init(
            "a partial's marks stay in it", "[ {{>p}} ]\n[ .{{x}}.  .|x|. ]\n", ["x": "yes"],
            gives: "[ .yes.  .yes. ]\n[ .yes.  .|x|. ]\n", partials: ["p": ".{{x}}. {{= | | =}} .|x|."]),
        .init("space around stays", "| {{=@ @=}} |", gives: "|  |"),
        .init("inside a line of spaces", " | {{=@ @=}}\n", gives: " | \n"),
        .init("alone on a line", "a\n{{=@ @=}}\nb\n", gives: "a\nb\n"),
        .init("indented and alone on a line", "a\n  {{=@ @=}}\nb\n", gives: "a\nb\n"),
        .init("alone with CRLF", "|\r\n{{= @ @ =}}\r\n|", gives: "|\r\n|"),
        .init("alone on the first line", "  {{=@ @=}}\n=", gives: "="),
        .init("alone on the last line", "=\n  {{=@ @=}}", gives: "=\n"),
        .init("marks over a line break", "{{=\n<% %>\n=}}<%x%>", ["x": 1], gives: "1"),
    ]

    @Test(arguments: cases)
    func `delimiters change where a tag says so`(_ row: TemplateCase) throws {
        #expect(try rendered(row.template, row.values, partials: row.partials) == row.expected)
    }
}
