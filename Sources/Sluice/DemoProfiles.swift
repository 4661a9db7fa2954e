import Audit
import Base
import Postbacks
import Postgres
import Sandbox

/// The demo's profiles and routes, into the chats of its simulated Telegram. Made once: what people change or remove stays so.
struct DemoProfiles: Sendable {
    let store: PostbackDeskStore
    let database: Database

    func seed() async throws {
        let known = try await database.one(
            "SELECT EXISTS (SELECT 1 FROM keitaro_profiles) OR EXISTS (SELECT 1 FROM audit_log WHERE object LIKE 'postback profile %') AS is_there"
        )
        guard try !known.get("is_there", Bool.self) else { return }
        let owner = try await database.first("SELECT id FROM users WHERE role = 'admin' ORDER BY id LIMIT 1")
        let editor = PostbackDeskStore.Editor(
            userID: try owner?.get("id"), reader: .everything, actor: .commandLine)
        let tracker: Int64? = try await database.first("SELECT id FROM keitaro_trackers ORDER BY id LIMIT 1")?.get("id")
        for (profile, routes) in Self.profiles {
            var made = profile
            made.trackerID = tracker
            let id = try await store.add(made, by: editor)
            for route in routes { _ = try await store.add(route, toProfile: id, by: editor) }
        }
    }

    private static let profiles: [(PostbackProfile, [PostbackRoute])] = [
        (
            PostbackProfile(
                id: 0, name: "Основна команда", chatID: TelegramDemo.registrations, language: "uk",
                statusMappings: ["qualified": .registration]),
            [
                PostbackRoute(
                    id: 0, name: "Депозити", priority: 10, match: .any, statuses: ["deposit", "rebill"],
                    chatID: TelegramDemo.deposits)
            ]
        ),
        (
            PostbackProfile(
                id: 0, name: "Nutra", chatID: TelegramDemo.teams, topicID: TelegramDemo.nutraTopic, language: "ru"),
            [
                PostbackRoute(
                    id: 0, name: "Отказы", priority: 10, match: .any, statuses: ["rejected"],
                    chatID: TelegramDemo.teams, topicID: TelegramDemo.gamblingTopic, language: "ru",
                    quiet: QuietHours(from: 1_380, until: 480, zone: "Europe/Kyiv", mode: .digest))
            ]
        ),
    ]
}
