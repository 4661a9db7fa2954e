import Fetch
import Reactor
import Synchronization
import Testing

@Suite struct FetchFaultTests {
    let test: TestLoop

    init() throws { test = try TestLoop() }

    @Test func `a silent server is a timeout after sending`() async {
        let server = RawServer { connection, _ in connection.waitForEnd() }
        let error = await test.failure(of: OutgoingRequest(.put, server.url(), body: [1], deadline: .milliseconds(60)))
        #expect(error == .timeout(connected: true, sent: true))
        #expect(error?.mayHaveBeenReceived == true)
    }

    @Test func `a server that stops in the middle of the answer is a timeout`() async {
        let server = RawServer { connection, _ in
            _ = connection.request()
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhal")
            connection.waitForEnd()
        }
        let error = await test.failure(of: OutgoingRequest(.get, server.url(), deadline: .milliseconds(60)))
        #expect(error == .timeout(connected: true, sent: true))
    }

    @Test func `a deadline of nothing is a timeout before sending`() async {
        let error = await test.failure(of: OutgoingRequest(.get, "http://127.0.0.1:9/", deadline: .zero))
        #expect(error == .timeout(connected: false, sent: false))
    }

    @Test(arguments: ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhal", "HTTP/1.1 2"])
    func `a connection that breaks off is a reset`(answer: String) async {
        let server = RawServer { connection, _ in
            _ = connection.request()
            connection.write(answer)
            connection.close()
        }
        let error = await test.failure(of: OutgoingRequest(.post, server.url(), body: [1]))
        #expect(error == .reset(sent: true))
    }

    @Test func `an RST is a reset`() async {
        let server = RawServer { connection, _ in
            _ = connection.request()
            connection.reset()
        }
        #expect(await test.failure(of: OutgoingRequest(.get, server.url())) == .reset(sent: true))
    }

    @Test(arguments: [(OutgoingRequest.Method.put, true), (.post, false)])
    func `only a repeatable request is sent again when a kept connection dies`(
        method: OutgoingRequest.Method, isRepeated: Bool
    ) async throws {
        let requests = Mutex(0)
        let server = RawServer { connection, number in
            while connection.request() != nil {
                let count = requests.withLock { count in
                    count += 1
                    return count
                }
                if count == 2 { return }
                connection.answer(body: "\(number)")
            }
        }
        let request = OutgoingRequest(method, server.url(), body: Array("x".utf8))
        _ = try await test.fetch.send(request)
        let error = await test.failure(of: request)
        #expect(error == (isRepeated ? nil : .reset(sent: true)))
        #expect(requests.withLock { $0 } == (isRepeated ? 3 : 2))
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n",
    ])
    func `an answer beyond the limit is refused`(head: String) async {
        let server = RawServer { connection, _ in
            _ = connection.request()
            connection.write(head + String(repeating: "x", count: 2000))
            connection.waitForEnd()
        }
        let error = await test.failure(of: OutgoingRequest(.get, server.url(), responseLimit: 1000))
        #expect(error == .tooLarge(limit: 1000))
    }

    @Test func `an answer of exactly the limit is taken`() async {
        let server = RawServer { connection, _ in
            _ = connection.request()
            connection.answer(body: String(repeating: "x", count: 1000))
        }
        #expect(await test.failure(of: OutgoingRequest(.get, server.url(), responseLimit: 1000)) == nil)
    }

    @Test func `headers without end are refused`() async {
        let server = RawServer { connection, _ in
            _ = connection.request()
            connection.write("HTTP/1.1 200 OK\r\n")
            for number in 0..<400 { connection.write("X-\(number): \(String(repeating: "y", count: 1000))\r\n") }
            connection.waitForEnd()
        }
        let error = await test.failure(of: OutgoingRequest(.get, server.url()))
        #expect(error == .tooLarge(limit: OutgoingRequest.defaultResponseLimit))
    }

