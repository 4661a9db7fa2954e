import Testing

@testable import Postgres

@Suite struct ArrayTextTests {
    private func parse(_ text: String) -> [String?]? {
        Array(text.utf8).withUnsafeBufferPointer { PostgresArrayText.parse($0) }?.map { element in
            element.map { String(decoding: $0, as: UTF8.self) }
        }
    }

    @Test(
        arguments: [
            ("{}", []), ("{a,b}", ["a", "b"]), (#"{"a b","c,d","{e}"}"#, ["a b", "c,d", "{e}"]),
            (#"{NULL,"NULL",null}"#, [nil, "NULL", "null"]), (#"{"","\"","\\"}"#, ["", "\"", "\\"]),
            (#"{a\,b}"#, ["a,b"]), ("{юля,🙂}", ["юля", "🙂"]),
        ] as [(String, [String?])])
    func `reads what PostgreSQL writes`(text: String, elements: [String?]) {
        #expect(parse(text) == elements)
    }

    @Test(arguments: ["", "{", "}", "a", "{{1},{2}}", "[2:3]={1,2}", #"{"a}"#, #"{a\}"#])
    func `refuses what is no flat array`(text: String) {
        #expect(parse(text) == nil)
    }

    @Test func `reads back what it writes`() {
        let texts = ["", "NULL", "a\"b\\c", "{x,y}", " spaced ", "line\nbreak", "їжак 🦔"]
        #expect(parse(PostgresArrayText.write(texts.map { .text($0) })) == texts)
    }
}
