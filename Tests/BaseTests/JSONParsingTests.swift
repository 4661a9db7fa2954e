import Base
import Testing

@Suite struct JSONParsingTests {
    @Test(
        arguments: [
            ("null", JSON.null), ("true", true), ("false", false), ("0", 0), ("-0", 0), ("-12", -12), ("12.5", 12.5),
            ("1.0", .number(1)), ("1e2", .number(100)), ("1E+2", .number(100)), ("-1.5e-3", -0.0015), ("0.1", 0.1),
            ("0e5", .number(0)), ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
            ("9223372036854775808", .number(9_223_372_036_854_775_808)),
            ("-9223372036854775809", .number(-9_223_372_036_854_775_808)),
            ("123456789012345678901234567890", .number(1.2345678901234568e29)),
            ("1e-400", .number(0)), ("1.7976931348623157e308", .number(.greatestFiniteMagnitude)),
            ("\"\"", ""), ("\"abc\"", "abc"), (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"),
            (#""a\u0041b""#, "aAb"),
            (#""\u0000""#, "\0"), (#""\u00e9\u20AC""#, "é€"), (#""\ud83d\ude00""#, "😀"), (#""\uD834\uDD1Ex""#, "𝄞x"),
            ("\"привіт 😀\"", "привіт 😀"), ("\"\u{7F}\"", "\u{7F}"),
            ("[]", []), ("[ ]", []), ("[1,2]", [1, 2]), (" \t\r\n[ 1 , \"2\" , null ]\n", [1, "2", nil]),
            ("{}", [:]), ("{ }", [:]), (#"{"a":1,"b":[{"c":{}}]}"#, ["a": 1, "b": [["c": [:]]]]),
            (#"{"":0}"#, ["": 0]), (#"{"\u0061":1}"#, ["a": 1]),
        ] as [(String, JSON)])
    func `reads what RFC 8259 allows`(_ text: String, _ expected: JSON) throws {
        #expect(try JSON(parsing: text) == expected)
        // The same without contiguous storage.
        #expect(try JSON(parsing: text.utf8.lazy.map { $0 }) == expected)
    }

    @Test(arguments: [
        #""\ud800""#, #""\udc00""#, #""\ud800x""#, #""\ud800\n""#, #""\ud800\u0041""#, #""\ud800\ud800\udc00""#,
        #""\udc00\ud800""#,
    ])
    func `half a surrogate pair becomes a replacement character`(_ text: String) throws {
        let value = try #require(JSON(parsing: text).stringValue)
        #expect(value.unicodeScalars.contains("\u{FFFD}"))
        #expect(value.hasSuffix("x") == text.contains("x"))
        #expect(value.hasSuffix("\n") == text.contains("\\n"))
        #expect(value.hasSuffix("A") == text.contains("0041"))
        #expect(value.hasSuffix("\u{10000}") == text.hasSuffix(#"\ud800\udc00""#))
    }

    @Test(
        arguments: [
            ("", JSONError.Reason.unexpectedEnd, 0), ("  ", .unexpectedEnd, 2), ("nul", .unexpectedEnd, 3),
            ("nulL", .unexpectedByte, 3), ("True", .unexpectedByte, 0), ("NaN", .unexpectedByte, 0),
            ("Infinity", .unexpectedByte, 0), ("-Infinity", .invalidNumber, 1), ("1 2", .trailingBytes, 2),
            ("01", .trailingBytes, 1), ("-01", .trailingBytes, 2), ("-", .unexpectedEnd, 1), ("+1", .unexpectedByte, 0),
            (".5", .unexpectedByte, 0), ("1.", .unexpectedEnd, 2), ("1.e5", .invalidNumber, 2),
            ("1e", .unexpectedEnd, 2),
            ("1e+", .unexpectedEnd, 3), ("1e+x", .invalidNumber, 3), ("0x10", .trailingBytes, 1),
            ("1e400", .numberOutOfRange, 0), ("-1e400", .numberOutOfRange, 0),
            ("[1e999999999999]", .numberOutOfRange, 1),
            ("[", .unexpectedEnd, 1), ("[1", .unexpectedEnd, 2), ("[1,", .unexpectedEnd, 3),
            ("[1,]", .unexpectedByte, 3),
            ("[,1]", .unexpectedByte, 1), ("[1 2]", .unexpectedByte, 3), ("]", .unexpectedByte, 0),
            ("[1}", .unexpectedByte, 2), ("{", .unexpectedEnd, 1), ("{\"a\"", .unexpectedEnd, 4),
            ("{\"a\":", .unexpectedEnd, 5), ("{\"a\":1", .unexpectedEnd, 6), ("{\"a\":1,", .unexpectedEnd, 7),
            ("{\"a\":1,}", .unexpectedByte, 7), ("{\"a\" 1}", .unexpectedByte, 5), ("{a:1}", .unexpectedByte, 1),
            ("{1:1}", .unexpectedByte, 1), ("{'a':1}", .unexpectedByte, 1), ("{\"a\":1 \"b\":2}", .unexpectedByte, 7),
            ("// c\n1", .unexpectedByte, 0), ("/**/1", .unexpectedByte, 0), ("\u{FEFF}1", .unexpectedByte, 0),
            ("\u{A0}1", .unexpectedByte, 0), ("\u{B}1", .unexpectedByte, 0), ("1\0", .trailingBytes, 1),
            ("\"", .unexpectedEnd, 1), ("\"a", .unexpectedEnd, 2), ("\"a\\", .unexpectedEnd, 3),
            ("\"a\nb\"", .controlInString, 2), ("\"\0\"", .controlInString, 1), ("\"\\n\u{1F}\"", .controlInString, 3),
            (#""\x""#, .invalidEscape, 2), (#""\U0041""#, .invalidEscape, 2), (#""\u12G4""#, .invalidEscape, 5),
            (#""\u12"#, .unexpectedEnd, 5), (#""\ud800\u12x4""#, .invalidEscape, 11),
            (#""\ud800\u"#, .unexpectedEnd, 9),
        ] as [(String, JSONError.Reason, Int)])
    func `refuses everything else and says where`(_ text: String, _ reason: JSONError.Reason, _ offset: Int) {
        #expect(throws: JSONError(reason, at: offset)) { try JSON(parsing: text) }
    }

    @Test(
        arguments: [
            [0xFF], [0xC0, 0x80], [0xC3], [0xC3, 0x28], [0xE2, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80],
            [0xF8, 0x88, 0x80, 0x80, 0x80], [0x80], [0xF0, 0x80, 0x80, 0x80],
        ] as [[UInt8]])
    func `refuses strings that are not UTF-8`(_ bytes: [UInt8]) {
        let quote = UInt8(ascii: "\"")
        #expect(throws: JSONError(.invalidUTF8, at: 1)) { try JSON(parsing: [quote] + bytes + [quote]) }
        // After an escape the text takes another way.
        #expect(throws: JSONError(.invalidUTF8, at: 1)) { try JSON(parsing: [quote, 0x5C, 0x6E] + bytes + [quote]) }
        #expect(throws: JSONError(.unexpectedByte, at: 0)) { try JSON(parsing: bytes) }
    }

    @Test func `nests as deep as the limit and no deeper`() throws {
        let limit = JSON.depthLimit
        _ = try JSON(parsing: String(repeating: "[", count: limit) + String(repeating: "]", count: limit))
        let object = String(repeating: "{\"a\":", count: limit) + "1" + String(repeating: "}", count: limit)
        _ = try JSON(parsing: object)
        #expect(throws: JSONError(.tooDeep, at: limit)) { try JSON(parsing: String(repeating: "[", count: 1_000_000)) }
        #expect(throws: JSONError(.tooDeep, at: 5 * limit)) {
            try JSON(parsing: String(repeating: "{\"a\":", count: 100_000))
        }
        _ = try JSON(parsing: "[" + Array(repeating: "[]", count: 1_000).joined(separator: ",") + "]")
    }

    @Test func `refuses a number of absurd length`() {
        #expect(throws: JSONError(.numberOutOfRange, at: 0)) {
            try JSON(parsing: "0." + String(repeating: "1", count: 2_000))
        }
        #expect((try? JSON(parsing: "0." + String(repeating: "1", count: 1_000)))?.doubleValue == 1.0 / 9)
    }

    @Test func `of a key that comes twice the last value counts`() throws {
        let value = try JSON(parsing: #"{"a":1,"b":2,"a":3,"\u0061":4}"#)
        #expect(value["a"] == 4)
        #expect(value.objectValue?.keys == ["a", "b"])
        let many = "{" + (0..<100).map { "\"k\($0 % 40)\":\($0)" }.joined(separator: ",") + "}"
        let object = try #require(JSON(parsing: many).objectValue)
        #expect(object.count == 40)
        #expect(object["k3"] == 83)
        #expect(object["k39"] == 79)
        #expect(object.keys.first == "k0")
    }

    @Test func `a hundred thousand keys are no burden`() throws {
        let text = "{" + (0..<100_000).map { "\"key\($0)\":0" }.joined(separator: ",") + "}"
        #expect(try JSON(parsing: text).objectValue?.count == 100_000)
    }

    @Test func `random bytes never trap`() {
        var random = SeededGenerator(seed: 8_259)
        let pieces =
            Array(#"{}[]",:\u0123456789abcdefnulltrue-+.eE /"#.utf8) + [0x00, 0x0A, 0x80, 0xC3, 0xE2, 0xF0, 0xFF]
        for round in 0..<30_000 {
            let bytes = (0..<Int.random(in: 0...40, using: &random)).map { _ in
                round % 2 == 0 ? UInt8.random(in: 0...255, using: &random) : pieces.randomElement(using: &random) ?? 0
            }
            if let value = try? JSON(parsing: bytes) { #expect((try? JSON(parsing: value.bytes)) == value) }
        }
    }

    @Test func `a damaged document never traps`() throws {
        var random = SeededGenerator(seed: 2)
        let sound = Array(
            #"{"id":12,"name":"T\u00e9st \ud83d\ude00","n":-1.5e3,"list":[true,false,null,{"a":"\n"}]}"#.utf8)
        _ = try JSON(parsing: sound)
        for length in 0..<sound.count { #expect(throws: JSONError.self) { try JSON(parsing: sound[..<length]) } }
        for _ in 0..<30_000 {
            var bytes = sound
            for _ in 0...2 {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            do {
                let value = try JSON(parsing: bytes)
                #expect(try JSON(parsing: value.bytes) == value)
            } catch {
                #expect(0...bytes.count ~= error.offset)
            }
        }
    }
}
