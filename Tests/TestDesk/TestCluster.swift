import Base
import CPostgres
import Glibc
import Postgres
import Reactor
import Synchronization
@_exported import TestGround

/// One private PostgreSQL for the whole test process, started by the first test that asks and gone when the process ends.
package enum TestCluster {
    /// What to do against the server failed.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    private struct Started: Sendable {
        let url: String
    }

    private static let template = "sluice_template"
    private static let numbers = Atomic<Int>(0)
    private static let started = Task.detached { try await start() }
    private static let thread = HelperThread(name: "test-cluster")
    nonisolated(unsafe) private static var folder: TemporaryFolder?

    /// A new database with the migrations in it, or a copy of the one named, as `postgresql://…`.
    package static func makeDatabase(like original: String? = nil) async throws -> (name: String, url: Secret) {
        let name = "test_\(numbers.wrappingAdd(1, ordering: .relaxed).newValue)"
        return (name, try await makeDatabase(called: name, like: original))
    }

    static func makeDatabase(called name: String, like original: String? = nil) async throws -> Secret {
        let server = try await started.value
        try await command("CREATE DATABASE \(name) TEMPLATE \(original ?? template)", at: server.url)
        return Secret(named(name, server.url))
    }

    package static func drop(_ name: String) async throws {
        try await command("DROP DATABASE \(name) WITH (FORCE)", at: started.value.url)
    }

    private static func start() async throws -> Started {
        signal(SIGPIPE, SIG_IGN)
        let made = try TemporaryFolder("desk")
        folder = made
        atexit { TestCluster.remove() }
        let cluster = try await PrivateCluster.start(directory: made.path, log: .silent)
        let url = cluster.databaseURL.reveal()
        // Nothing here outlives the process, so that nothing has to reach the disk.
        try await command("ALTER SYSTEM SET fsync = off", at: url)
        try await command("SELECT pg_reload_conf()", at: url)
        try await command("CREATE DATABASE \(template)", at: url)
        try await onLoop { loop in
            let database = try Database(url: Secret(named(template, url)), loops: [loop], log: .silent)
            _ = try await Migrator(directory: TestPlaces.migrations, log: .silent).run(on: database)
            await database.close()
        }
        return Started(url: url)
    }

    private static func named(_ name: String, _ url: String) -> String {
        url.replacing("@/sluice?", with: "@/\(name)?")
    }

    /// Through libpq itself, for names can't be bound as parameters. Two at a time would wait for one template anyway.
    private static func command(_ text: String, at url: String) async throws {
        let problem: String? = await thread.run {
            let connection = PQconnectdb(url)
            defer { PQfinish(connection) }
            let objectInUse = "55006"
            // A template that was closed just now may still have a backend on its way out.
            for _ in 0..<2000 {
                let result = PQexec(connection, text)
                defer { PQclear(result) }
                let status = PQresultStatus(result)
                if status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK { return nil }
                let code = PQresultErrorField(result, Int32(UInt8(ascii: "C"))).map { String(cString: $0) }
                if code != objectInUse { break }
                usleep(5_000)
            }
            return PQerrorMessage(connection).map { String(cString: $0) } ?? "no connection"
        }
        if let problem { throw Failure(description: "\(text): \(problem)") }
    }

    /// At the process's end, when nobody needs the data: the server need not be asked kindly.
    private static func remove() {
        guard let folder else { return }
        if let file = try? FileSystem.read("\(folder.path)/postgres/data/postmaster.pid", limit: 4096),
            let process = String(decoding: file, as: UTF8.self).split(separator: "\n").first.flatMap({ pid_t($0) }),
            process > 1
        {
            kill(process, SIGQUIT)
        }
        folder.remove()
    }
}

/// Runs `body` with a database of its own. Few at once, or the server runs out of connections.
@discardableResult
package func withTestDatabaseURL<Value: Sendable>(
    like original: String? = nil, _ body: (Secret) async throws -> Value
) async throws -> Value {
    try await TestTurns.shared.taking {
        let (name, url) = try await TestCluster.makeDatabase(like: original)
        let outcome: Result<Value, any Error>
        do {
            outcome = .success(try await body(url))
        } catch {
            outcome = .failure(error)
        }
        try await TestCluster.drop(name)
        return try outcome.get()
    }
}

/// Runs `body` on a loop with a database of its own.
@discardableResult
package func withTestDatabase<Value: Sendable>(
    like original: String? = nil, _ body: @escaping @Sendable (Database, EventLoop) async throws -> Value
) async throws -> Value {
    try await withTestDatabaseURL(like: original) { url in
        try await onLoop { loop in
            let database = try Database(url: url, loops: [loop], log: .silent)
            do {
                let value = try await body(database, loop)
                await database.close()
                return value
            } catch {
                await database.close()
                throw error
            }
        }
    }
}

/// Looks again and again, each time a little later, until `condition` holds. The deadline only ends a test that has failed already.
package func eventually(
    _ loop: EventLoop, within deadline: Duration = .seconds(30), _ condition: () async throws -> Bool
) async throws -> Bool {
    let end = MonotonicTime.now() + deadline
    while try await !condition() {
        if MonotonicTime.now() > end { return false }
        await loop.sleep(for: .milliseconds(5))
    }
    return true
}
