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
            WordCheck(templates: directory.path, sources: directory.path).problems.map(\.description)
                == ["words/en.json: \"b\" is missing", "words/ru.json: \"b\" is missing"])
        try directory.write("words/uk.json", #"{"a": "x"}"#)
        try directory.write("page.mustache", "{{t.b}}")
        #expect(
            WordCheck(templates: directory.path, sources: directory.path).problems.map(\.description)
                == ["page:1: there is no word \"b\""])
        try directory.write("page.mustache", "{{t.a}}")
        try directory.write("Some/Code.swift", #"words("c")"#)
        #expect(
            WordCheck(templates: directory.path, sources: directory.path).problems.map(\.description)
                == ["Some/Code.swift:1: there is no word \"c\""])
    }

    @Test func `an empty repository is in order`() throws {
        let directory = try TemporaryDirectory()
        let check = WordCheck(templates: "\(directory.path)/none", sources: "\(directory.path)/none")
        #expect(check.problems == [])
        #expect(check.unused == [])
    }

    @Test func `this repository's templates, words and sources agree`() {
        let root = #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 }
        let check = WordCheck(templates: "\(root)/Templates", sources: "\(root)/Sources")
        #expect(check.problems.map(\.description) == [])
        if !check.unused.isEmpty {
            Issue.record("words that nothing names: \(check.unused.joined(separator: ", "))", severity: .warning)
        }
    }
}
