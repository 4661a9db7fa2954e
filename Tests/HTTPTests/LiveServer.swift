import Base
import HTTP
import Reactor
import Synchronization
import TestCertificate
import Testing

/// Runs `body` with a server on a free port of loopback, over loops of its own, and stops all of it afterwards.
func withServer(
    loops count: Int = 1, _ adjust: (inout Limits) -> Void = { _ in }, routes: [Route] = [], tls: TLSContext? = nil,
    trusting trustedPeers: AddressList = AddressList(), _ body: (Server) async throws -> Void
) async throws {
    var limits = Limits()
    adjust(&limits)
    let loops = try (0..<count).map { try EventLoop(name: "loop-\($0)") }
    for loop in loops { loop.start() }
    defer { for loop in loops { loop.stop() } }
    let application = Application(
        routes: routes + standardRoutes, log: Logger(component: "http", sink: Logger.nowhere))
    let server = try Server(
        host: "127.0.0.1", port: 0, loops: loops, application: application, limits: limits,
        trustedPeers: trustedPeers, tls: tls,
        log: Logger(component: "http", sink: Logger.nowhere))
    do {
        try await body(server)
    } catch {
        await server.stop(within: .zero)
        throw error
    }
    await server.stop(within: .zero)
}

/// As `withServer`, with a certificate of its own or without one.
func withServer(
    isEncrypted: Bool, _ adjust: (inout Limits) -> Void = { _ in }, routes: [Route],
    _ body: (Server) async throws -> Void
) async throws {
    guard isEncrypted else { return try await withServer(adjust, routes: routes, body) }
    let certificate = try TestCertificate()
    let tls = try TLSContext(certificate: certificate.path, key: certificate.path)
    try await withServer(adjust, routes: routes, tls: tls, body)
}

func route(
    _ method: HTTP.Method, _ pattern: String, bodyLimit: Int? = nil, _ handler: @escaping Handler
) -> Route {
    Route(method, pattern, access: .anyone, summary: "", bodyLimit: bodyLimit, handler: handler)
}

private let standardRoutes = [
    route(.get, "/number/{number:int}") { request in .text("number \(try request.int("number"))") },
    route(.post, "/echo") { request in Response(body: request.body) },
    route(.post, "/large", bodyLimit: 200_000) { request in .text("\(request.body.count)") },
    route(.get, "/loop") { request in .text(request.loop?.name ?? "none") },
]

/// Opened once; whoever waits before that is held, on whatever loop.
final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var waiting: [UnsafeContinuation<Void, Never>] = []
    }
    private let state = Mutex(State())

    func open() {
        let waiting = state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    func wait() async {
        await withUnsafeContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiting.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }
}

/// Gives others their turn until `condition` holds; a failure after twenty seconds.
func eventually(_ condition: () -> Bool, _ location: SourceLocation = #_sourceLocation) async {
    let end = MonotonicTime.now() + .seconds(20)
    while !condition() {
        guard MonotonicTime.now() < end else {
            Issue.record("it never came true", sourceLocation: location)
            return
        }
        await Task.yield()
    }
}

/// Counts, from any thread.
final class Counter: Sendable {
    private let count = Mutex(0)
    func add(_ number: Int) { count.withLock { $0 += number } }
    var value: Int { count.withLock { $0 } }
}
