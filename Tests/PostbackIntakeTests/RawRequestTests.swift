import Base
import HTTP
import Testing

@testable import Postbacks

/// No stored request holds a secret, however it was sent.
struct RawRequestTests {
    private static let secret = "Se-cret_0123456789"

    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var target = "/integrations/keitaro/postback"
        var headers: [(String, String)] = []
        var body = ""
        /// What has to be left.
        let keeps: String
    }

    static let cases: [Case] = [
        Case(
            testDescription: "query", target: "/p?status=lead&secret=\(secret)&subid=c",
            keeps: "status=lead&secret=***&subid=c"),
        Case(
            testDescription: "escaped query", target: "/p?s%65cret=Se%2Dcret_0123456789&subid=c",
            keeps: "s%65cret=***&subid=c"),
        Case(
            testDescription: "within another value", target: "/p?url=http://x/?secret=\(secret)&subid=c",
            keeps: "url=***&subid=c"),
        Case(testDescription: "as a name", target: "/p?\(secret)=1&subid=c", keeps: "***&subid=c"),
        Case(
            testDescription: "form", body: "secret=\(secret)&token=other-token-value&subid=c",
            keeps: "secret=***&token=***&subid=c"),
        Case(
            testDescription: "JSON", body: #"{"secret": "\#(secret)", "subid": "c"}"#,
            keeps: #"\"secret\":\"***\",\"subid\":\"c\""#),
        Case(
            testDescription: "escaped JSON", body: #"{"\u0073ecret": "\u0053e-cret_0123456789", "subid": "c"}"#,
            keeps: #"\"secret\":\"***\",\"subid\":\"c\""#),
        Case(
            testDescription: "nested JSON", body: #"{"a": {"b": "\#(secret)"}, "subid": "c"}"#,
            keeps: #"\"a\":\"***\",\"subid\":\"c\""#),
        Case(testDescription: "broken JSON", body: #"{"secret": "\#(secret)", "#, keeps: #""body":"***""#),
        Case(
            testDescription: "JSON as a name", body: #"{"\#(secret)": "1", "subid": "c"}"#,
            keeps: #"\"***\":\"***\",\"subid\":\"c\""#),
        Case(
            testDescription: "JSON with one name twice",
            body: #"{"note": "\#(secret)", "secret": "\#(secret)", "note": "x", "subid": "c"}"#,
            keeps: #"\"note\":\"x\""#),
        Case(
            testDescription: "JSON with one name twice, escaped", target: "/p?secret=\(secret)",
            body: #"{"note": "\u0053e-cret_0123456789", "note": "x", "subid": "c"}"#,
            keeps: #"\"note\":\"x\",\"subid\":\"c\""#),
        Case(
            testDescription: "badly encoded", target: "/p?url=Se%2Dcret_0123456789%26b%3D100%&subid=c",
            headers: [("Referer", "https://h/?a=%53e-cret_0123456789&b=100%"), ("User-Agent", "Keitaro")],
            keeps: "url=***&subid=c"),
        Case(
            testDescription: "multipart", headers: [("Content-Type", "multipart/form-data; boundary=x")],
            body: "--x\r\nContent-Disposition: form-data; name=\"secret\"\r\n\r\n\(secret)\r\n"
                + "--x\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\nabcdefgh\r\n"
                + "--x\r\nContent-Disposition: form-data; name=\"subid\"\r\n\r\nc\r\n--x--\r\n",
            keeps: #"secret=***\npassword=***\nsubid=c"#),
        Case(
            testDescription: "a file of a multipart form",
            headers: [("Content-Type", "multipart/form-data; boundary=x")],
            body: "--x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f\"\r\n\r\n\(secret)\r\n--x--\r\n",
            keeps: #""body":"***""#),
        Case(
            testDescription: "headers",
            headers: [
                ("Referer", "https://h/p?secret=\(secret)"), ("Authorization", "Bearer abcdefgh"),
                ("Cookie", "s=abcdefgh"),
                ("User-Agent", "Keitaro"), ("X-Url", "p%3Fsecret%3DSe%2Dcret_0123456789"),
            ], keeps: #""user-agent":"Keitaro""#),
    ]

    @Test(arguments: cases) func `secrets are taken out`(case given: Case) throws {
        let request = try Request.make(.post, given.target, headers: given.headers, body: Array(given.body.utf8))
        let raw = RawRequest.json(of: request, secret: Self.secret, from: "203.0.113.7")
        for part in [Self.secret, "0123456789", "abcdefgh", "other-token-value"] {
            #expect(!raw.contains(part), "\(raw)")
        }
        #expect(raw.contains(given.keeps), "\(raw)")
        let json = try JSON(parsing: Array(raw.utf8))
        #expect(json["method"] == "POST" && json["address"] == "203.0.113.7")
    }

    @Test func `what PostgreSQL does not take is replaced, and length is bounded`() throws {
        let request = try Request.make(
            .post, "/p?a=%00", body: Array("a=\u{0}&b=".utf8) + [UInt8](repeating: 65, count: 60_000))
        let raw = RawRequest.json(of: request, secret: "", from: "")
        #expect(!raw.contains("\\u0000") && !raw.utf8.contains(0))
        #expect(raw.utf8.count < 20_000)
    }
}
