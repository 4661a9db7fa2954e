import Base
import Glibc
import Postgres
import Reactor
import TestGround
import Testing

/// Everything that needs a server. One private cluster is made for the whole of it.
@Suite(.privateCluster) struct LiveTests {}

struct PrivateClusterTrait: SuiteTrait, TestScoping {
    @TaskLocal static var databaseURL: Secret?

    @concurrent func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { directory in
            // All tests of a suite run at once, each with connections of its own: more than a desk's cluster has room for.
            let small = try await PrivateCluster.start(directory: directory, log: .silent)
            try await withDatabase(url: small.databaseURL) { database, _ in
                _ = try await database.execute("ALTER SYSTEM SET max_connections = 300")
            }
            await small.release()
            let cluster = try await PrivateCluster.start(directory: directory, log: .silent)
            do {
                try await Self.$databaseURL.withValue(cluster.databaseURL) { try await function() }
            } catch {
                await cluster.release()
                throw error
            }
            await cluster.release()
        }
    }
}

extension Trait where Self == PrivateClusterTrait {
    static var privateCluster: Self { PrivateClusterTrait() }
}

extension Logger {
    static let silent = Logger(component: "test", sink: Logger.nowhere)
}

func withTemporaryDirectory<Value>(_ body: (String) async throws -> Value) async throws -> Value {
    try await withTemporaryFolder("test", body)
}

/// Runs `body` on a loop with a database that is closed afterwards.
@discardableResult
func withDatabase<Value: Sendable>(
    _ settings: Database.Settings = Database.Settings(), url: Secret? = PrivateClusterTrait.databaseURL,
    _ body: @escaping @Sendable (Database, EventLoop) async throws -> Value
) async throws -> Value {
    let url = try #require(url)
    return try await onLoop { loop in
        let database = try Database(url: url, loops: [loop], settings: settings, log: .silent)
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

extension Queryable {
    func backend() async throws -> Int32 {
        try await one("SELECT pg_backend_pid()").get(0)
    }
}
