import Base
import HTTP
import Postgres
import Reactor

/// Answers each request with one query on one loop, for bin/bench-database; until it is killed.
enum QueryServer {
    static func run(_ url: String, port: UInt16) throws {
        let log = Logger(component: "bench", sink: Logger.nowhere)
        let loop = try EventLoop(name: "bench")
        let database = try Database(url: Secret(url), loops: [loop], log: log)
        let route = Route(.get, "/", access: .anyone, summary: "One query", isBare: true) { _ in
            .text("\(try await database.one("SELECT 1 AS one").get("one", Int.self))")
        }
        let server = try Server(
            host: "127.0.0.1", port: port, loops: [loop], application: Application(routes: [route], log: log), log: log)
        withExtendedLifetime(server) { loop.run() }
    }
}
