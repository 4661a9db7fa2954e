import Postgres

/// The demo's SQL: what is there before it puts its own things in.
struct DemoStore: Sendable {
    let database: Database

    /// Whether there are profiles, or were.
    func hadProfiles() async throws -> Bool {
        try await database.one(
            """
            SELECT EXISTS (SELECT 1 FROM keitaro_profiles)
                OR EXISTS (SELECT 1 FROM audit_log WHERE object LIKE 'postback profile %') AS is_there
            """
        ).get("is_there")
    }

    func administrator() async throws -> Int64? {
        try await database.first("SELECT id FROM users WHERE role = 'admin' ORDER BY id LIMIT 1")?.get("id")
    }

    func tracker() async throws -> Int64? {
        try await database.first("SELECT id FROM keitaro_trackers ORDER BY id LIMIT 1")?.get("id")
    }

    /// Profiles that stand nowhere in the tracker yet.
    func profilesToInstall() async throws -> [Int64] {
        try await database.query(
            """
            SELECT id FROM keitaro_profiles profile WHERE enabled
                AND NOT EXISTS (SELECT FROM keitaro_installations WHERE profile_id = profile.id) ORDER BY id
            """
        ).map { try $0.get("id") }
    }
}
