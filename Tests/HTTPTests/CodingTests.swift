import Testing

@testable import HTTP

struct CodingTests {
    @Test(arguments: [
        ("abc", "abc", "abc"), ("a+b", "a+b", "a b"), ("%41%7a%2F", "Az/", "Az/"), ("%C3%A9", "\u{e9}", "\u{e9}"),
        ("%2B", "+", "+"), ("", "", ""), ("%25%32", "%2", "%2"), ("\u{e9}", "\u{e9}", "\u{e9}"),
    ])
    func `decodes`(encoded: String, path: String, form: String) {
        #expect(PercentCoding.decode(Array(encoded.utf8), plusIsSpace: false) == path)
        #expect(PercentCoding.decode(Array(encoded.utf8), plusIsSpace: true) == form)
    }

    @Test(arguments: [
        "%", "%4", "a%", "%4g", "%g4", "%%41", "%00", "a\u{0}", "%C3", "%FF", "%C0%80", "%ED%A0%80", "% 41",
    ])
    func `refuses what is not percent-encoded UTF-8, or holds NUL`(encoded: String) {
        #expect(PercentCoding.decode(Array(encoded.utf8), plusIsSpace: false) == nil)
    }

    @Test(arguments: ["", "az-._~AZ09", "a b+c/d?e&f=g%", "\u{e9}\u{1F642}", "@[`{\r\n\""])
    func `encodes everything but the unreserved, and back`(text: String) {
        let encoded = PercentCoding.encode(text)
        #expect(encoded.utf8.allSatisfy { isTokenByte($0) && $0 != UInt8(ascii: "&") && $0 != UInt8(ascii: "+") })
        #expect(PercentCoding.decode(Array(encoded.utf8), plusIsSpace: true) == text)
    }

    @Test func `encodes with capitals`() {
        #expect(PercentCoding.encode("a/\u{e9}") == "a%2F%C3%A9")
    }

    @Test(
        arguments: [
            ("", []), ("a", ["a", ""]), ("a=", ["a", ""]), ("=b", ["", "b"]), ("a=b=c", ["a", "b=c"]),
            ("&&a=1&&b=2&", ["a", "1", "b", "2"]), ("a=1&a=2", ["a", "1", "a", "2"]), ("a%3D=%26+x", ["a=", "& x"]),
        ] as [(String, [String])])
    func `reads forms`(text: String, expected: [String]) {
        let fields = FormFields(decoding: Array(text.utf8))
        #expect(fields?.pairs.flatMap { [$0.name, $0.value] } == expected)
    }

    @Test func `finds the first and all of a name`() throws {
        let fields = try #require(FormFields(decoding: Array("a=1&b=2&a=3".utf8)))
        #expect(fields["a"] == "1")
        #expect(fields.all("a") == ["1", "3"])
        #expect(fields["c"] == nil)
        #expect(fields.all("c") == [])
    }

    @Test(arguments: ["a=%", "%zz=1", "a=1&b=%00", "a=%ff"])
    func `refuses a form with one bad part`(text: String) {
        #expect(FormFields(decoding: Array(text.utf8)) == nil)
    }

    @Test func `refuses more fields than its limit`() {
        let text = Array("a&a&a".utf8)
        #expect(FormFields(decoding: text, limit: 3)?.pairs.count == 3)
        #expect(FormFields(decoding: text, limit: 2) == nil)
    }

    @Test(
        arguments: [
            ("a=1; b=2", "b", "2"), ("a=1;b=2", "b", "2"), ("ab=1; b=2", "b", "2"), ("b=1; b=2", "b", "1"),
            ("b=\"x y\"", "b", "x y"), ("b=\"", "b", "\""), ("b=", "b", ""), ("b=x=y", "b", "x=y"), ("B=1", "b", nil),
            ("b", "b", nil), ("", "b", nil), ("; ;b=1", "b", "1"),
            ("a=1;\u{301}b=2; c=3", "a", "1"), ("e\u{301}=2", "\u{e9}", nil), ("a=\"1\";\u{35e}", "a", "1"),
        ] as [(String, String, String?)])
    func `reads cookies`(header: String, name: String, value: String?) {
        #expect(Cookies.value(of: name, in: header) == value)
    }

    @Test func `sets cookies that scripts and other sites don't get`() {
        #expect(SetCookie("s", "v", isSecure: true).header == "s=v; Path=/; SameSite=Lax; HttpOnly; Secure")
        #expect(
            SetCookie("s", "", maxAge: 0, isSecure: false).header == "s=; Path=/; SameSite=Lax; Max-Age=0; HttpOnly")
        #expect(
            SetCookie("l", "uk", maxAge: 60, isSecure: false, isHTTPOnly: false).header
                == "l=uk; Path=/; SameSite=Lax; Max-Age=60")
    }
}
