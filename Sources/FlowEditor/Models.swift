import Base

/// A campaign as the list shows it.
package struct CampaignSummary: Hashable, Sendable {
    package enum State: String, Hashable, Sendable {
        case active, disabled, archived

        /// Keitaro's words are active, disabled and deleted; an unknown one counts as off.
        package init(keitaro: String) {
            switch keitaro {
            case "active": self = .active
            case "deleted": self = .archived
            default: self = .disabled
            }
        }
    }

    /// Ours, as in addresses.
    package var id: Int64
    package var keitaroID: Int64
    package var name: String
    package var state: State
    package var groupID: Int64?
    package var groupName: String?
    package var searchText: String
    /// Nil until they were fetched.
    package var flows: Int?
    /// Edits waiting in drafts, over all its flows.
    package var drafts: Int
    package var syncedAt: Timestamp
}

/// Everything the list needs, from one round of SQL.
package struct CampaignOverview: Sendable {
    package var campaigns: [CampaignSummary]
    /// Nil: this key has never synced.
    package var syncedAt: Timestamp?
}

/// A flow with its offers and the draft on them.
package struct Flow: Sendable {
    package var id: Int64
    package var campaignID: Int64
    package var keitaroID: Int64
    /// Its place in the campaign from 1, which names it on pages: "Flow 2".
    package var number: Int
    package var name: String
    package var type: String
    package var schema: String
    package var state: String
    package var weight: Double?
    package var filters: JSON
    package var fetchedAt: Timestamp
    package var revision: Int64
    package var rows: [FlowOfferRow]
    /// Names of affiliate networks by Keitaro's offer id.
    package var networks: [Int64: String]
    /// Keitaro's set now, while the flow is in conflict.
    package var theirs: [OfferShare]?
    package var theirsAt: Timestamp?
    package var lastPushed: (at: Timestamp, by: String?)?
    /// The newest push, whatever became of it.
    package var newestPush: Push?
    package var isGone: Bool

    package var draft: FlowDraft { FlowDraft(rows: rows) }
}

/// A campaign's page.
package struct Campaign: Sendable {
    package var summary: CampaignSummary
    package var trackerName: String
    package var trackerURL: String
    package var streamsFetchedAt: Timestamp?
    package var flows: [Flow]
}

/// One push and what became of it.
package struct Push: Sendable {
    package enum State: String, Sendable {
        case waiting, pushed, conflict, failed
    }

    package var id: Int64
    package var flowID: Int64
    package var state: State
    package var revision: Int64
    package var requestID: String
    package var before: [NamedOffer]
    package var after: [NamedOffer]
    package var problem: PushProblem?
    package var createdAt: Timestamp
    package var settledAt: Timestamp?
    package var isUndone: Bool
    package var userName: String?

    /// The names are those of whoever pushed; who may not see an offer reads its number.
    func named(forKeyThatSees offers: Set<Int64>) -> Push {
        func named(_ entry: NamedOffer) -> NamedOffer {
            offers.contains(entry.offer.offerID)
                ? entry : NamedOffer(offer: entry.offer, name: "#\(entry.offer.offerID)")
        }
        var push = self
        push.before = before.map(named)
        push.after = after.map(named)
        return push
    }
}

/// An offer of a pushed set with the name it had then.
package struct NamedOffer: Hashable, Sendable {
    package var offer: OfferShare
    package var name: String

    package init(offer: OfferShare, name: String) {
        self.offer = offer
        self.name = name
    }

    package init?(_ json: JSON) {
        guard let id = json["offer_id"]?.intValue, let share = json["share"]?.intValue,
            let isActive = json["is_active"]?.boolValue
        else { return nil }
        offer = OfferShare(offerID: id, share: Int(clamping: share), isActive: isActive)
        name = json["name"]?.stringValue ?? ""
    }

    package var json: JSON {
        [
            "offer_id": .integer(offer.offerID), "name": .string(name), "share": .integer(Int64(offer.share)),
            "is_active": .bool(offer.isActive),
        ]
    }

    package static func list(_ json: JSON?) -> [NamedOffer] {
        (json?.arrayValue ?? []).compactMap(NamedOffer.init)
    }
}

/// Why a push did not go through, kept as facts so that each reader gets the sentence in their own language.
package struct PushProblem: Hashable, Sendable {
    /// A name from `KeitaroSentence`, or `conflict`, `mismatch`, `not_saved`.
    package var kind: String
    package var status: Int?
    /// Keitaro's own words; for `firewall`, whose it is.
    package var text: String?
    package var seconds: Int?
    /// Method, path, status and duration, for the small print.
    package var facts: String?

    static let cloudflare = "Cloudflare"

    package init(kind: String, status: Int? = nil, text: String? = nil, seconds: Int? = nil, facts: String? = nil) {
        self.kind = kind
        self.status = status
        self.text = text
        self.seconds = seconds
        self.facts = facts
    }

    package init?(_ json: JSON?) {
        guard let kind = json?["kind"]?.stringValue else { return nil }
        self.kind = kind
        status = json?["status"]?.intValue.map { Int(clamping: $0) }
        text = json?["text"]?.stringValue
        seconds = json?["seconds"]?.intValue.map { Int(clamping: $0) }
        facts = json?["facts"]?.stringValue
    }

    package var json: JSON {
        var object: JSONObject = ["kind": .string(kind)]
        object["status"] = status.map { .integer(Int64($0)) }
        object["text"] = text.map { .string($0) }
        object["seconds"] = seconds.map { .integer(Int64($0)) }
        object["facts"] = facts.map { .string($0) }
        return .object(object)
    }
}
