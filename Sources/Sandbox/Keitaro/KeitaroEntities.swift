import Base

/// A campaign and what makes its traffic.
struct KeitaroCampaign {
    enum State: String { case active, disabled, deleted }

    let id: Int64
    let alias: String
    let name: String
    let isWeighted: Bool
    let state: State
    let groupID: Int64
    let sourceID: Int64
    let country: String
    let position: Int64
    /// The Click API's secret: what a client must never keep.
    let token: String
    let createdAt: Timestamp
    let updatedAt: Timestamp
    /// Nil while traffic goes on.
    let stoppedAt: Timestamp?

    let clicksPerDay: Double
    /// In 1/10,000 dollar.
    let costPerClick: Int64
    let conversionFactor: Double
    let utcOffset: Int
    let week: KeitaroNiche.Week
}

/// An offer's row in a stream. Its `id` is the binding's, not the offer's (`reference/keitaro.md §1.3`).
struct KeitaroBinding: Equatable {
    let id: Int64
    let offerID: Int64
    var share: Int64
    var isActive: Bool
    let createdAt: Timestamp
    var updatedAt: Timestamp
}

struct KeitaroStream {
    /// The offers that a stream had from a moment on, so that past traffic stays as it was when shares change.
    struct Version: Equatable {
        let since: Timestamp
        var offers: [KeitaroBinding]
    }

    let id: Int64
    let campaignID: Int64
    var type: String
    var name: String
    var position: Int64
    var weight: Int64
    var state: String
    var schema: String
    var actionType: String
    var actionPayload: JSON
    var comments: JSON
    var collectsClicks: Bool
    var filterOr: Bool
    var filters: [JSON]
    var triggers: [JSON]
    var landings: [JSON]
    var updatedAt: Timestamp
    /// Oldest first, never empty.
    var versions: [Version]
    /// Of the campaign's traffic among its active streams.
    let appeal: Double

    var offers: [KeitaroBinding] { versions.last?.offers ?? [] }
}

struct KeitaroOffer {
    let id: Int64
    let name: String
    let groupID: Int64
    let networkID: Int64
    let country: String
    /// In `currency`, with cents.
    let payout: Double
    let currency: String
    let isAutomaticPayout: Bool
    let isDeleted: Bool
    let createdAt: Timestamp
    let updatedAt: Timestamp

    /// In 1/10,000 dollar.
    let worth: Int64
    /// Of clicks, 0..<1.
    let conversionRate: Double
    /// Of ripe conversions, 0..<1.
    let approval: Double
}

struct KeitaroGroup {
    let id: Int64
    let name: String
    /// campaigns, offers
    let type: String
    let position: Int64
}

struct KeitaroNamed {
    let id: Int64
    let name: String
}
