import Base
import Reactor
import Synchronization
import Testing

@testable import HTTP

/// Long answers and long content, in plain and through TLS alike.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct EitherTransportTests {
    private static let piece = (0..<65_536).map { UInt8(truncatingIfNeeded: $0 &* 13 &+ $0 >> 7) }

    @Test(arguments: [false, true])
    func `a slow reader holds the producer, misses nothing, and others are served`(isEncrypted: Bool) async throws {
        let written = Mutex(0)
        let pieces = 500
        let stream = route(.get, "/stream") { _ in
            Response.stream(type: "application/octet-stream") { writer in
                for _ in 0..<pieces {
                    try await writer.write(Self.piece)
                    written.withLock { $0 += 1 }
                }
            }
        }
        try await withServer(isEncrypted: isEncrypted, routes: [stream]) { server in
            let slow = try RawClient(port: server.port, receiveBuffer: 4096, isEncrypted: isEncrypted)
            try slow.get("/stream")
            let other = try RawClient(port: server.port, isEncrypted: isEncrypted)
            for number in 0..<1000 {
                try other.get("/number/\(number)")
                #expect(try other.answer().status == 200)
            }
            // The loop has turned a thousand times; only the system's buffers can have taken anything.
            #expect(written.withLock { $0 } < pieces / 2)
            _ = try slow.answer(toHead: true)
            for number in 0..<pieces { #expect(try slow.chunk() == Self.piece, "piece \(number)") }
            #expect(try slow.chunk() == [])
            try slow.get("/number/1")
            #expect(try slow.answer().text == "number 1")
        }
    }

    @Test(arguments: [false, true])
    func `a part of a file reaches a slow reader`(isEncrypted: Bool) async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let content = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 9) }
        try folder.write("big.png", content)
        let files = try StaticFiles(folders: [("", folder.path)])
        let served = route(.get, "/static/{path*}") { try files.respond(to: $0, path: try $0.text("path")) }
        try await withServer(isEncrypted: isEncrypted, routes: [served]) { server in
            let client = try RawClient(port: server.port, receiveBuffer: 4096, isEncrypted: isEncrypted)
            try client.get("/static/big.png", "Range: bytes=1000-2500999\r\n")
            let other = try RawClient(port: server.port, isEncrypted: isEncrypted)
            try other.get("/static/big.png")
            #expect(try other.answer().body == content)
            let part = try client.answer()
            #expect(part.status == 206)
            #expect(part.body == Array(content[1000..<2_501_000]))
            try client.get("/number/1")
            #expect(try client.answer().text == "number 1")
        }
    }

    @Test(arguments: [false, true])
    func `a quiet stream beats, events come at once, and both end with their client`(isEncrypted: Bool) async throws {
        let ended = Gate()
        let events = route(.get, "/events") { request in
            let loop = request.loop
            return Response.events(for: request, heartbeat: .milliseconds(5)) { stream in
                try await stream.send(ServerEvent("first", id: "1"))
                await loop?.sleep(for: .seconds(3600))
                ended.open()
            }
        }
        try await withServer(isEncrypted: isEncrypted, routes: [events]) { server in
            do {
                let client = try RawClient(port: server.port, isEncrypted: isEncrypted)
                try client.get("/events")
                #expect(try client.answer(toHead: true).status == 200)
                #expect(try client.chunk() == Array("id: 1\ndata: first\n\n".utf8))
                for _ in 0..<3 { #expect(try client.chunk() == Array(":\n\n".utf8)) }
            }
            await ended.wait()
            await eventually { server.connectionCount == 0 }
        }
    }

    @Test(arguments: [false, true])
    func `a form with a large file goes to the disk, and nothing stays of one that is cut`(
        isEncrypted: Bool
    ) async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let uploads = try UploadFolder(folder.path)
        let taken = route(.post, "/files", bodyLimit: 20_000_000) { request in
            let upload = try await request.upload(into: uploads)
            try await upload.file("p")?.claim(as: folder.path + "/kept")
            return .text("\(upload.file("p")?.size ?? 0) \(upload["title"] ?? "")")
        }.streamingBody
        let picture = (0..<5_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 11) }
        func part(_ head: String, _ content: [UInt8]) -> [UInt8] {
            Array("--b\r\nContent-Disposition: form-data; \(head)\r\n\r\n".utf8) + content + Array("\r\n".utf8)
        }
        let form = part("name=title", Array("one".utf8)) + part("name=p; filename=x", picture) + Array("--b--\r\n".utf8)
        let head =
            "POST /files HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\n"
            + "Content-Length: \(form.count)\r\n\r\n"
        try await withServer(isEncrypted: isEncrypted, routes: [taken]) { server in
            let client = try RawClient(port: server.port, isEncrypted: isEncrypted)
            try client.send(head)
            try client.send(form)
            #expect(try client.answer().text == "5000000 one")
            #expect(folder.names == ["kept"])
            #expect(try FileSystem.read(folder.path + "/kept", limit: 1 << 23) == picture)
            do {
                let cut = try RawClient(port: server.port, isEncrypted: isEncrypted)
                try cut.send(head)
                try cut.send(Array(form.prefix(3_000_000)))
                await eventually { folder.names.count == 2 }
            }
            await eventually { folder.names == ["kept"] }
        }
    }
}
