import Base
import Fetch
import Glibc
import Reactor

/// The real program on a database of its own, against the Sandbox's Keitaro in a process of its own.
final class ServedDesk: @unchecked Sendable {
    static let key = "demo-admin-key"

    let url: String
    let trackerURL: String
    private let desk: RunningProcess
    private let tracker: RunningProcess
    private let folder: String
    private let loop: EventLoop
    private let fetch: Fetch

    init() throws {
        folder = try TemporaryFolder.make("desk")
        tracker = try RunningProcess(
            [Self.program, "sandbox", "--port", "0"], environment: ["LOG_LEVEL": "error", "ASSETS_DIR": Self.root])
        trackerURL = "http://" + (try tracker.line(after: "http://"))
        desk = try RunningProcess(
            [Self.program, "serve"],
            environment: [
                "DATA_DIR": folder, "PORT": "0", "HOST": "127.0.0.1", "KEITARO_URL": trackerURL, "LOG_LEVEL": "error",
                "ASSETS_DIR": Self.root,
            ])
        url = try desk.line(after: "Sluice is at ")
        loop = try EventLoop(name: "test")
        loop.start()
        fetch = Fetch(loops: [loop])
    }

    deinit {
        desk.stop(SIGTERM)
        tracker.stop(SIGTERM)
        loop.stop()
        TemporaryFolder.remove(folder)
    }

    private static let root = #filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" }

    /// Built beside the tests.
    private static let program = "\(root)/.build/debug/Sluice"

    /// Asks the tracker directly, as its owner would.
    func tracker(_ method: OutgoingRequest.Method, _ path: String, _ body: JSON? = nil) async throws -> JSON {
        var request = OutgoingRequest(
            method, trackerURL + path, headers: ["Api-Key": Self.key, "Content-Type": "application/json"])
        if let body { request.body = body.bytes }
        let fetch = fetch
        let asked = request
        let result = await Task(executorPreference: loop) { () -> Result<FetchResponse, FetchError> in
            do throws(FetchError) { return .success(try await fetch.send(asked)) } catch { return .failure(error) }
        }.value
        return try JSON(parsing: try result.get().body)
    }

    /// Offer ids and shares of a stream as Keitaro holds them.
    func shares(ofStream id: String) async throws -> [String: Int64] {
        let stream = try await tracker(.get, "/admin_api/v1/streams/\(id)")
        var shares: [String: Int64] = [:]
        for offer in stream["offers"]?.arrayValue ?? [] {
            shares[offer["offer_id"]?.lenientString ?? "?"] = offer["share"]?.lenientInt
        }
        return shares
    }
}
