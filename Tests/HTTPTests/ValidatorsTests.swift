import Base
import Testing

@testable import HTTP

struct ValidatorsTests {
    @Test(arguments: [
        ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777), ("Sunday, 06-Nov-94 08:49:37 GMT", 784_111_777),
        ("Sun Nov  6 08:49:37 1994", 784_111_777), ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("Tue, 29 Feb 2000 12:34:56 GMT", 951_827_696),
    ])
    func `reads the three forms of a date`(text: String, seconds: Int64) {
        #expect(HTTPDate.time(from: text) == Timestamp(seconds: seconds))
    }

    @Test(arguments: [
        "", "Sun", "Sun, 06 Nov 1994 08:49:37", "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sun, 06 nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 8:49:37 GMT", "Sun, 06 Nov 99999999999999 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49 GMT", "Sun, +6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 EST",
    ])
    func `takes nothing else for a date`(text: String) {
        #expect(HTTPDate.time(from: text) == nil)
    }

    @Test(arguments: [
        ("bytes=0-0", ByteRange.part(0..<1)), ("bytes=2-5", .part(2..<6)), ("bytes=2-", .part(2..<10)),
        ("bytes=-3", .part(7..<10)), ("bytes=-99", .part(0..<10)), ("bytes=9-99", .part(9..<10)),
        ("Bytes= 0-1 ", .part(0..<2)), ("bytes=0-99999999999999999999999", .part(0..<10)),
        ("bytes=10-", .unsatisfiable), ("bytes=10-11", .unsatisfiable), ("bytes=-0", .unsatisfiable),
        ("bytes=99999999999999999999-", .unsatisfiable), ("bytes=5-4", .whole), ("bytes=-", .whole), ("bytes=", .whole),
        ("bytes=a-b", .whole), ("bytes=1-2,4-5", .whole), ("lines=1-2", .whole), ("bytes=1", .whole),
        ("bytes=+1-2", .whole), ("bytes=--1", .whole),
    ])
    func `reads one range`(field: String, expected: ByteRange) {
        #expect(ByteRange(field, of: 10) == expected)
    }

    private func answer(
        _ response: Response, _ headers: [(String, String)], _ method: HTTP.Method = .get
    ) async throws -> Response {
        let route = Route(method == .head ? .get : method, "/", access: .anyone, summary: "") { _ in response }
        let application = Application(routes: [route], log: Logger(component: "http", sink: Logger.nowhere))
        return await application.respond(to: try .make(method, "/", headers: headers))
    }

    private var report: Response {
        Response(
            headers: [
                ("Content-Type", "text/csv"), ("ETag", "\"r1\""), ("Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT"),
                ("Cache-Control", "no-cache"),
            ], body: [1, 2, 3])
    }

    @Test(arguments: [
        ([("If-None-Match", "\"r1\"")], 304), ([("If-None-Match", "W/\"r1\"")], 304), ([("If-None-Match", "*")], 304),
        ([("If-None-Match", "\"r0\" , \"r1\"")], 304), ([("If-None-Match", "\"r2\"")], 200),
        ([("If-None-Match", "r1")], 200), ([("If-None-Match", "")], 200),
        ([("If-Modified-Since", "Sun, 06 Nov 1994 08:49:37 GMT")], 304),
        ([("If-Modified-Since", "Sun, 06 Nov 1994 08:49:38 GMT")], 304),
        ([("If-Modified-Since", "Sun, 06 Nov 1994 08:49:36 GMT")], 200), ([("If-Modified-Since", "yesterday")], 200),
        // The tag outranks the date.
        ([("If-None-Match", "\"r2\""), ("If-Modified-Since", "Sun, 06 Nov 1994 08:49:37 GMT")], 200),
    ])
    func `a handler's validators are honoured`(headers: [(String, String)], status: Int) async throws {
        for method in [HTTP.Method.get, .head] {
            let response = try await answer(report, headers, method)
            #expect(response.status.code == status)
            #expect(response.body == (status == 304 ? [] : [1, 2, 3]))
            #expect(response.header("ETag") == "\"r1\"")
            #expect(response.header("Cache-Control") == "no-cache")
        }
    }

    @Test func `only an answer to GET or HEAD that went well can be known`() async throws {
        let headers = [("If-None-Match", "*")]
        #expect(try await answer(report, headers, .post).status == .ok)
        var gone = report
        gone.status = .gone
        #expect(try await answer(gone, headers).status == .gone)
        #expect(try await answer(.text("no validators"), [("If-None-Match", "\"\"")]).status == .ok)
    }

    @Test func `the tag of a compressed answer is known again`() async throws {
        var page = Response.html([UInt8](repeating: 65, count: 5000))
        page.add("ETag", "\"p\"")
        let accept = ("Accept-Encoding", "gzip")
        let tag = try #require(try await answer(page, [accept]).header("ETag"))
        let again = try await answer(page, [accept, ("If-None-Match", tag)])
        #expect(again.status == .notModified)
        #expect(again.header("Vary") == "Accept-Encoding")
        #expect(again.header("Content-Encoding") == nil)
    }

    @Test func `a part is only given where parts are offered`() async throws {
        let range = [("Range", "bytes=1-1")]
        #expect(try await answer(report, range).status == .ok)
        var offered = report
        offered.offerRanges()
        let part = try await answer(offered, range)
        #expect(part.status.code == 206)
        #expect(part.body == [2])
        #expect(part.header("Content-Range") == "bytes 1-1/3")
        #expect(try await answer(offered, range, .head).status == .ok)
        #expect(try await answer(offered, range + [("If-None-Match", "\"r1\"")]).status == .notModified)
    }

    @Test(arguments: [
        ("\"r1\"", 206), ("W/\"r1\"", 200), ("\"r2\"", 200), ("Sun, 06 Nov 1994 08:49:37 GMT", 206),
        ("Sun, 06 Nov 1994 08:49:38 GMT", 200),
    ])
    func `a part of another content than the asker has is no use`(condition: String, status: Int) async throws {
        var offered = report
        offered.offerRanges()
        let response = try await answer(offered, [("Range", "bytes=0-1"), ("If-Range", condition)])
        #expect(response.status.code == status)
        #expect(response.body == (status == 206 ? [1, 2] : [1, 2, 3]))
    }

    @Test func `a part behind the end is a 416 that tells the length`() async throws {
        var offered = report
        offered.offerRanges()
        let response = try await answer(offered, [("Range", "bytes=3-")])
        #expect(response.status.code == 416)
        #expect(response.header("Content-Range") == "bytes */3")
        #expect(response.body.isEmpty)
    }
}
