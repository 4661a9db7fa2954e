import Audit
import Base
import Postgres

extension PostbackDeskStore {
    /// A route with the profile it belongs to.
    package struct OwnedRoute: Sendable {
        package var route: PostbackRoute
        package var profileID: Int64
    }

    package func route(_ id: Int64, for reader: PostbackReader) async throws -> OwnedRoute? {
        let row = try await database.first(
            """
            SELECT \(ProfileColumns.route) FROM keitaro_routes route
            JOIN keitaro_profiles profile ON profile.id = route.profile_id
            WHERE route.id = \(id) AND \(reader.condition)
            """)
        return try row.map { OwnedRoute(route: try ProfileColumns.route($0), profileID: try $0.get("profile_id")) }
    }

    /// Nil: no such profile, or not for this person.
    package func add(_ route: PostbackRoute, toProfile profileID: Int64, by editor: Editor) async throws -> Int64? {
        try await database.transaction { transaction in
            guard let profile = try await locked(profile: profileID, by: editor, in: transaction) else { return nil }
            try await check(chat: route.chatID, by: editor, in: transaction)
            let match = route.match.stored
            let id: Int64 = try await transaction.one(
                """
                INSERT INTO keitaro_routes (profile_id, name, priority, match_kind, match_value, statuses, countries,
                    chat_id, topic_id, language, quiet_from, quiet_until, quiet_zone, quiet_mode, continues, enabled)
                VALUES (\(profileID), \(route.name), \(route.priority), \(match.kind), \(match.value),
                    \(route.statuses.sorted()), \(route.countries.sorted()), \(route.chatID), \(route.topicID),
                    \(route.language), \(route.quiet?.from), \(route.quiet?.until), \(route.quiet?.zone ?? "UTC"),
                    \((route.quiet?.mode ?? .silent).rawValue), \(route.continues), \(route.isEnabled)) RETURNING id
                """
            ).get("id")
            try await remember(chats: [route.chatID], in: transaction)
            try await editor.actor.record(
                "route \(id) of \(profile.name)", after: route.auditText, in: transaction)
            try await tellOthers(in: transaction)
            return id
        }
    }

    package func edit(
        route id: Int64, by editor: Editor, change: @Sendable (inout PostbackRoute) throws -> Void
    ) async throws -> Edited<OwnedRoute>? {
        try await database.transaction { transaction in
            guard let (before, profile) = try await locked(route: id, by: editor, in: transaction) else { return nil }
            var route = before
            try change(&route)
            guard route != before else {
                return Edited(value: OwnedRoute(route: route, profileID: profile.id), isChanged: false)
            }
            if route.chatID != before.chatID { try await check(chat: route.chatID, by: editor, in: transaction) }
            let match = route.match.stored
            try await transaction.execute(
                """
                UPDATE keitaro_routes SET name = \(route.name), priority = \(route.priority),
                    match_kind = \(match.kind), match_value = \(match.value), statuses = \(route.statuses.sorted()),
                    countries = \(route.countries.sorted()), chat_id = \(route.chatID), topic_id = \(route.topicID),
                    language = \(route.language), quiet_from = \(route.quiet?.from),
                    quiet_until = \(route.quiet?.until), quiet_zone = \(route.quiet?.zone ?? "UTC"),
                    quiet_mode = \((route.quiet?.mode ?? .silent).rawValue), continues = \(route.continues),
                    enabled = \(route.isEnabled), updated_at = now()
                WHERE id = \(id)
                """)
            try await remember(chats: [route.chatID], in: transaction)
            let difference = AuditDifference(before.auditFacts, route.auditFacts)
            try await editor.actor.record(
                "route \(id) of \(profile.name)", before: difference.before, after: difference.after, in: transaction)
            try await tellOthers(in: transaction)
            return Edited(value: OwnedRoute(route: route, profileID: profile.id), isChanged: true)
        }
    }

    /// - Returns: the profile it belonged to.
    package func remove(route id: Int64, by editor: Editor) async throws -> Int64? {
        try await database.transaction { transaction in
            guard let (route, profile) = try await locked(route: id, by: editor, in: transaction) else { return nil }
            try await transaction.execute("DELETE FROM keitaro_routes WHERE id = \(id)")
            try await editor.actor.record(
                "route \(id) of \(profile.name)", before: route.auditText, in: transaction)
            try await tellOthers(in: transaction)
            return profile.id
        }
    }

    /// Its profile is locked too, first: two edits of one profile take turns.
    private func locked(
        route id: Int64, by editor: Editor, in transaction: Transaction
    ) async throws -> (PostbackRoute, PostbackProfile)? {
        let owner = try await transaction.first("SELECT profile_id FROM keitaro_routes WHERE id = \(id)")
        guard let profileID: Int64 = try owner?.get("profile_id"),
            let profile = try await locked(profile: profileID, by: editor, in: transaction),
            let row = try await transaction.first(
                "SELECT \(ProfileColumns.route) FROM keitaro_routes route WHERE route.id = \(id) FOR UPDATE")
        else { return nil }
        return (try ProfileColumns.route(row), profile)
    }
}
