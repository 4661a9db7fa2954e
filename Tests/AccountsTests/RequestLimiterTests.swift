import Base
import Fetch
import HTTP
import Postgres
import Reactor
import TestDesk
import TestGround
import Testing

@testable import Accounts

/// Limits of requests against a real database: two limiters are two processes.
@Suite(.timeLimit(.minutes(10))) struct RequestLimiterTests {
    private let someone = IPAddress.v4(0xCB00_7107)

    private static func limiter(_ database: Database, _ loop: EventLoop, _ limit: Int) -> RequestLimiter {
        RequestLimiter(
            perAddress: limit, perToken: 0, proxies: AddressList(), counts: RequestCounts(database: database),
            loops: [loop], log: .silent)
    }

    /// Asks until both have refused ten times; how many were admitted, within one minute of the clock.
    private static func admitted(
        _ limiters: [RequestLimiter], _ address: IPAddress, on loop: EventLoop
    ) async throws -> Int {
        while true {
            let minute = Timestamp.now().microseconds / 60_000_000
            var count = 0
            var refusals = [Int](repeating: 0, count: limiters.count)
            while refusals.contains(where: { $0 < 10 }) {
                for (index, limiter) in limiters.enumerated() {
                    do {
                        try await limiter.admit(address, nil, on: loop)
                        count += 1
                    } catch {
                        refusals[index] += 1
                        let seconds = error.headers.first { $0.0 == "Retry-After" }.flatMap { Int($0.1) } ?? 0
                        #expect(error.status == .tooManyRequests && (1...60).contains(seconds))
                    }
                }
            }
            // The clock began a new window meanwhile: again, in that one.
            if Timestamp.now().microseconds / 60_000_000 == minute { return count }
        }
    }

    @Test func `two processes share one limit, and pass it by an eighth each at most`() async throws {
        let someone = someone
        try await withTestDatabaseURL { url in
            try await onLoop { loop in
                let database = try Database(url: url, loops: [loop], log: .silent)
                let limiters = (0..<2).map { _ in Self.limiter(database, loop, 320) }
                let count = try await Self.admitted(limiters, someone, on: loop)
                #expect((320...400).contains(count))
                // Another address has its own.
                try await limiters[0].admit(.v4(1), nil, on: loop)
                let rows = try await database.query("SELECT subject, admitted FROM request_counts")
                #expect(try rows.map { try $0.get("subject", String.self) } == ["address 203.0.113.7"])
                await database.close()
            }
        }
    }

    @Test func `windows that are over are removed, and an ordinary visitor costs no statement`() async throws {
        let someone = someone
        try await withTestDatabaseURL { url in
            try await onLoop { loop in
                let database = try Database(url: url, loops: [loop], log: .silent)
                try await database.execute("INSERT INTO request_counts VALUES ('address 1.2.3.4', 60, 5)")
                let limiter = Self.limiter(database, loop, 320)
                for _ in 0..<9 { try await limiter.admit(someone, nil, on: loop) }
                #expect(try await database.query("SELECT 1 FROM request_counts").count == 1)
                _ = try await Self.admitted([limiter], someone, on: loop)
                let old = try await database.query("SELECT 1 FROM request_counts WHERE window_start = 60")
                #expect(old.isEmpty)
                await database.close()
            }
        }
    }

    @Test func `a token is the same one however its scheme is written`() async throws {
        try await onLoop { loop in
            let nowhere = Secret("postgresql://nobody@127.0.0.1:1/nothing")
            let database = try Database(url: nowhere, loops: [loop], log: .silent)
            let limiter = RequestLimiter(
                perAddress: 0, perToken: 3, proxies: AddressList(), counts: RequestCounts(database: database),
                loops: [loop], log: .silent)
            let application = Application(
                routes: [Route(.get, "/own", access: .known, summary: "Asks who it is") { _ in Response(body: []) }],
                middleware: [limiter.middleware], log: .silent)
            let server = try Server(
                host: "127.0.0.1", port: 0, loops: [loop], application: application, log: .silent)
            let fetch = Fetch(loops: [loop])
            let visitor = Visitor(fetch: fetch, base: "http://127.0.0.1:\(server.port)", headers: [:])
            let schemes = ["Bearer", "bearer", "bEaReR", "BEARER"]
            while true {
                let minute = Timestamp.now().microseconds / 60_000_000
                var statuses: [Int] = []
                for round in 0..<3 {
                    for scheme in schemes {
                        let authorization = "\(scheme)\(String(repeating: " ", count: round + 1))the-same-token"
                        statuses.append(try await visitor.with("Authorization", authorization).get("/own").status)
                    }
                }
                let other = try await visitor.with("Authorization", "Bearer another").get("/own").status
                guard Timestamp.now().microseconds / 60_000_000 == minute else { continue }
                #expect(statuses.count { $0 == 200 } == 3)
                #expect(other == 200)
                break
            }
            await server.stop(within: .seconds(1))
            await fetch.close()
            await database.close()
        }
    }

    @Test func `without a database each process counts for itself`() async throws {
        let someone = someone
        try await onLoop { loop in
            let nowhere = Secret("postgresql://nobody@127.0.0.1:1/nothing")
            let database = try Database(url: nowhere, loops: [loop], log: .silent)
            let limiters = (0..<2).map { _ in Self.limiter(database, loop, 32) }
            #expect(try await Self.admitted(limiters, someone, on: loop) == 64)
            await database.close()
        }
    }
}
