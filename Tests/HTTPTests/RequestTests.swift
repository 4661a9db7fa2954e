import Base
import Testing

@testable import HTTP

struct RequestTests {
    @Test func `finds fields in any case and joins repeated ones in their order`() throws {
        let headers = [("X-Forwarded-For", "1.2.3.4"), ("ACCEPT", "a"), ("x-forwarded-for", "10.0.0.1, 10.0.0.2")]
        let request = try Request.make(headers: headers)
        #expect(request.header("accept") == "a")
        #expect(request.header("x-forwarded-for") == "1.2.3.4, 10.0.0.1, 10.0.0.2")
        #expect(request.header("x-forwarded") == nil)
        #expect(request.header("absent") == nil)
    }

    @Test func `an absolute URL outranks the Host field`() throws {
        #expect(try Request.make(.get, "http://b:1/x").host == "b:1")
        #expect(try Request.make(.get, "/x", headers: [("Host", "c")]).host == "c")
    }

    @Test(arguments: [
        ("application/JSON; charset=utf-8", "application/json"), (" text/html ", "text/html"), ("", ""), (";", ""),
    ])
    func `reads the content's type`(value: String, type: String) throws {
        #expect(try Request.make(headers: [("Content-Type", value)]).contentType == type)
    }

    @Test func `reads query, form, JSON and cookies, and refuses bad ones with 400`() throws {
        let good = try Request.make(
            .post, "/x?a=%20&b", headers: [("Cookie", "c=1; d=2")], body: Array("[1]".utf8))
        #expect(try good.query()["a"] == " ")
        #expect(try good.json() == [1])
        #expect(good.cookie("d") == "2")
        #expect(good.cookie("e") == nil)
        let bad = try Request.make(.post, "/x?a=%", body: Array("{a=%".utf8))
        func status(_ call: () throws -> some Any) -> Status? {
            do { _ = try call() } catch { return (error as? HTTPError)?.status }
            return nil
        }
        #expect(status { try bad.query() } == .badRequest)
        #expect(status { try bad.form() } == .badRequest)
        #expect(status { try bad.json() } == .badRequest)
    }

    @Test(arguments: [
        ("/x?a=1&name=x%00", "", "name"), ("/x?na%00me=x", "", nil), ("/x", #"{"name": "a\u0000"}"#, "name"),
        ("/x", #"{"a": [1, {"b": "\u0000"}]}"#, "a.1.b"), ("/x", #"{"k\u0000": 1}"#, "k\u{FFFD}"),
        ("/x", #""\u0000""#, nil), ("/x", "name=a%00", "name"), ("/x", "name=a\0", "name"),
    ])
    func `refuses a NUL in any text, and names the field`(target: String, body: String, field: String?) throws {
        let request = try Request.make(.post, target, body: Array(body.utf8))
        let error = #expect(throws: HTTPError.self) {
            if target.contains("?") { _ = try request.query() }
            if body.contains("u0000") { _ = try request.json() } else { _ = try request.form() }
        }
        #expect(error?.status == .badRequest && error?.detail?.contains("NUL") == true, "\(error?.detail ?? "")")
        #expect(error?.fields.first?.name == field)
    }

    @Test func `a backslash before u0000 is no NUL, and other escapes stay`() throws {
        let request = try Request.make(.post, "/x", body: Array(#"["\\u0000", "\u0001\u00e9"]"#.utf8))
        #expect(try request.json() == [#"\u0000"#, "\u{1}é"])
    }

    @Test func `has one id of sixteen hex digits`() throws {
        let request = try Request.make()
        #expect(request.id == request.id)
        #expect(request.id.utf8.count == 16)
        #expect(try Request.make().id != request.id)
    }

    @Test func `carries what middleware attaches, by type`() throws {
        struct Person: Sendable { var name: String }
        let request = try Request.make()
        #expect(request[Person.self] == nil)
        request[Person.self] = Person(name: "Oksana")
        #expect(request[Person.self]?.name == "Oksana")
        #expect(request[Int.self] == nil)
    }

    @Test func `can't be made of parts that no client could send`() {
        #expect(throws: HTTPError.self) { _ = try Request.make(.get, "/a b") }
        #expect(throws: HTTPError.self) { _ = try Request.make(headers: [("X", "a\r\nContent-Length: 5\n")]) }
    }
}
