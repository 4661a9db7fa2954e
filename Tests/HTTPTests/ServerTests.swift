import Base
import Glibc
import Reactor
import Synchronization
import Testing

@testable import HTTP

/// Real sockets on loopback: many connections, several loops, and the end.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct ServerTests {
    @Test(arguments: [false, true])
    func `connections beyond the cap, over all or of one address, are closed until there is room`(
        isOfOneAddress: Bool
    ) async throws {
        try await withServer({ if isOfOneAddress { $0.connectionsPerAddress = 2 } else { $0.connections = 2 } }) {
            server in
            var clients = try (0..<2).map { _ in try RawClient(port: server.port) }
            for client in clients {
                try client.get("/number/1")
                #expect(try client.answer().status == 200)
            }
            #expect(try RawClient(port: server.port).isClosedSilently())
            clients.removeLast()
            await eventually { server.connectionCount == 1 }
            let next = try RawClient(port: server.port)
            try next.get("/number/2")
            #expect(try next.answer().text == "number 2")
            try clients[0].get("/number/3")
            #expect(try clients[0].answer().text == "number 3")
        }
    }

    @Test func `spreads connections over its loops`() async throws {
        try await withServer(loops: 2) { server in
            let clients = try (0..<6).map { _ in try RawClient(port: server.port) }
            var names: [String: Int] = [:]
            for client in clients {
                try client.get("/loop")
                let name = try client.answer().text
                names[name, default: 0] += 1
                // A connection stays where it is.
                try client.get("/loop")
                #expect(try client.answer().text == name)
            }
            // All of them were open at once.
            withExtendedLifetime(clients) { #expect(names == ["loop-0": 3, "loop-1": 3]) }
        }
    }

    @Test func `answers 2,000 requests over 50 connections on two loops, each with its own`() async throws {
        try await withServer(loops: 2) { server in
            let clients = try (0..<50).map { _ in try RawClient(port: server.port) }
            for round in 0..<40 {
                for (index, client) in clients.enumerated() {
                    let number = round * 50 + index
                    if number % 2 == 0 {
                        try client.get("/number/\(number)")
                    } else {
                        let content = "number \(number)"
                        try client.send(
                            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: \(content.utf8.count)\r\n\r\n\(content)")
                    }
                }
                for (index, client) in clients.enumerated() {
                    #expect(try client.answer().text == "number \(round * 50 + index)")
                }
            }
            // Not closed before this.
            withExtendedLifetime(clients) { #expect(server.connectionCount == 50) }
        }
    }

    @Test func `a client with a thousand requests ready does not keep the loop to itself`() async throws {
        let order = Mutex<[Int64]>([])
        let held = HelperThread.Signal()
        let reached = Gate()
        let routes = [
            // Holds the loop itself, so that everything else is waiting when it goes on.
            route(.get, "/hold") { _ in
                reached.open()
                held.wait()
                return .text("held")
            },
            route(.get, "/order/{number:int}") { request in
                let number = try request.int("number")
                order.withLock { $0.append(number) }
                return .text("x")
            },
        ]
        try await withServer(routes: routes) { server in
            let many = try RawClient(port: server.port)
            let one = try RawClient(port: server.port)
            try one.get("/number/1")
            _ = try one.answer()
            let requests = (1...1000).map { "GET /order/\($0) HTTP/1.1\r\nHost: a\r\n\r\n" }.joined()
            try many.send("GET /hold HTTP/1.1\r\nHost: a\r\n\r\n" + requests)
            await reached.wait()
            try one.get("/order/0")
            held.raise()
            #expect(try one.answer().status == 200)
            for _ in 0...1000 { #expect(try many.answer().status == 200) }
            let turn = order.withLock { $0.firstIndex(of: 0) }
            #expect(try #require(turn) < 1000)
        }
    }

    @Test func `a stop ends what is idle, lets what is busy finish, and takes nothing new`() async throws {
        let slow = HeldRoute("/slow", "done")
        try await withServer(loops: 2, routes: [slow.route]) { server in
            let idle = try RawClient(port: server.port)
            try idle.get("/number/1")
            #expect(try idle.answer().status == 200)
            let silent = try RawClient(port: server.port)
            await eventually { server.connectionCount == 2 }
            let busy = try RawClient(port: server.port)
            // What was pipelined behind it is not taken either.
            try busy.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\nGET /number/2 HTTP/1.1\r\nHost: a\r\n\r\n")
            await slow.entered.wait()

            let isStopped = Mutex(false)
            let stop = Task {
                await server.stop(within: .seconds(30))
                isStopped.withLock { $0 = true }
            }
            #expect(try idle.isClosedSilently())
            #expect(try silent.isClosedSilently())
            #expect(throws: RawClient.Failure.self) {
                // The listener is closed by now: its closing came before that of the idle.
                let late = try RawClient(port: server.port)
                try late.get("/number/3")
                _ = try late.answer()
            }
            #expect(!isStopped.withLock { $0 })
            slow.gate.open()
            let answer = try busy.answer()
            #expect(answer.text == "done")
            #expect(answer.header("Connection") == "close")
            #expect(try busy.isClosedSilently())
            await stop.value
            #expect(server.connectionCount == 0)
        }
    }

    @Test func `a stop that was announced answers everybody once more, and lets a successor listen beside it`()
        async throws
    {
        try await withServer(loops: 2) { server in
            let kept = try RawClient(port: server.port)
            try kept.get("/number/1")
            #expect(try kept.answer().header("Connection") == nil)
            await server.announceStop()
            let late = try RawClient(port: server.port)
            for client in [kept, late] {
                try client.get("/number/2")
                let answer = try client.answer()
                #expect(answer.text == "number 2")
                #expect(answer.header("Connection") == "close")
                #expect(try client.isClosedSilently())
            }

            let loop = try EventLoop(name: "successor")
            loop.start()
            defer { loop.stop() }
            let log = Logger(component: "http", sink: Logger.nowhere)
            let successor = try Server(
                host: "127.0.0.1", port: server.port, loops: [loop],
                application: Application(routes: [route(.get, "/who") { _ in .text("the next") }], log: log), log: log)
            // From now on newcomers are the successor's, with both there and with one.
            for isAlone in [false, true] {
                if isAlone { await server.stop(within: .seconds(30)) }
                for _ in 0..<20 {
                    let client = try RawClient(port: server.port)
                    try client.get("/who")
                    #expect(try client.answer().text == "the next")
                }
            }
            await successor.stop(within: .zero)
        }
    }

    @Test func `a stop ends what is stuck at its deadline`() async throws {
        let stuck = HeldRoute("/stuck", "late")
        try await withServer(routes: [stuck.route]) { server in
            let client = try RawClient(port: server.port)
            try client.get("/stuck")
            await stuck.entered.wait()
            let halfway = try RawClient(port: server.port)
            try halfway.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel")
            await eventually { server.connectionCount == 2 }
            await server.stop(within: .milliseconds(20))
            #expect(try halfway.isClosedSilently())
            stuck.gate.open()
            #expect(try client.answer().header("Connection") == "close")
            #expect(try client.isClosedSilently())
        }
    }

    @Test func `two who stop a server both come back`() async throws {
        let slow = HeldRoute("/slow", "done")
        try await withServer(routes: [slow.route]) { server in
            let client = try RawClient(port: server.port)
            try client.get("/slow")
            await slow.entered.wait()
            async let first: Void = server.stop(within: .seconds(30))
            async let second: Void = server.stop(within: .seconds(30))
            await Task.yield()
            slow.gate.open()
            #expect(try client.answer().text == "done")
            #expect(try client.isClosedSilently())
            await first
            await second
        }
    }

    @Test func `probes and refusals carry the fields that guard every answer`() async throws {
        let prepared = Response.json(["a": 1]).prepared()
        let routes = [
            Route(.get, "/prepared", access: .anyone, summary: "", isBare: true) { _ in prepared },
            Route(.get, "/changed", access: .anyone, summary: "", isBare: true) { _ in
                var response = prepared
                response.add("X-More", "yes")
                response.remove("Referrer-Policy")
                return response
            },
            Route(.get, "/made", access: .anyone, summary: "", isBare: true) { _ in .text("made") },
            Route(.get, "/page", access: .anyone, summary: "", isBare: true) { _ in .html([]) },
            Route(.get, "/failed", access: .anyone, summary: "", isBare: true) { _ in throw HTTPError(.conflict) },
        ]
        try await withServer(routes: routes) { server in
            func answer(_ path: String) throws -> RawClient.Answer {
                let client = try RawClient(port: server.port)
                try client.get(path)
                return try client.answer()
            }
            for (path, status) in [
                ("/prepared", 200), ("/changed", 200), ("/made", 200), ("/page", 200), ("/failed", 409),
                ("/a b", 400),
            ] {
                let answer = try answer(path)
                #expect(answer.status == status, "\(path)")
                #expect(answer.header("X-Content-Type-Options") == "nosniff", "\(path)")
                #expect(answer.header("Referrer-Policy") == "same-origin", "\(path)")
                #expect(answer.header("Cache-Control") == "no-store", "\(path)")
                let names = answer.headers.map { $0.prefix { $0 != ":" }.lowercased() }
                #expect(Set(names).count == names.count, "\(path): \(names)")
                #expect((answer.header("Content-Security-Policy") != nil) == (path == "/page"), "\(path)")
            }
            #expect(try answer("/changed").header("X-More") == "yes")
            #expect(try answer("/prepared").text == #"{"a":1}"#)
        }
    }

    @Test func `a taken port is an error, not a trap`() async throws {
        try await withServer { server in
            let loop = try EventLoop(name: "second")
            let error = #expect(throws: SystemError.self) {
                _ = try Server(
                    host: "127.0.0.1", port: server.port, loops: [loop],
                    application: Application(routes: [], log: Logger(component: "http", sink: Logger.nowhere)),
                    log: Logger(component: "http", sink: Logger.nowhere))
            }
            #expect(error?.number == EADDRINUSE)
        }
    }
}

/// A route whose answers wait for a gate.
private struct HeldRoute {
    let entered = Gate()
    let gate = Gate()
    let route: Route

    init(_ pattern: String, _ text: String) {
        let (entered, gate) = (entered, gate)
        route = HTTPTests.route(.get, pattern) { _ in
            entered.open()
            await gate.wait()
            return .text(text)
        }
    }
}
