import Base
import Fetch
import Reactor
import Synchronization
import TestGround

/// The simulated Keitaro as a process of its own, and a way to ask it directly, as the tracker's owner would.
final class SimulatedTracker: Sendable {
    let url: String
    private let process: ProgramProcess
    private let loop: EventLoop
    private let fetch: Fetch
    private let taken = Mutex<Set<Int64>>([])

    init() throws {
        process = try ProgramProcess(
            [ProgramProcess.sluice, "sandbox", "--port", "0"], environment: ServedDesk.settings([:]))
        url = "http://" + (try process.line(after: "http://"))
        loop = try EventLoop(name: "tracker")
        fetch = Fetch(loops: [loop], options: FetchOptions(userAgent: "Sluice/test"))
        loop.start()
    }

    @discardableResult
    func ask(
        _ method: OutgoingRequest.Method, _ path: String, _ body: JSON? = nil, key: String = ServedDesk.key
    ) async throws -> JSON {
        var request = OutgoingRequest(
            method, url + path, headers: ["Api-Key": key, "Content-Type": "application/json"])
        if let body { request.body = body.bytes }
        let answer = try await fetch.send(request)
        guard answer.status == 200 else { throw TestFailure("the tracker answered \(answer.status) to \(path)") }
        return try JSON(parsing: answer.body)
    }

    /// Offers and shares of a stream as Keitaro holds them.
    func shares(of stream: Int64) async throws -> [Int64: Int64] {
        Self.shares(in: try await ask(.get, "/admin_api/v1/streams/\(stream)"))
    }

    /// Changes a stream behind the desk's back. As in Keitaro, what is not among `shares` is gone afterwards.
    func setShares(_ shares: [Int64: Int64], of stream: Int64) async throws {
        let offers = shares.map { offer, share -> JSON in
            ["offer_id": .integer(offer), "share": .integer(share), "state": "active"]
        }
        try await ask(.put, "/admin_api/v1/streams/\(stream)", ["offers": .array(offers)])
    }

    /// Breaks the next write to a stream.
    func breakNextWrite(of stream: Int64, _ fault: JSON) async throws {
        var fault = fault
        fault["method"] = "PUT"
        fault["path"] = .string("/streams/\(stream)")
        try await ask(.post, "/sandbox/faults", fault)
    }

    private static func shares(in stream: JSON) -> [Int64: Int64] {
        var shares: [Int64: Int64] = [:]
        for offer in stream["offers"]?.arrayValue ?? [] {
            if let id = offer["offer_id"]?.lenientInt { shares[id] = offer["share"]?.lenientInt }
        }
        return shares
    }

    /// A flow that no other test works on: of an active campaign that `key` sees, with at least `offers` offers, all active, 100 in
    /// total.
    func takeFlow(offers: Int = 3, key: String = ServedDesk.key) async throws -> TakenFlow {
        for campaign in try await ask(.get, "/admin_api/v1/campaigns", key: key).arrayValue ?? [] {
            guard let id = campaign["id"]?.lenientInt, campaign["state"]?.stringValue == "active",
                taken.withLock({ $0.insert(id).inserted })
            else { continue }
            for stream in try await ask(.get, "/admin_api/v1/campaigns/\(id)/streams").arrayValue ?? [] {
                let rows = stream["offers"]?.arrayValue ?? []
                let shares = Self.shares(in: stream)
                guard let streamID = stream["id"]?.lenientInt, shares.count >= offers,
                    rows.allSatisfy({ $0["state"]?.stringValue == "active" }), shares.values.reduce(0, +) == 100
                else { continue }
                return TakenFlow(
                    campaign: id, campaignName: campaign["name"]?.stringValue ?? "", stream: streamID,
                    offers: rows.compactMap { $0["offer_id"]?.lenientInt }, shares: shares)
            }
        }
        throw TestFailure("no campaign is left that has a flow of \(offers) offers")
    }
}

/// Names of Keitaro's, and what the flow held when it was taken.
struct TakenFlow: Sendable {
    let campaign: Int64
    let campaignName: String
    let stream: Int64
    /// In the order of Keitaro's answer.
    let offers: [Int64]
    let shares: [Int64: Int64]

    var card: String { ".flow[data-stream=\"\(stream)\"]" }
    func row(_ offer: Int64) -> String { "\(card) tr[data-offer=\"\(offer)\"]" }
    func share(_ offer: Int64) -> String { "\(row(offer)) .share-input" }
}
