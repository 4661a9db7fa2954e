import Base
import Fetch
import Testing

@testable import Keitaro

@Suite struct KeitaroAnswerTests {
    private static let address = KeitaroAddress("http://tracker.example")

    private func error(_ status: Int, _ headers: FetchHeaders, _ body: String) -> KeitaroError? {
        let response = FetchResponse(status: status, headers: headers, body: Array(body.utf8))
        do throws(KeitaroProblem) {
            _ = try KeitaroAnswer(response, from: Self.address).json()
            return nil
        } catch {
            return error.error
        }
    }

    private static let page = "<!DOCTYPE html><html><head><title>x</title></head></html>"
    private static let banned = #"""
        {"title":"Error 1010: Access denied","status":403,"error_code":1010,"error_name":"browser_signature_banned",
         "cloudflare_error":true}
        """#

    private static let permission =
        #"{"error":"You have no permission to access this page to offers","stacktrace":null}"#

    @Test(arguments: [
        (401, #"{"error":"Unauthorized"}"#, KeitaroError.keyRefused), (401, page, .keyRefused), (401, "", .keyRefused),
        (402, #"{"error":"Admin API is not available in that edition"}"#, .editionWithoutAPI),
        (403, permission, .noPermission(message: "You have no permission to access this page to offers")),
        (403, "Access  denied\n", .noPermission(message: "Access denied")),
        (403, "{}", .noPermission(message: "")),
        (403, banned, .firewall(.init(isCloudflare: true, code: 1010))),
        (403, "error code: 1020", .firewall(.init(isCloudflare: true, code: 1020))),
        (403, "<html><title>Just a moment...</title></html>", .firewall(.init(isCloudflare: false))),
        (403, "<html>Cloudflare: Error 1020 Ray ID</html>", .firewall(.init(isCloudflare: true, code: 1020))),
        (403, page, .firewall(.init(isCloudflare: false))),
        (
            404, #"Traffic\Model\Campaign #1001 not found"#,
            .notFound(message: #"Traffic\Model\Campaign #1001 not found"#)
        ),
        (404, #"{"error":"Stream not found"}"#, .notFound(message: "Stream not found")),
        (404, page, .notJSON(status: 404, isHTML: true)),
        (200, page, .notJSON(status: 200, isHTML: true)),
        (200, "  <html>", .notJSON(status: 200, isHTML: true)),
        (200, "", .notJSON(status: 200, isHTML: false)),
        (200, "OK", .notJSON(status: 200, isHTML: false)),
        (200, "[1,", .notJSON(status: 200, isHTML: false)),
        (400, page, .notJSON(status: 400, isHTML: true)),
        (405, "Method not allowed", .rejectedFields([.init(field: "", messages: ["Method not allowed"])])),
        (429, "", .rateLimited(retryAfter: nil)), (429, banned, .rateLimited(retryAfter: nil)),
        (408, "", .serverError(status: 408, message: nil)),
        (500, #"{"error":"SQLSTATE[HY000]"}"#, .serverError(status: 500, message: "SQLSTATE[HY000]")),
        (500, "", .serverError(status: 500, message: nil)), (502, page, .serverError(status: 502, message: nil)),
        (503, page, .serverError(status: 503, message: nil)),
        (503, "<html>Just a moment... challenge-platform cloudflare</html>", .firewall(.init(isCloudflare: true))),
        (521, "<html>Web server is down</html>", .serverError(status: 521, message: nil)),
        (304, "", .notJSON(status: 304, isHTML: false)),
    ])
    func `reads the reason from status and body`(status: Int, body: String, expected: KeitaroError) {
        #expect(error(status, [:], body) == expected)
    }

    @Test(arguments: ["[]", "{}", #"{"id":1}"#, "null", " [1] "])
    func `hands on JSON`(body: String) {
        #expect(error(200, ["Content-Type": "text/html"], body) == nil)
    }

    @Test func `Cloudflare's headers alone do not make a refusal its own`() {
        let headers: FetchHeaders = ["Server": "cloudflare", "CF-Ray": "8f1-FRA"]
        #expect(
            error(403, headers, Self.permission)
                == .noPermission(message: "You have no permission to access this page to offers"))
        #expect(error(503, headers, #"{"error":"busy"}"#) == .serverError(status: 503, message: "busy"))
        #expect(
            error(403, headers, Self.banned) == .firewall(.init(isCloudflare: true, code: 1010, rayID: "8f1-FRA")))
        #expect(
            error(403, ["cf-mitigated": "challenge", "cf-ray": "8f1-FRA"], "")
                == .firewall(.init(isCloudflare: true, rayID: "8f1-FRA")))
    }

    @Test(arguments: [
        ("https://tracker.example/admin_api/v1/groups?type=x", "https://tracker.example", true),
        ("https://other.example/", "https://other.example", false),
        ("http://tracker.example:8080/x", "http://tracker.example:8080", false),
        ("/admin/", "http://tracker.example", false),
    ])
    func `says where a redirection leads`(location: String, target: String, isOnlyHTTPS: Bool) {
        for status in [301, 302, 303, 307, 308] {
            #expect(
                error(status, ["Location": location], "") == .redirected(to: target, isOnlyHTTPS: isOnlyHTTPS))
        }
    }

    @Test(arguments: [("30", 30), (" 5 ", 5), ("0", 0), ("999999999", 86_400)])
    func `reads how long to wait`(header: String, seconds: Int) {
        #expect(error(429, ["Retry-After": header], "") == .rateLimited(retryAfter: .seconds(seconds)))
    }

    @Test(arguments: ["-1", "soon", "Wed, 21 Oct 2026 07:28:00 GMT", ""])
    func `does not guess how long to wait`(header: String) {
        #expect(error(429, ["Retry-After": header], "") == .rateLimited(retryAfter: nil))
    }

    @Test(arguments: [
        (#"{"alias":["Alias has already used"]}"#, ["alias": ["Alias has already used"]]),
        (
            #"{"alias":["Alias is required"],"name":"Too short"}"#,
            ["alias": ["Alias is required"], "name": ["Too short"]]
        ),
        (#"{"error":"Bad request"}"#, ["": ["Bad request"]]),
        (#"{"error":{"offers":["wrong"]},"stacktrace":"at line 5"}"#, ["offers": ["wrong"]]),
        (#"{"errors":{"offers":{"share":["must be a number"]}}}"#, ["offers.share": ["must be a number"]]),
        (#"{"message":"No","code":5}"#, ["": ["No"]]),
        (#"["a","b"]"#, ["": ["a", "b"]]),
        (#""plain""#, ["": ["plain"]]),
        ("Unknown column  x\r\n", ["": ["Unknown column x"]]),
        ("{}", [:]), ("", [:]),
    ])
    func `reads rejected fields alike for 400, 406 and 422`(body: String, expected: [String: [String]]) {
        for status in [400, 406, 422] {
            guard case .rejectedFields(let fields) = error(status, [:], body) else {
                Issue.record("not rejected fields: \(String(describing: error(status, [:], body)))")
                continue
            }
            #expect(Dictionary(fields.map { ($0.field, $0.messages) }) { $0 + $1 } == expected)
        }
    }

    @Test func `a NUL in an answer is replaced, for nothing here can store it`() throws {
        let body = Array(#"{"name":"a\u0000b","list":["\u0000"],"k\u0000":1}"#.utf8)
        let json = try KeitaroAnswer(FetchResponse(status: 200, headers: [:], body: body), from: Self.address).json()
        #expect(json == ["name": "a\u{FFFD}b", "list": ["\u{FFFD}"], "k\u{FFFD}": 1])
        #expect(KeitaroStream.texts(.string(#"["\u0000"]"#)) == ["\u{FFFD}"])
    }

    @Test func `cuts long messages to one line`() {
        let body = "first\nsecond\u{0}\u{1B}[31m " + String(repeating: "x", count: 5_000)
        guard case .notFound(let message) = error(404, [:], body) else {
            Issue.record("not found expected")
            return
        }
        #expect(message.count == 300)
        #expect(message.hasPrefix("first second [31m x"))
    }

    @Test func `takes the key out of what the server says`() {
        let key = Secret("k3y-0f-s0me0ne")
        let errors: [KeitaroError] = [
            .noPermission(message: "key k3y-0f-s0me0ne"), .notFound(message: "k3y-0f-s0me0ne"),
            .serverError(status: 500, message: "k3y-0f-s0me0ne!"),
            .rejectedFields([.init(field: "k3y-0f-s0me0ne", messages: ["k3y-0f-s0me0ne k3y-0f-s0me0ne"])]),
        ]
        for error in errors {
            let text = String(reflecting: error.scrubbed(of: key)) + error.scrubbed(of: key).description
            #expect(!text.contains("k3y-0f-s0me0ne"))
            #expect(text.contains("***"))
        }
    }
}
