import Fetch
import Reactor
import Synchronization
import Testing

@Suite struct FetchTests {
    let test: TestLoop
    var fetch: Fetch { test.fetch }

    init() throws { test = try TestLoop() }

    @Test func `sends what it was given and hands back the whole answer`() async throws {
        let seen = Mutex<RawRequest?>(nil)
        let server = RawServer { connection, _ in
            let request = connection.request()
            seen.withLock { $0 = request }
            connection.answer("201 Created", ["X-One: 1", "x-many: a", "X-Many: b", "X-Empty:"], body: "hello")
        }
        let response = try await fetch.send(
            OutgoingRequest(
                .put, server.url("/a/b?c=d%20e"), headers: ["Api-Key": "secret", "X-Nothing": ""],
                body: Array("body".utf8)))
        #expect(response.status == 201)
        #expect(String(decoding: response.body, as: UTF8.self) == "hello")
        #expect(response.headers["X-ONE"] == "1")
        #expect(response.headers.all("X-Many") == ["a", "b"])
        #expect(response.headers["x-empty"] == "")
        #expect(response.headers["absent"] == nil)
        #expect(response.duration > .zero)
        let request = try #require(seen.withLock { $0 })
        #expect(request.line == "PUT /a/b?c=d%20e HTTP/1.1")
        #expect(request.body == "body")
        #expect(request.headers["api-key"] == "secret")
        #expect(request.headers["x-nothing"] == "")
        #expect(request.headers["user-agent"] == "Sluice/test")
        #expect(request.headers["accept-encoding"] == "gzip")
        #expect(request.headers["content-type"] == nil)
        #expect(request.headers["expect"] == nil)
    }

    @Test(arguments: [
        (OutgoingRequest.Method.get, "", nil), (.head, "", nil), (.delete, "", nil), (.post, "", "0"), (.put, "", "0"),
        (.post, "x=1", "3"), (.put, "x=1", "3"), (.patch, "x=1", "3"), (.delete, "x=1", "3"), (.get, "x=1", "3"),
    ])
    func `frames each method`(method: OutgoingRequest.Method, body: String, length: String?) async throws {
        let seen = Mutex<RawRequest?>(nil)
        let server = RawServer { connection, _ in
            let request = connection.request()
            seen.withLock { $0 = request }
            connection.answer()
        }
        let response = try await fetch.send(OutgoingRequest(method, server.url(), body: Array(body.utf8)))
        #expect(response.status == 200)
        let request = try #require(seen.withLock { $0 })
        #expect(request.line == "\(method.rawValue) / HTTP/1.1")
        #expect(request.headers["content-length"] == length)
        #expect(request.body == body)
    }

    @Test func `keeps a connection for the next request`() async throws {
        let server = RawServer { connection, number in
            while let request = connection.request() { connection.answer(body: "\(number) \(request.line)") }
        }
        for path in ["/1", "/2", "/3"] {
            let response = try await fetch.send(OutgoingRequest(.get, server.url(path)))
            #expect(String(decoding: response.body, as: UTF8.self) == "1 GET \(path) HTTP/1.1")
        }
        #expect(server.connections == 1)
    }

    @Test func `takes a new connection when the kept one was closed`() async throws {
        let server = RawServer { connection, number in
            _ = connection.request()
            connection.answer(body: "\(number)")
        }
        for expected in ["1", "2", "3"] {
            // A read: should the closing cross with the request, it may be sent again.
            let response = try await fetch.send(OutgoingRequest(.get, server.url()))
            #expect(String(decoding: response.body, as: UTF8.self) == expected)
        }
    }

    @Test func `runs fifty requests at once on one loop`() async throws {
        let waiting = Mutex<[RawConnection]>([])
        // Nobody is answered before all have come, so they must all be on their way at the same time.
        let server = RawServer { connection, _ in
            guard let request = connection.request() else { return }
            let all = waiting.withLock { list in
                list.append(connection)
                return list.count == 50 ? list : []
            }
            for other in all { other.answer(body: "done") }
            _ = request
            connection.waitForEnd()
        }
        let (fetch, url) = (fetch, server.url())
        let bodies = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    String(decoding: try await fetch.send(OutgoingRequest(.get, url)).body, as: UTF8.self)
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(bodies == Array(repeating: "done", count: 50))
        await fetch.close()
    }

    @Test func `stays on the loop it was called on`() async throws {
        let server = RawServer { connection, _ in
            _ = connection.request()
            connection.answer()
        }
        let (loop, fetch, url) = (test.loop, fetch, server.url())
        let stayed = await Task(executorPreference: loop) {
            let response = try? await fetch.send(OutgoingRequest(.get, url))
            return response != nil && loop.isCurrent
        }.value
        #expect(stayed)
    }

    @Test func `uploads a large body and repeats nothing of it`() async throws {
        let server = RawServer { connection, _ in
            connection.answer(body: "\(connection.request()?.body.utf8.count ?? 0)")
        }
        let body = [UInt8](repeating: UInt8(ascii: "x"), count: 3_000_000)
        let response = try await fetch.send(OutgoingRequest(.post, server.url(), body: body))
        #expect(String(decoding: response.body, as: UTF8.self) == "3000000")
    }

    @Test func `reads chunks that come one byte at a time`() async throws {
        let server = RawServer { connection, _ in
            _ = connection.request()
            let answer =
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nT: t\r\n\r\n"
            for byte in answer.utf8 { connection.write([byte]) }
        }
        let response = try await fetch.send(OutgoingRequest(.get, server.url()))
        #expect(String(decoding: response.body, as: UTF8.self) == "hello world")
        #expect(response.headers["T"] == nil)
    }

    @Test func `unpacks gzip`() async throws {
        let stored = GzipSample.stored("hello")
        let server = RawServer { connection, _ in
            _ = connection.request()
            connection.write("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: \(stored.count)\r\n\r\n")
            connection.write(stored)
        }
        let response = try await fetch.send(OutgoingRequest(.get, server.url()))
        #expect(String(decoding: response.body, as: UTF8.self) == "hello")
    }

    @Test(arguments: [
        "301 Moved Permanently", "302 Found", "307 Temporary Redirect", "404 Not Found", "503 Unavailable",
    ])
    func `returns every status, redirects not followed`(status: String) async throws {
        let server = RawServer { connection, _ in
            while connection.request() != nil { connection.answer(status, ["Location: /elsewhere"]) }
        }
        let response = try await fetch.send(OutgoingRequest(.get, server.url()))
        #expect(status.hasPrefix(String(response.status)))
        #expect(response.headers["Location"] == "/elsewhere")
    }

    @Test func `gives the headers of the final answer only`() async throws {
        let server = RawServer { connection, _ in
            _ = connection.request()
            connection.write("HTTP/1.1 100 Continue\r\nX-Interim: 1\r\n\r\n")
            connection.answer(body: "x")
        }
        let response = try await fetch.send(OutgoingRequest(.get, server.url()))
        #expect(response.status == 200)
        #expect(response.headers["X-Interim"] == nil)
    }
}
