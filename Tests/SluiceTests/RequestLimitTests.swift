import Base
import Fetch
import Glibc
import Reactor
import TestDesk
import TestGround
import Testing

/// Limits as a client meets them: two processes of the program on one database, and one that runs out of descriptors.
@Suite(.timeLimit(.minutes(10))) struct RequestLimitTests {
    @Test func `two processes refuse a token together, with the time to try again`() async throws {
        try await withTestDatabaseURL { url in
            let settings = [
                "DATABASE_URL": url.reveal(), "SECRET_KEY": "a secret of the tests alone", "LOOPS": "1",
                "LIMIT_TOKEN_REQUESTS_PER_MINUTE": "160",
            ]
            let (one, oneURL) = try ProgramProcess.serve(settings)
            let (other, otherURL) = try ProgramProcess.serve(settings)
            try await onLoop { loop in
                let fetch = Fetch(loops: [loop])
                while true {
                    // One of its own for each try: what the try before spent in this minute is not this one's.
                    let token = try ProgramProcess.answer(["token", "create", "--name", "tests"], settings)
                    let programs = [oneURL, otherURL].map {
                        Visitor(
                            fetch: fetch, base: $0,
                            headers: ["Accept": "application/json", "Authorization": "Bearer \(token)"])
                    }
                    let minute = Timestamp.now().microseconds / 60_000_000
                    var admitted = 0
                    var refusals: [Visitor.Answer] = []
                    // 150 to each: neither would refuse by itself.
                    for _ in 0..<150 {
                        for program in programs {
                            let answer = try await program.get("/users/settings/login/")
                            if answer.status == 429 { refusals.append(answer) } else { admitted += 1 }
                        }
                    }
                    // The clock began a new window meanwhile: again, in that one.
                    guard Timestamp.now().microseconds / 60_000_000 == minute else { continue }
                    #expect((160...200).contains(admitted))
                    for answer in refusals {
                        #expect(answer.headers["Content-Type"] == "application/problem+json")
                        #expect(
                            (answer.headers["Retry-After"].flatMap { Int($0) }).map { (1...60).contains($0) } == true)
                        #expect(answer.json["type"]?.stringValue == "/problems/too-many-requests")
                    }
                    let probe = try await programs[0].get("/health")
                    #expect(probe.status == 200)
                    break
                }
                await fetch.close()
            }
            #expect(one.end(SIGTERM) == 0)
            #expect(other.end(SIGTERM) == 0)
        }
    }

    @Test func `a server without descriptors left goes on with those it has, and takes others when some are free`()
        async throws
    {
        let tracker = try ProgramProcess(
            ["/bin/sh", "-c", "ulimit -n 64; exec \"$0\" \"$@\"", ProgramProcess.sluice, "sandbox", "--port", "0"],
            environment: ["LOG_LEVEL": "error", "ASSETS_DIR": TestPlaces.repository])
        let address = try tracker.line(after: "http://")
        let port = try #require(address.split(separator: ":").last.flatMap { UInt16($0) })
        let seen = await HelperThread(name: "descriptors").run { () -> (taken: Int, again: Bool, late: Bool) in
            var clients: [LoopbackClient] = []
            while clients.count < 100, let client = LoopbackClient(port: port) {
                clients.append(client)
                client.ask()
                // Three seconds without an answer: the door is shut.
                if !client.isAnswered(within: 3_000) { break }
            }
            let taken = clients.count - 1
            guard let late = clients.popLast(), let first = clients.first else { return (taken, false, false) }
            first.ask()
            let again = first.isAnswered(within: 60_000)
            clients.removeAll()
            return (taken, again, late.isAnswered(within: 60_000))
        }
        #expect((10..<64).contains(seen.taken))
        #expect(seen.again)
        #expect(seen.late)
        #expect(tracker.end(SIGTERM) == 0)
    }
}

/// A client that blocks, for a thread of its own.
private final class LoopbackClient {
    private let fd: Int32

    init?(port: UInt16) {
        fd = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var target = sockaddr_in()
        target.sin_family = sa_family_t(AF_INET)
        target.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        target.sin_port = port.bigEndian
        let length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeBytes(of: &target) { bytes in
            connect(fd, bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self), length)
        }
        if result != 0 { return nil }
    }

    deinit { close(fd) }

    func ask() {
        let request = Array("GET /sandbox/requests HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        _ = send(fd, request, request.count, Int32(MSG_NOSIGNAL))
    }

    func isAnswered(within milliseconds: Int32) -> Bool {
        var ready = pollfd(fd: fd, events: Int16(POLLIN), revents: 0)
        guard poll(&ready, 1, milliseconds) > 0 else { return false }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        return recv(fd, &buffer, buffer.count, 0) > 0
    }
}
