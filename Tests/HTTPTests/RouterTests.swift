import Testing

@testable import HTTP

struct RouterTests {
    private static let router = Router(
        [
            (.get, "/"), (.get, "/flows"), (.post, "/flows"), (.get, "/flows/new"), (.get, "/flows/{id:int}"),
            (.put, "/flows/{id:int}"), (.get, "/flows/{name}"), (.get, "/flows/{id:int}/offers/{offer:int}"),
            (.get, "/flows/{name}/history"), (.get, "/flows/new/draft/x"), (.delete, "/flows/{id:int}"),
            (.options, "/own"), (.get, "/own"), (.head, "/own"),
        ].map { method, pattern in
            Route(method, pattern, access: .anyone, summary: "") { _ in Response() }
        })

    private func match(_ method: HTTP.Method, _ path: String) -> String {
        // As in a request head, the path lies in the midst of other bytes.
        let bytes = Array("GET \(path) HTTP/1.1".utf8)
        switch Self.router.match(method, path: bytes[4..<4 + path.utf8.count]) {
        case .notFound: return "404"
        case .methodNotAllowed(let allowed): return "405 " + allowed.map(\.rawValue).joined(separator: ",")
        case .route(let route, let parameters):
            let values = parameters.map { parameter in
                switch parameter.value {
                case .integer(let number): "\(parameter.name)=\(number)"
                case .text(let text): "\(parameter.name)='\(text)'"
                }
            }
            return ([route.method.rawValue, route.pattern] + values).joined(separator: " ")
        }
    }

    static let table: [(method: HTTP.Method, path: String, expected: String)] = [
        (.get, "/", "GET /"),
        (.get, "", "GET /"),
        (.get, "/flows", "GET /flows"),
        (.get, "/flows/", "GET /flows"),
        (.post, "/flows", "POST /flows"),
        // Literal before number before text.
        (.get, "/flows/new", "GET /flows/new"),
        (.get, "/flows/12", "GET /flows/{id:int} id=12"),
        (.get, "/flows/0", "GET /flows/{id:int} id=0"),
        (.get, "/flows/newer", "GET /flows/{name} name='newer'"),
        (.get, "/flows/New", "GET /flows/{name} name='New'"),
        (.get, "/flows/-1", "GET /flows/{name} name='-1'"),
        (.get, "/flows/+1", "GET /flows/{name} name='+1'"),
        (.get, "/flows/9223372036854775807", "GET /flows/{id:int} id=9223372036854775807"),
        (.get, "/flows/9223372036854775808", "GET /flows/{name} name='9223372036854775808'"),
        (.get, "/flows/99999999999999999999", "GET /flows/{name} name='99999999999999999999'"),
        (.get, "/flows/12/", "GET /flows/{id:int} id=12"),
        (.get, "/flows/1/offers/2", "GET /flows/{id:int}/offers/{offer:int} id=1 offer=2"),
        (.get, "/flows/1/offers/x", "404"),
        // A dead end is walked back from, and forgets what it took.
        (.get, "/flows/new/history", "GET /flows/{name}/history name='new'"),
        (.get, "/flows/1/history", "GET /flows/{name}/history name='1'"),
        (.get, "/flows/new/draft", "404"),
        // Percent-encoding: parts are cut first, then decoded.
        (.get, "/flows/a%2Fb", "GET /flows/{name} name='a/b'"),
        (.get, "/flows/%C3%A9+", "GET /flows/{name} name='\u{e9}+'"),
        (.get, "/flows/%6Eew", "GET /flows/{name} name='new'"),
        (.get, "/flows/%", "404"),
        (.get, "/flows/%00", "404"),
        (.get, "/flows/%FF", "404"),
        (.get, "/flows/..", "GET /flows/{name} name='..'"),
        // Empty parts.
        (.get, "//", "404"),
        (.get, "//flows", "404"),
        (.get, "/flows//", "404"),
        (.get, "/flows//new", "404"),
        (.get, "/flow", "404"),
        (.get, "/flows/1/2/3/4/5/6/7/8", "404"),
        (.get, "*", "404"),
        // Methods.
        (.head, "/flows", "GET /flows"),
        (.delete, "/flows", "405 GET,POST,HEAD,OPTIONS"),
        (.options, "/flows", "405 GET,POST,HEAD,OPTIONS"),
        (.other, "/flows/12", "405 GET,PUT,DELETE,HEAD,OPTIONS"),
        (.put, "/flows/12", "PUT /flows/{id:int} id=12"),
        (.options, "/own", "OPTIONS /own"),
        (.head, "/own", "HEAD /own"),
        (.post, "/own", "405 OPTIONS,GET,HEAD"),
    ]

    @Test(arguments: table)
    func `finds`(method: HTTP.Method, path: String, expected: String) {
        #expect(match(method, path) == expected)
    }

    @Test func `a path of many slashes and parts costs nothing`() {
        #expect(match(.get, String(repeating: "/", count: 8000)) == "404")
        #expect(match(.get, String(repeating: "/1", count: 4000)) == "404")
    }
}
