import Base
import Reactor
import Synchronization
import Testing

@testable import HTTP

/// Answers made while they are sent, over real sockets.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct StreamingTests {
    private struct Broken: Error {}

    /// Runs the producer under `/stream`.
    private func withStream(
        _ produce: @escaping @Sendable (BodyWriter) async throws -> Void,
        adjust: (inout Limits) -> Void = { _ in }, _ body: (Server) async throws -> Void
    ) async throws {
        let streamed = route(.get, "/stream") { _ in Response.stream(type: "text/plain", produce) }
        try await withServer(adjust, routes: [streamed], body)
    }

    @Test func `pieces arrive as chunks, and the connection is kept`() async throws {
        try await withStream({ writer in
            try await writer.write(Array("one".utf8))
            try await writer.write([])
            try await writer.write(Array("three".utf8))
        }) { server in
            let client = try RawClient(port: server.port)
            for _ in 0..<2 {
                try client.get("/stream")
                let head = try client.answer(toHead: true)
                #expect(head.status == 200)
                #expect(head.header("Transfer-Encoding") == "chunked")
                #expect(head.header("Content-Length") == nil)
                #expect(try client.chunk() == Array("one".utf8))
                #expect(try client.chunk() == Array("three".utf8))
                #expect(try client.chunk() == [])
            }
            try client.get("/number/1")
            #expect(try client.answer().text == "number 1")
        }
    }

    @Test func `rows are gathered into large chunks`() async throws {
        try await withStream({ writer in
            for number in 0..<10_000 { try await writer.append(Array("row \(number)\n".utf8)) }
        }) { server in
            let client = try RawClient(port: server.port)
            try client.get("/stream")
            _ = try client.answer(toHead: true)
            var count = 0
            var content: [UInt8] = []
            while case let chunk = try client.chunk(), !chunk.isEmpty {
                count += 1
                content += chunk
            }
            #expect(content == Array((0..<10_000).map { "row \($0)\n" }.joined().utf8))
            #expect(count < 5)
        }
    }

    @Test func `nothing written is an empty answer`() async throws {
        try await withStream({ _ in }) { server in
            let client = try RawClient(port: server.port)
            try client.get("/stream")
            #expect(try client.answer(toHead: true).status == 200)
            #expect(try client.chunks() == [])
        }
    }

    @Test func `HTTP 1_0 reads up to the close`() async throws {
        try await withStream({ try await $0.write(Array("to the end".utf8)) }) { server in
            let client = try RawClient(port: server.port)
            try client.send("GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            let head = try client.answer(toHead: true)
            #expect(head.header("Transfer-Encoding") == nil)
            #expect(head.header("Connection") == "close")
            #expect(try client.rest() == Array("to the end".utf8))
        }
    }

    @Test func `HEAD runs no producer`() async throws {
        let runs = Mutex(0)
        try await withStream({ _ in runs.withLock { $0 += 1 } }) { server in
            let client = try RawClient(port: server.port)
            try client.send("HEAD /stream HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.answer(toHead: true).status == 200)
            try client.get("/number/1")
            #expect(try client.answer().text == "number 1")
            #expect(runs.withLock { $0 } == 0)
        }
    }

    @Test func `a slow reader makes a slow writer, costs no memory and misses nothing`() async throws {
        let piece = (0..<65_536).map { UInt8(truncatingIfNeeded: $0 &* 13) }
        let pieces = 1000
        let written = Mutex(0)
        try await withStream({ writer in
            for _ in 0..<pieces {
                try await writer.write(piece)
                written.withLock { $0 += 1 }
            }
        }) { server in
            let slow = try RawClient(port: server.port, receiveBuffer: 4096)
            try slow.get("/stream")
            let other = try RawClient(port: server.port)
            for number in 0..<2000 {
                try other.get("/number/\(number)")
                #expect(try other.answer().status == 200)
            }
            // The loop has turned two thousand times; only the system's buffers can have taken anything.
            #expect(written.withLock { $0 } < pieces / 4)
            _ = try slow.answer(toHead: true)
            var count = 0
            var isRight = true
            while case let chunk = try slow.chunk(), !chunk.isEmpty {
                isRight = isRight && chunk == piece
                count += 1
            }
            #expect(isRight)
            #expect(count == pieces)
        }
    }

    @Test func `the producer is cancelled when its client goes away, though it writes nothing`() async throws {
        let begun = Gate()
        let ended = Gate()
        try await withStream({ writer in
            try await writer.write([1])
            begun.open()
            while !Task.isCancelled { await Task.yield() }
            ended.open()
        }) { server in
            do {
                let client = try RawClient(port: server.port)
                try client.get("/stream")
                await begun.wait()
                withExtendedLifetime(client) {}
            }
            await ended.wait()
            await eventually { server.connectionCount == 0 }
        }
    }

    @Test func `a reader that has stopped reading ends its producer`() async throws {
        let ended = Gate()
        try await withStream(
            { writer in
                defer { ended.open() }
                while true { try await writer.write([UInt8](repeating: 1, count: 65_536)) }
            }, adjust: { $0.writeDeadline = .milliseconds(20) }
        ) { server in
            let client = try RawClient(port: server.port, receiveBuffer: 4096)
            try client.get("/stream")
            await ended.wait()
            await eventually { server.connectionCount == 0 }
            withExtendedLifetime(client) {}
        }
    }

    @Test(arguments: [false, true])
    func `a failure before the first piece is an answer of its own`(isKnown: Bool) async throws {
        try await withStream({ writer in
            try await writer.append([1])
            if isKnown { throw HTTPError(.conflict) } else { throw Broken() }
        }) { server in
            let client = try RawClient(port: server.port)
            try client.get("/stream")
            let answer = try client.answer()
            #expect(answer.status == (isKnown ? 409 : 500))
            #expect(answer.header("Content-Type") == "application/problem+json")
            #expect(answer.header("X-Content-Type-Options") == "nosniff")
            try client.get("/number/1")
            #expect(try client.answer().text == "number 1")
        }
    }

    @Test func `a failure later cuts the answer, so that nobody takes it for whole`() async throws {
        try await withStream({ writer in
            try await writer.write([1, 2, 3])
            throw Broken()
        }) { server in
            let client = try RawClient(port: server.port)
            try client.get("/stream")
            #expect(try client.answer(toHead: true).status == 200)
            #expect(try client.chunk() == [1, 2, 3])
            #expect(throws: RawClient.Failure.self) { try client.chunk() }

            let old = try RawClient(port: server.port)
            try old.send("GET /stream HTTP/1.0\r\n\r\n")
            // A reset, not an end.
            #expect(throws: RawClient.Failure.self) { try old.rest() }
        }
    }

    @Test func `a stream collects without a socket`() async throws {
        let response = Response.stream(type: "text/csv") { writer in
            for number in 0..<100_000 { try await writer.append(Array("\(number)\n".utf8)) }
        }
        let expected = Array((0..<100_000).map { "\($0)\n" }.joined().utf8)
        #expect(try await response.collected() == expected)
    }
}
