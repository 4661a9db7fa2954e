import Base

/// What a postback says happened. Statuses are an open set: what no mapping and no alias knows is announced as itself.
package enum PostbackStatus: Hashable, Sendable {
    case registration, deposit, rejected, rebill
    /// Keitaro's or the network's own word, in lowercase.
    case other(String)

    /// As stored: in events, conversions and rollups.
    package var name: String {
        switch self {
        case .registration: "registration"
        case .deposit: "deposit"
        case .rejected: "rejected"
        case .rebill: "rebill"
        case .other(let word): word
        }
    }

    package init(name: String) {
        switch name {
        case "registration": self = .registration
        case "deposit": self = .deposit
        case "rejected": self = .rejected
        case "rebill": self = .rebill
        default: self = .other(name)
        }
    }
}

/// What a further postback does to the conversion it belongs to, per status (RedTrack's six modes, peers §A3).
package enum ConversionPolicy: String, Hashable, Sendable, CaseIterable {
    /// A further conversion of its own.
    case new
    /// A further conversion, marked as repeated.
    case newRepeated = "new_repeated"
    /// Kept in the log; the conversion stays as it is.
    case ignore
    /// Status, revenue and details become the new ones. The usual policy.
    case update
    /// Everything stays but revenue, to which the new one is added. Usual for rebills. Revenue of another state (a rebill of a lead,
    /// or after a rejection) is not added: then it is an `update`.
    case increment
    /// As `update`, but a second postback with the same `event_id` parameter is ignored.
    case ignoreSameEvent = "ignore_same_event"

    package static func usual(for status: PostbackStatus) -> ConversionPolicy {
        status == .rebill ? .increment : .update
    }
}

/// An amount of money as a decimal text that PostgreSQL's `numeric` reads: `-?[0-9]+(\.[0-9]+)?`. The currency stands beside it.
package struct Amount: Hashable, Sendable {
    package let text: String

    /// Only for a text of that form; people's own ways of writing are read by ``WrittenAmount``.
    package init(canonical text: String) { self.text = text }
}

/// One postback, read and normalised. Blank and missing are the same: an empty text.
package struct Postback: Hashable, Sendable {
    package var status: PostbackStatus = .other("")
    /// As it was sent.
    package var originalStatus = ""
    package var clickID = ""
    package var transactionID = ""
    package var campaignID = ""
    package var campaignName = ""
    package var offerID = ""
    package var offerName = ""
    package var landingID = ""
    package var landingName = ""
    /// A two-letter code in capitals where it was one.
    package var country = ""
    package var source = ""
    package var creativeID = ""
    package var subID1 = ""
    package var subID2 = ""
    package var revenue: Amount?
    package var payout: Amount?
    package var currency = ""
    /// Why it was rejected.
    package var reason = ""
    /// The `event_id` parameter, for ``ConversionPolicy/ignoreSameEvent``.
    package var eventID = ""
    /// Whether an alias or a mapping knew the status.
    package var isMapped = true
    /// All that was sent, under the names it was sent with, without secrets.
    package var fields: [(name: String, value: String)] = []

    package init() {}

    package static func == (left: Postback, right: Postback) -> Bool {
        left.key == right.key
            && left.fields.elementsEqual(right.fields, by: { $0.name == $1.name && $0.value == $1.value })
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(key) }

    private var key: [String] {
        [
            status.name, originalStatus, clickID, transactionID, campaignID, campaignName, offerID, offerName,
            landingID,
            landingName, country, source, creativeID, subID1, subID2, revenue?.text ?? "-", payout?.text ?? "-",
            currency,
            reason, eventID, isMapped ? "mapped" : "unmapped",
        ]
    }
}

