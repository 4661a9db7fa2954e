import Base
import Fetch
import Glibc
import Reactor
import TestDesk
import Testing
import TestGround

/// How the program stops: what it began is finished, the port is free at once, and whoever insists is obeyed.
@Suite(.timeLimit(.minutes(10))) struct StoppingTests {
    private static let secret = "a secret of the tests alone"

    /// A desk on a simulated tracker, and a request in flight: a sync whose first read takes `latency`.
    private func withSlowSync(
        latency: Int64,
        _ body:
            @escaping @Sendable (ProgramProcess, _ address: String, _ settings: [String: String], Task<Int, any Error>)
            async throws ->
            Void
    ) async throws {
        try await withTestDatabaseURL { url in
            let tracker = try ProgramProcess(sluice: ["sandbox", "--port", "0"])
            let trackerURL = "http://" + (try tracker.line(after: "http://"))
            let settings = ["DATABASE_URL": url.reveal(), "KEITARO_URL": trackerURL, "SECRET_KEY": Self.secret]
            let token = try ProgramProcess.answer(["token", "create", "--name", "tests"], settings)
            let (desk, address) = try ProgramProcess.serve(settings)
            try await onLoop { loop in
                let fetch = Fetch(loops: [loop])
                let program = Visitor(
                    fetch: fetch, base: address,
                    headers: ["Accept": "application/json", "Authorization": "Bearer \(token)"])
                let keitaro = Visitor(fetch: fetch, base: trackerURL, headers: ["Api-Key": "demo-admin-key"])
                try #require(
                    try await program.post("/users/login/", ["api_key": "demo-admin-key"]).status == 200)
                try #require(
                    try await keitaro.post(
                        "/sandbox/faults",
                        ["kind": "latency", "path": "/campaigns", "times": 1, "milliseconds": .integer(latency)]
                    ).status == 200)
                let sync = Task { try await program.post("/campaigns/sync-campaigns/").status }
                // In flight once the tracker has been asked.
                let isAsked = try await eventually(loop) {
                    try await keitaro.get("/sandbox/requests").text.contains("admin_api/v1/campaigns")
                }
                try #require(isAsked)
                try await body(desk, address, settings, sync)
                await fetch.close()
            }
        }
    }

    @Test func `a stop finishes what was asked, while another process serves on the same port`() async throws {
        try await withSlowSync(latency: 3000) { desk, address, settings, sync in
            let port = String(address.split(separator: ":").last ?? "")
            kill(desk.pid, SIGTERM)
            var settings = settings
            settings["PORT"] = port
            // Once the old one has taken the signal the address is free for another, though the old one still listens.
            var next: ProgramProcess?
            while next == nil { next = try? ProgramProcess.serve(settings).0 }
            let status = try await sync.value
            #expect(status == 200)
            #expect(desk.end(0) == 0)
            #expect(next?.end(SIGTERM) == 0)
        }
    }

    @Test func `a second signal ends the process at once`() async throws {
        try await withSlowSync(latency: 7000) { desk, address, _, sync in
            kill(desk.pid, SIGTERM)
            // The first has been taken when newcomers are refused.
            let status = await HelperThread(name: "second signal").run {
                while Self.ask("/health", of: address) != nil { usleep(5_000) }
                return desk.end(SIGTERM)
            }
            #expect(status == 128 + SIGTERM)
            await #expect(throws: (any Error).self) { try await sync.value }
        }
    }

    @Test func `a stop is announced: for a while newcomers are answered, and the readiness probe says no`() async throws
    {
        try await withTestDatabaseURL { url in
            // A machine that is too busy to ask within a second is asked again.
            for attempt in 1...3 {
                let (desk, address) = try ProgramProcess.serve([
                    "DATABASE_URL": url.reveal(), "SECRET_KEY": Self.secret,
                ])
                let answers = await HelperThread(name: "newcomers").run {
                    let before = Self.ask("/ready", of: address)
                    kill(desk.pid, SIGTERM)
                    var ready: [String] = []
                    var health: [String] = []
                    while let answer = Self.ask("/ready", of: address), let alive = Self.ask("/health", of: address) {
                        ready.append(answer)
                        health.append(alive)
                    }
                    return (before: before, ready: ready, health: health, status: desk.end(0))
                }
                #expect(answers.before?.hasPrefix("HTTP/1.1 200 ") == true)
                #expect(answers.status == 0)
                #expect(answers.health.allSatisfy { $0.hasPrefix("HTTP/1.1 200 ") })
                guard let refusal = answers.ready.last(where: { $0.hasPrefix("HTTP/1.1 503 ") }) else {
                    #expect(attempt < 3, "no newcomer was told: \(answers.ready.count) were answered")
                    continue
                }
                #expect(refusal.contains("\r\nConnection: close\r\n") && refusal.contains("\"stopping\":true"))
                #expect(answers.health.last?.contains("\r\nConnection: close\r\n") == true)
                break
            }
        }
    }

    @Test func `a database that hangs does not keep the process that uses it`() async throws {
        let folder = try TemporaryFolder("hang")
        defer { folder.remove() }
        let settings = ["DEMO_DATA_DIR": folder.path]
        let (desk, address) = try ProgramProcess.serve(settings, ["--demo", "serve"])
        let token = try ProgramProcess.answer(["--demo", "token", "create", "--admin", "--name", "tests"], settings)
        let server = try Self.serverProcesses(folder.path)
        #expect(server.count > 3)
        defer { for process in server { kill(process, SIGKILL) } }
        for process in server { kill(process, SIGSTOP) }
        try await onLoop { loop in
            let fetch = Fetch(loops: [loop])
            let program = Visitor(
                fetch: fetch, base: address,
                headers: ["Accept": "application/json", "Authorization": "Bearer \(token)"])
            // Requests and the outbox wait for the database by now, as the probe does.
            let waiting = (0..<3).map { _ in Task { try? await program.get("/campaigns/").status } }
            let probed = try await program.get("/ready").status
            #expect(probed == 503)
            let (status, time) = await HelperThread(name: "end").run {
                let began = MonotonicTime.now()
                return (desk.end(SIGTERM), MonotonicTime.now() - began)
            }
            #expect(status == 0)
            // Ten by its own clock; a busy machine may have let it wait.
            #expect(time < .seconds(15))
            await fetch.close()
            for request in waiting { #expect(await request.value != 200) }
        }
    }

    @Test func `a desk that waits for its database at the start stops at once`() async throws {
        let listener = LoopbackListener()
        let desk = try ProgramProcess(
            sluice: ["serve"],
            ["DATABASE_URL": "postgresql://a@127.0.0.1:\(listener.port)/a", "SECRET_KEY": Self.secret])
        let status = await HelperThread(name: "start").run {
            // It runs once it has come to the database's door, where nobody answers.
            let connection = listener.accept()
            defer { if let connection { close(connection) } }
            return desk.end(SIGTERM)
        }
        #expect(status == 0)
    }

    /// The server of the data below `folder` and its children.
    private static func serverProcesses(_ folder: String) throws -> [pid_t] {
        let file = try FileSystem.read("\(folder)/postgres/data/postmaster.pid", limit: 4096)
        let first = String(decoding: file, as: UTF8.self).split(separator: "\n").first
        let server = try #require(first.flatMap { pid_t($0) }.flatMap { $0 > 1 ? $0 : nil })
        let all = try FileSystem.list("/proc").compactMap { pid_t($0) }
        return [server]
            + all.filter { process in
                guard let text = try? FileSystem.read("/proc/\(process)/stat", limit: 4096) else { return false }
                // After the name in parentheses: the state, then the parent.
                let words =
                    String(decoding: text, as: UTF8.self).split(separator: ")").last?.split(separator: " ") ?? []
                return words.count > 1 && pid_t(words[1]) == server
            }
    }

    /// One request on a connection of its own; nil when it is refused or gets no answer. Blocks.
    private static func ask(_ path: String, of address: String) -> String? {
        guard let port = address.split(separator: ":").last.flatMap({ UInt16($0) }) else { return nil }
        let fd = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        defer { close(fd) }
        var limit = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var target = sockaddr_in()
        target.sin_family = sa_family_t(AF_INET)
        target.sin_port = port.bigEndian
        target.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let isConnected = withUnsafePointer(to: &target) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(fd, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        let request = Array("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        guard isConnected, send(fd, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else {
            return nil
        }
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        // The probes answer with an object, in whose end the answer ends.
        while answer.last != UInt8(ascii: "}"), case let count = recv(fd, &buffer, buffer.count, 0), count > 0 {
            answer += buffer[..<count]
        }
        return answer.isEmpty ? nil : String(decoding: answer, as: UTF8.self)
    }
}
