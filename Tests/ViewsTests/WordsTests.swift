import Testing

@testable import Views

struct WordsTests {
    @Test(arguments: [
        (Language.en, Int64(1), "Draft: 1 change in Flow 2"), (.en, 3, "Draft: 3 changes in Flow 2"),
        (.en, 0, "Draft: 0 changes in Flow 2"), (.uk, 1, "1 зміна, Flow 2"), (.uk, 3, "3 зміни, Flow 2"),
        (.uk, 5, "5 змін, Flow 2"), (.uk, 11, "11 змін, Flow 2"), (.uk, 21, "21 зміна, Flow 2"),
        (.uk, 1200, "1\u{A0}200 змін, Flow 2"), (.en, 1200, "Draft: 1,200 changes in Flow 2"),
        (.ru, 2, "2 изменения, Flow 2"), (.ru, 5, "5 изменений, Flow 2"),
    ])
    func `a count chooses the form and is grouped`(_ language: Language, _ count: Int64, _ expected: String) throws {
        let words = Words(try SampleWords.book(), language)
        #expect(words("flow.changes", ["count": .integer(count), "flow": "Flow 2"]) == expected)
    }

    @Test func `plain words fill their placeholders`() throws {
        let words = Words(try SampleWords.book(), .en)
        #expect(words("flow.title") == "Flow & <draft>")
        #expect(words("flow.rows", ["count": 3, "total": "12.5"]) == "3 of 12.5")
        #expect(words("macro", ["name": "click id"]) == "Send {subid} as click id")
        #expect(words("filter.other") == "Other")
    }

    @Test func `nothing is lost silently`() throws {
        let words = Words(try SampleWords.book(), .en)
        #expect(words("flow.nowhere") == "[flow.nowhere]")
        #expect(words("flow.rows", ["count": 3]) == "3 of {total}")
        #expect(words("flow.changes", ["flow": "F"]) == "Draft: {count} changes in F")
    }

    @Test func `a word may be said later in another language`() throws {
        let book = try SampleWords.book()
        let word = Word("flow.changes", ["count": 2, "flow": "F"])
        #expect(Words(book, .en)(word) == "Draft: 2 changes in F")
        #expect(Words(book, .uk)(word) == "2 зміни, F")
        #expect(word == Word("flow.changes", ["count": 2, "flow": "F"]))
    }

    @Test func `templates speak the language of the render`() throws {
        let book = try SampleWords.book()
        #expect(try rendered("<h1>{{t.flow.title}}</h1>", book: book, .uk) == "<h1>Потік</h1>")
        #expect(try rendered("<h1>{{t.flow.title}}</h1>", book: book, .en) == "<h1>Flow &amp; &lt;draft&gt;</h1>")
        #expect(try rendered("{{{t.flow.title}}}{{&t.flow.title}}", book: book) == "Flow & <draft>Flow & <draft>")
    }

    @Test func `templates fill placeholders from the values in view`() throws {
        let book = try SampleWords.book()
        let values: ViewValue = ["flow": "<F>", "rows": [["count": 1], ["count": 3], ["count": 1500]]]
        #expect(
            try rendered("{{#rows}}{{t.flow.changes}};{{/rows}}", values, book: book, .uk)
                == "1 зміна, &lt;F&gt;;3 зміни, &lt;F&gt;;1\u{A0}500 змін, &lt;F&gt;;")
        #expect(try rendered("{{{t.macro}}}", ["name": "<b>"], book: book) == "Send {subid} as &lt;b&gt;")
        #expect(try rendered("{{t.flow.rows}}", ["total": 7], book: book) == "{count} of 7")
    }

    @Test func `t alone is an ordinary name`() throws {
        #expect(try rendered("{{t}}{{#t}}!{{/t}}", ["t": "x"]) == "x!")
    }
}

struct WordBookTests {
    private func problems(en: String, uk: String? = nil, ru: String? = nil) -> [String] {
        ViewsTests.problems { _ = try SampleWords.book(en: en, uk: uk ?? en, ru: ru ?? en) }
    }

    @Test func `a good book holds every name once`() throws {
        let book = try SampleWords.book()
        #expect(book.names == ["filter.all", "filter.other", "flow.changes", "flow.rows", "flow.title", "macro"])
        #expect(book.contains("flow.changes"))
        #expect(!book.contains("flow.changes.one"))
        #expect(!book.contains("flow"))
    }

