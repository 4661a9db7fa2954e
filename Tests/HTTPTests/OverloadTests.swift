import Base
import Glibc
import Reactor
import Testing

@testable import HTTP

/// Too many at once: who is answered 503, who is closed, and that everyone else is served.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct OverloadTests {
    private static let probe = Route(.get, "/probe", access: .anyone, summary: "", isBare: true) { _ in .text("alive") }

    /// A route that holds its handlers until the gate opens.
    private struct Held {
        let gate = Gate()
        let entered = Counter()
        var routes: [Route] {
            let (gate, entered) = (gate, entered)
            return [
                probe,
                route(.get, "/held") { _ in
                    entered.add(1)
                    await gate.wait()
                    return .text("done")
                },
            ]
        }
    }

    @Test func `beyond the requests in work others are answered 503, and served when there is room`() async throws {
        let held = Held()
        try await withServer({ $0.requestsInWork = 3 }, routes: held.routes) { server in
            let busy = try (0..<3).map { _ in try RawClient(port: server.port) }
            for client in busy { try client.get("/held") }
            await eventually { held.entered.value == 3 }
            let client = try RawClient(port: server.port)
            for _ in 0..<2 {
                try client.get("/number/1")
                let answer = try client.answer()
                #expect(answer.status == 503)
                #expect(answer.header("Content-Type") == "application/problem+json")
                #expect(answer.header("Retry-After").flatMap { Int($0) }.map { (1...3).contains($0) } == true)
                #expect(answer.header("Connection") == nil)
                #expect(answer.text.contains(HTTPError.overloadedType))
            }
            try client.get("/probe")
            #expect(try client.answer().text == "alive")
            // Content that nobody will read ends the connection.
            let sender = try RawClient(port: server.port)
            try sender.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")
            #expect(try sender.answer().status == 503)
            #expect(try sender.isClosedSilently())

            #expect(server.load.inWork == 3 && server.load.shed == 3)

            held.gate.open()
            for client in busy { #expect(try client.answer().text == "done") }
            await eventually { server.load.inWork == 0 }
            try client.get("/number/2")
            #expect(try client.answer().text == "number 2")
        }
    }

    @Test func `others who came to work while content arrived go first, and the connection is kept`() async throws {
        let held = Held()
        try await withServer({ $0.requestsInWork = 1 }, routes: held.routes) { server in
            let sender = try RawClient(port: server.port)
            try sender.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel")
            await eventually { server.connectionCount == 1 }
            let busy = try RawClient(port: server.port)
            try busy.get("/held")
            await eventually { held.entered.value == 1 }
            try sender.send("lo")
            #expect(try sender.answer().status == 503)
            held.gate.open()
            #expect(try busy.answer().text == "done")
            try sender.get("/number/1")
            #expect(try sender.answer().text == "number 1")
        }
    }

    @Test(arguments: [
        "GET /number/1 HTTP/1.1\r\nX: ", "POST /large HTTP/1.1\r\nHost: a\r\nContent-Length: 30000\r\n\r\n",
        "POST /large HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n7000\r\n",
    ])
    func `bytes held for what is not whole are bounded over all connections`(beginning: String) async throws {
        try await withServer({ $0.heldBytes = 100_000 }) { server in
            let piece = String(repeating: "a", count: 20_000)
            var clients: [RawClient] = []
            for _ in 0..<4 {
                let client = try RawClient(port: server.port)
                try client.send(beginning + piece)
                clients.append(client)
            }
            await eventually { server.load.heldBytes > 79_000 }
            let late = try RawClient(port: server.port)
            try late.send(beginning + piece + piece.prefix(5_000))
            let answer = try late.answer()
            #expect(answer.status == 503 && answer.header("Retry-After") != nil)
            #expect(try late.isClosedSilently())
            // Whoever needs nothing kept is served; what is given back is there for others.
            let other = try RawClient(port: server.port)
            try other.get("/number/1")
            #expect(try other.answer().text == "number 1")
            clients = []
            await eventually { server.load.heldBytes == 0 }
        }
    }

    @Test func `an answer that its client doesn't take is held up to the bound, and cut beyond`() async throws {
        let page = [UInt8](repeating: 7, count: 8_000_000)
        let large = route(.get, "/page") { _ in Response(body: page) }
        try await withServer({ $0.heldBytes = 10_000_000 }, routes: [large]) { server in
            let slow = try RawClient(port: server.port, receiveBuffer: 4096)
            try slow.get("/page")
            await eventually { server.load.heldBytes > 1_000_000 }
            let second = try RawClient(port: server.port, receiveBuffer: 4096)
            try second.get("/page")
            await eventually { server.connectionCount == 1 }
            #expect(server.load.heldBytes < 8_000_001)
            #expect(try slow.answer().body == page)
            await eventually { server.load.heldBytes == 0 }
            #expect(throws: RawClient.Failure.self) { try second.answer() }
        }
    }

    @Test func `connections of a trusted proxy are not bounded`() async throws {
        let loopback = try #require(AddressList("127.0.0.0/8"))
        try await withServer({ $0.connectionsPerAddress = 2 }, trusting: loopback) { server in
            let clients = try (0..<5).map { _ in try RawClient(port: server.port) }
            for client in clients {
                try client.get("/number/1")
                #expect(try client.answer().status == 200)
            }
        }
    }

    @Test func `an IPv6 customer is one address`() throws {
        let census = ConnectionCensus(limit: 2, exempt: AddressList())
        func peer(_ high: UInt64, _ low: UInt64) -> SocketAddress { .v6(high, low, port: 1) }
        #expect(census.admit(peer(1, 1)) && census.admit(peer(1, 2)))
        #expect(!census.admit(peer(1, 3)))
        #expect(census.admit(peer(2, 1)))
        census.leave(peer(1, 2))
        #expect(census.admit(peer(1, 9)))
        #expect(census.admit(nil))
        // The same IPv4 address in both of its forms.
        #expect(census.admit(.v4(7, port: 1)) && census.admit(.v6(0, 0xFFFF_0000_0007, port: 1)))
        #expect(!census.admit(.v4(7, port: 2)))
    }

    @Test func `content may take as long as its bytes justify`() async throws {
        var limits = Limits()
        limits.bodyDeadline = .seconds(30)
        limits.slowestBody = 1000
        #expect(limits.bodyTime(received: 0) == .seconds(30))
        #expect(limits.bodyTime(received: 5500) == .milliseconds(35_500))
        #expect(limits.bodyTime(received: .max) >= .seconds(30))
    }
}
