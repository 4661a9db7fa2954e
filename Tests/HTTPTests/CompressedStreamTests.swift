import Base
import Reactor
import Testing

@testable import HTTP

/// Streams that are compressed on their way.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct CompressedStreamTests {
    private static let rows = (0..<50_000).map { Array("row \($0), the same words again and again\n".utf8) }

    private static let export = route(.get, "/export") { _ in
        Response.stream(type: "text/csv", headers: [("ETag", "\"one\"")]) { writer in
            for row in rows { try await writer.append(row) }
        }
    }

    @Test(arguments: ["1.1", "1.0"])
    func `an export is sent compressed to who likes it, whole`(version: String) async throws {
        try await withServer(routes: [Self.export]) { server in
            let client = try RawClient(port: server.port)
            let request = "GET /export HTTP/\(version)\r\nHost: a\r\n"
            try client.send(request + "Accept-Encoding: gzip\r\nConnection: close\r\n\r\n")
            let head = try client.answer(toHead: true)
            #expect(head.header("Content-Encoding") == "gzip")
            #expect(head.header("Vary") == "Accept-Encoding")
            #expect(head.header("ETag") == "W/\"one\"")
            let bytes = try version == "1.1" ? client.chunks() : client.rest()
            let plain = Array(Self.rows.joined())
            #expect(bytes.count < plain.count / 5)
            #expect(inflated(bytes) == plain)
        }
    }

    @Test func `who doesn't ask gets it plain; HEAD tells the same`() async throws {
        try await withServer(routes: [Self.export]) { server in
            let client = try RawClient(port: server.port)
            try client.get("/export")
            let head = try client.answer(toHead: true)
            #expect(head.header("Content-Encoding") == nil)
            #expect(head.header("Vary") == "Accept-Encoding")
            #expect(try client.chunks() == Array(Self.rows.joined()))
            try client.send("HEAD /export HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n")
            #expect(try client.answer(toHead: true).header("Content-Encoding") == "gzip")
            try client.get("/number/1")
            #expect(try client.answer().text == "number 1")
        }
    }

    @Test func `nothing written is an empty member, and types that don't shrink stay as they are`() async throws {
        let routes = [
            route(.get, "/empty") { _ in Response.stream(type: "text/csv") { _ in } },
            route(.get, "/picture") { _ in Response.stream(type: "image/png") { try await $0.write([1, 2]) } },
        ]
        try await withServer(routes: routes) { server in
            let client = try RawClient(port: server.port)
            try client.get("/empty", "Accept-Encoding: gzip\r\n")
            #expect(try client.answer(toHead: true).header("Content-Encoding") == "gzip")
            #expect(try inflated(client.chunks()) == [])
            try client.get("/picture", "Accept-Encoding: gzip\r\n")
            #expect(try client.answer(toHead: true).header("Content-Encoding") == nil)
            #expect(try client.chunks() == [1, 2])
        }
    }

    @Test func `each event can be read when it has come, and so can each beat`() async throws {
        let next = Gate()
        let events = route(.get, "/events") { request in
            let loop = request.loop
            return Response.events(for: request, heartbeat: .milliseconds(5)) { stream in
                try await stream.send(ServerEvent("first", id: "1"))
                await next.wait()
                try await stream.send(ServerEvent("second", id: "2"))
                await loop?.sleep(for: .seconds(3600))
            }
        }
        try await withServer(routes: [events]) { server in
            let client = try RawClient(port: server.port)
            try client.get("/events", "Accept-Encoding: gzip\r\n")
            #expect(try client.answer(toHead: true).header("Content-Encoding") == "gzip")
            let reader = try Inflating()
            var text = ""
            func read(until wanted: String) throws {
                while !text.hasSuffix(wanted) {
                    text += String(decoding: try reader.add(client.chunk()), as: UTF8.self)
                }
            }
            try read(until: "id: 1\ndata: first\n\n")
            try read(until: ":\n\n")
            next.open()
            while !text.contains("data: second\n\n") {
                text += String(decoding: try reader.add(client.chunk()), as: UTF8.self)
            }
            #expect(text.hasPrefix("id: 1\ndata: first\n\n:\n\n"))
        }
    }

    @Test(arguments: [GzipStream.Kind.content, .events])
    func `every piece can be read by itself, and together they are one member`(kind: GzipStream.Kind) throws {
        guard var stream = GzipStream(kind) else { throw RawClient.Failure(reason: "no memory") }
        let reader = try Inflating()
        var all: [UInt8] = []
        var plain: [UInt8] = []
        for count in [1, 0, 70_000, 3, 200_000, 511] {
            let piece = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 5) }
            let made = stream.add(piece[...]) ?? []
            #expect(reader.add(made) == piece)
            all += made
            plain += piece
        }
        all += stream.add([], isLast: true) ?? []
        #expect(inflated(all) == plain)
    }

    @Test func `a writer holds one piece at most`() async throws {
        let gate = Gate()
        let taken = Counter()
        let writer = BodyWriter { piece in
            taken.add(piece.count)
            await gate.wait()
            return true
        }
        let handed = Counter()
        let rows = Task {
            for _ in 0..<1000 {
                handed.add(1000)
                try await writer.append([UInt8](repeating: 1, count: 1000))
            }
            try await writer.flush()
        }
        await eventually { taken.value > 0 }
        // Nothing was sent on: what the handler made and the system hasn't taken is one piece.
        #expect(handed.value <= 34_000)
        #expect(handed.value - taken.value == 0)
        gate.open()
        try await rows.value
        #expect(taken.value == 1_000_000)
    }
}