    @Test func `a port without a listener is refused`() async {
        let error = await test.failure(of: OutgoingRequest(.get, "http://127.0.0.1:\(RawServer.closedPort())/"))
        #expect(error == .refused)
        #expect(error?.mayHaveBeenReceived == false)
    }

    @Test func `a name that nobody has cannot be resolved`() async {
        let error = await test.failure(of: OutgoingRequest(.get, "https://no-such-host.invalid/bot123:token/x"))
        #expect(error == .couldNotResolve(host: "no-such-host.invalid"))
    }

    @Test(arguments: [
        "", "x", "/path", "ftp://127.0.0.1/", "file:///etc/passwd", "http://", "http://a b/", "http://h/\r\nX: y",
        "http://h/\0", "gopher://127.0.0.1/", "http://127.0.0.1:99999/",
    ])
    func `an address that is not http or https is refused`(url: String) async {
        #expect(await test.failure(of: OutgoingRequest(.get, url)) == .invalidURL)
    }

    @Test(arguments: [
        ("X-Bad", "a\r\nInjected: 1"), ("X-Bad", "a\nb"), ("X-Bad", "a\0b"), ("", "x"), ("X Bad", "x"), ("X:", "x"),
        ("Content-Length", "5"), ("transfer-encoding", "chunked"),
    ])
    func `a header that could smuggle is refused`(name: String, value: String) async {
        var headers = FetchHeaders()
        headers.append(name, value)
        let error = await test.failure(of: OutgoingRequest(.get, "http://127.0.0.1:9/", headers: headers))
        #expect(error == .invalidHeader(name: name))
    }

    @Test func `cancelling the task ends the request`() async {
        let arrived = HelperThread.Signal()
        let ended = HelperThread.Signal()
        let server = RawServer { connection, _ in
            _ = connection.request()
            arrived.raise()
            connection.waitForEnd()
            ended.raise()
        }
        let (test, url) = (test, server.url())
        let task = Task { await test.failure(of: OutgoingRequest(.get, url)) }
        await HelperThread.shared.run { arrived.wait() }
        task.cancel()
        #expect(await task.value == .cancelled(sent: true))
        // The connection was closed, not left to run.
        await HelperThread.shared.run { ended.wait() }
    }

    @Test func `a task that is already cancelled sends nothing`() async {
        let server = RawServer { connection, _ in connection.waitForEnd() }
        let (test, url) = (test, server.url())
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return await test.failure(of: OutgoingRequest(.get, url))
        }
        #expect(await task.value == .cancelled(sent: false))
        #expect(server.connections == 0)
    }

    @Test func `closing ends what runs and refuses what comes`() async {
        let arrived = HelperThread.Signal()
        let server = RawServer { connection, _ in
            _ = connection.request()
            arrived.raise()
            connection.waitForEnd()
        }
        let (test, url) = (test, server.url())
        let task = Task { await test.failure(of: OutgoingRequest(.get, url)) }
        await HelperThread.shared.run { arrived.wait() }
        await test.fetch.close()
        #expect(await task.value == .cancelled(sent: true))
        #expect(await test.failure(of: OutgoingRequest(.get, url)) == .cancelled(sent: false))
    }

    @Test func `nothing printable holds a secret`() {
        let request = OutgoingRequest(
            .post, "https://user:hunter2@host.example:8443/bothunter2/send?key=hunter2",
            headers: ["Api-Key": "hunter2"],
            body: Array("hunter2".utf8))
        let response = FetchResponse(status: 200, headers: ["Set-Cookie": "hunter2"], body: Array("hunter2".utf8))
        var dumped = ""
        dump(request, to: &dumped)
        dump(response, to: &dumped)
        for text in ["\(request)", String(reflecting: request), "\(response)", String(reflecting: response), dumped] {
            #expect(!text.contains("hunter2"))
            #expect(!text.contains("104, 117, 110"))
        }
        #expect("\(request)" == "POST https://host.example:8443")
    }
}
