import Base
import Reactor
import Synchronization
import Testing

@testable import HTTP

/// Content that is read while its handler runs, over real sockets.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct StreamedContentTests {
    /// Answers the number of bytes and a sum over them.
    private static let measure = route(.post, "/measure", bodyLimit: 100_000_000) { request in
        var count = 0
        var sum = 0
        while let piece = try await request.content.next() {
            #expect(!piece.isEmpty)
            for byte in piece { sum = (sum &* 31 &+ Int(byte)) & 0xFFFFFF }
            count += piece.count
        }
        return .text("\(count) \(sum)")
    }.streamingBody

    private static func measured(_ bytes: [UInt8]) -> String {
        "\(bytes.count) \(bytes.reduce(0) { ($0 &* 31 &+ Int($1)) & 0xFFFFFF })"
    }

    private let content = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) }

    @Test func `content comes whole and in order, the next request behind it`() async throws {
        try await withServer(routes: [Self.measure]) { server in
            let client = try RawClient(port: server.port)
            let next = Array("GET /number/1 HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
            for _ in 0..<2 {
                try client.send("POST /measure HTTP/1.1\r\nHost: a\r\nContent-Length: \(content.count)\r\n\r\n")
                try client.send(content + next)
                #expect(try client.answer().text == Self.measured(content))
                #expect(try client.answer().text == "number 1")
            }
            try client.send("POST /measure HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
            for start in stride(from: 0, to: content.count, by: 5000) {
                try client.send("1388\r\n")
                try client.send(Array(content[start..<start + 5000]) + Array("\r\n".utf8))
            }
            try client.send(Array("0\r\n\r\n".utf8) + next)
            #expect(try client.answer().text == Self.measured(content))
            #expect(try client.answer().text == "number 1")
            try client.send("POST /measure HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
            #expect(try client.answer().text == "0 0")
        }
    }

    @Test func `a handler that reads nothing holds the sender, not the memory`() async throws {
        let gate = Gate()
        let sent = Mutex(0)
        let waiting = route(.post, "/wait", bodyLimit: 100_000_000) { request in
            await gate.wait()
            var count = 0
            while let piece = try await request.content.next() { count += piece.count }
            return .text("\(count)")
        }.streamingBody
        try await withServer(routes: [waiting]) { server in
            let client = try RawClient(port: server.port)
            try client.send("POST /wait HTTP/1.1\r\nHost: a\r\nContent-Length: 60000000\r\n\r\n")
            let port = server.port
            // The thread writes, this task reads: one descriptor, nothing else shared.
            nonisolated(unsafe) let sender = client
            HelperThread.detach(name: "sender") {
                for _ in 0..<600 {
                    guard (try? sender.send([UInt8](repeating: 1, count: 100_000))) != nil else { return }
                    sent.withLock { $0 += 1 }
                }
            }
            let other = try RawClient(port: port)
            for number in 0..<2000 {
                try other.get("/number/\(number)")
                #expect(try other.answer().status == 200)
            }
            #expect(sent.withLock { $0 } < 300)
            gate.open()
            await eventually { sent.withLock { $0 } == 600 }
            #expect(try client.answer().text == "60000000")
        }
    }

    @Test func `a client that waits is asked when the handler begins to read, and not when it refuses`() async throws {
        let refusing = route(.post, "/refuse") { _ in throw HTTPError(.forbidden) }.streamingBody
        try await withServer(routes: [Self.measure, refusing]) { server in
            let head = "HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"
            let client = try RawClient(port: server.port)
            try client.send("POST /measure " + head)
            #expect(try client.answer().status == 100)
            try client.send("hello")
            #expect(try client.answer().text == Self.measured(Array("hello".utf8)))
            try client.send("POST /refuse " + head)
            let refusal = try client.answer()
            #expect(refusal.status == 403)
            #expect(refusal.header("Connection") == "close")
            #expect(try client.isClosedSilently())
        }
    }

    @Test func `unread content is not the next request`() async throws {
        let early = route(.post, "/early") { _ in .text("enough") }.streamingBody
        try await withServer(routes: [early]) { server in
            let client = try RawClient(port: server.port)
            let smuggled = "GET /number/9 HTTP/1.1\r\nHost: a\r\n\r\n"
            try client.send(
                "POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: \(smuggled.utf8.count)\r\n\r\n\(smuggled)")
            let answer = try client.answer()
            #expect(answer.text == "enough")
            #expect(answer.header("Connection") == "close")
            #expect(try client.isClosedSilently())
        }
    }

    @Test(arguments: [
        (413, "Content-Length: 1001\r\n\r\n"), (413, "Transfer-Encoding: chunked\r\n\r\n3e9\r\n"),
        (
            413,
            "Transfer-Encoding: chunked\r\n\r\n1f4\r\n" + String(repeating: "x", count: 500) + "\r\n1f5\r\n"
                + String(repeating: "x", count: 501) + "\r\n"
        ),
        (400, "Transfer-Encoding: chunked\r\n\r\nzz\r\n"), (408, "Content-Length: 5\r\n\r\nhel"),
    ])
    func `bad content is the handler's error and ends the connection`(status: Int, framed: String) async throws {
        let small = route(.post, "/small", bodyLimit: 1000) { request in
            while try await request.content.next() != nil {}
            return .text("read")
        }.streamingBody
        try await withServer({ if status == 408 { $0.bodyDeadline = .milliseconds(20) } }, routes: [small]) { server in
            let client = try RawClient(port: server.port)
            try client.send("POST /small HTTP/1.1\r\nHost: a\r\n" + framed)
            let answer = try client.answer()
            #expect(answer.status == status)
            #expect(answer.header("Connection") == "close")
            #expect(try client.isClosedSilently())
        }
    }

    @Test func `a client that leaves ends the read, without an answer`() async throws {
        let thrown = Mutex<[String]>([])
        let reading = route(.post, "/reading") { request in
            do {
                while try await request.content.next() != nil {}
            } catch {
                thrown.withLock { $0.append("\(type(of: error))") }
                throw error
            }
            return .text("never")
        }.streamingBody
        try await withServer(routes: [reading]) { server in
            let client = try RawClient(port: server.port)
            try client.send("POST /reading HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel")
            client.finishSending()
            #expect(try client.isClosedSilently())
            #expect(thrown.withLock { $0 } == ["CancellationError"])
        }
    }

    @Test func `content that is whole reads as one piece`() async throws {
        let reader = try Request.make(.post, "/", body: [1, 2]).content
        #expect(try await reader.next() == [1, 2])
        #expect(try await reader.next() == nil)
        #expect(try await Request.make(.post, "/").content.next() == nil)
    }
}
