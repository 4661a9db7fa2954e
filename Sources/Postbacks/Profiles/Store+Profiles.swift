import Audit
import Base
import Postgres

/// SQL of the desk: profiles, routes, and what people look at. What arrives is written elsewhere (``PostbackRow``).
package struct PostbackDeskStore: Sendable {
    let database: Database
    let vault: PostbackVault

    package init(database: Database, vault: PostbackVault) {
        self.database = database
        self.vault = vault
    }

    /// Who writes, and what they may reach.
    package struct Editor: Sendable {
        package let userID: Int64?
        package let reader: PostbackReader
        package let actor: AuditActor

        package init(userID: Int64?, reader: PostbackReader, actor: AuditActor) {
            self.userID = userID
            self.reader = reader
            self.actor = actor
        }
    }

    /// A profile with what a list shows beside it.
    package struct ListedProfile: Sendable {
        package var profile: PostbackProfile
        package var ownerName: String?
        package var trackerName: String?
        package var oldSecretUntil: Timestamp?
        package var createdAt: Timestamp
        package var lastEventAt: Timestamp?
        /// Conversions of the last 24 hours, whatever became of them.
        package var conversionsToday: Int64
    }

    // MARK: Reading

    /// The profiles a person sees, by name; with `id` only that one.
    package func profiles(for reader: PostbackReader, id: Int64? = nil) async throws -> [ListedProfile] {
        let chosen: SQL = id.map { "profile.id = \($0)" } ?? "true"
        let answers = try await database.pipeline([
            """
            SELECT \(ProfileColumns.profile), owner.name AS owner_name, tracker.name AS tracker_name,
                CASE WHEN profile.old_secret_until > now() THEN profile.old_secret_until END AS old_secret_until,
                profile.created_at,
                (SELECT created_at FROM postback_events WHERE profile_id = profile.id
                    ORDER BY created_at DESC LIMIT 1) AS last_event_at,
                (SELECT coalesce(sum(conversions), 0)::bigint FROM conversion_sums WHERE profile_id = profile.id
                    AND minutes = 15 AND dimension = 'all' AND bucket > now() - interval '1 day') AS conversions_today
            FROM keitaro_profiles profile
            LEFT JOIN users owner ON owner.id = profile.user_id
            LEFT JOIN keitaro_trackers tracker ON tracker.id = profile.tracker_id
            WHERE \(reader.condition) AND \(chosen)
            ORDER BY lower(profile.name), profile.id
            """,
            """
            SELECT \(ProfileColumns.route) FROM keitaro_routes route
            JOIN keitaro_profiles profile ON profile.id = route.profile_id
            WHERE \(reader.condition) AND \(chosen) ORDER BY route.profile_id, route.priority, route.id
            """,
        ])
        var routes: [Int64: [PostbackRoute]] = [:]
        for row in answers[1] { routes[try row.get("profile_id"), default: []].append(try ProfileColumns.route(row)) }
        return try answers[0].map { row in
            ListedProfile(
                profile: try ProfileColumns.profile(row, routes: routes[try row.get("id")] ?? []),
                ownerName: try row.get("owner_name"), trackerName: try row.get("tracker_name"),
                oldSecretUntil: try row.get("old_secret_until"), createdAt: try row.get("created_at"),
                lastEventAt: try row.get("last_event_at"), conversionsToday: try row.get("conversions_today"))
        }
    }

    package func profile(_ id: Int64, for reader: PostbackReader) async throws -> ListedProfile? {
        try await profiles(for: reader, id: id).first
    }

    /// The secret that the profile's URL carries.
    /// - Throws: `CryptographyError` when SECRET_KEY is another one than it was sealed with.
    package func secret(ofProfile id: Int64, for reader: PostbackReader) async throws -> Secret? {
        let row = try await database.first(
            "SELECT profile.secret_cipher FROM keitaro_profiles profile WHERE profile.id = \(id) AND \(reader.condition)"
        )
        guard let sealed: [UInt8] = try row?.get("secret_cipher") else { return nil }
        return try vault.open(sealed)
    }

    // MARK: Writing

    /// - Parameter profile: its id doesn't count.
    package func add(_ profile: PostbackProfile, by editor: Editor) async throws -> Int64 {
        let secret = PostbackVault.makeSecret()
        let lookup = vault.lookup(secret)
        let cipher = try vault.seal(secret)
        return try await database.transaction { transaction in
            try await check(chat: profile.chatID, by: editor, in: transaction)
            let id: Int64 = try await transaction.one(
                """
                INSERT INTO keitaro_profiles (user_id, name, tracker_id, key_id, secret_lookup, secret_cipher, chat_id,
                    topic_id, language, enabled, rate_limit_rps, dedup_ttl_sec, status_mappings, policies, templates)
                VALUES (\(editor.userID), \(profile.name), \(profile.trackerID), \(profile.keyID), \(lookup), \(cipher),
                    \(profile.chatID), \(profile.topicID), \(profile.language), \(profile.isEnabled),
                    \(profile.rateLimitRPS), \(profile.dedupSeconds), \(profile.mappingsJSON), \(profile.policiesJSON),
                    \(profile.templatesJSON)) RETURNING id
                """
            ).get("id")
            try await remember(chats: [profile.chatID], in: transaction)
            if profile.keyID != nil { try await ReconciliationStore.order(profile: id, in: transaction) }
            try await editor.actor.record(
                "postback profile \(profile.name)", after: profile.auditText, in: transaction)
            try await tellOthers(in: transaction)
            return id
        }
    }

    /// What an edit left, and whether it is another than before.
    package struct Edited<Value: Sendable>: Sendable {
        package var value: Value
        package var isChanged: Bool
    }

    /// Lets `change` edit the profile under a lock and writes it. Nil: there is none, or not for this person.
    package func edit(
        profile id: Int64, by editor: Editor, change: @Sendable (inout PostbackProfile) throws -> Void
    ) async throws -> Edited<PostbackProfile>? {
        try await database.transaction { transaction in
            guard let before = try await locked(profile: id, by: editor, in: transaction) else { return nil }
            var profile = before
            try change(&profile)
            guard profile != before else { return Edited(value: profile, isChanged: false) }
            if profile.chatID != before.chatID { try await check(chat: profile.chatID, by: editor, in: transaction) }
            try await transaction.execute(
                """
                UPDATE keitaro_profiles SET name = \(profile.name), tracker_id = \(profile.trackerID),
                    key_id = \(profile.keyID), chat_id = \(profile.chatID), topic_id = \(profile.topicID),
                    language = \(profile.language), enabled = \(profile.isEnabled),
                    resumed_at = CASE WHEN \(profile.isEnabled) AND NOT enabled THEN now() ELSE resumed_at END,
                    rate_limit_rps = \(profile.rateLimitRPS), dedup_ttl_sec = \(profile.dedupSeconds),
                    status_mappings = \(profile.mappingsJSON), policies = \(profile.policiesJSON),
                    templates = \(profile.templatesJSON), updated_at = now()
                WHERE id = \(id)
                """)
            try await remember(chats: [profile.chatID], in: transaction)
            if profile.keyID != nil, profile.keyID != before.keyID {
                try await ReconciliationStore.order(profile: id, in: transaction)
            }
            let difference = AuditDifference(before.auditFacts, profile.auditFacts)
            try await editor.actor.record(
                "postback profile \(profile.name)", before: difference.before, after: difference.after,
                in: transaction)
            try await tellOthers(in: transaction)
            return Edited(value: profile, isChanged: true)
        }
    }

    /// Gives the profile a new secret; the one it had is accepted until the grace time is over.
    package func rotateSecret(ofProfile id: Int64, grace: Duration, by editor: Editor) async throws -> Secret? {
        let secret = PostbackVault.makeSecret()
        let lookup = vault.lookup(secret)
        let cipher = try vault.seal(secret)
        return try await database.transaction { transaction in
            guard let profile = try await locked(profile: id, by: editor, in: transaction) else { return nil }
            let until = Timestamp.now().adding(grace)
            try await transaction.execute(
                """
                UPDATE keitaro_profiles SET old_secret_lookup = secret_lookup, old_secret_cipher = secret_cipher,
                    old_secret_until = \(until),
                    secret_lookup = \(lookup), secret_cipher = \(cipher), updated_at = now()
                WHERE id = \(id)
                """)
            try await editor.actor.record(
                "postback profile \(profile.name)", after: "new secret, the old one until \(until.iso8601)",
                in: transaction)
            try await tellOthers(in: transaction)
            return secret
        }
    }

    /// What it received stays in the log.
    package func remove(profile id: Int64, by editor: Editor) async throws -> PostbackProfile? {
        try await database.transaction { transaction in
            guard let profile = try await locked(profile: id, by: editor, in: transaction) else { return nil }
            try await transaction.execute("DELETE FROM keitaro_profiles WHERE id = \(id)")
            try await editor.actor.record(
                "postback profile \(profile.name)", before: profile.auditText, in: transaction)
            try await tellOthers(in: transaction)
            return profile
        }
    }

    /// A deed that changes no row of ours.
    func record(_ object: String, after: String, by editor: Editor) async throws {
        try await database.transaction { transaction in
            try await editor.actor.record(object, after: after, in: transaction)
        }
    }

    // MARK: Within a transaction

    func locked(
        profile id: Int64, by editor: Editor, in transaction: Transaction
    ) async throws -> PostbackProfile? {
        let row = try await transaction.first(
            """
            SELECT \(ProfileColumns.profile) FROM keitaro_profiles profile
            WHERE profile.id = \(id) AND \(editor.reader.condition) FOR UPDATE OF profile
            """)
        return try row.map { try ProfileColumns.profile($0) }
    }

    /// A chat that a person named by its number has a row from then on, so that its queue has a place.
    func remember(chats: [Int64?], in transaction: Transaction) async throws {
        for chat in Set(chats.compactMap { $0 }).sorted() {
            try await transaction.execute(
                "INSERT INTO telegram_chats (chat_id) VALUES (\(chat)) ON CONFLICT DO NOTHING")
        }
    }

    /// At commit, so that whoever looks then finds the change. Edits are rare enough for NOTIFY's lock.
    func tellOthers(in transaction: Transaction) async throws {
        try await transaction.execute("SELECT pg_notify(\(PostbackChannel.profiles.description), '')")
    }
}