    @Test func `a missing file is named`() {
        #expect(
            ViewsTests.problems { _ = try WordBook(sources: [.en: Array("{}".utf8), .ru: Array("{}".utf8)]) }
                == ["words/uk.json: the file is missing"])
    }

    @Test func `a name missing in one language is an error, not a fallback`() {
        #expect(
            problems(en: #"{"a": "x", "b": "y"}"#, uk: #"{"a": "x"}"#, ru: #"{"a": "x", "b": "y", "c": "z"}"#) == [
                "words/uk.json: \"b\" is missing", "words/en.json: \"c\" is missing",
                "words/uk.json: \"c\" is missing",
            ])
    }

    @Test func `placeholders are the same in all languages`() {
        #expect(
            problems(en: #"{"a": "{x} {y}"}"#, uk: #"{"a": "{y} {x} {x}"}"#, ru: #"{"a": "{x} {z}"}"#)
                == ["words/ru.json:1: \"a\" has other placeholders than its translation: {y}, {z}"])
    }

    @Test func `plural stays plural in all languages`() {
        #expect(
            problems(
                en: #"{"a": {"one": "x", "other": "y"}}"#, uk: #"{"a": "x"}"#,
                ru: #"{"a": {"one": "x", "few": "y", "many": "z"}}"#)
                == ["words/uk.json:1: \"a\" is plural in one language and plain in another"])
    }

    @Test func `each language has the forms it needs`() {
        let slavic = #"{"a": {"one": "x", "few": "y", "many": "z"}}"#
        #expect(problems(en: #"{"a": {"one": "x", "other": "y"}}"#, uk: slavic, ru: slavic) == [])
        #expect(problems(en: #"{"a": {"one": "x", "few": "y", "many": "z", "other": "w"}}"#) == [])
        #expect(
            problems(en: #"{"a": {"one": "x", "other": "y"}}"#) == [
                "words/uk.json:1: \"a\" lacks the plural forms: few, many",
                "words/ru.json:1: \"a\" lacks the plural forms: few, many",
            ])
        #expect(
            problems(en: slavic, uk: slavic, ru: slavic) == ["words/en.json:1: \"a\" lacks the plural forms: other"])
    }

    @Test func `a form may leave out the count and nothing else`() {
        let good = #"{"a": {"one": "one in {f}", "few": "{count} {f}", "many": "{count} {f}", "other": "{count} {f}"}}"#
        let bad = #"{"a": {"one": "{count}", "few": "{count} {f}", "many": "{count} {f}", "other": "{count} {f}"}}"#
        #expect(problems(en: good) == [])
        #expect(
            problems(en: bad, uk: good, ru: good)
                == ["words/en.json:1: \"a\" has placeholders that not every form has"])
    }

    @Test(arguments: [
        ("{", "words/en.json:1: a string or an object belongs here"), ("", "words/en.json:1: expected \"{\""),
        ("[]", "words/en.json:1: expected \"{\""), ("{}\nx", "words/en.json:2: something follows the last brace"),
        (#"{"a": 1}"#, "words/en.json:1: a string or an object belongs here"),
        (#"{"a": "x",}"#, "words/en.json:1: a string or an object belongs here"),
        ("{\"a\": \"x\",\n \"a\": \"y\"}", "words/en.json:2: \"a\" is given twice"),
        (#"{"A": "x"}"#, "words/en.json:1: \"A\" is not a name: lower-case letters, digits and \"_\""),
        (#"{"a.b": "x"}"#, "words/en.json:1: \"a.b\" is not a name: lower-case letters, digits and \"_\""),
        (#"{"a": "x"#, "words/en.json:1: string is never closed"),
        ("{\"a\": \"x\n\"}", "words/en.json:1: a line break or control mark inside a string"),
        (#"{"a": "\q"}"#, "words/en.json:1: unknown escape in a string"),
        (#"{"a": "\u12"}"#, "words/en.json:1: \\u needs four hexadecimal digits"),
        (#"{"a": "\ud800x"}"#, "words/en.json:1: unknown escape in a string"),
        (#"{"a": ""}"#, "words/en.json:1: \"a\" is empty"),
        (
            #"{"a": "{x"}"#,
            "words/en.json:1: \"a\" has a stray brace or a malformed placeholder; a brace to be shown is doubled"
        ),
        (
            #"{"a": "x}"}"#,
            "words/en.json:1: \"a\" has a stray brace or a malformed placeholder; a brace to be shown is doubled"
        ),
        (
            #"{"a": "{a b}"}"#,
            "words/en.json:1: \"a\" has a stray brace or a malformed placeholder; a brace to be shown is doubled"
        ),
        (#"{"a": {"b": {"c": {"d": {"e": {"f": {"g": {"h": {}}}}}}}}}"#, "words/en.json:1: objects nest deeper than 8"),
    ])
    func `a malformed file says where and why`(_ text: String, _ message: String) {
        #expect(problems(en: text, uk: "{}", ru: "{}") == [message])
    }

    @Test func `escapes of JSON are read`() throws {
        let file = #"{"a": "\"\\\/\n\t\u00e9\ud83d\ude00 →"}"#
        let words = Words(try SampleWords.book(en: file, uk: file, ru: file), .uk)
        #expect(words("a") == "\"\\/\n\té😀 →")
    }

    @Test func `no cut file traps`() {
        let source = Array(#"{"a": {"one": "\ud83d\ude00 {x}", "other": "é"}, "b": "{{"}"#.utf8)
        for cut in source.indices {
            #expect(throws: ViewError.self) {
                try WordBook(sources: [.en: Array(source[..<cut]), .uk: source, .ru: source])
            }
        }
    }
}