/// Whose postbacks they are, where they are told, and how they are read. A row of `keitaro_profiles`.
package struct PostbackProfile: Hashable, Sendable {
    package var id: Int64
    package var userID: Int64?
    package var name: String
    package var trackerID: Int64?
    package var keyID: Int64?
    /// Where what no route takes is told; nil: nowhere.
    package var chatID: Int64?
    package var topicID: Int64?
    /// en, uk, ru
    package var language: String
    package var isEnabled: Bool
    package var rateLimitRPS: Int
    package var dedupSeconds: Int
    /// By the word sent, in lowercase.
    package var statusMappings: [String: PostbackStatus]
    /// By the stored name of the status; the usual one where none is named.
    package var policies: [String: ConversionPolicy]
    /// By the stored name of the status; the usual text where none is written.
    package var templates: [String: String]
    /// In the order they are looked at: priority, then id.
    package var routes: [PostbackRoute]

    package init(
        id: Int64, userID: Int64? = nil, name: String, trackerID: Int64? = nil, keyID: Int64? = nil,
        chatID: Int64? = nil,
        topicID: Int64? = nil, language: String = "ru", isEnabled: Bool = true, rateLimitRPS: Int = 27,
        dedupSeconds: Int = 3600, statusMappings: [String: PostbackStatus] = [:],
        policies: [String: ConversionPolicy] = [:], templates: [String: String] = [:], routes: [PostbackRoute] = []
    ) {
        self.id = id
        self.userID = userID
        self.name = name
        self.trackerID = trackerID
        self.keyID = keyID
        self.chatID = chatID
        self.topicID = topicID
        self.language = language
        self.isEnabled = isEnabled
        self.rateLimitRPS = rateLimitRPS
        self.dedupSeconds = dedupSeconds
        self.statusMappings = statusMappings
        self.policies = policies
        self.templates = templates
        self.routes = routes
    }

    package func policy(for status: PostbackStatus) -> ConversionPolicy {
        policies[status.name] ?? .usual(for: status)
    }
}

/// Which postbacks go to which chat. A row of `keitaro_routes`.
package struct PostbackRoute: Hashable, Sendable {
    package enum Match: Hashable, Sendable {
        case campaign(String)
        case source(String)
        case any
    }

    package var id: Int64
    package var name: String
    /// The lowest number is looked at first.
    package var priority: Int
    package var match: Match
    /// Stored names; empty: all.
    package var statuses: Set<String>
    /// Empty: all.
    package var countries: Set<String>
    package var chatID: Int64
    package var topicID: Int64?
    /// Nil: the profile's.
    package var language: String?
    package var quiet: QuietHours?
    /// Whether routes after it are looked at too.
    package var continues: Bool
    package var isEnabled: Bool

    package init(
        id: Int64, name: String = "", priority: Int = 100, match: Match, statuses: Set<String> = [],
        countries: Set<String> = [], chatID: Int64, topicID: Int64? = nil, language: String? = nil,
        quiet: QuietHours? = nil, continues: Bool = false, isEnabled: Bool = true
    ) {
        self.id = id
        self.name = name
        self.priority = priority
        self.match = match
        self.statuses = statuses
        self.countries = countries
        self.chatID = chatID
        self.topicID = topicID
        self.language = language
        self.quiet = quiet
        self.continues = continues
        self.isEnabled = isEnabled
    }
}

/// The part of the day in which a chat is not disturbed.
package struct QuietHours: Hashable, Sendable {
    package enum Mode: String, Hashable, Sendable {
        /// Sent without a sound.
        case silent
        /// Held until the end, then told in one message.
        case digest
    }

    /// Minutes of the day in `zone`; `until` is after `from` or on the next day.
    package var from: Int
    package var until: Int
    /// An IANA name.
    package var zone: String
    package var mode: Mode

    package init(from: Int, until: Int, zone: String, mode: Mode) {
        self.from = from
        self.until = until
        self.zone = zone
        self.mode = mode
    }
}

/// One message a postback is told by.
package struct Destination: Hashable, Sendable {
    /// Nil: the profile's own chat.
    package var routeID: Int64?
    package var chatID: Int64
    package var topicID: Int64?
    package var language: String
    package var isSilent: Bool
    /// Held into a digest until then.
    package var heldUntil: Timestamp?

    package init(
        routeID: Int64?, chatID: Int64, topicID: Int64?, language: String, isSilent: Bool = false,
        heldUntil: Timestamp? = nil
    ) {
        self.routeID = routeID
        self.chatID = chatID
        self.topicID = topicID
        self.language = language
        self.isSilent = isSilent
        self.heldUntil = heldUntil
    }
}
