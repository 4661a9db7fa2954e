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
        let demo = DemoStore(database: database)
        guard try await !demo.hadProfiles() else { return }
        let editor = PostbackDeskStore.Editor(
            userID: try await demo.administrator(), reader: .everything, actor: .commandLine)
        let tracker = try await demo.tracker()
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
