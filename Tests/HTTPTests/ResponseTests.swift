import Base
import Testing

@testable import HTTP

struct ResponseTests {
    private func head(
        _ response: Response, to method: HTTP.Method = .get, isVersion10: Bool = false, keepsAlive: Bool = true
    ) -> String {
        var out: [UInt8] = []
        ResponseHead.write(
            response, to: method, isVersion10: isVersion10, keepsAlive: keepsAlive, date: Array("D".utf8), into: &out)
        return String(decoding: out, as: UTF8.self)
    }

    @Test func `writes the head`() {
        let response = Response.text("h\u{e9}llo")
        let plain = "HTTP/1.1 200 OK\r\nDate: D\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 6\r\n"
        #expect(head(response) == plain + "\r\n")
        #expect(head(response, to: .head) == plain + "\r\n")
        #expect(head(response, keepsAlive: false) == plain + "Connection: close\r\n\r\n")
        #expect(head(response, isVersion10: true) == plain + "Connection: keep-alive\r\n\r\n")
        #expect(head(response, isVersion10: true, keepsAlive: false) == plain + "Connection: close\r\n\r\n")
    }

    @Test(arguments: [Status.noContent, .notModified])
    func `an answer without content has no length`(status: Status) {
        #expect(!head(Response(status, body: [1, 2])).contains("Content-Length"))
    }

    @Test func `writes lengths of any size`() {
        for count in [0, 9, 10, 99, 100, 1_234_567] {
            #expect(head(Response(body: [UInt8](repeating: 0, count: count))).contains("Content-Length: \(count)\r\n"))
        }
    }

    @Test(arguments: ["a\r\nEvil: 1", "a\nEvil: 1", "a\rEvil: 1", "a\u{0}Evil: 1", "a\r\n\r\n<html>"])
    func `a value can't start a field or the content`(value: String) {
        var response = Response(.found, headers: [("Location", value)])
        response.add("X", value)
        response.set("Y", value)
        for (_, value) in response.headers {
            #expect(value.utf8.allSatisfy { $0 >= 0x20 })
        }
        let lines = head(response).split(separator: "\r\n", omittingEmptySubsequences: false)
        #expect(lines.count == 8)
        let problem = HTTPError(.found, headers: [("Location", value)]).problem(requestID: value)
        #expect(problem.header("location")?.utf8.contains(0x0A) == false)
        #expect(!problem.body.contains(0x0A))
    }

    @Test func `the fields that frame an answer are not the handler's`() {
        var response = Response(headers: [("Content-Length", "5"), ("X-A", "1"), ("x y", "1"), ("", "1")])
        for name in [
            "connection", "Transfer-Encoding", "CONTENT-LENGTH", "Keep-Alive", "a:b", "a\r\nb", "Content-Lengt\u{e9}",
        ] {
            response.add(name, "x")
            response.set(name, "x")
        }
        #expect(response.headers.map(\.name) == ["X-A"])
    }

    @Test(arguments: ["a;Domain=evil", "a\r\nEvil: 1", "a\u{0}", "a b", "a,b", "\u{e9}", "a\u{7f}", "a\tb"])
    func `a cookie that would leave its place is not set`(text: String) {
        var response = Response()
        response.set(SetCookie("c", text, isSecure: true))
        response.set(SetCookie(text, "v", isSecure: true))
        response.set(SetCookie("", "v", isSecure: true))
        #expect(response.headers.isEmpty)
        response.set(SetCookie("c", "", maxAge: 0, isSecure: true))
        response.set(SetCookie("c", "aZ09-_.~%2B=", isSecure: true))
        #expect(response.headers.map(\.value).allSatisfy { $0.hasSuffix("; HttpOnly; Secure") })
        #expect(response.headers.count == 2)
    }

    @Test func `names fields in any case`() {
        var response = Response(headers: [("X-A", "1"), ("x-a", "2"), ("B", "3")])
        #expect(response.header("x-A") == "1")
        response.set("X-a", "4")
        #expect(response.headers.map(\.value) == ["3", "4"])
        response.remove("b")
        #expect(response.headers.map(\.name) == ["X-a"])
        #expect(response.header("b") == nil)
    }

    @Test(arguments: [
        (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
        (951_827_696, "Tue, 29 Feb 2000 12:34:56 GMT"), (4_102_444_799, "Thu, 31 Dec 2099 23:59:59 GMT"),
    ])
    func `writes dates`(seconds: Int, text: String) {
        #expect(String(decoding: HTTPDate.bytes(secondsSince1970: seconds), as: UTF8.self) == text)
    }

    @Test func `redirects after a form`() {
        let response = Response.redirect(to: "/flows")
        #expect(response.status == .seeOther)
        #expect(response.header("Location") == "/flows")
        #expect(response.body.isEmpty)
    }

    @Test func `a problem says what it knows and nothing else`() throws {
        let plain = HTTPError(.notFound).problem(requestID: "r1")
        #expect(plain.status == .notFound)
        #expect(plain.header("Content-Type") == "application/problem+json")
        let expected: JSON = ["type": "about:blank", "title": "Not Found", "status": 404, "request_id": "r1"]
        #expect(try JSON(parsing: plain.body) == expected)

        let full = HTTPError(
            .conflict, title: "T", detail: "D \"<\r\n", type: "/problems/stale",
            fields: [HTTPError.Field("share", "too large")], headers: [("Retry-After", "3")], members: [("version", 7)])
        let problem = full.problem(requestID: "r2")
        let all: JSON = [
            "type": "/problems/stale", "title": "T", "status": 409, "detail": "D \"<\r\n", "request_id": "r2",
            "errors": [["field": "share", "detail": "too large"]], "version": 7,
        ]
        #expect(try JSON(parsing: problem.body) == all)
        #expect(problem.header("Retry-After") == "3")
    }

    @Test func `a bad field is unprocessable`() {
        let error = HTTPError.field("name", "is empty")
        #expect(error.status == .unprocessable)
        #expect(error.fields == [HTTPError.Field("name", "is empty")])
    }
}
