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
        guard case .text(let written) = String.parameter(of: texts) else {
            Issue.record("no text")
            return
        }
        #expect(parse(written) == texts)
    }

    @Test func `writes what is missing, and bytes`() {
        let halves: [String?] = ["a", nil, "NULL", nil]
        #expect(Optional<String>.parameter(of: halves) == .text(#"{"a",NULL,"NULL",NULL}"#))
        #expect([UInt8].parameter(of: [[1, 0xAB], []]) == .text(#"{"\\x01ab","\\x"}"#))
        #expect(Optional<Int64>.parameter(of: [.min, nil, 7]) == .text("{-9223372036854775808,NULL,7}"))
        #expect(Bool.parameter(of: [true, false]) == .text("{t,f}"))
        #expect(Int64.parameter(of: []) == .text("{}"))
    }
}
