import Base
import Fetch
import Reactor
import Sandbox

/// The Sandbox's tracker on a free port, and what a test does with it behind the desk's back.
package final class SimulatedKeitaro: Sendable {
    package let url: String
    package let fetch: Fetch
    private let sandbox: KeitaroSandbox

    /// On the loop that will serve it.
    package init(
        loop: EventLoop, secondsPerConversion: Int64 = 10, now: @escaping @Sendable () -> Timestamp = Timestamp.now
    ) throws {
        sandbox = KeitaroSandbox(
            seed: 7, loop: loop, file: nil, log: .silent, secondsPerConversion: secondsPerConversion, now: now)
        url = "http://127.0.0.1:\(try sandbox.start(port: 0, log: .silent))"
        fetch = Fetch(loops: [loop])
    }

    package func stop() async {
        await sandbox.stop()
    }

    /// What happened in it, and what it sends; on its loop.
    package var world: KeitaroWorld { sandbox.world }

    package struct Share: Hashable, Sendable, CustomStringConvertible {
        package let offerID: Int64
        package let share: Int64
        package let isActive: Bool

        package init(_ offerID: Int64, _ share: Int64, isActive: Bool = true) {
            self.offerID = offerID
            self.share = share
            self.isActive = isActive
        }

        package var description: String { "\(offerID): \(share)\(isActive ? "" : " off")" }
    }

    /// What the tracker holds.
    package func shares(ofStream id: Int64) async throws -> [Share] {
        let stream = try await call(.get, "/admin_api/v1/streams/\(id)")
        return (stream["offers"]?.arrayValue ?? []).map { offer in
            Share(
                offer["offer_id"]?.intValue ?? 0, offer["share"]?.intValue ?? -1,
                isActive: offer["state"]?.stringValue == "active")
        }
    }

    /// As a colleague does in Keitaro itself.
    package func setShares(ofStream id: Int64, _ shares: [Share]) async throws {
        try await setStream(
            id,
            [
                "offers": .array(
                    shares.map { share in
                        [
                            "offer_id": .integer(share.offerID), "share": .integer(share.share),
                            "state": .string(share.isActive ? "active" : "disabled"),
                        ]
                    })
            ])
    }

    package func setStream(_ id: Int64, _ fields: JSON) async throws {
        _ = try await call(.put, "/admin_api/v1/streams/\(id)", fields)
    }

    /// Adds a fault; `fields` as `POST /sandbox/faults` takes them.
    package func fail(_ fields: JSON) async throws {
        _ = try await call(.post, "/sandbox/faults", fields)
    }

    package func endFaults() async throws {
        _ = try await call(.delete, "/sandbox/faults")
    }

    package func set(_ settings: JSON) async throws {
        _ = try await call(.put, "/sandbox/settings", settings)
    }

    /// `PUT /admin_api/v1/streams/7` and the like, oldest first.
    package func requests() async throws -> [String] {
        try await call(.get, "/sandbox/requests")["requests"]?.arrayValue?.compactMap(\.stringValue) ?? []
    }

    package func putCount(ofStream id: Int64) async throws -> Int {
        try await requests().count { $0 == "PUT /admin_api/v1/streams/\(id)" }
    }

    private func call(_ method: OutgoingRequest.Method, _ path: String, _ body: JSON? = nil) async throws -> JSON {
        var headers: FetchHeaders = ["Api-Key": KeitaroWorld.adminKey]
        if body != nil { headers.append("Content-Type", "application/json") }
        let response = try await fetch.send(
            OutgoingRequest(
                method, url + path, headers: headers, body: body?.bytes ?? [], deadline: .seconds(60),
                isRepeatable: false))
        guard response.status == 200 else {
            throw TestCluster.Failure(
                description: "\(path): \(response.status) \(String(decoding: response.body, as: UTF8.self))")
        }
        return try JSON(parsing: response.body)
    }
}
