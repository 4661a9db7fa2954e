import Base
import Postgres

/// SQL of silences, and of who hears a profile's alarms.
extension ReconciliationStore {
    // MARK: Hearers

    struct Hearer: Hashable, Sendable {
        let chatID: Int64
        let topicID: Int64?
    }

    /// Whom a profile's own alarms are told: its chat, else the chat of its first route that takes any postback, else its owner's
    /// Telegram account. One that nothing can be sent to gives way to the others. Nil: nobody would hear it.
    func hearer(of profileID: Int64, in transaction: Transaction) async throws -> Hearer? {
        try await transaction.first(
            """
            SELECT chat_id, topic_id FROM (
                SELECT 1 AS place, profile.chat_id, profile.topic_id FROM keitaro_profiles profile WHERE id = \(profileID)
                UNION ALL
                (SELECT 2, route.chat_id, route.topic_id FROM keitaro_routes route
                WHERE route.profile_id = \(profileID) AND route.match_kind = 'any' AND route.enabled
                ORDER BY route.priority, route.id LIMIT 1)
                UNION ALL
                (SELECT 3, person.telegram_id, NULL FROM keitaro_profiles profile
                JOIN users owner ON owner.id = profile.user_id AND owner.disabled_at IS NULL
                JOIN telegram_people person ON person.user_id = owner.id
                WHERE profile.id = \(profileID) ORDER BY person.linked_at, person.telegram_id LIMIT 1)
            ) hearer LEFT JOIN telegram_chats chat USING (chat_id)
            WHERE chat_id IS NOT NULL ORDER BY chat.problem IS NOT NULL, place LIMIT 1
            """
        ).map { Hearer(chatID: try $0.get("chat_id"), topicID: try $0.get("topic_id")) }
    }

    // MARK: Silence

    struct Pulse: Sendable {
        let profile: PostbackProfile
        let sample: SilenceRule.Sample
    }

    /// How each enabled profile converted in the window before the last postback of a conversion that came by itself. What was filled in
    /// later ends no silence: it is what the silence hid. What came before a pause is no part of it either: a profile that was resumed
    /// is looked at anew.
    func pulses(window: Duration) async throws -> [Pulse] {
        let seconds = window.components.seconds
        return try await database.query(
            """
            SELECT \(ProfileColumns.profile), newest.latest AS last_at, sample.*
            FROM keitaro_profiles profile
            CROSS JOIN LATERAL (
                SELECT created_at AS latest FROM postback_events
                WHERE profile_id = profile.id AND origin = 'keitaro' AND conversion_id IS NOT NULL AND outcome <> 'duplicate'
                ORDER BY created_at DESC LIMIT 1
            ) newest
            CROSS JOIN LATERAL (
                SELECT count(*) AS count, min(at) AS first_at,
                    coalesce(extract(epoch FROM max(at - before)), 0)::double precision AS longest
                FROM (
                    SELECT converted_at AS at, lag(converted_at) OVER (ORDER BY converted_at) AS before FROM conversions
                    WHERE profile_id = profile.id
                        AND converted_at >= greatest(latest - \(seconds)::bigint * interval '1 second', profile.resumed_at)
                        AND converted_at <= latest
                ) times
            ) sample
            WHERE profile.enabled AND sample.count > 0
            """
        ).map { row in
            let count: Int64 = try row.get("count")
            let longest: Double = try row.get("longest")
            return Pulse(
                profile: try ProfileColumns.profile(row),
                sample: SilenceRule.Sample(
                    count: Int(count), first: try row.get("first_at"), last: try row.get("last_at"),
                    longestPause: .milliseconds(Int64(longest * 1000))))
        }
    }

    /// - Parameter isHeard: false keeps it for when somebody hears it.
    /// - Returns: whether it is to be told now; this very silence is told once.
    func beginSilence(
        of profileID: Int64, since: Timestamp, isHeard: Bool, in transaction: Transaction
    ) async throws -> Bool {
        let count = try await transaction.execute(
            """
            INSERT INTO keitaro_silences AS known (profile_id, silent_since, announced_at)
            VALUES (\(profileID), \(since), CASE WHEN \(isHeard) THEN now() END)
            ON CONFLICT (profile_id, silent_since) DO UPDATE SET announced_at = excluded.announced_at
            WHERE known.announced_at IS NULL AND excluded.announced_at IS NOT NULL
            """)
        return isHeard && count == 1
    }

    /// A silence before the last postback is over.
    func endSilences(of profileID: Int64, before last: Timestamp) async throws {
        try await database.execute(
            """
            UPDATE keitaro_silences SET ended_at = now()
            WHERE profile_id = \(profileID) AND ended_at IS NULL AND silent_since < \(last)
            """)
    }

    /// One from before a pause is over as well.
    func endSilencesBeforePauses() async throws {
        try await database.execute(
            """
            UPDATE keitaro_silences silence SET ended_at = now() FROM keitaro_profiles profile
            WHERE profile.id = silence.profile_id AND silence.ended_at IS NULL AND silence.silent_since < profile.resumed_at
            """)
    }

    /// A silence that lasts.
    package struct Silence: Sendable {
        package let profileID: Int64
        package let profileName: String
        package let since: Timestamp
        /// Nil: there is nobody to tell.
        package let announcedAt: Timestamp?
    }

    /// Of the profiles a person sees that are not paused, newest first.
    package func silences(for reader: PostbackReader, profileID: Int64?) async throws -> [Silence] {
        try await database.query(
            """
            SELECT silence.profile_id, profile.name, silence.silent_since, silence.announced_at
            FROM keitaro_silences silence JOIN keitaro_profiles profile ON profile.id = silence.profile_id
            WHERE \(reader.condition) AND profile.id = coalesce(\(profileID)::bigint, profile.id)
                AND silence.ended_at IS NULL AND profile.enabled
                AND silence.silent_since >= coalesce(profile.resumed_at, '-infinity')
            ORDER BY silence.silent_since DESC, profile.id LIMIT 100
            """
        ).map { row in
            Silence(
                profileID: try row.get("profile_id"), profileName: try row.get("name"),
                since: try row.get("silent_since"), announcedAt: try row.get("announced_at"))
        }
    }
}
