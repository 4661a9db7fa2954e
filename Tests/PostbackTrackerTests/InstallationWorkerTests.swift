import Audit
import Base
import Keitaro
import Outbox
import Postgres
import Reactor
import Sandbox
import TestDesk
import Testing

@testable import Postbacks

@Suite struct InstallationWorkerTests {
    /// What is there, the plan for it, and an order of that plan.
    private func order(
        _ scene: TrackerScene, _ kind: InstalledPostbacks.Kind, _ id: Int64, revision: String? = nil
    ) async throws -> (store: InstallationStore, id: Int64) {
        let store = InstallationStore(database: scene.database, vault: scene.vault)
        let secrets = try #require(try await store.secrets(ofProfile: scene.profileID))
        let now = try await InstallationTarget(kind: kind, id: id, client: scene.client, key: scene.key).read()
        let plan = PostbackInstallation(
            at: now.place, url: scene.url, method: "GET", statuses: PostbackInstallation.statuses, isOwn: secrets.isOwn)
        let order = try await store.order(
            InstallationStore.Wish(
                profileID: scene.profileID, kind: kind, keitaroID: id, method: "GET",
                statuses: PostbackInstallation.statuses, base: "https://desk.example",
                revision: revision ?? plan.revision, keyID: scene.keyID), name: now.name, by: .commandLine)
        return (store, order)
    }

    private func perform(
        _ scene: TrackerScene, _ order: (store: InstallationStore, id: Int64)
    ) async throws -> InstallationStore.Order {
        let worker = InstallationWorker(
            store: order.store, accounts: scene.accounts, trackers: scene.trackers, log: .silent)
        try await withWorker(scene, worker.handler) { loop in
            _ = try await eventually(loop, within: .seconds(60)) {
                try await order.store.order(order.id)?.state != .waiting
            }
        }
        return try #require(try await order.store.order(order.id))
    }

    private func withWorker(
        _ scene: TrackerScene, _ handler: OutboxHandler, _ body: (EventLoop) async throws -> Void
    ) async throws {
        let outbox = OutboxWorker(database: scene.database, handlers: [handler], loop: scene.loop, log: .silent)
        outbox.start()
        try await body(scene.loop)
        await outbox.stop(within: .seconds(1))
    }

    private func busyCampaign(_ scene: TrackerScene) async throws -> KeitaroCampaign {
        try #require(
            try await scene.client.campaigns(scene.key).first {
                ($0.postbacks ?? []).count == 2 && $0.state == .active
            })
    }

    @Test func `the URL is in the campaign beside what was there`() async throws {
        try await withScene { scene in
            let campaign = try await busyCampaign(scene)
            let before = try await scene.client.postbacks(ofCampaign: campaign.id, scene.key).postbacks
            let settled = try await perform(scene, try await order(scene, .campaign, campaign.id))
            #expect(settled.state == .installed)
            let after = try await scene.client.postbacks(ofCampaign: campaign.id, scene.key).postbacks
            #expect(Array(after.prefix(2)) == before)
            #expect(after.dropFirst(2).map(\.url) == [scene.url])
            #expect(try await scene.count("SELECT count(*) FROM keitaro_installations") == 1)
            // The secret is in Keitaro and nowhere here.
            let said = try await scene.count(
                """
                SELECT count(*) FROM (SELECT to_jsonb(o)::text AS text FROM outbox o
                    UNION ALL SELECT to_jsonb(l)::text FROM audit_log l UNION ALL SELECT to_jsonb(i)::text FROM keitaro_installation_orders i) all_rows
                WHERE text LIKE \("%\(scene.secret.reveal())%")
                """)
            #expect(said == 0)
        }
    }

    @Test func `after a rotation the old URL gives way to the new one`() async throws {
        try await withScene { scene in
            let campaign = try await busyCampaign(scene)
            let former = PostbackVault.makeSecret()
            let before = try await scene.client.postbacks(ofCampaign: campaign.id, scene.key).postbacks
            let old = KeitaroPostback(
                method: "GET", statuses: ["sale"],
                url: PostbackURL.make(base: "https://desk.example", secret: former.reveal()))
            _ = try await scene.client.putPostbacks(ofCampaign: campaign.id, [old] + before, scene.key)
            try await scene.database.execute(
                "UPDATE keitaro_profiles SET old_secret_lookup = \(scene.vault.lookup(former)), old_secret_until = now()"
            )
            #expect(try await perform(scene, try await order(scene, .campaign, campaign.id)).state == .installed)
            let after = try await scene.client.postbacks(ofCampaign: campaign.id, scene.key).postbacks
            #expect(after.map(\.url) == [scene.url] + before.map(\.url))
        }
    }

    @Test func `nothing is written when something else is there than was shown`() async throws {
        try await withScene { scene in
            let campaign = try await busyCampaign(scene)
            let settled = try await perform(scene, try await order(scene, .campaign, campaign.id, revision: "another"))
            #expect(settled.state == .changed)
            #expect(try await scene.keitaro.requests().allSatisfy { !$0.hasPrefix("PUT ") })
        }
    }

    @Test func `a source that posts to somebody else is left alone, a free one is not`() async throws {
        try await withScene { scene in
            let sources = try await scene.client.trafficSources(scene.key)
            let taken = try #require(sources.first { !$0.postbackURL.isEmpty })
            let free = try #require(sources.first { $0.postbackURL.isEmpty })
            #expect(try await perform(scene, try await order(scene, .source, taken.id)).state == .changed)
            #expect(try await scene.client.trafficSource(taken.id, scene.key) == taken)
            #expect(try await perform(scene, try await order(scene, .source, free.id)).state == .installed)
            let after = try await scene.client.trafficSource(free.id, scene.key)
            #expect(after.postbackURL == scene.url)
            #expect(Set(after.postbackStatuses) == Set(PostbackInstallation.statuses))
        }
    }

    @Test func `an answer that was lost is found out`() async throws {
        try await withScene { scene in
            let campaign = try await busyCampaign(scene)
            let order = try await order(scene, .campaign, campaign.id)
            try await scene.keitaro.fail(
                ["kind": "reset", "method": "PUT", "path": "/campaigns/", "times": 1, "after": true])
            #expect(try await perform(scene, order).state == .installed)
            let after = try await scene.client.postbacks(ofCampaign: campaign.id, scene.key).postbacks
            #expect(after.count { $0.url == scene.url } == 1)
        }
    }

    @Test func `a refusal is kept with its reason`() async throws {
        try await withScene { scene in
            let campaign = try await busyCampaign(scene)
            let order = try await order(scene, .campaign, campaign.id)
            try await scene.keitaro.fail(["kind": "fields", "method": "PUT", "times": 9])
            let settled = try await perform(scene, order)
            #expect(settled.state == .failed)
            #expect(settled.problem?["kind"]?.stringValue == "rejected")
            #expect(try await scene.count("SELECT count(*) FROM keitaro_installations") == 0)
        }
    }
}
