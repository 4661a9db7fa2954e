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
            // The listener closes a moment after the signal; until then the new one says that it can't listen.
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
            // The first has been taken when the port is closed to newcomers.
            while Self.isOpen(address) { sched_yield() }
            #expect(desk.end(SIGTERM) == 128 + SIGTERM)
            await #expect(throws: (any Error).self) { try await sync.value }
        }
    }

    private static func isOpen(_ address: String) -> Bool {
        guard let port = address.split(separator: ":").last.flatMap({ UInt16($0) }) else { return false }
        let fd = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        defer { close(fd) }
        var target = sockaddr_in()
        target.sin_family = sa_family_t(AF_INET)
        target.sin_port = port.bigEndian
        target.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &target) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(fd, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}
