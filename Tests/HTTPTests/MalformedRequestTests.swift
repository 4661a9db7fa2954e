import HTTP
import Testing

/// Over real sockets: what is refused, with which status, and that nothing behind it is read as a request.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct MalformedRequestTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let status: Int
        let text: String

        init(_ name: String, _ status: Int, _ text: String) {
            testDescription = name
            self.status = status
            self.text = text
        }
    }

    private static let hidden = "GET /number/1 HTTP/1.1\r\nHost: a\r\n\r\n"

    private static func post(_ fields: String, _ content: String = "") -> String {
        "POST /echo HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\r\n\(content)"
    }
    private static func get(_ fields: String) -> String { "GET /number/2 HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\r\n" }
    private static func line(_ line: String) -> String { "\(line)\r\nHost: a\r\n\r\n" }
    private static func host(_ host: String) -> String { "GET /number/2 HTTP/1.1\r\nHost: \(host)\r\n\r\n" }
    private static func chunked(_ content: String) -> String { post("Transfer-Encoding: chunked", content) }
    private static func times(_ count: Int, _ text: String) -> String { String(repeating: text, count: count) }

    /// What smuggling is made of: two readers that disagree about where a request ends (RFC 9112 §6.3, §11.2).
    static let smuggled: [Case] = [
        Case("both lengths", 400, post("Content-Length: 5\r\nTransfer-Encoding: chunked", "0\r\n\r\n")),
        Case("both, the coding first", 400, post("Transfer-Encoding: chunked\r\nContent-Length: 5", "0\r\n\r\n")),
        Case("both, the coding unknown", 400, post("Content-Length: 0\r\nTransfer-Encoding: x, chunked")),
        Case("two lengths", 400, post("Content-Length: 0\r\nContent-Length: 36")),
        Case("two equal lengths", 400, post("Content-Length: 0\r\nContent-Length: 0")),
        Case("two lengths in one field", 400, post("Content-Length: 0, 0")),
        Case("a length with a sign", 400, post("Content-Length: +0")),
        Case("a negative length", 400, post("Content-Length: -1")),
        Case("a length in hex", 400, post("Content-Length: 0x0")),
        Case("a length with a fraction", 400, post("Content-Length: 0.0")),
        Case("a length and a space in it", 400, post("Content-Length: 0 0")),
        Case("an empty length", 400, post("Content-Length:")),
        Case("a length beyond 64 bits", 400, post("Content-Length: 18446744073709551616")),
        Case("a length and a vertical tab", 400, post("Content-Length: \u{b}0")),
        Case("chunked is not the last", 400, post("Transfer-Encoding: chunked, identity", "0\r\n\r\n")),
        Case("chunked twice", 400, post("Transfer-Encoding: chunked, chunked", "0\r\n\r\n")),
        Case(
            "chunked in two fields", 400, post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "0\r\n\r\n")),
        Case("chunked with a parameter", 400, post("Transfer-Encoding: chunked;a=b", "0\r\n\r\n")),
        Case("a coding alike", 400, post("Transfer-Encoding: xchunked", "0\r\n\r\n")),
        Case("a coding quoted", 400, post("Transfer-Encoding: \"chunked\"", "0\r\n\r\n")),
        Case("a coding without chunked", 400, post("Transfer-Encoding: gzip")),
        Case("an empty coding", 400, post("Transfer-Encoding:")),
        Case("a coding before chunked", 501, post("Transfer-Encoding: gzip, chunked", "0\r\n\r\n")),
        Case(
            "an unknown coding before chunked", 501,
            post("Transfer-Encoding: x\r\nTransfer-Encoding: chunked", "0\r\n\r\n")),
        Case("a coding in HTTP/1.0", 400, "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        Case("a space before the colon", 400, post("Transfer-Encoding : chunked", "0\r\n\r\n")),
        Case("a tab before the colon", 400, post("Content-Length\t: 0")),
        Case("a colon on the next line", 400, post("Transfer-Encoding\r\n : chunked", "0\r\n\r\n")),
        Case("a field hidden behind a bare LF", 400, post("X: x\nTransfer-Encoding: chunked", "0\r\n\r\n")),
        Case("a field hidden behind a bare CR", 400, post("X: x\rTransfer-Encoding: chunked", "0\r\n\r\n")),
        Case("the end hidden behind LF LF", 400, "GET /number/2 HTTP/1.1\r\nHost: a\n\n"),
        Case("the end hidden behind CR LF LF", 400, "GET /number/2 HTTP/1.1\r\nHost: a\r\n\n"),
        Case("a rest glued to the method", 501, line("GPOST /echo HTTP/1.1")),
    ]

    /// Lines and fields (RFC 9112 §2.2, §5; RFC 9110 §5.5).
    static let fields: [Case] = [
        Case("lines that end with LF", 400, "GET /number/2 HTTP/1.1\nHost: a\n\n"),
        Case("lines that end with CR", 400, "GET /number/2 HTTP/1.1\rHost: a\r\r"),
        Case("LF before the request", 400, "\n" + get("X: a")),
        Case("two empty lines before the request", 400, "\r\n\r\n" + get("X: a")),
        Case("white space before the first field", 400, "GET /number/2 HTTP/1.1\r\n Host: a\r\n\r\n"),
        Case("a folded field", 400, get("X: a\r\n b")),
        Case("a field folded with a tab", 400, get("X: a\r\n\tb")),
        Case("NUL in a value", 400, get("X: a\u{0}b")),
        Case("a control byte in a value", 400, get("X: a\u{8}b")),
        Case("DEL in a value", 400, get("X: a\u{7F}")),
        Case("NUL in a name", 400, get("X\u{0}: a")),
        Case("no name", 400, get(": a")),
        Case("no colon", 400, get("X")),
        Case("a name that is no token", 400, get("X[y]: a")),
        Case("an expectation not met here", 417, get("Expect: the-unexpected")),
    ]

    /// Whose it is (RFC 9112 §3.2).
    static let hosts: [Case] = [
        Case("no Host", 400, "GET /number/2 HTTP/1.1\r\n\r\n"),
        Case("no Host beside an absolute URL", 400, "GET http://a/number/2 HTTP/1.1\r\n\r\n"),
        Case("two Hosts", 400, host("a\r\nHost: b")),
        Case("two equal Hosts", 400, host("a\r\nhost: a")),
        Case("two Hosts in HTTP/1.0", 400, "GET /number/2 HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n"),
        Case("two hosts in one", 400, host("a, b")),
        Case("a person in Host", 400, host("user@a")),
        Case("a path in Host", 400, host("a/b")),
        Case("a URL in Host", 400, host("http://a")),
        Case("a port that is none", 400, host("a:http")),
        Case("a port beyond 65535", 400, host("a:65536")),
        Case("a port alone", 400, host(":80")),
        Case("an address without its end", 400, host("[::1")),
        Case("a bad percent-encoding in Host", 400, host("a%2")),
    ]

    /// The request line (RFC 9112 §3; RFC 9110 §9.1).
    static let lines: [Case] = [
        Case("two spaces", 400, line("GET  /number/2 HTTP/1.1")),
        Case("a space at the end", 400, line("GET /number/2 HTTP/1.1 ")),
        Case("a space in the target", 400, line("GET /number /2 HTTP/1.1")),
        Case("a tab for a space", 400, line("GET\t/number/2 HTTP/1.1")),
        Case("NUL in the target", 400, line("GET /number/2\u{0} HTTP/1.1")),
        Case("a CR in the target", 400, line("GET /number/2\r HTTP/1.1")),
        Case("a fragment", 400, line("GET /number/2#a HTTP/1.1")),
        Case("no target", 400, line("GET HTTP/1.1")),
        Case("no version, as in HTTP/0.9", 400, line("GET /number/2")),
        Case("a version in small letters", 400, line("GET /number/2 http/1.1")),
        Case("a version with two digits", 400, line("GET /number/2 HTTP/1.10")),
        Case("another protocol", 400, line("GET /number/2 ICY/1.1")),
        Case("the start of TLS", 400, "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}\u{1}\r\n\r\n"),
        Case("HTTP/0.9", 505, line("GET /number/2 HTTP/0.9")),
        Case("HTTP/2.0", 505, line("GET /number/2 HTTP/2.0")),
        Case("the preface of HTTP/2", 505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        Case("an asterisk that is not for OPTIONS", 400, line("GET * HTTP/1.1")),
        Case("an authority that is not for CONNECT", 400, line("GET a:443 HTTP/1.1")),
        Case("a path without its slash", 400, line("GET number/2 HTTP/1.1")),
        Case("another scheme", 400, line("GET ftp://a/number/2 HTTP/1.1")),
        Case("a URL without a host", 400, line("GET http:///number/2 HTTP/1.1")),
        Case("a URL with a person", 400, line("GET http://u:p@a/number/2 HTTP/1.1")),
        Case("a URL with a bad port", 400, line("GET http://a:b/number/2 HTTP/1.1")),
        Case("CONNECT", 501, line("CONNECT a:443 HTTP/1.1")),
        Case("TRACE", 501, line("TRACE /number/2 HTTP/1.1")),
        Case("an unknown method", 501, line("BREW /number/2 HTTP/1.1")),
        Case("a method in small letters", 501, line("get /number/2 HTTP/1.1")),
        Case("a method longer than any", 501, line("\(times(100, "G")) /number/2 HTTP/1.1")),
        Case("a method that is no token", 400, line("G{}T /number/2 HTTP/1.1")),
    ]

    /// Chunked content (RFC 9112 §7.1).
    static let chunks: [Case] = [
        Case("an empty size", 400, chunked("\r\n\r\n")),
        Case("a size with a sign", 400, chunked("+0\r\n\r\n")),
        Case("a negative size", 400, chunked("-1\r\n\r\n")),
        Case("a size with 0x", 400, chunked("0x0\r\n\r\n")),
        Case("a space before a size", 400, chunked(" 0\r\n\r\n")),
        Case("a space behind a size", 400, chunked("0 \r\n\r\n")),
        Case("a size that is no number", 400, chunked("z\r\n\r\n")),
        Case("a size that overflows", 400, chunked("10000000000000000\r\n\r\n")),
        Case("a size that ends with LF", 400, chunked("0\n\r\n")),
        Case("a chunk longer than its size", 400, chunked("1\r\nab\r\n0\r\n\r\n")),
        Case("a chunk that ends with LF", 400, chunked("1\r\na\n0\r\n\r\n")),
        Case("content that ends with LF", 400, chunked("0\r\n\n")),
        Case("an extension without a name", 400, chunked("0;\r\n\r\n")),
        Case("an extension that ends with LF", 400, chunked("0;a\n\r\n")),
        Case("a CR in an extension", 400, chunked("0;a=\"\rb\"\r\n\r\n")),
        Case("extensions without end", 400, chunked("0\(times(200, ";abcdef"))\r\n\r\n")),
        Case("extensions on every chunk", 400, chunked(times(100, "1;abcdefghijk\r\na\r\n"))),
        Case("a folded trailer", 400, chunked("0\r\nX: a\r\n b\r\n\r\n")),
        Case("a space before a trailer's colon", 400, chunked("0\r\nX : a\r\n\r\n")),
        Case("a request for a trailer", 400, chunked("0\r\n")),
        Case("a trailer without end", 431, chunked("0\r\nX: \(times(5000, "a"))")),
        Case("too many trailers", 431, chunked("0\r\n\(times(101, "X:\r\n"))\r\n")),
        Case("a chunk beyond the limit", 413, chunked("3e9\r\n")),
        Case("chunks beyond the limit", 413, chunked(times(11, "64\r\n\(times(100, "a"))\r\n"))),
    ]

    /// Too much of anything (RFC 9110 §15.5.14, §15.5.15; RFC 6585 §5).
    static let oversized: [Case] = [
        Case("a line", 414, line("GET /\(times(9000, "a")) HTTP/1.1")),
        Case("a line without end", 414, times(9000, "a")),
        Case("a field", 431, get("X: \(times(33_000, "a"))")),
        Case("fields", 431, get(times(99, "X: \(times(400, "a"))\r\n") + "X: a")),
        Case("a head without end", 431, "GET /number/2 HTTP/1.1\r\n\(times(4000, "X: aaaaa\r\n"))"),
        Case("the number of fields", 431, get(times(100, "X:\r\n") + "X:")),
        Case("content", 413, post("Content-Length: 1001", times(1001, "a"))),
        Case("content that never comes", 413, post("Content-Length: 999999999999999")),
        Case("content someone waits to send", 413, post("Expect: 100-continue\r\nContent-Length: 1001")),
    ]

    @Test(arguments: smuggled + fields + hosts + lines + chunks + oversized)
    func `is refused, and nothing after it is read`(_ example: Case) async throws {
        try await withServer({ $0.body = 1000 }) { server in
            let client = try RawClient(port: server.port)
            try client.send(example.text + Self.hidden)
            let answer = try client.answer()
            #expect(answer.status == example.status)
            #expect(answer.header("Connection") == "close")
            #expect(answer.header("Content-Type") == "application/problem+json")
            #expect(try client.isClosedSilently())
        }
    }

    @Test(arguments: [smuggled, fields, hosts, lines, chunks])
    func `the same when its last byte comes alone, after a good request`(_ examples: [Case]) async throws {
        try await withServer({ $0.body = 1000 }) { server in
            for example in examples {
                let client = try RawClient(port: server.port)
                let bytes = Array((Self.hidden + example.text).utf8)
                try client.send(Array(bytes.dropLast()))
                #expect(try client.answer().text == "number 1")
                // Some are refused already; they still listen for a while.
                try client.send(Array(bytes.suffix(1)) + Array(Self.hidden.utf8))
                #expect(try client.answer().status == example.status, "\(example.testDescription)")
                #expect(try client.isClosedSilently(), "\(example.testDescription)")
            }
        }
    }

    /// Odd but right: taken, and the connection goes on at the right byte.
    static let accepted: [Case] = [
        Case("the URL's host outranks Host", 200, "GET http://B.example:81/host HTTP/1.1\r\nHost: a\r\n\r\n"),
        Case("an absolute URL in capitals", 200, "GET HTTPS://B.example:81/host?x HTTP/1.1\r\nHost:\r\n\r\n"),
        Case("OPTIONS of everything", 204, line("OPTIONS * HTTP/1.1")),
        Case("OPTIONS of a path", 204, line("OPTIONS /echo HTTP/1.1")),
        Case("HTTP/1.0 without Host", 200, "GET /number/2 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"),
        Case("a later minor version", 200, line("GET /number/2 HTTP/1.9")),
        Case("an empty line before", 200, "\r\n" + get("X: a")),
        Case("content of a GET, which looks like a request", 200, get("Content-Length: \(hidden.utf8.count)") + hidden),
        Case("a length with zeros before", 200, post("Content-Length: 0003", "abc")),
        Case("extensions and trailers", 200, chunked("3;a;b=\"c;\\\"\"\r\nabc\r\n0;d=e\r\nX: y\r\nHost: b\r\n\r\n")),
        Case("a trailer that looks like a length", 200, chunked("0\r\nContent-Length: 36\r\n\r\n")),
        Case("chunked in capitals", 200, post("Transfer-Encoding: CHUNKED", "0\r\n\r\n")),
    ]

    @Test(arguments: accepted)
    func `is taken, and what follows is the next request`(_ example: Case) async throws {
        let host = route(.get, "/host") { request in .text(request.host ?? "none") }
        try await withServer(routes: [host]) { server in
            let client = try RawClient(port: server.port)
            try client.send(example.text + Self.hidden)
            let answer = try client.answer()
            #expect(answer.status == example.status)
            if example.text.contains("/host") { #expect(answer.text == "B.example:81") }
            #expect(try client.answer().text == "number 1")
            client.finishSending()
            #expect(try client.isClosedSilently())
        }
    }

    @Test func `an answer that closes is the last, whatever was sent behind its request`() async throws {
        try await withServer { server in
            let client = try RawClient(port: server.port)
            try client.send(Self.get("Connection: keep-alive, close") + Self.hidden + Self.hidden)
            #expect(try client.answer().text == "number 2")
            #expect(try client.isClosedSilently())
        }
    }

    @Test(arguments: [
        "GET /number/2 HTTP/1.1\n", "GET /number/2 HTTP/1.1\r\nHost: a\n\n", "GET /number/2 HTTP/1.1\r\nHost: a\r\n\n",
        "GET /number/2 HTTP/1.1\r\nHost: a\rX", "GET /number/2 HTTP/1.1\r\nX: a\n",
    ])
    func `a line that ends without CR LF is refused when it comes, whole or byte by byte`(text: String) async throws {
        try await withServer({ $0.headDeadline = .seconds(3600) }) { server in
            let client = try RawClient(port: server.port)
            try client.send(text)
            #expect(try client.answer().status == 400)
            #expect(try client.isClosedSilently())
            let slow = try RawClient(port: server.port)
            for byte in text.utf8 { try slow.send([byte]) }
            #expect(try slow.answer().status == 400)
        }
    }

    @Test(arguments: [
        (413, "Content-Length: 1001\r\n\r\n"), (413, "Transfer-Encoding: chunked\r\n\r\n3e9\r\n"),
        (400, "Transfer-Encoding: chunked\r\n\r\nz"), (431, "X: \(times(33_000, "a"))\r\n\r\n"),
        (400, "X : y\r\n\r\n"),
    ])
    func `a refusal of HEAD has no content`(status: Int, rest: String) async throws {
        try await withServer({ $0.body = 1000 }) { server in
            let client = try RawClient(port: server.port)
            try client.send("HEAD /echo HTTP/1.1\r\nHost: a\r\n" + rest)
            let answer = try client.answer(toHead: true)
            #expect(answer.status == status)
            #expect(answer.header("Content-Type") == "application/problem+json")
            #expect(try client.isClosedSilently())
        }
    }
}
