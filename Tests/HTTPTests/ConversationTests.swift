import Base
import Glibc
import Reactor
import Synchronization
import Testing

@testable import HTTP

/// Real sockets on loopback: what goes over one connection, and when it ends.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct ConversationTests {
    @Test func `keeps a connection for further requests`() async throws {
        try await withServer { server in
            let client = try RawClient(port: server.port)
            for number in 1...3 {
                try client.get("/number/\(number)")
                let answer = try client.answer()
                #expect(answer.status == 200)
                #expect(answer.text == "number \(number)")
                #expect(answer.header("Connection") == nil)
                #expect(answer.header("Date")?.hasSuffix(" GMT") == true)
            }
            withExtendedLifetime(client) { #expect(server.connectionCount == 1) }
        }
    }

    @Test(arguments: [
        ("HTTP/1.1", "Connection: close\r\n", "close"), ("HTTP/1.0", "", "close"),
        ("HTTP/1.0", "Connection: keep-alive\r\n", "keep-alive"),
    ])
    func `closes or keeps as the client asks`(version: String, fields: String, answered: String) async throws {
        try await withServer { server in
            let client = try RawClient(port: server.port)
            let request = "GET /number/7 \(version)\r\nHost: a\r\n\(fields)\r\n"
            try client.send(request)
            let answer = try client.answer()
            #expect(answer.text == "number 7")
            #expect(answer.header("Connection") == answered)
            if answered == "close" {
                #expect(try client.isClosedSilently())
            } else {
                try client.send(request)
                #expect(try client.answer().text == "number 7")
            }
        }
    }

    @Test func `a handler may close`() async throws {
        let closing = route(.get, "/close") { _ in
            var response = Response.text("bye")
            response.closes = true
            return response
        }
        try await withServer(routes: [closing]) { server in
            let client = try RawClient(port: server.port)
            try client.get("/close")
            #expect(try client.answer().header("Connection") == "close")
            #expect(try client.isClosedSilently())
        }
    }

    @Test func `answers requests that come in one piece in their order, each with its own content`() async throws {
        try await withServer { server in
            let client = try RawClient(port: server.port)
            var text = ""
            for number in 0..<10 {
                switch number % 3 {
                case 0: text += "GET /number/\(number) HTTP/1.1\r\nHost: a\r\n\r\n"
                case 1:
                    let content = String(repeating: "GET / HTTP/1.1\r\n\r\n", count: number)
                    text += "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: \(content.utf8.count)\r\n\r\n\(content)"
                default:
                    text +=
                        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n\(number)ab\r\n0\r\n\r\n"
                }
            }
            try client.send(text)
            for number in 0..<10 {
                let answer = try client.answer()
                #expect(answer.status == 200)
                switch number % 3 {
                case 0: #expect(answer.text == "number \(number)")
                case 1: #expect(answer.text == String(repeating: "GET / HTTP/1.1\r\n\r\n", count: number))
                default: #expect(answer.text == "\(number)ab")
                }
            }
        }
    }

    @Test func `takes a request byte by byte`() async throws {
        try await withServer { server in
            let client = try RawClient(port: server.port)
            for byte
                in "\r\nPOST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloGET /number/1 HTTP/1.1\r\nHost: a\r\n\r\n"
                .utf8
            {
                try client.send([byte])
            }
            #expect(try client.answer().text == "hello")
            #expect(try client.answer().text == "number 1")
        }
    }

    @Test func `HEAD has the length of GET and no content`() async throws {
        try await withServer { server in
            let client = try RawClient(port: server.port)
            try client.send("HEAD /number/12345 HTTP/1.1\r\nHost: a\r\n\r\nGET /number/2 HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.answer(toHead: true).header("Content-Length") == "12")
            #expect(try client.answer().text == "number 2")
        }
    }

    @Test(arguments: [
        (400, "GET / HTTP/1.1\n"),
        (400, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx"),
        (505, "GET / HTTP/3.0\r\n\r\n"),
        (400, "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
        (417, "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: miracles\r\nContent-Length: 1\r\n\r\n"),
    ])
    func `refuses what is ambiguous, and takes nothing that follows it`(status: Int, text: String) async throws {
        try await withServer { server in
            let client = try RawClient(port: server.port)
            try client.send(text + "GET /number/1 HTTP/1.1\r\nHost: a\r\n\r\n")
            let answer = try client.answer()
            #expect(answer.status == status)
            #expect(answer.header("Content-Type") == "application/problem+json")
            #expect(answer.header("Connection") == "close")
            #expect(try client.isClosedSilently())
        }
    }

    @Test func `a head that does not come is a 408`() async throws {
        try await withServer({ $0.headDeadline = .milliseconds(20) }) { server in
            let client = try RawClient(port: server.port)
            try client.send("GET / HT")
            #expect(try client.answer().status == 408)
            #expect(try client.isClosedSilently())
        }
    }

    @Test func `content that does not come is a 408`() async throws {
        try await withServer({ $0.bodyDeadline = .milliseconds(20) }) { server in
            for framing in ["Content-Length: 5\r\n\r\nhel", "Transfer-Encoding: chunked\r\n\r\n5\r\nhel"] {
                let client = try RawClient(port: server.port)
                try client.send("POST /echo HTTP/1.1\r\nHost: a\r\n\(framing)")
                #expect(try client.answer().status == 408)
                #expect(try client.isClosedSilently())
            }
        }
    }

    @Test func `an idle connection is closed without a word`() async throws {
        try await withServer({ $0.idleDeadline = .milliseconds(20) }) { server in
            let silent = try RawClient(port: server.port)
            let used = try RawClient(port: server.port)
            try used.get("/number/1")
            #expect(try used.answer().status == 200)
            #expect(try used.isClosedSilently())
            #expect(try silent.isClosedSilently())
        }
    }

    @Test func `refuses content beyond the limit before it is sent, and closes`() async throws {
        try await withServer({ $0.body = 1000 }) { server in
            let declared = try RawClient(port: server.port)
            try declared.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n")
            #expect(try declared.answer().status == 413)
            #expect(try declared.isClosedSilently())

            let huge = try RawClient(port: server.port)
            try huge.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 999999999999999\r\n\r\n")
            #expect(try huge.answer().status == 413)

            let chunked = try RawClient(port: server.port)
            try chunked.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n")
            #expect(try chunked.answer().status == 413)
            #expect(try chunked.isClosedSilently())

            let exact = try RawClient(port: server.port)
            let content = String(repeating: "x", count: 1000)
            try exact.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n\(content)")
            #expect(try exact.answer().text == content)
            // A route's own limit.
            let large = String(repeating: "x", count: 150_000)
            try exact.send("POST /large HTTP/1.1\r\nHost: a\r\nContent-Length: 150000\r\n\r\n\(large)")
            #expect(try exact.answer().text == "150000")
        }
    }

    @Test func `a refusal reaches a client that is still sending`() async throws {
        try await withServer({ $0.body = 1000 }) { server in
            let client = try RawClient(port: server.port)
            try client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\n")
            try client.send([UInt8](repeating: 1, count: 500_000))
            #expect(try client.answer().status == 413)
            client.finishSending()
            #expect(try client.isClosedSilently())
        }
    }

    @Test func `asks for the content of a client that waits for 100`() async throws {
        try await withServer({ $0.body = 1000 }) { server in
            let client = try RawClient(port: server.port)
            let head = "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: "
            for _ in 0..<2 {
                try client.send(head + "5\r\n\r\n")
                #expect(try client.answer() == RawClient.Answer(status: 100, headers: [], body: []))
                try client.send("hello")
                #expect(try client.answer().text == "hello")
            }
            // What comes behind the content, in one piece with it, is the next request.
            let next = "GET /number/4 HTTP/1.1\r\nHost: a\r\n\r\n"
            try client.send(head + "5\r\n\r\n")
            #expect(try client.answer().status == 100)
            try client.send("hello" + next)
            #expect(try client.answer().text == "hello")
            #expect(try client.answer().text == "number 4")
            let chunked = head.replacing("Content-Length: ", with: "Transfer-Encoding: chunked\r\n\r\n")
            try client.send(chunked)
            #expect(try client.answer().status == 100)
            try client.send("5\r\nhello\r\n0\r\n\r\n" + next)
            #expect(try client.answer().text == "hello")
            #expect(try client.answer().text == "number 4")
            // Content that has come already needs no asking, and too much isn't asked for.
            try client.send(head + "5\r\n\r\nhello")
            #expect(try client.answer().text == "hello")
            try client.send(head + "1001\r\n\r\n")
            #expect(try client.answer().status == 413)
        }
    }

    @Test func `takes a chunked upload in many pieces`() async throws {
        try await withServer { server in
            let client = try RawClient(port: server.port)
            try client.send("POST /large HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
            for _ in 0..<100 {
                try client.send("3E")
                try client.send("8\r\n" + String(repeating: "y", count: 500))
                try client.send(String(repeating: "z", count: 500) + "\r\n")
            }
            try client.send("0\r\n\r\nGET /number/3 HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.answer().text == "100000")
            #expect(try client.answer().text == "number 3")
        }
    }

    @Test func `a client that leaves in the middle of its content is forgotten`() async throws {
        let calls = Mutex(0)
        let counted = route(.post, "/counted") { _ in
            calls.withLock { $0 += 1 }
            return .text("x")
        }
        try await withServer(routes: [counted]) { server in
            for framing in ["Content-Length: 5\r\n\r\nhel", "Transfer-Encoding: chunked\r\n\r\n5\r\nhel"] {
                let client = try RawClient(port: server.port)
                try client.send("POST /counted HTTP/1.1\r\nHost: a\r\n\(framing)")
                client.finishSending()
                #expect(try client.isClosedSilently())
            }
            await eventually { server.connectionCount == 0 }
            #expect(calls.withLock { $0 } == 0)
        }
    }

    @Test func `answers a client that has finished sending`() async throws {
        try await withServer { server in
            let client = try RawClient(port: server.port)
            try client.get("/number/5")
            client.finishSending()
            #expect(try client.answer().text == "number 5")
            #expect(try client.isClosedSilently())
        }
    }

    private static let big = (0..<5_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) }

    @Test func `a slow reader gets all of a large answer and holds nobody up`() async throws {
        let done = Gate()
        let large = route(.get, "/big") { _ in
            done.open()
            return Response(body: Self.big)
        }
        try await withServer(routes: [large]) { server in
            let slow = try RawClient(port: server.port, receiveBuffer: 4096)
            try slow.get("/big")
            await done.wait()
            // Not a byte of it has been read, and the loop serves others.
            let other = try RawClient(port: server.port)
            try other.get("/number/1")
            #expect(try other.answer().text == "number 1")
            let answer = try slow.answer()
            #expect(answer.body == Self.big)
            try slow.get("/number/2")
            #expect(try slow.answer().text == "number 2")
        }
    }

    @Test func `a reader that has stopped reading is given up`() async throws {
        let large = route(.get, "/big") { _ in Response(body: Self.big + Self.big) }
        try await withServer({ $0.writeDeadline = .milliseconds(20) }, routes: [large]) { server in
            let client = try RawClient(port: server.port, receiveBuffer: 4096)
            try client.get("/big")
            await eventually { server.connectionCount == 1 }
            await eventually { server.connectionCount == 0 }
            // Until here the client was there and did not read.
            withExtendedLifetime(client) {}
        }
    }
}
