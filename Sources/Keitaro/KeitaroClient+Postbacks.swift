import Base
import Fetch

/// Where Keitaro posts conversions to (keitaro.md §2.1).
extension KeitaroClient {
    package func postbacks(
        ofCampaign id: Int64, _ key: Secret
    ) async throws(KeitaroFailure) -> KeitaroCampaignPostbacks {
        try await perform(.read("campaigns/\(id)", within: deadlines.read), key, KeitaroCampaignPostbacks.one)
    }

    /// Makes `postbacks` the campaign's whole set, which is how a list in a `PUT` is taken elsewhere (§1.5); what is not sent of the
    /// campaign stays. Those that were read go back with all they had. Returns the campaign as the tracker now has it. Not repeated
    /// here; on failure ask `mayHaveBeenApplied`.
    package func putPostbacks(
        ofCampaign id: Int64, _ postbacks: [KeitaroPostback], _ key: Secret
    ) async throws(KeitaroFailure) -> KeitaroCampaignPostbacks {
        let call = KeitaroCall(
            method: .put, path: "campaigns/\(id)", body: ["postbacks": .array(postbacks.map(\.json))],
            deadline: deadlines.write, isWrite: true)
        return try await perform(call, key, KeitaroCampaignPostbacks.one)
    }

    package func trafficSources(_ key: Secret) async throws(KeitaroFailure) -> [KeitaroTrafficSource] {
        try await perform(.read("traffic_sources", within: deadlines.read), key, KeitaroTrafficSource.list)
    }

    package func trafficSource(_ id: Int64, _ key: Secret) async throws(KeitaroFailure) -> KeitaroTrafficSource {
        try await perform(.read("traffic_sources/\(id)", within: deadlines.read), key, KeitaroTrafficSource.one)
    }

    /// Makes `url` the source's only postback, sent for `statuses`. Not repeated here; on failure ask `mayHaveBeenApplied`.
    package func putPostback(
        ofSource id: Int64, url: String, statuses: [String], _ key: Secret
    ) async throws(KeitaroFailure) -> KeitaroTrafficSource {
        let call = KeitaroCall(
            method: .put, path: "traffic_sources/\(id)",
            body: [
                "postback_url": .string(url), "postback_statuses": .array(statuses.map { .string($0) }),
            ], deadline: deadlines.write, isWrite: true)
        return try await perform(call, key, KeitaroTrafficSource.one)
    }
}
