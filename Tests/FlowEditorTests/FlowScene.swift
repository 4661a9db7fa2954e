import Accounts
import Base
import Keitaro
import Sandbox
import TestDesk
import Testing

/// A campaign with one known flow, fetched and ready to be edited: shares of 50, 30 and 20, and a fourth row that is off at 10.
struct FlowScene: Sendable {
    let desk: TestDesk
    let visitor: Visitor
    let campaignID: Int64
    let flowID: Int64
    let streamID: Int64
    /// Seven offers that every key sees; the first four are in the flow.
    let offers: [Int64]

    typealias Share = SimulatedKeitaro.Share

    var base: [Share] {
        [Share(offers[0], 50), Share(offers[1], 30), Share(offers[2], 20), Share(offers[3], 10, isActive: false)]
    }

    /// - Parameter visitor: whoever edits, after a sync.
    init(_ desk: TestDesk, visitor: Visitor) async throws {
        self.desk = desk
        self.visitor = visitor
        // The buyer's key sees group 1 too.
        let list = try await visitor.get("/campaigns/?group=1&state=active&sort=id&dir=asc").json
        let campaign = try #require(list["campaigns"]?[0]?["id"]?.intValue)
        let found = try await visitor.get("/campaigns/offers/autocomplete/?q=").json["offers"]?.arrayValue ?? []
        let all = found.compactMap { $0["offer_id"]?.intValue }
        let offers = Array(all.filter { $0 % 7 != 3 }.prefix(7))
        try #require(offers.count == 7)
        self.offers = offers
        campaignID = campaign
        let streams = try await visitor.post("/campaigns/\(campaign)/fetch-streams/").json["flows"]
        streamID = try #require(streams?[0]?["stream_id"]?.intValue)
        flowID = try #require(streams?[0]?["id"]?.intValue)
        try await desk.keitaro.setShares(
            ofStream: streamID,
            [Share(offers[0], 50), Share(offers[1], 30), Share(offers[2], 20), Share(offers[3], 10, isActive: false)])
        try #require(try await fetch().status == 200)
    }

    // MARK: The desk

    @discardableResult
    func fetch() async throws -> Visitor.Answer {
        try await visitor.post("/campaigns/\(campaignID)/fetch-streams/")
    }

    func flow() async throws -> JSON {
        let answer = try await visitor.get("/campaigns/flow/\(flowID)/")
        try #require(answer.status == 200)
        return answer.json["flow"] ?? .null
    }

    /// What the draft would send.
    func draft() async throws -> [Share] { Self.shares(try await flow()) }

    static func shares(_ flow: JSON) -> [Share] {
        (flow["offers"]?.arrayValue ?? []).compactMap { row in
            guard let offer = row["offer_id"]?.intValue, let share = row["share"]?.intValue else { return nil }
            return Share(offer, share, isActive: row["state"]?.stringValue == "active")
        }
    }

    func isDraft() async throws -> Bool { try await flow()["is_draft"]?.boolValue == true }

    /// Our id of an offer's row.
    func row(_ offer: Int64) async throws -> Int64 {
        let rows = try await flow()["offers"]?.arrayValue ?? []
        return try #require(rows.first { $0["offer_id"]?.intValue == offer }?["id"]?.intValue)
    }

    func post(_ action: String, _ body: JSON = [:]) async throws -> Visitor.Answer {
        try await visitor.post("/campaigns/flow/\(flowID)/\(action)/", body)
    }

    func post(_ action: String, row offer: Int64, _ body: JSON = [:]) async throws -> Visitor.Answer {
        try await visitor.post("/campaigns/flow-offer/\(try await row(offer))/\(action)/", body)
    }

    /// 60, 20, 20: the draft most tests push.
    @discardableResult
    func edit(share: Int64 = 60) async throws -> [Share] {
        let answer = try await post("update-share", row: offers[0], ["share": .integer(share)])
        try #require(answer.status == 200, "\(answer.text)")
        return try await draft()
    }

    // MARK: Keitaro

    func inKeitaro() async throws -> [Share] { try await desk.keitaro.shares(ofStream: streamID) }

    func putCount() async throws -> Int { try await desk.keitaro.putCount(ofStream: streamID) }

    /// A fault of the requests about this stream alone.
    func fail(_ kind: String, _ method: String? = nil, times: Int64 = 1, _ more: JSON = [:]) async throws {
        var fault: JSON = ["kind": .string(kind), "path": .string("/streams/\(streamID)"), "times": .integer(times)]
        if let method { fault["method"] = .string(method) }
        for member in more.objectValue ?? [:] { fault[member.key] = member.value }
        try await desk.keitaro.fail(fault)
    }
}

/// Runs `body` with a desk and its scene.
func withScene(
    deadlines: KeitaroClient.Deadlines = KeitaroClient.Deadlines(),
    _ body: @escaping @Sendable (FlowScene) async throws -> Void
) async throws {
    try await withSyncedDesk(deadlines: deadlines) { desk, admin, _ in
        try await body(try await FlowScene(desk, visitor: admin))
    }
}
