import Testing

@testable import HTTP

struct RequestParserTests {
    struct Good: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let bytes: [UInt8]
        let expected: ParsedHead

        init(_ name: String, _ text: String, _ expected: ParsedHead) {
            testDescription = name
            bytes = Array(text.utf8)
            self.expected = expected
        }
    }

    static let good: [Good] = [
        Good("plain", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", ParsedHead()),
        Good(
            "path and query", "GET /a%20b/c?d=e%26&f HTTP/1.1\r\nHost: a\r\n\r\n",
            ParsedHead(path: "/a%20b/c", query: "d=e%26&f")),
        Good("empty query", "GET /a? HTTP/1.1\r\nHost: a\r\n\r\n", ParsedHead(path: "/a")),
        Good("second question mark", "GET /a?b?c HTTP/1.1\r\nHost: a\r\n\r\n", ParsedHead(path: "/a", query: "b?c")),
        Good(
            "absolute form", "GET http://b.example:81/x?y HTTP/1.1\r\nHost: a\r\n\r\n",
            ParsedHead(path: "/x", query: "y", authority: "b.example:81")),
        Good(
            "absolute form in capitals", "GET HTTPS://[::1]/x HTTP/1.1\r\nHost: a\r\n\r\n",
            ParsedHead(path: "/x", authority: "[::1]")),
        Good(
            "absolute form without a path", "GET http://b HTTP/1.1\r\nHost: a\r\n\r\n",
            ParsedHead(path: "", authority: "b")),
        Good(
            "absolute form with a query only", "GET http://b?x HTTP/1.1\r\nHost: a\r\n\r\n",
            ParsedHead(path: "", query: "x", authority: "b")),
        Good("asterisk", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", ParsedHead(method: .options, path: "*")),
        Good("empty line before", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", ParsedHead()),
        Good("later minor version", "GET / HTTP/1.7\r\nHost: a\r\n\r\n", ParsedHead()),
        Good("empty host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", ParsedHead(fields: ["Host: "])),
        Good(
            "host and port", "GET / HTTP/1.1\r\nhOST: [2001:db8::1]:8080\r\n\r\n",
            ParsedHead(fields: ["hOST: [2001:db8::1]:8080"])),
        Good(
            "host with a name of all kinds", "GET / HTTP/1.1\r\nHost: A-b_c.~9%2D:00080\r\n\r\n",
            ParsedHead(fields: ["Host: A-b_c.~9%2D:00080"])),
        Good("host and no port", "GET / HTTP/1.1\r\nHost: a:\r\n\r\n", ParsedHead(fields: ["Host: a:"])),
        Good(
            "1.0 closes", "GET / HTTP/1.0\r\n\r\n", ParsedHead(fields: [], keepsAlive: false)),
        Good(
            "1.0 may be kept", "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
            ParsedHead(fields: ["Connection: Keep-Alive"])),
        Good(
            "1.0 knows no 100", "POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n",
            ParsedHead(
                method: .post, fields: ["Expect: 100-continue", "Content-Length: 1"], framing: .length(1),
                keepsAlive: false)),
        Good(
            "close", "GET / HTTP/1.1\r\nHost: a\r\nConnection: x,\tClose ,y\r\n\r\n",
            ParsedHead(fields: ["Host: a", "Connection: x,\tClose ,y"], keepsAlive: false)),
        Good(
            "close wins over a later keep-alive",
            "GET / HTTP/1.0\r\nConnection: close\r\nConnection: keep-alive\r\n\r\n",
            ParsedHead(fields: ["Connection: close", "Connection: keep-alive"], keepsAlive: false)),
        Good(
            "white space around values", "GET / HTTP/1.1\r\nHost:a\r\nX: \t b c \t \r\nY:\t\r\nZ:\r\n\r\n",
            ParsedHead(fields: ["Host: a", "X: b c", "Y: ", "Z: "])),
        Good(
            "odd names and colons in values", "GET / HTTP/1.1\r\nHost: a\r\n!#$%&'*+-.^_`|~9: :b:\r\n\r\n",
            ParsedHead(fields: ["Host: a", "!#$%&'*+-.^_`|~9: :b:"])),
        Good(
            "obs-text", "GET /\u{e9} HTTP/1.1\r\nHost: a\r\nX: \u{e9}\r\n\r\n",
            ParsedHead(path: "/\u{e9}", fields: ["Host: a", "X: \u{e9}"])),
        Good(
            "a length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 00042\r\n\r\n",
            ParsedHead(method: .post, fields: ["Host: a", "Content-Length: 00042"], framing: .length(42))),
        Good(
            "a length of zero", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
            ParsedHead(method: .post, fields: ["Host: a", "Content-Length: 0"])),
        Good(
            "chunked, with an expectation",
            "PUT / HTTP/1.1\r\nHost: a\r\ntransfer-encoding: Chunked\r\nExpect: 100-Continue\r\n\r\n",
            ParsedHead(
                method: .put, fields: ["Host: a", "transfer-encoding: Chunked", "Expect: 100-Continue"],
                framing: .chunked, expectsContinue: true)),
    ]

    @Test(arguments: good)
    func `takes a good head, whole and byte by byte, and leaves what follows`(_ example: Good) {
        let length = example.bytes.count
        for rest in ["", "G", "GET /next HTTP/1.1\r\nHost: b\r\n\r\n"] {
            let bytes = example.bytes + Array(rest.utf8)
            #expect(Parsed.whole(bytes) == .head(example.expected, length: length))
            #expect(Parsed.piecewise(bytes) == .head(example.expected, length: length))
        }
        #expect(Parsed.whole(example.bytes.dropLast()) == .incomplete)
    }

    private static func post(_ fields: String) -> String { "POST / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\r\n" }
    private static func get(_ fields: String) -> String { "GET / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\r\n" }
    private static func line(_ line: String) -> String { "\(line)\r\nHost: a\r\n\r\n" }

    static let refused: [(status: Int, text: String)] = [
        // Where the content ends (RFC 9112 §6.3).
        (400, post("Content-Length: 5\r\nTransfer-Encoding: chunked")),
        (400, post("Transfer-Encoding: chunked\r\nContent-Length: 5")),
        (400, post("Content-Length: 5\r\nContent-Length: 5")),
        (400, post("Content-Length: 5\r\nContent-Length: 6")),
        (400, post("Content-Length: 0\r\ncontent-length: 0")),
        (400, post("Content-Length: +5")),
        (400, post("Content-Length: -5")),
        (400, post("Content-Length: 5,5")),
        (400, post("Content-Length: 5, 5")),
        (400, post("Content-Length: 5 5")),
        (400, post("Content-Length: 0x5")),
        (400, post("Content-Length: 5.0")),
        (400, post("Content-Length:")),
        (400, post("Content-Length: 99999999999999999999999")),
        (400, post("Content-Length: 9223372036854775808")),
        (501, post("Transfer-Encoding: gzip, chunked")),
        (501, post("Transfer-Encoding: x-any\r\nTransfer-Encoding: chunked")),
        (501, post("Transfer-Encoding: ,chunked")),
        // Without `chunked` at the end, once, the length is unknown.
        (400, post("Transfer-Encoding: gzip")),
        (400, post("Transfer-Encoding: chunked, gzip")),
        (400, post("Transfer-Encoding: chunked, chunked")),
        (400, post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked")),
        (400, post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity")),
        (400, post("Transfer-Encoding: identity")),
        (400, post("Transfer-Encoding: chunked,")),
        (400, post("Transfer-Encoding: chunked;q=1")),
        (400, post("Transfer-Encoding: \"chunked\"")),
        (400, post("Transfer-Encoding:")),
        (400, post("Transfer-Encoding: xchunked")),
        (400, post("Transfer-Encoding: \u{b}chunked")),
        (400, post("Content-Length: 5\r\nTransfer-Encoding: gzip, chunked")),
        (400, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"),
        (417, post("Expect: something")),
        // Lines and fields (§2.2, §5).
        (400, "GET / HTTP/1.1\nHost: a\r\n\r\n"),
        (400, "GET / HTTP/1.1\r\nHost: a\n\r\n\r\n"),
        (400, "GET / HTTP/1.1\nHost: a\n\n"),
        (400, "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        (400, "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        (400, get("X: a\rb")),
        (400, get("X: a\nb")),
        (400, get("X: a\r")),
        (400, get("X: a\u{0}b")),
        (400, get("X: a\u{1}b")),
        (400, get("X: a\u{7F}b")),
        (400, get("X: a\u{b}")),
        (400, get("X : a")),
        (400, get("X\t: a")),
        (400, get(" X: a")),
        (400, get("X: a\r\n b")),
        (400, get("X: a\r\n\tb")),
        (400, get("X")),
        (400, get(": a")),
        (400, get("X(y): a")),
        (400, get("X\u{e9}: a")),
        (400, get("X\u{0}: a")),
        // Whose it is (§3.2).
        (400, "GET / HTTP/1.1\r\n\r\n"),
        (400, "GET / HTTP/1.1\r\nX: a\r\n\r\n"),
        (400, get("Host: a")),
        (400, get("host: b")),
        (400, "GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n"),
        (400, "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"),
        (400, "GET / HTTP/1.1\r\nHost: user@a\r\n\r\n"),
        (400, "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"),
        (400, "GET / HTTP/1.1\r\nHost: http://a\r\n\r\n"),
        (400, "GET / HTTP/1.1\r\nHost: a?b\r\n\r\n"),
        (400, "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n"),
        (400, "GET / HTTP/1.1\r\nHost: a:b\r\n\r\n"),
        (400, "GET / HTTP/1.1\r\nHost: a:80:80\r\n\r\n"),
        (400, "GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n"),
        (400, "GET / HTTP/1.1\r\nHost: a:000080\r\n\r\n"),
        (400, "GET / HTTP/1.1\r\nHost: :80\r\n\r\n"),
        (400, "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n"),
        (400, "GET / HTTP/1.1\r\nHost: [::1]80\r\n\r\n"),
        (400, "GET / HTTP/1.1\r\nHost: []\r\n\r\n"),
        (400, "GET / HTTP/1.1\r\nHost: [a.b]\r\n\r\n"),
        (400, "GET / HTTP/1.1\r\nHost: a]\r\n\r\n"),
        (400, "GET / HTTP/1.1\r\nHost: a%4\r\n\r\n"),
        (400, "GET / HTTP/1.1\r\nHost: a%zz\r\n\r\n"),
        (400, "GET / HTTP/1.1\r\nHost: \u{e9}\r\n\r\n"),
        // The request line (§3).
        (400, line("GET  / HTTP/1.1")),
        (400, line("GET / HTTP/1.1 ")),
        (400, line("GET /  HTTP/1.1")),
        (400, line("GET /a b HTTP/1.1")),
        (400, line("GET /\tHTTP/1.1")),
        (400, line("GET\t/ HTTP/1.1")),
        (400, line(" GET / HTTP/1.1")),
        (400, line("GET /")),
        (400, line("GET")),
        (400, line("GET ")),
        (400, line("GET /\u{0} HTTP/1.1")),
        (400, line("GET /\u{7F} HTTP/1.1")),
        (400, line("G(T / HTTP/1.1")),
        // Methods (RFC 9110 §9.1): tokens are case-sensitive, and one too long is one not known (RFC 9112 §3).
        (501, line("BREW / HTTP/1.1")),
        (501, line("TRACE / HTTP/1.1")),
        (501, line("get / HTTP/1.1")),
        (501, line("xGET / HTTP/1.1")),
        (501, line("\(String(repeating: "G", count: 40)) / HTTP/1.1")),
        (501, line("CONNECT a:443 HTTP/1.1")),
        (400, line("GET * HTTP/1.1")),
        (400, line("GET a HTTP/1.1")),
        (400, line("GET ?a HTTP/1.1")),
        (400, line("GET a:443 HTTP/1.1")),
        (400, line("GET /a#b HTTP/1.1")),
        (400, line("GET http://a:80:80/ HTTP/1.1")),
        (400, line("GET ftp://a/ HTTP/1.1")),
        (400, line("GET http:// HTTP/1.1")),
        (400, line("GET http:/// HTTP/1.1")),
        (400, line("GET http://u:p@a/ HTTP/1.1")),
        (400, line("GET http://a#b HTTP/1.1")),
        (400, line("GET http://a/#b HTTP/1.1")),
        (400, line("GET / http/1.1")),
        (400, line("GET / HTTP/1")),
        (400, line("GET / HTTP/11")),
        (400, line("GET / HTTP/1.10")),
        (400, line("GET / HTTP/1,1")),
        (400, line("GET / HTTPS/1.1")),
        (400, line("GET / XTTP/1.1")),
        (505, line("GET / HTTP/2.0")),
        (505, line("GET / HTTP/0.9")),
        (505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        (400, "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\r\n\r\n"),
    ]

    @Test(arguments: refused)
    func `refuses a bad head, whole and byte by byte`(status: Int, text: String) {
        let bytes = Array(text.utf8)
        #expect(Parsed.whole(bytes) == .refused(status))
        #expect(Parsed.piecewise(bytes) == .refused(status))
        #expect(Parsed.whole(bytes + Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8)) == .refused(status))
    }

    @Test func `holds its limits to the byte, whole and byte by byte`() {
        var limits = Limits()
        limits.requestLine = 64
        limits.head = 256
        limits.headerFields = 4
        func both(_ text: String) -> Parsed {
            let whole = Parsed.whole(Array(text.utf8), limits: limits)
            #expect(Parsed.piecewise(Array(text.utf8), limits: limits) == whole)
            return whole
        }
        func isHead(_ parsed: Parsed) -> Bool { if case .head = parsed { true } else { false } }

        // "GET  HTTP/1.1" without the path is 13 bytes.
        let path = "/" + String(repeating: "a", count: 50)
        #expect(isHead(both("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")))
        #expect(isHead(both("\r\nGET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")))
        #expect(both("GET \(path)a HTTP/1.1\r\nHost: a\r\n\r\n") == .refused(414))
        #expect(both("GET \(path)\(path)\(path)\(path)\(path)\(path) HTTP/1.1\r\nHost: a\r\n\r\n") == .refused(414))
        #expect(both(String(repeating: "A", count: 65)) == .incomplete)
        #expect(both(String(repeating: "A", count: 66)) == .refused(414))
        // Not a request at all, and without an end.
        #expect(both(String(repeating: "A", count: 1000)) == .refused(414))

        let frame = "GET / HTTP/1.1\r\nHost: a\r\nX: \r\n\r\n".utf8.count
        let value = String(repeating: "b", count: 256 - frame)
        #expect(isHead(both("GET / HTTP/1.1\r\nHost: a\r\nX: \(value)\r\n\r\n")))
        #expect(both("GET / HTTP/1.1\r\nHost: a\r\nX: \(value)b\r\n\r\n") == .refused(431))
        #expect(both("GET / HTTP/1.1\r\nHost: a\r\nX: \(value)\(value)\r\n\r\n") == .refused(431))
        #expect(both("GET / HTTP/1.1\r\nHost: a\r\nX: \(value)\(value)") == .refused(431))

        #expect(isHead(both("GET / HTTP/1.1\r\nHost: a\r\nA:\r\nB:\r\nC:\r\n\r\n")))
        #expect(both("GET / HTTP/1.1\r\nHost: a\r\nA:\r\nB:\r\nC:\r\nD:\r\n\r\n") == .refused(431))
    }

    @Test func `refuses a client that ends lines with a bare LF at once, not at its deadline`() {
        #expect(Parsed.whole(Array("GET / HTTP/1.1\n".utf8)) == .refused(400))
        #expect(Parsed.whole(Array("\n".utf8)) == .refused(400))
    }

    @Test func `is ready for the next head after one`() {
        var parser = RequestParser(limits: Limits())
        let memory = GuardedMemory()
        let text = Array("GET /first HTTP/1.1\r\nHost: a\r\n\r\nGET /second HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        let half = 45
        guard case .incomplete = memory.with(text[..<20], { parser.parse($0) }),
            case .head(_, let length) = memory.with(text[..<half], { parser.parse($0) }),
            case .incomplete = memory.with(text[length..<half], { parser.parse($0) }),
            case .head(let head, _) = memory.with(text[length...], { parser.parse($0) })
        else {
            Issue.record("two heads in a row were not found")
            return
        }
        #expect(ParsedHead(head).path == "/second")
    }
}
