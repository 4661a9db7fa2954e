import Base
import Testing

@testable import HTTP

struct CompressionTests {
    @Test(arguments: [
        ("gzip;", false), ("gzip; , br", false),
        ("gzip", true), ("GZip", true), ("x-gzip", true), ("*", true), ("gzip, deflate, br", true),
        ("gzip;q=0.001", true), ("br;q=1, gzip; q=0.5", true), ("identity;q=0, gzip;q=0.2", true),
        ("gzip;q=1.000", true), ("identity, gzip", true), ("*;q=0.1, br", true), (" gzip ;q=0.3 , x", true),
        ("", false), ("identity", false), ("br", false), ("gzip;q=0", false), ("gzip;q=0.000", false),
        ("*, gzip;q=0", false), ("gzip;q=0.4, identity;q=0.5", false), ("*;q=0", false), ("gzip;q=2", false),
        ("gzip;q=1.001", false), ("gzip;q=0.1234", false), ("gzip;q=-1", false), ("gzip;q=", false), ("gzip;x", false),
        ("gzipped", false), (";q=1", false), (",,,", false), ("gzip;q=0a1", false),
    ])
    func `reads what the asker accepts`(field: String, isGzip: Bool) {
        #expect(AcceptEncoding.prefersGzip(field) == isGzip)
    }

    @Test(arguments: [
        ("text/html; charset=utf-8", true), ("TEXT/CSV", true), ("application/json", true), ("image/svg+xml", true),
        ("application/problem+json", true), ("text/event-stream", true), ("image/png", false), ("", false),
        ("application/zip", false), ("font/woff2", false),
    ])
    func `knows which types shrink`(type: String, isCompressible: Bool) {
        #expect(ContentCoding.isCompressible(type) == isCompressible)
    }

    @Test(arguments: [0, 1, 511, 1024, 70_000, 1_000_000])
    func `what is compressed is the content again`(count: Int) {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 5) }
        for padding in [0, 1, 64] {
            for level: Int32 in [1, 6, 9] {
                #expect(Gzip.compress(bytes, level: level, padding: padding).flatMap { inflated($0) } == bytes)
            }
        }
    }

    private func answer(
        _ response: Response, _ headers: [(String, String)] = [("Accept-Encoding", "gzip")],
        method: HTTP.Method = .get
    ) async throws -> Response {
        let route = Route(.get, "/", access: .anyone, summary: "") { _ in response }
        let application = Application(routes: [route], log: Logger(component: "http", sink: Logger.nowhere))
        return await application.respond(to: try .make(method, "/", headers: headers))
    }

    private let page = Array(String(repeating: "<p>row</p>", count: 1000).utf8)

    @Test(arguments: [HTTP.Method.get, .head])
    func `a page is sent compressed to who likes it`(method: HTTP.Method) async throws {
        let response = try await answer(.html(page), method: method)
        #expect(response.header("Content-Encoding") == "gzip")
        #expect(response.header("Vary") == "Accept-Encoding")
        #expect(response.body.count < page.count / 10)
        #expect(inflated(response.body) == page)
    }

    @Test func `what takes long is compressed off the loop, and right`() async throws {
        let large = Array(String(repeating: "a line of a large export\n", count: 40_000).utf8)
        let response = try await answer(.html(large))
        #expect(inflated(response.body) == large)
    }

    @Test func `who doesn't ask gets it plain, and caches are told that it varies`() async throws {
        for headers in [[], [("Accept-Encoding", "identity, gzip;q=0")]] {
            let response = try await answer(.html(page), headers)
            #expect(response.body == page)
            #expect(response.header("Content-Encoding") == nil)
            #expect(response.header("Vary") == "Accept-Encoding")
        }
    }

    @Test func `leaves alone what is small, coded, partial, packed or not to be changed`() async throws {
        var coded = Response.html(page)
        coded.add("Content-Encoding", "br")
        var fixed = Response.html(page)
        fixed.add("Cache-Control", "private, no-transform")
        let partial = Response(Status(206, "Partial Content"), headers: [("Content-Type", "text/html")], body: page)
        let picture = Response(headers: [("Content-Type", "image/png")], body: page)
        for response in [.html(Array(page.prefix(1023))), coded, fixed, partial, picture, Response(body: page)] {
            let sent = try await answer(response)
            #expect(sent.body == response.body)
            #expect(sent.header("Content-Encoding") == response.header("Content-Encoding"))
            #expect(sent.header("Vary") == nil)
        }
    }

    @Test func `a strong tag becomes weak, and Vary is said once`() async throws {
        var tagged = Response.html(page)
        tagged.add("ETag", "\"one\"")
        tagged.add("Vary", "Cookie, accept-encoding")
        let response = try await answer(tagged)
        #expect(response.header("ETag") == "W/\"one\"")
        #expect(response.headers.filter { $0.name == "Vary" }.count == 1)
        #expect(try await answer(tagged, []).header("ETag") == "\"one\"")
    }

    @Test func `the compressed length of one content varies`() async throws {
        var lengths: Set<Int> = []
        for _ in 0..<40 { lengths.insert(try await answer(.html(page)).body.count) }
        #expect(lengths.count > 5)
    }
}
