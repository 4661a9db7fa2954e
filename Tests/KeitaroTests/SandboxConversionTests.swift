import Base
import Fetch
import Reactor
import Sandbox
import TestGround
import Testing

@testable import Keitaro

/// The client against the Sandbox's tracker over HTTP.
@Suite struct SandboxConversionTests {
    private let key = Secret(KeitaroWorld.adminKey)

    private func withTracker(
        _ body: @escaping @Sendable (KeitaroClient, _ set: @Sendable (String) async throws -> Void) async throws -> Void
    ) async throws {
        try await onLoop { loop in
            let log = Logger(component: "test", sink: Logger.nowhere)
            let sandbox = KeitaroSandbox(seed: 7, loop: loop, file: nil, log: log)
            let url = "http://127.0.0.1:\(try sandbox.start(port: 0, log: log))"
            let fetch = Fetch(loops: [loop])
            let client = KeitaroClient(
                baseURL: url, fetch: fetch, log: log,
                deadlines: .init(read: .seconds(300), write: .seconds(300), report: .seconds(300)),
                dialects: KeitaroDialects())
            do {
                try await body(client) { dialect in
                    _ = try await fetch.send(
                        OutgoingRequest(
                            .put, "\(url)/sandbox/settings", headers: ["Content-Type": "application/json"],
                            body: Array(#"{"dialect":"\#(dialect)"}"#.utf8), deadline: .seconds(300)))
                }
            } catch {
                Issue.record("\(error)")
            }
            await fetch.close()
            await sandbox.stop()
        }
    }

    @Test func `reads the same conversions from a tracker of either age`() async throws {
        let key = key
        try await withTracker { client, set in
            let yesterday = CivilDate(daysSince1970: Timestamp.now().date.daysSince1970 - 1)
            let query = KeitaroConversionQuery(from: yesterday, through: yesterday)
            try await set("dimensions")
            let new = try await client.conversions(query, key)
            try await set("grouping")
            let old = try await client.conversions(query, key)
            #expect(new.count > 1000)
            #expect(new.map(\.clickID) == old.map(\.clickID))
            #expect(new.map(\.at) == old.map(\.at))
            #expect(Set(new.map(\.status)).isSuperset(of: ["lead", "sale", "rejected", "rebill"]))
            let some = Array(new.prefix(3).map(\.clickID))
            var narrow = query
            narrow.clickIDs = some
            let few = try await client.conversions(narrow, key)
            #expect(Set(few.map(\.clickID)) == Set(some))
        }
    }

    @Test func `adds a postback and keeps those that are there`() async throws {
        let key = key
        try await withTracker { client, _ in
            let campaign = try #require(
                try await client.campaigns(key).first { ($0.postbacks ?? []).count == 2 })
            let before = try await client.postbacks(ofCampaign: campaign.id, key).postbacks
            let own = KeitaroPostback(
                method: "GET", statuses: ["lead", "sale"], url: "http://127.0.0.1:9/p?secret=s&id={subid}")
            let after = try await client.putPostbacks(ofCampaign: campaign.id, before + [own], key).postbacks
            #expect(Array(after.prefix(2)) == before)
            #expect(after.count == 3)
            #expect(after.last?.sendsAs(own) == true)
            #expect(try await client.postbacks(ofCampaign: campaign.id, key).postbacks == after)
        }
    }

    @Test func `writes a source's postback`() async throws {
        let key = key
        try await withTracker { client, _ in
            let source = try #require(try await client.trafficSources(key).first { $0.postbackURL.isEmpty })
            let after = try await client.putPostback(
                ofSource: source.id, url: "http://127.0.0.1:9/p", statuses: ["sale"], key)
            #expect(after.postbackURL == "http://127.0.0.1:9/p")
            #expect(try await client.trafficSource(source.id, key) == after)
        }
    }
}
