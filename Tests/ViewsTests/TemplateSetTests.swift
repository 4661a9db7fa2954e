import Testing
import Views

struct TemplateSetTests {
    private func text(_ set: TemplateSet, _ name: String = "page") throws -> String {
        String(decoding: try set.render(name, ["x": 1], words: set.words(.en)), as: UTF8.self)
    }

    @Test func `reads a directory with folders and words`() throws {
        let directory = try TemporaryDirectory()
        try directory.write("page.mustache", "{{t.hi}} {{> parts/row}}")
        try directory.write("parts/row.mustache", "[{{x}}]")
        try directory.write("parts/.hidden.mustache", "{{")
        try directory.write("parts/notes.txt", "{{")
        for language in ["en", "uk", "ru"] { try directory.write("words/\(language).json", #"{"hi": "\#(language)"}"#) }
        let set = try TemplateSet(directory: directory.path)
        #expect(set.names == ["page", "parts/row"])
        #expect(set.contains("parts/row"))
        #expect(!set.contains("row"))
        #expect(try text(set) == "en [1]")
        #expect(set.words(.uk)("hi") == "uk")
    }

    @Test func `a directory with a mistake does not load`() throws {
        let directory = try TemporaryDirectory()
        try directory.write("page.mustache", "a\n{{> gone}}")
        #expect(
            problems { _ = try TemplateSet(directory: directory.path) } == ["page:2: there is no template \"gone\""])
    }

    @Test func `a directory that is not there does not load`() {
        #expect(
            problems { _ = try TemplateSet(directory: "/nowhere/Templates") }
                == ["/nowhere/Templates: there is no such directory"])
    }

    @Test func `files are read once`() throws {
        let directory = try TemporaryDirectory()
        try directory.write("page.mustache", "one")
        let set = try TemplateSet(directory: directory.path)
        try directory.write("page.mustache", "another")
        #expect(try text(set) == "one")
    }

    @Test func `in development a changed file is read again`() throws {
        let directory = try TemporaryDirectory()
        try directory.write("page.mustache", "one")
        directory.touch("page.mustache", 1_000_000)
        let set = try TemplateSet(directory: directory.path, reloads: true)
        #expect(try text(set) == "one")
        try directory.write("page.mustache", "two")
        directory.touch("page.mustache", 1_000_001)
        #expect(try text(set) == "two")
        try directory.write("more.mustache", "three")
        #expect(try text(set, "more") == "three")
    }

    @Test func `in development a mistake is shown until it is mended`() throws {
        let directory = try TemporaryDirectory()
        try directory.write("page.mustache", "one")
        directory.touch("page.mustache", 1_000_000)
        let set = try TemplateSet(directory: directory.path, reloads: true)
        try directory.write("page.mustache", "{{x")
        directory.touch("page.mustache", 1_000_001)
        for _ in 0..<2 {
            #expect(problems { _ = try text(set) } == ["page:1: tag is never closed with \"}}\""])
        }
        try directory.write("page.mustache", "{{x}}")
        directory.touch("page.mustache", 1_000_002)
        #expect(try text(set) == "1")
    }

    @Test func `many renders at once give the same page`() async throws {
        let set = try TemplateSet(sources: ["page": "{{#rows}}{{> row}}{{/rows}}", "row": "<{{.}}>"])
        let values: ViewValue = ["rows": .list((0..<100).map { .integer($0) })]
        let expected = (0..<100).map { "<\($0)>" }.joined()
        try await withThrowingTaskGroup(of: [UInt8].self) { group in
            for _ in 0..<50 { group.addTask { try set.render("page", values, words: set.words(.uk)) } }
            for try await page in group { #expect(String(decoding: page, as: UTF8.self) == expected) }
        }
    }
}

struct ViewObjectTests {
    @Test func `names are set, replaced and taken away`() {
        var object: ViewObject = ["a": 1]
        object["b"] = "x"
        object["a"] = 2
        #expect(object["a"] == 2)
        #expect(object["b"] == "x")
        object["a"] = Optional<ViewValue>.none
        #expect(object["a"] == nil)
        object["b"] = .some(.null)
        #expect(object["b"] == .some(.null))
        #expect(!object.isEmpty)
    }

    @Test func `merging lays new values over old ones`() {
        let merged = (["a": 1, "b": 2] as ViewObject).merging(["b": 3, "c": 4])
        #expect(merged == ["a": 1, "b": 3, "c": 4])
    }

    @Test func `a name made at run time is the literal's`() {
        #expect(ViewKey("campaign_name") == "campaign_name")
        #expect(ViewKey(String(repeating: "ї", count: 40)) != "ї")
    }

    @Test func `nil becomes null`() {
        #expect(ViewValue(String?.none) == .null)
        #expect(ViewValue("a" as String?) == "a")
        #expect(ViewValue(Int64?.none) == .null)
    }
}
