import Testing
import Views

struct TemplateErrorTests {
    static let cases: [(String, String)] = [
        ("a\n{{x", "page:2: tag is never closed with \"}}\""),
        ("{{{x}} }", "page:1: tag is never closed with \"}}}\""),
        ("{{=<% %>}}", "page:1: tag is never closed with \"=}}\""),
        ("a\n\n{{#rows}}\n", "page:3: section \"rows\" is never closed"),
        ("{{#a}}\n{{^b}}\n{{/b}}\n", "page:1: section \"a\" is never closed"),
        ("a\n{{/rows}}", "page:2: section \"rows\" is closed but was not opened"),
        ("{{#a}}\n{{#b}}\n{{/a}}\n{{/b}}", "page:3: section \"b\" of line 2 is closed as \"a\""),
        ("{{}}", "page:1: tag has no name"),
        ("{{#  }}", "page:1: tag has no name"),
        ("{{a b}}", "page:1: \"a b\" is not a name"),
        ("{{a..b}}", "page:1: \"a..b\" is not a name"),
        ("{{.a}}", "page:1: \".a\" is not a name"),
        ("{{a.}}", "page:1: \"a.\" is not a name"),
        ("{{a/b}}", "page:1: \"a/b\" is not a name"),
        ("{{=<=}}", "page:1: delimiters are two marks with a space between and no \"=\""),
        ("{{=a b c=}}", "page:1: delimiters are two marks with a space between and no \"=\""),
        ("{{=a= b=}}", "page:1: delimiters are two marks with a space between and no \"=\""),
        ("a\nb {{> nowhere}}", "page:2: there is no template \"nowhere\""),
        ("{{t.nowhere}}", "page:1: there is no word \"nowhere\""),
        ("{{#t.flow}}{{/t.flow}}", "page:1: \"t.flow\" is a word, which cannot be a section"),
    ]

    @Test(arguments: cases)
    func `says where and why`(_ template: String, _ message: String) {
        #expect(problems { _ = try TemplateSet(sources: ["page": template]) } == [message])
    }

    @Test func `names every problem of every template at once`() {
        let found = problems {
            _ = try TemplateSet(sources: ["a": "{{> x}}\n{{> y}}", "b": "{{#s}}", "c": "{{t.x}}", "d": "fine"])
        }
        #expect(
            found == [
                "a:1: there is no template \"x\"", "a:2: there is no template \"y\"",
                "b:1: section \"s\" is never closed", "c:1: there is no word \"x\"",
            ])
    }

    @Test func `sections nest to a limit`() {
        func nested(_ depth: Int) -> String {
            String(repeating: "{{#x}}", count: depth) + String(repeating: "{{/x}}", count: depth)
        }
        #expect(problems { _ = try TemplateSet(sources: ["page": nested(64)]) } == [])
        #expect(
            problems { _ = try TemplateSet(sources: ["page": nested(65)]) }
                == ["page:1: sections are nested deeper than 64"])
    }

    @Test func `an unknown template is an error`() {
        #expect(
            problems {
                let set = try TemplateSet(sources: ["page": ""])
                _ = try set.render("other", [:], words: set.words(.en))
            } == ["other: there is no such template"])
    }

    @Test func `no cut or scrambled template traps`() throws {
        let source = Array(
            "a\r\n {{#s}}\n{{=<% %>=}}<%{x}%><%>p%>\n<%/s%> {{! <%={{ }}=%>{{^t.y}}{{&a.b}}{{/t.y}}{{t.z}}".utf8)
        let marks = Array("{}#^/!>=&.% \n".utf8)
        for cut in source.indices {
            for (index, mark) in marks.enumerated() {
                var bytes = Array(source[..<cut])
                if index < cut { bytes[(cut &* 7 &+ index &* 3) % cut] = mark }
                let text = String(decoding: bytes, as: UTF8.self)
                _ = problems { _ = try rendered(text, ["s": [1, 2]], partials: ["p": "{{.}}"]) }
            }
        }
    }
}
