import Base
import Testing

@Suite struct JSONTests {
    @Test(
        arguments: [
            (JSON.null, "null"), (true, "true"), (.integer(.min), "-9223372036854775808"), (0, "0"),
            (.integer(.max), "9223372036854775807"), (12.5, "12.5"), (.number(.infinity), "null"),
            (.number(.nan), "null"),
            (.number(1e20), "1e+20"), (.number(100), "100.0"), ("", "\"\""), ([], "[]"), ([:], "{}"),
            ("\"\\\u{8}\u{C}\n\r\t\u{1}\u{7F}/é😀</script>&", #""\"\\\b\f\n\r\t\u0001\u007f/é😀</script>&""#),
            (["b": 1, "a": [1, "x", nil, ["c": false]]], #"{"b":1,"a":[1,"x",null,{"c":false}]}"#),
        ] as [(JSON, String)])
    func `writes compactly and in order`(_ value: JSON, _ expected: String) {
        #expect(value.text == expected)
    }

    @Test func `inside HTML nothing can end the script element`() throws {
        let value: JSON = ["</script><!--": "a<b>&\u{2028}\u{2029}\u{2027}\u{202A}é"]
        let text = value.htmlText
        #expect(
            text == #"{"\u003c/script\u003e\u003c!--":"a\u003cb\u003e\u0026\u2028\u2029"# + "\u{2027}\u{202A}é\"}")
        #expect(try JSON(parsing: text) == value)
    }

    @Test func `what is written reads back the same`() throws {
        var random = SeededGenerator(seed: 3)
        for _ in 0..<2_000 {
            let double = Double(bitPattern: random.next())
            guard double.isFinite else { continue }
            #expect(try JSON(parsing: JSON.number(double).text).doubleValue == double)
            let string = String(
                (0..<20).compactMap { _ in Unicode.Scalar(UInt32.random(in: 0...0x2FFF, using: &random)) }.map(
                    Character.init))
            #expect(try JSON(parsing: JSON.string(string).text) == .string(string))
            #expect(try JSON(parsing: JSON.string(string).htmlText) == .string(string))
        }
    }

    @Test func `members are found, set and removed`() {
        var value: JSON = ["a": 1]
        value["b"] = "two"
        value["a"] = nil
        value["c"] = .null
        value["missing"] = nil
        #expect(value == ["b": "two", "c": nil])
        #expect(value["a"] == nil)
        #expect(value["c"] == .some(.null))
        value["b"] = 3
        #expect(value.text == #"{"b":3,"c":null}"#)
        var text: JSON = "text"
        #expect(text["a"] == nil)
        text["a"] = 1
        #expect(text == ["a": 1])
    }

    @Test func `an index out of range is nil`() {
        let list: JSON = [10, 20]
        #expect(list[0] == 10)
        #expect(list[1] == 20)
        #expect(list[2] == nil)
        #expect(list[-1] == nil)
        #expect(JSON.null[0] == nil)
    }

    @Test func `objects are equal in any order`() {
        let one: JSON = ["a": 1, "b": ["c": 2, "d": 3]]
        let other: JSON = ["b": ["d": 3, "c": 2], "a": 1]
        #expect(one == other)
        #expect(one.hashValue == other.hashValue)
        #expect(one != ["a": 1, "b": ["c": 2, "d": 4]])
        #expect(one != ["a": 1, "x": ["c": 2, "d": 3]])
        #expect(JSON.integer(1) != .number(1))
    }

    @Test func `each kind answers only for itself`() {
        #expect(JSON.integer(1).intValue == 1)
        #expect(JSON.number(1).intValue == nil)
        #expect(JSON.integer(1).doubleValue == 1)
        #expect(JSON.string("1").intValue == nil)
        #expect(JSON.integer(1).boolValue == nil)
        #expect(JSON.bool(true).intValue == nil)
        #expect(JSON.null.stringValue == nil)
        #expect(JSON.null.isNull)
        #expect(JSON.array([1]).objectValue == nil)
        #expect(JSON.object([:]).arrayValue == nil)
    }

    @Test(
        arguments: [
            (12, 12, 12.0, "12"), (.number(12), 12, 12.0, "12"), (12.5, nil, 12.5, "12.5"), ("12", 12, 12.0, "12"),
            ("12.0", 12, 12.0, "12.0"), (" 12.5 ", nil, 12.5, " 12.5 "), ("1e3", 1_000, 1_000.0, "1e3"),
            ("-7", -7, -7.0, "-7"), ("", nil, nil, ""), ("abc", nil, nil, "abc"), ("0x10", nil, nil, "0x10"),
            ("nan", nil, nil, "nan"), ("inf", nil, nil, "inf"), ("1e999", nil, nil, "1e999"), ("1,5", nil, nil, "1,5"),
            ("9223372036854775808", nil, 9_223_372_036_854_775_808.0, "9223372036854775808"),
            (.number(1e300), nil, 1e300, "1e+300"), (true, nil, nil, nil), (nil, nil, nil, nil), ([1], nil, nil, nil),
        ] as [(JSON, Int64?, Double?, String?)])
    func `is lenient only when asked`(_ value: JSON, _ int: Int64?, _ double: Double?, _ string: String?) {
        #expect(value.lenientInt == int)
        #expect(value.lenientDouble == double)
        #expect(value.lenientString == string)
    }
}
