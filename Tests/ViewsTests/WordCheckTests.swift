import Testing

@testable import Views

struct WordCheckTests {
    private func check(_ swift: String, templates: [String: String] = [:]) throws -> WordCheck {
        WordCheck(
            views: try TemplateSet(sources: templates, words: try SampleWords.book()), swiftFiles: ["A.swift": swift])
    }

    static let good = [
        #"words("flow.title")"#, #"page.words( "flow.title", ["a": 1])"#, #"throw Word("flow.changes", ["count": 3])"#,
        "words(\n    // why\n    \"flow.title\")", #"keywords("nowhere")"#, #"words(name)"#, #"words["nowhere"]"#,
        #"// words("nowhere")"#, #"/* words("nowhere") /* nested */ words("nowhere") */"#,
        ##"let a = #"words("nowhere")"#"##, #"let a = "words(\"nowhere\")""#, #"words("flow.\(kind)")"#,
        #"let url = "https://x"; words("flow.title")"#, #"words(a ? "nowhere" : "b")"#, #"SwearWord("nowhere")"#,
        "let a = \"\"\"\n  words(\"nowhere\")\n  \"\"\"", #"func words(_ name: String) { "nowhere" }"#,
        #"let a = "unclosed"#,
    ]

    @Test(arguments: good)
    func `these sources are in order`(_ swift: String) throws {
        #expect(try check(swift).problems == [])
    }

    static let bad: [(String, String)] = [
        (#"words("nowhere")"#, "A.swift:1: there is no word \"nowhere\""),
        ("\n\nlet a = Word(\"flow.titel\")", "A.swift:3: there is no word \"flow.titel\""),
        ("words(\n  /* why */\n  \"flow\")", "A.swift:3: there is no word \"flow\""),
        (#"let a = "\(words("nowhere"))""#, "A.swift:1: there is no word \"nowhere\""),
        (##"let a = #"\#(f(")", words("nowhere")))"#"##, "A.swift:1: there is no word \"nowhere\""),
        (
            #"words("floe.\(kind)")"#,
            "A.swift:1: no word begins with \"floe.\"; a name made at run time needs a fixed beginning"
        ),
        (#"words("\(kind)")"#, "A.swift:1: no word begins with \"\"; a name made at run time needs a fixed beginning"),
        ("let a = \"\"\"\n  \"x\" \\(words(\"nowhere\"))\n  \"\"\"", "A.swift:2: there is no word \"nowhere\""),
        (#"let a = "unclosed"# + "\nwords(\"nowhere\")", "A.swift:2: there is no word \"nowhere\""),
    ]

    @Test(arguments: bad)
    func `these sources are not`(_ swift: String, _ message: String) throws {
        #expect(try check(swift).problems.map(\.description) == [message])
    }

    @Test func `words that nothing names are listed`() throws {
        let unused = try check(
            #"let titles = ["flow.title"]; words("filter.\(kind)")"#, templates: ["page": "{{t.macro}}"]
        ).unused
        #expect(unused == ["flow.changes", "flow.rows"])
    }

    @Test func `no cut source traps`() {
        let source = Array(##"a("\(b("""x \(c) "y" """))") /* /* */ #"\#(words("z"))"# // "##.utf8)
        for cut in source.indices { _ = SwiftLiterals.find(in: Array(source[..<cut])) }
        let open = Array(String(repeating: #""\("#, count: 10_000).utf8)
        #expect(!SwiftLiterals.find(in: open).isEmpty)
    }

    @Test func `bad templates and words of a directory are problems`() throws {
        let directory = try TemporaryDirectory()
        try directory.write("words/en.json", #"{"a": "x"}"#)
        try directory.write("words/uk.json", #"{"a": "x", "b": "y"}"#)
        try directory.write("words/ru.json", #"{"a": "x"}"#)
        #expect(
            WordCheck(templates: directory.path, sources: directory.path, scripts: directory.path).problems.map(
                \.description)
                == ["words/en.json: \"b\" is missing", "words/ru.json: \"b\" is missing"])
        try directory.write("words/uk.json", #"{"a": "x"}"#)
        try directory.write("page.mustache", "{{t.b}}")
        #expect(
            WordCheck(templates: directory.path, sources: directory.path, scripts: directory.path).problems.map(
                \.description)
                == ["page:1: there is no word \"b\""])
        try directory.write("page.mustache", "{{t.a}}")
        try directory.write("Some/Code.swift", #"words("c")"#)
        #expect(
            WordCheck(templates: directory.path, sources: directory.path, scripts: directory.path).problems.map(
                \.description)
                == ["Some/Code.swift:1: there is no word \"c\""])
    }

    @Test func `an empty repository is in order`() throws {
        let directory = try TemporaryDirectory()
        let check = WordCheck(
            templates: "\(directory.path)/none", sources: "\(directory.path)/none", scripts: "\(directory.path)/none")
        #expect(check.problems == [])
        #expect(check.unused == [])
    }

    @Test func `this repository's templates, words and sources agree`() {
        let root = #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 }
        let check = WordCheck(templates: "\(root)/Templates", sources: "\(root)/Sources", scripts: "\(root)/Public/js")
        #expect(check.problems.map(\.description) == [])
        #expect(check.unused == [])
    }

    private func check(script: String, words: String) throws -> WordCheck {
        let directory = try TemporaryDirectory()
        for language in ["en", "uk", "ru"] { try directory.write("words/\(language).json", words) }
        try directory.write("a.js", script)
        return WordCheck(templates: directory.path, sources: directory.path, scripts: directory.path)
    }

    static let scripts: [(String, [String], [String])] = [
        (#"toast(word("a"))"#, [], ["js.b.c", "js.b.d"]),
        (#"word("nowhere")"#, [#"a.js:1: there is no word "js.nowhere""#], ["js.a", "js.b.c", "js.b.d"]),
        ("\nwordIfAny('b.x')", [#"a.js:2: there is no word "js.b.x""#], ["js.a", "js.b.c", "js.b.d"]),
        ("word(`b.${kind}`, { count: 1 })", [], ["js.a"]),
        (
            "word(`c.${kind}`)",
            [#"a.js:1: no word begins with "js.c."; a name made at run time needs a fixed beginning"#],
            ["js.a", "js.b.c", "js.b.d"]
        ),
        (#"word(on ? "b.c" : 'b.d')"#, [], ["js.a"]),
        (
            #"// word("nowhere")"# + "\n/* word('nowhere') */ keyword(\"nowhere\"); a.word(`nowhere`)", [],
            ["js.a", "js.b.c", "js.b.d"]
        ),
        (#"const open = "never closed"# + "\nword('a'", [], ["js.b.c", "js.b.d"]),
    ]

    @Test(arguments: scripts)
    func `scripts name their words too`(_ script: String, _ problems: [String], _ unused: [String]) throws {
        let check = try check(script: script, words: #"{"js": {"a": "x", "b": {"c": "y", "d": "z"}}}"#)
        #expect(check.problems.map(\.description) == problems)
        #expect(check.unused == unused)
    }

    @Test func `no cut script traps`() {
        let source = Array(#"word("a\"b", '\'', `x${word("y")}z`) /* * */ // "e"#.utf8)
        for cut in source.indices { _ = ScriptLiterals.find(in: Array(source[..<cut])) }
    }
}
