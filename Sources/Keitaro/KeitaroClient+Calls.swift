import Base
import Fetch

extension KeitaroClient {
    /// Whether the key works: asks for the campaigns' groups, which even a restricted key may read (keitaro.md §1.1), and where it may
    /// not, for one campaign.
    package func probe(_ key: Secret) async throws(KeitaroFailure) {
        do throws(KeitaroFailure) {
            _ = try await groups(.campaigns, key)
        } catch {
            guard case .noPermission = error.error else { throw error }
            _ = try await perform(.read("campaigns?limit=1", within: deadlines.read), key, KeitaroCampaign.list)
        }
    }

    /// All campaigns the key's user may see; the list is silently shorter for a restricted key.
    package func campaigns(_ key: Secret) async throws(KeitaroFailure) -> [KeitaroCampaign] {
        try await KeitaroPages.collect { limit, offset async throws(KeitaroFailure) in
            try await perform(
                .read("campaigns?limit=\(limit)&offset=\(offset)", within: deadlines.read), key, KeitaroCampaign.list)
        }
    }

    /// Archived campaigns; none where the key may not or the version cannot list them.
    package func archivedCampaigns(_ key: Secret) async throws(KeitaroFailure) -> [KeitaroCampaign] {
        do throws(KeitaroFailure) {
            return try await perform(.read("campaigns/deleted", within: deadlines.read), key, KeitaroCampaign.list)
        } catch {
            switch error.error {
            case .noPermission, .notFound, .notJSON(404, _): return []
            default: throw error
            }
        }
    }

    package func groups(_ kind: KeitaroGroup.Kind, _ key: Secret) async throws(KeitaroFailure) -> [KeitaroGroup] {
        try await perform(.read("groups?type=\(kind.rawValue)", within: deadlines.read), key, KeitaroGroup.list)
    }

    /// All offers at once.
    package func offers(_ key: Secret) async throws(KeitaroFailure) -> [KeitaroOffer] {
        try await perform(.read("offers", within: deadlines.read), key, KeitaroOffer.list)
    }

    /// Landing pages; none where the key may not or the version cannot list them, for only their names are wanted.
    package func landings(_ key: Secret) async throws(KeitaroFailure) -> [KeitaroLanding] {
        do throws(KeitaroFailure) {
            return try await perform(.read("landing_pages", within: deadlines.read), key, KeitaroLanding.list)
        } catch {
            switch error.error {
            case .noPermission, .notFound, .notJSON(404, _): return []
            default: throw error
            }
        }
    }

    /// Affiliate networks; none where the key may not read them, for the offers carry the names.
    package func networks(_ key: Secret) async throws(KeitaroFailure) -> [KeitaroNetwork] {
        do throws(KeitaroFailure) {
            return try await perform(.read("affiliate_networks", within: deadlines.read), key, KeitaroNetwork.list)
        } catch {
            if case .noPermission = error.error { return [] }
            throw error
        }
    }

    /// In the tracker's order.
    package func streams(ofCampaign id: Int64, _ key: Secret) async throws(KeitaroFailure) -> [KeitaroStream] {
        try await perform(.read("campaigns/\(id)/streams", within: deadlines.read), key, KeitaroStream.list)
    }

    package func stream(_ id: Int64, _ key: Secret) async throws(KeitaroFailure) -> KeitaroStream {
        try await perform(.read("streams/\(id)", within: deadlines.read), key, KeitaroStream.one)
    }

    /// Makes `offers` the stream's whole set and returns the stream as the tracker now has it. What is left out is removed
    /// (keitaro.md §1.5). Not repeated here; on failure ask `mayHaveBeenApplied`.
    package func putOffers(
        ofStream id: Int64, _ offers: [KeitaroShare], _ key: Secret
    ) async throws(KeitaroFailure) -> KeitaroStream {
        let call = KeitaroCall(
            method: .put, path: "streams/\(id)", body: ["offers": .array(offers.map(\.json))],
            deadline: deadlines.write,
            isWrite: true)
        // The tracker would silently keep one of two, and takes any number for a share.
        var seen: Set<Int64> = []
        for offer in offers where !seen.insert(offer.offerID).inserted {
            throw refusal(call, Self.rejection("offer \(offer.offerID) is there twice"))
        }
        for offer in offers where !(0...100).contains(offer.share) {
            throw refusal(call, Self.rejection("offer \(offer.offerID) has a share of \(offer.share)"))
        }
        return try await perform(call, key, KeitaroStream.one)
    }

    private static func rejection(_ message: String) -> KeitaroError {
        .rejectedFields([KeitaroRejectedField(field: "offers", messages: [message])])
    }
}
