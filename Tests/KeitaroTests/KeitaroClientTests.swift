import Base
import Fetch
import Testing

@testable import Keitaro

@Suite struct KeitaroClientTests {
    private let key = Secret("k3y")

    private func failure<Value>(_ call: () async throws(KeitaroFailure) -> Value) async -> KeitaroFailure? {
        do throws(KeitaroFailure) {
            _ = try await call()
            return nil
        } catch {
            return error
        }
    }

    @Test func `probes with the groups of campaigns`() async throws {
        let tracker = try LoopbackTracker(.json(200, "[]"))
        try await tracker.client().probe(key)
        #expect(tracker.asked == [.init(line: "GET /admin_api/v1/groups?type=campaigns", key: "k3y", body: "")])
    }

    @Test func `probes with a campaign where groups are forbidden`() async throws {
        let tracker = try LoopbackTracker(.json(403, #"{"error":"You have no permission"}"#), .json(200, "[]"))
        try await tracker.client().probe(key)
        #expect(tracker.lines == ["GET /admin_api/v1/groups?type=campaigns", "GET /admin_api/v1/campaigns?limit=1"])
    }

    @Test(arguments: [
        (LoopbackTracker.Answer.json(401, #"{"error":"no"}"#), KeitaroError.keyRefused),
        (.other(200, headers: "Content-Type: text/html\r\n", body: "<html>"), .notJSON(status: 200, isHTML: true)),
        (
            .other(301, headers: "Location: https://127.0.0.1/admin_api/v1/groups\r\n", body: ""),
            .redirected(to: "https://127.0.0.1", isOnlyHTTPS: true)
        ),
        (.other(403, headers: "cf-ray: 8f1\r\n", body: "<html>"), .firewall(.init(isCloudflare: true, rayID: "8f1"))),
    ])
    func `fails a probe with the reason`(answer: LoopbackTracker.Answer, expected: KeitaroError) async throws {
        let tracker = try LoopbackTracker(answer)
        let client = tracker.client()
        let failure = await failure { () async throws(KeitaroFailure) in try await client.probe(key) }
        #expect(failure?.error == expected)
        #expect(failure?.facts.path == "/admin_api/v1/groups?type=campaigns")
        #expect(failure?.facts.status != nil)
        #expect(!String(reflecting: failure).contains("k3y"))
    }

    @Test(arguments: ["", "a\r\nX-Injected: 1", "a\0"])
    func `refuses what cannot be a key without asking`(key: String) async throws {
        let tracker = try LoopbackTracker()
        let client = tracker.client()
        let failure = await failure { () async throws(KeitaroFailure) in try await client.probe(Secret(key)) }
        #expect(failure?.error == .keyRefused)
        #expect(tracker.asked.isEmpty)
    }

    @Test func `collects campaigns over pages`() async throws {
        let page = { (range: Range<Int>) in "[" + range.map { "{\"id\":\($0)}" }.joined(separator: ",") + "]" }
        let tracker = try LoopbackTracker(.json(200, page(1..<501)), .json(200, page(501..<504)))
        let campaigns = try await tracker.client().campaigns(key)
        #expect(campaigns.map(\.id) == Array(1...503))
        #expect(
            tracker.lines == [
                "GET /admin_api/v1/campaigns?limit=500&offset=0", "GET /admin_api/v1/campaigns?limit=500&offset=500",
            ])
    }

    @Test(arguments: [
        LoopbackTracker.Answer.json(403, #"{"error":"no"}"#), .other(404, headers: "", body: "Not found"),
        .other(404, headers: "", body: "<html>"),
    ])
    func `does without the archive`(answer: LoopbackTracker.Answer) async throws {
        let tracker = try LoopbackTracker(answer)
        #expect(try await tracker.client().archivedCampaigns(key).isEmpty)
    }

    @Test func `does without networks where they are forbidden, not where a firewall stands`() async throws {
        let tracker = try LoopbackTracker(.json(403, #"{"error":"no"}"#), .other(403, headers: "", body: "<html>"))
        let client = tracker.client()
        #expect(try await client.networks(key).isEmpty)
        let failure = await failure { () async throws(KeitaroFailure) in try await client.networks(key) }
        #expect(failure?.error == .firewall(.init(isCloudflare: false)))
    }

    @Test(arguments: [LoopbackTracker.Answer.hangUp, .json(502, "{}"), .json(503, "{}"), .json(504, "{}")])
    func `asks a read once more`(first: LoopbackTracker.Answer) async throws {
        let tracker = try LoopbackTracker(first, .json(200, "[]"))
        #expect(try await tracker.client().offers(key).isEmpty)
        #expect(tracker.lines == ["GET /admin_api/v1/offers", "GET /admin_api/v1/offers"])
    }

    @Test(arguments: [(LoopbackTracker.Answer.json(502, "{}"), 2), (.json(500, "{}"), 1), (.json(401, "{}"), 1)])
    func `asks no third time, and not after a final answer`(answer: LoopbackTracker.Answer, count: Int) async throws {
        let tracker = try LoopbackTracker(answer, answer, .json(200, "[]"))
        let client = tracker.client()
        let failure = await failure { () async throws(KeitaroFailure) in try await client.offers(key) }
        #expect(failure != nil)
        #expect(tracker.lines.count == count)
    }

    @Test func `puts the whole set and reads the stream that comes back`() async throws {
        let tracker = try LoopbackTracker(
            .json(
                200,
                #"[{"id":5002,"campaign_id":1001,"offers":[{"id":9,"offer_id":101,"share":"40","state":"active"}]}]"#))
        let stream = try await tracker.client().putOffers(
            ofStream: 5002, [.init(offerID: 101, share: 40), .init(offerID: 102, share: 60, isActive: false)], key)
        #expect(stream.offers == [.init(bindingID: 9, offerID: 101, share: 40)])
        #expect(
            tracker.asked == [
                .init(
                    line: "PUT /admin_api/v1/streams/5002", key: "k3y",
                    body:
                        #"{"offers":[{"offer_id":101,"share":40,"state":"active"},{"offer_id":102,"share":60,"state":"disabled"}]}"#
                )
            ])
    }

    @Test(arguments: [LoopbackTracker.Answer.hangUp, .json(502, "{}"), .json(200, "{}")])
    func `does not repeat a write whose outcome is unknown`(answer: LoopbackTracker.Answer) async throws {
        let tracker = try LoopbackTracker(answer, .json(200, "{}"))
        let client = tracker.client()
        let failure = await failure { () async throws(KeitaroFailure) in
            try await client.putOffers(ofStream: 1, [], key)
        }
        #expect(failure?.mayHaveBeenApplied == true)
        #expect(tracker.lines == ["PUT /admin_api/v1/streams/1"])
    }

    @Test func `a write that is not answered in time may have been applied`() async throws {
        let tracker = try LoopbackTracker(.silence)
        let client = tracker.client(deadlines: .init(write: .milliseconds(60)))
        let failure = await failure { () async throws(KeitaroFailure) in
            try await client.putOffers(ofStream: 1, [], key)
        }
        #expect(failure?.error == .timeout(wasWrite: true))
        #expect(failure?.mayHaveBeenApplied == true)
        #expect(failure?.isWorthRetrying == true)
    }

    @Test(arguments: [
        [KeitaroShare(offerID: 5, share: 50), KeitaroShare(offerID: 5, share: 50)],
        [KeitaroShare(offerID: 5, share: -1)], [KeitaroShare(offerID: 5, share: 101)],
    ])
    func `does not send a set that the tracker would silently change`(offers: [KeitaroShare]) async throws {
        let tracker = try LoopbackTracker()
        let client = tracker.client()
        let failure = await failure { () async throws(KeitaroFailure) in
            try await client.putOffers(ofStream: 1, offers, key)
        }
        guard case .rejectedFields = failure?.error else {
            Issue.record("sent: \(String(describing: failure))")
            return
        }
        #expect(failure?.mayHaveBeenApplied == false)
        #expect(tracker.asked.isEmpty)
    }

    @Test(arguments: [400, 406, 422])
    func `falls back to the old report dialect and remembers it`(status: Int) async throws {
        let rows = #"{"rows":[{"offer_id":"7","clicks":"12"}]}"#
        let tracker = try LoopbackTracker(
            .json(status, #"{"error":"dimensions?"}"#), .json(200, rows), .json(200, rows))
        let client = tracker.client()
        let query = KeitaroReportQuery(.interval("today"), dimensions: ["offer_id"])
        for _ in 0..<2 {
            #expect(try await client.report(query, key).row(["offer_id": "7"]).clicks == 12)
        }
        #expect(tracker.asked.map { $0.body.contains("dimensions") } == [true, false, false])
        #expect(client.dialects[client.address] == .old)
    }

    @Test func `falls back when the tracker ignored the new words`() async throws {
        let tracker = try LoopbackTracker(
            .json(200, #"{"rows":[{"other":1}]}"#), .json(200, #"{"rows":[{"offer_id":7,"clicks":1}]}"#))
        let report = try await tracker.client().report(.init(.interval("today"), dimensions: ["offer_id"]), key)
        #expect(report.rows.count == 1)
    }

    @Test func `a question that is wrong in both dialects fails with the first reason`() async throws {
        let tracker = try LoopbackTracker(.json(400, #"{"error":"one"}"#), .json(400, #"{"error":"two"}"#))
        let client = tracker.client()
        let failure = await failure { () async throws(KeitaroFailure) in
            try await client.report(.init(.interval("today"), dimensions: ["nonsense"]), key)
        }
        #expect(failure?.error == .rejectedFields([.init(field: "", messages: ["one"])]))
        #expect(client.dialects[client.address] == nil)
    }
}
