import Base
import Postgres
import Telegram

/// What a chat reads about postbacks: rendered when it is sent, with the texts its profile has then.
package struct PostbackKind: Sendable {
    package static let name = "postback"

    private let database: Database
    /// The desk's address, for the link of a digest; nil: none.
    private let base: String?

    /// Messages a second of a profile, at most; nil: only Telegram's own limits.
    private let rate: @Sendable (_ profileID: Int64) -> Int?

    /// - Parameter rate: as the profiles in memory say it (``ProfileBook``).
    package init(
        database: Database, base: String?, rate: @escaping @Sendable (_ profileID: Int64) -> Int? = { _ in nil }
    ) {
        self.database = database
        self.rate = rate
        self.base = base
    }

    package var kind: TelegramKind {
        TelegramKind(name: Self.name, perSecond: rate, digest: digest, render: render)
    }

    @Sendable private func render(_ messages: [QueuedMessage]) async throws -> [Int64: RenderedMessage] {
        let told = try await told(messages)
        var rendered: [Int64: RenderedMessage] = [:]
        for message in messages {
            guard let event = message.eventID.flatMap({ told[$0] }) else { continue }
            let note: PostbackMessage.Note? =
                event.origin == "test" ? .test : event.origin == "recovered" ? .recovered : nil
            rendered[message.id] = RenderedMessage(
                parts: PostbackMessage.parts(
                    event.postback, language: message.language, templates: event.templates, note: note))
        }
        return rendered
    }

    @Sendable private func digest(
        _ messages: [QueuedMessage], _ occasion: TelegramKind.DigestOccasion
    ) async throws -> RenderedMessage {
        let told = try await told(messages)
        // What its retention took meanwhile is still counted, without a campaign.
        let postbacks = messages.map { message in
            message.eventID.flatMap { told[$0]?.postback } ?? Postback(status: PostbackReading.statusless)
        }
        let profiles = Set(messages.compactMap(\.profileID))
        let link = base.map { base in
            profiles.count == 1 ? "\(base)/postbacks/?profile=\(profiles.first ?? 0)" : "\(base)/postbacks/"
        }
        return RenderedMessage(
            parts: DigestText.parts(
                postbacks, language: messages.first?.language ?? "ru",
                occasion: occasion == .queueTooLong ? .queue : .quietHours, link: link))
    }

    private struct Told: Sendable {
        var postback: Postback
        var templates: [String: String]
        var origin: String
    }

    /// By event id, in lowercase as PostgreSQL writes it. Events are kept by their time, which our own ids know to the millisecond,
    /// also when a message is sent again later; one with another kind of id has the time of its message, or is found by its id alone.
    private func told(_ messages: [QueuedMessage]) async throws -> [String: Told] {
        var times: [String: Timestamp] = [:]
        for message in messages {
            guard let id = message.eventID else { continue }
            times[id] = TimeOrderedID.moment(of: id) ?? message.orderedAt
        }
        let wanted = Array(times)
        var found: [String: Told] = [:]
        try await look(
            """
            JOIN unnest(\(wanted.map(\.value))::timestamptz[], \(wanted.map(\.key))::uuid[]) AS wanted (at, id)
                ON event.id = wanted.id AND event.created_at >= wanted.at - interval '1 millisecond'
                AND event.created_at <= wanted.at + interval '1 millisecond'
            """, into: &found)
        let missing = times.keys.filter { found[$0] == nil && TimeOrderedID.moment(of: $0) == nil }
        if !missing.isEmpty {
            try await look(
                "JOIN unnest(\(missing.sorted())::uuid[]) AS wanted (id) ON event.id = wanted.id", into: &found)
        }
        return found
    }

    private func look(_ wanted: SQL, into found: inout [String: Told]) async throws {
        let rows = try await database.query(
            """
            SELECT event.id AS event_id, event.status AS event_status, event.reason, event.origin, event.campaign_name, event.offer_name,
                event.landing_name, event.fields, profile.id IS NOT NULL AS has_profile, \(ProfileColumns.profile)
            FROM postback_events event \(wanted) LEFT JOIN keitaro_profiles profile ON profile.id = event.profile_id
            """)
        for row in rows {
            let fields: JSON = try row.get("fields")
            let hasProfile: Bool = try row.get("has_profile")
            let profile = hasProfile ? try ProfileColumns.profile(row) : PostbackProfile(id: 0, name: "")
            var postback = PostbackReading.read(PostbackFields(stored: fields), for: profile)
            // As it was recorded, whatever the mapping says by now; names as the Mirror knew them.
            postback.reason = try row.get("reason")
            let status: String = try row.get("event_status")
            postback.status = PostbackStatus(name: status)
            postback.campaignName = try row.get("campaign_name")
            postback.offerName = try row.get("offer_name")
            postback.landingName = try row.get("landing_name")
            found[try row.get("event_id")] = Told(
                postback: postback, templates: profile.templates, origin: try row.get("origin"))
        }
    }

    /// A group became a supergroup: profiles and routes follow. Running it again changes nothing.
    package static let migration: ChatMigration = { old, new, transaction in
        try await transaction.execute("UPDATE keitaro_profiles SET chat_id = \(new) WHERE chat_id = \(old)")
        try await transaction.execute("UPDATE keitaro_routes SET chat_id = \(new) WHERE chat_id = \(old)")
        try await transaction.execute("SELECT pg_notify(\(PostbackChannel.profiles.description), '')")
    }
}

extension Postback {
    fileprivate init(status: PostbackStatus) {
        self.init()
        self.status = status
    }
}
