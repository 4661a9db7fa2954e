import Base
import Frame
import HTTP
import Telegram
import Views

/// What can be tried before it counts: settings on what was received, a text before it is saved.
extension PostbackDeskRoutes {
    var trialRoutes: [Route] {
        [
            route(
                .post, "/postbacks/profiles/{id:int}/try/", "Try settings on what was received", effect: .reads,
                tryOut),
            route(
                .post, "/postbacks/profiles/{id:int}/preview/", "How a message will look", effect: .reads, preview),
        ]
    }

    // MARK: Trial

    @Sendable private func tryOut(_ request: Request) async throws -> Response {
        let json = try request.settings()
        let fields = SettingFields(json: json)
        let listed = try await profile(request)
        let days = fields.has("days") ? try fields.number("days", 1...90) : 7
        let zone = fields.has("timezone") ? try fields.text("timezone", 1...64) : "UTC"
        guard let clock = ZoneClock.named(zone) else {
            throw SettingFields.refuse("timezone", "postbacks.refused.zone", ["zone": .string(zone)])
        }
        var after = listed.profile
        if let settings = json["profile"] { try ProfileInput.apply(settings, to: &after) }
        if let settings = json["route"] {
            try ProfileInput.apply(settings, toRoute: settings["id"]?.lenientInt, of: &after)
        }
        if fields.has("remove_route"), let id = try fields.id("remove_route") { after.routes.removeAll { $0.id == id } }
        let trial = try await store.trial(from: listed.profile, to: after, days: days, in: clock)
        let chats = try await store.chats(for: try reader(request))
        return .json(
            TrialJSON.answer(
                trial.result, days: days, cutAt: trial.cutAt, chats: chats, words: frame.words(for: request)))
    }

    // MARK: Preview

    @Sendable private func preview(_ request: Request) async throws -> Response {
        let fields = SettingFields(json: try request.settings())
        let listed = try await profile(request)
        let status = fields.has("status") ? try fields.text("status", 1...40) : "deposit"
        let language =
            try fields.wordIfAny("language", of: ProfileInput.languages) ?? listed.profile.language
        let template = fields.json["template"]?.stringValue ?? ""
        let html: String
        if template.trimmingSpaces().isEmpty {
            html = PostbackMessage.html(.sample(PostbackStatus(name: status)), language: language)
        } else {
            do throws(MessageTemplateProblem) {
                html = try PostbackMessage.preview(template, of: PostbackStatus(name: status), language: language)
            } catch {
                throw Problem(.unprocessable, error.word, field: "template")
            }
        }
        return .json(["html": .string(html), "text": .string(TelegramHTML.plain(html))])
    }
}

extension PostbackRoute {
    /// That will be looked at after all others of its priority.
    static let unsaved = PostbackRoute(id: .max, match: .any, chatID: 0)
}

extension ProfileInput {
    /// The route of the profile that has the id, else a new one; then all in their order.
    static func apply(_ json: JSON, toRoute id: Int64?, of profile: inout PostbackProfile) throws {
        let place = profile.routes.firstIndex { $0.id == id }
        var route = place.map { profile.routes[$0] } ?? .unsaved
        try apply(json, to: &route)
        guard route.chatID != 0 else { throw SettingFields.refuse("chat_id", "postbacks.refused.route_chat") }
        if let place { profile.routes[place] = route } else { profile.routes.append(route) }
        profile.routes.sort { ($0.priority, $0.id) < ($1.priority, $1.id) }
    }
}
