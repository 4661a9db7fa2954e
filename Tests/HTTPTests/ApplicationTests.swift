import Base
import Synchronization
import Testing

@testable import HTTP

struct ApplicationTests {
    private struct Unforeseen: Error { let secret = "password=hunter2" }
    private struct Stale: Error {}

    private final class Lines: Sendable {
        private let lines = Mutex<[String]>([])
        var text: String { lines.withLock { $0.joined() } }
        var logger: Logger {
            Logger(component: "http") { record in
                self.lines.withLock { $0.append(String(decoding: record, as: UTF8.self)) }
            }
        }
    }

    /// Leaves its name on the way in and on the way out, with the status it saw.
    private static func trace(_ name: String, _ steps: Lock) -> Middleware {
        { request, next in
            steps.append("\(name) in")
            var response = try await next(request)
            steps.append("\(name) out \(response.status.code)")
            response.add("X-Trace", name)
            return response
        }
    }

    private final class Lock: Sendable {
        private let values = Mutex<[String]>([])
        func append(_ value: String) { values.withLock { $0.append(value) } }
        var all: [String] { values.withLock { $0 } }
    }

    private func route(
        _ method: HTTP.Method, _ pattern: String, bodyLimit: Int? = nil, isBare: Bool = false,
        _ handler: @escaping Handler
    ) -> Route {
        Route(
            method, pattern, access: .anyone, summary: "", bodyLimit: bodyLimit, isBare: isBare, handler: handler)
    }

    private func application(
        _ routes: [Route], middleware: [Middleware] = [], lines: Lines = Lines(),
        readError: @escaping Application.ErrorReading = { _, _ in nil }
    ) -> Application {
        Application(routes: routes, middleware: middleware, log: lines.logger, readError: readError)
    }

    @Test func `middleware runs from the outside in and back`() async throws {
        let steps = Lock()
        let application = application(
            [
                route(.get, "/") { _ in
                    steps.append("handler")
                    return .text("x")
                }
            ], middleware: [Self.trace("a", steps), Self.trace("b", steps)])
        let response = await application.respond(to: try .make())
        #expect(steps.all == ["a in", "b in", "handler", "b out 200", "a out 200"])
        #expect(response.headers.filter { $0.name == "X-Trace" }.map(\.value) == ["b", "a"])
    }

    @Test(arguments: [
        (HTTP.Method.get, "/problem", 409), (.get, "/unforeseen", 500), (.get, "/absent", 404),
        (.post, "/problem", 405),
        (.options, "/problem", 204), (.options, "*", 204), (.get, "/int", 500),
    ])
    func `middleware sees every failure as an answer`(method: HTTP.Method, target: String, status: Int) async throws {
        let steps = Lock()
        let application = application(
            [
                route(.get, "/problem") { _ in throw HTTPError(.conflict) },
                route(.get, "/unforeseen") { _ in throw Unforeseen() },
                route(.get, "/int") { request in .text(String(try request.int("id"))) },
            ], middleware: [Self.trace("a", steps)])
        let response = await application.respond(to: try .make(method, target))
        #expect(response.status.code == status)
        #expect(steps.all == ["a in", "a out \(status)"])
        #expect(response.header("X-Trace") == "a")
    }

    @Test func `a failing layer is answered below the one around it`() async throws {
        let steps = Lock()
        let refuses: Middleware = { _, _ in throw HTTPError(.forbidden) }
        let application = application(
            [route(.get, "/") { _ in .text("never") }], middleware: [Self.trace("a", steps), refuses])
        let response = await application.respond(to: try .make())
        #expect(response.status == .forbidden)
        #expect(steps.all == ["a in", "a out 403"])
    }

    @Test func `an unforeseen error is a 500 that says nothing, and a line that does`() async throws {
        let lines = Lines()
        let application = application([route(.get, "/x") { _ in throw Unforeseen() }], lines: lines)
        let request = try Request.make(.get, "/x?token=t0p")
        let response = await application.respond(to: request)
        #expect(response.status == .internalServerError)
        let text = String(decoding: response.body, as: UTF8.self)
        #expect(!text.contains("Unforeseen") && !text.contains("hunter2"))
        #expect(text.contains(request.id))
        #expect(lines.text.contains("Unforeseen") && lines.text.contains(request.id))
        #expect(!lines.text.contains("t0p"))
    }

    @Test func `errors the program knows become what it says, without a line`() async throws {
        let lines = Lines()
        let application = application(
            [route(.get, "/") { _ in throw Stale() }], lines: lines,
            readError: { error, _ in error is Stale ? HTTPError(.conflict, detail: "stale") : nil })
        let response = await application.respond(to: try .make())
        #expect(response.status == .conflict)
        #expect(lines.text.isEmpty)
    }

    @Test func `a bare route is answered without middleware, failures too`() async throws {
        let steps = Lock()
        let application = application(
            [
                route(.get, "/health", isBare: true) { _ in .text("ok") },
                route(.get, "/broken", isBare: true) { _ in throw HTTPError(.serviceUnavailable) },
            ], middleware: [Self.trace("a", steps)])
        #expect(await application.respond(to: try .make(.get, "/health")).status == .ok)
        #expect(await application.respond(to: try .make(.get, "/broken")).status == .serviceUnavailable)
        #expect(steps.all == [])
    }

    @Test func `says which methods a path knows`() async throws {
        let application = application([
            route(.get, "/a") { _ in .text("x") }, route(.post, "/a") { _ in .text("x") },
        ])
        let refused = await application.respond(to: try .make(.delete, "/a"))
        #expect(refused.status == .methodNotAllowed)
        #expect(refused.header("Allow") == "GET, POST, HEAD, OPTIONS")
        let asked = await application.respond(to: try .make(.options, "/a"))
        #expect(asked.status == .noContent)
        #expect(asked.header("Allow") == "GET, POST, HEAD, OPTIONS")
    }

    @Test func `HEAD is answered by GET's handler, parts of the path are handed over`() async throws {
        let application = application([
            route(.get, "/a/{id:int}/{name}") { request in
                .text("\(request.method.rawValue) \(try request.int("id")) \(try request.text("name"))")
            }
        ])
        let response = await application.respond(to: try .make(.head, "/a/7/b%20c"))
        #expect(String(decoding: response.body, as: UTF8.self) == "HEAD 7 b c")
    }

    @Test func `knows a route's content limit from the head`() throws {
        let application = application([
            route(.post, "/upload/{id:int}", bodyLimit: 10) { _ in .text("x") }, route(.post, "/a") { _ in .text("x") },
        ])
        #expect(application.bodyLimit(for: try Request.make(.post, "/upload/1").head, default: 3) == 10)
        #expect(application.bodyLimit(for: try Request.make(.post, "/a").head, default: 3) == 3)
        #expect(application.bodyLimit(for: try Request.make(.put, "/upload/1").head, default: 3) == 3)
        #expect(application.bodyLimit(for: try Request.make(.post, "/absent").head, default: 3) == 3)
    }
}
