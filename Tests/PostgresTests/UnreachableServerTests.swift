import Base
import Reactor
import Testing

@testable import Postgres

@Suite struct UnreachableServerTests {
    @Test func `fails fast while no server is there, and says when it will be tried again`() async throws {
        try await withTemporaryDirectory { directory in
            let url = Secret("postgresql://sluice@/sluice?host=\(directory)")
            try await withDatabase(url: url) { database, loop in
                let first = await #expect(throws: PostgresError.self) { try await database.query("SELECT 1") }
                let pause = try #require(first?.retryAfter)
                #expect(pause > .zero && pause <= .milliseconds(100))
                #expect(first.map { "\($0)".contains(directory) } == true)
                let second = await #expect(throws: PostgresError.self) { try await database.query("SELECT 1") }
                #expect(second?.retryAfter.map { $0 <= pause } == true)
                #expect(await database.isReady() == false)
                await loop.sleep(for: pause)
                let third = await #expect(throws: PostgresError.self) { try await database.query("SELECT 1") }
                #expect(third?.retryAfter.map { $0 > .milliseconds(100) } == true)
            }
        }
    }

    @Test func `tells a name that cannot be found`() async throws {
        // Too long for a label (RFC 1035 §2.3.4): no name server is asked, so none can be slow.
        let host = String(repeating: "x", count: 64) + ".invalid"
        // Who waits for a connection must not give up before the one who makes it, however busy the machine is.
        var settings = Database.Settings()
        settings.waitForConnection = .seconds(60)
        try await withDatabase(settings, url: Secret("postgresql://sluice@\(host)/sluice")) { database, _ in
            let error = await #expect(throws: PostgresError.self) { try await database.query("SELECT 1") }
            #expect(error.map { "\($0)".contains(host) } == true, "\(String(describing: error))")
        }
    }
}
