import Testing
import Views

struct MustacheInterpolationTests {
    static let cases: [TemplateCase] = [
        .init("text without tags", "Flows {of} one { campaign }\n", gives: "Flows {of} one { campaign }\n"),
        .init("an empty template", "", gives: ""),
        .init("a name", "Hi {{who}}!", ["who": "Olena"], gives: "Hi Olena!"),
        .init("letters outside ASCII", "«{{who}}»", ["who": "Ігор €"], gives: "«Ігор €»"),
        .init("escaping", "{{x}}", ["x": "& \" < > '"], gives: "&amp; &quot; &lt; &gt; &#39;"),
        .init("triple braces do not escape", "{{{x}}}", ["x": "& \" < > '"], gives: "& \" < > '"),
        .init("an ampersand does not escape", "{{&x}}", ["x": "& \" < > '"], gives: "& \" < > '"),
        .init("a whole number", "{{x}} {{{x}}} {{&x}}", ["x": 85], gives: "85 85 85"),
        .init("a decimal number", "{{x}} {{{x}}} {{&x}}", ["x": 1.21], gives: "1.21 1.21 1.21"),
        .init("a negative number", "{{x}}", ["x": -7], gives: "-7"),
        .init("a flag", "{{x}} {{y}}", ["x": true, "y": false], gives: "true false"),
        .init("null shows nothing", "({{x}}{{{x}}}{{&x}})", ["x": nil], gives: "()"),
        .init("a missing name shows nothing", "({{x}}{{{x}}}{{&x}})", gives: "()"),
        .init("a list and an object show nothing", "({{x}}{{y}})", ["x": [1, 2], "y": ["a": 1]], gives: "()"),
        .init("safe html is not escaped", "{{x}}", ["x": .html(Array("<b>".utf8))], gives: "<b>"),
        .init("space inside the tag", "{{ x }}|{{{ x }}}|{{& x }}|{{\n x\t}}", ["x": "-"], gives: "-|-|-|-"),
        .init("space around a tag stays", "| {{x}} |", ["x": "-"], gives: "| - |"),
        .init("a variable alone on a line keeps the line", "  {{x}}\n", ["x": "-"], gives: "  -\n"),
        .init("triple braces alone on a line too", "  {{{x}}}\n", ["x": "-"], gives: "  -\n"),
        .init("an ampersand alone on a line too", "  {{&x}}\n", ["x": "-"], gives: "  -\n"),
        .init("dotted names", "{{a.b}}{{{a.b}}}{{&a.b}}", ["a": ["b": "x"]], gives: "xxx"),
        .init("a long path", "{{a.b.c.d.e}}", ["a": ["b": ["c": ["d": ["e": "x"]]]]], gives: "x"),
        .init("a path broken at its end", "({{a.b.c}})", ["a": ["b": [:]]], gives: "()"),
        .init(
            "a broken path does not start again further out", "({{a.b.c.x}})",
            ["a": ["b": [:]], "c": ["x": "no"]], gives: "()"),
        .init("a path through a string", "({{a.b}})", ["a": "text"], gives: "()"),
        .init(
            "the first part is looked up anywhere, the rest inside it", "{{#a}}{{b.c}}{{/a}}",
            ["a": ["b": [:]], "b": ["c": "no"]], gives: ""),
        .init(
            "a path starts from the innermost holder of its first part", "{{#a}}{{b.c.d.e.x}}{{/a}}",
            ["a": ["b": ["c": ["d": ["e": ["x": "in"]]]]], "b": ["c": ["d": ["e": ["x": "out"]]]]], gives: "in"),
        .init("a dotted name is never one name", "({{a.b}})", ["a.b": "no"], gives: "()"),
        .init("a dotted name does not hide a real path", "{{a.b}}", ["a.b": "no", "a": ["b": "yes"]], gives: "yes"),
        .init("the value itself", "{{.}}", "plain", gives: "plain"),
        .init("the value itself, escaped", "{{.}}", "& <", gives: "&amp; &lt;"),
        .init("the value itself, triple", "{{{.}}}", "& <", gives: "& <"),
        .init("the value itself, ampersand", "{{&.}}", "& <", gives: "& <"),
        .init("the value itself, a number", "{{.}}", 85, gives: "85"),
        .init("a name given twice: the first counts", "{{x}}", ["x": 1, "x": 2], gives: "1"),
        .init("a closing brace too many is text", "{{x}}}", ["x": 1], gives: "1}"),
    ]

    @Test(arguments: cases)
    func `variables are written as the specification has it`(_ row: TemplateCase) throws {
        #expect(try rendered(row.template, row.values) == row.expected)
    }
}

struct MustacheCommentTests {
    static let cases: [TemplateCase] = [
        .init("inside a line", "12{{! a note }}34", gives: "1234"),
        .init("over several lines", "12{{!\n  a note\n  of two lines\n}}34\n", gives: "1234\n"),
        .init("alone on a line", "a\n{{! note }}\nb", gives: "a\nb"),
        .init("indented and alone on a line", "a\n  \t{{! note }}  \nb", gives: "a\nb"),
        .init("alone with CRLF", "|\r\n{{! note }}\r\n|", gives: "|\r\n|"),
        .init("alone on the first line", "  {{! note }}\n!", gives: "!"),
        .init("alone on the last line", "!\n  {{! note }}", gives: "!\n"),
        .init("over several lines, alone", "a\n{{!\nnote\n}}\nb", gives: "a\nb"),
        .init("over several lines, indented, alone", "a\n  {{!\n  note\n  }}\nb", gives: "a\nb"),
        .init("after text the line stays", "  12 {{! 34 }}\n", gives: "  12 \n"),
        .init("space around it stays", "12 {{! 3 }} 4", gives: "12  4"),
        .init("a tag in it is text of the comment", "a{{! {{x }}b", gives: "ab"),
        .init("what looks like a name is not shown", "({{! x }}{{!x}})", ["x": 1, "! x": 2], gives: "()"),
    ]

    @Test(arguments: cases)
    func `comments are left out with their lines`(_ row: TemplateCase) throws {
        #expect(try rendered(row.template, row.values) == row.expected)
    }
}
