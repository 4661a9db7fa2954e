import Base
import BotRuntime
import Telegram
import Views

/// What would change who is told, and how, is tried on what was received before it is saved: the bot shows how many messages there
/// would have been, with Save and Cancel. What waits for Save lies in the dialog.
extension BotVisit {
    enum Proposal: String, Sendable {
        case profile, route, mapping, text
        /// A route that isn't there yet; the id is its profile's.
        case newRoute = "new"
    }

    private static let days = 7

    /// Without a postback to try it on it is saved at once.
    /// - Throws: `Problem` for settings that can't be.
    func propose(_ kind: Proposal, _ id: Int64, _ settings: JSON) async throws {
        var profileID = id
        if kind == .route {
            guard let owned = try await store.route(id, for: member.reader) else { return try await gone() }
            profileID = owned.profileID
        }
        guard let listed = try await store.profile(profileID, for: member.reader) else { return try await gone() }
        var after = listed.profile
        try Self.apply(kind, settings, route: id, to: &after)
        for chat in after.chats.subtracting(listed.profile.chats).sorted() {
            try await store.check(chat: chat, by: editor, in: store.database)
        }
        guard after != listed.profile else { return try await showSaved(kind, id) }
        if kind == .text {
            return try await offer(kind, id, settings, Self.preview(settings, after.language))
        }
        guard let clock = ZoneClock.named("UTC") else { return try await save(kind, id, settings) }
        let (result, cutAt) = try await store.trial(from: listed.profile, to: after, days: Self.days, in: clock)
        guard result.read > 0 else { return try await save(kind, id, settings) }
        let chats = try await store.chats(for: member.reader)
        var lines = [
            "🧪 <b>\(TelegramHTML.escape(TrialJSON.sentence(result, words)))</b>",
            text("postbacks.bot.tried"), "",
        ]
        if let cutAt { lines.insert(TelegramHTML.escape(TrialJSON.cut(cutAt, words)), at: 1) }
        lines += result.chats.prefix(8).map { counts in
            "• \(TelegramHTML.escape(chatName(counts.chat.chatID, chats))): \(counts.messages.before) → \(counts.messages.after)"
        }
        try await offer(kind, id, settings, lines.joined(separator: "\n"))
    }

    /// A press of an older Save, whose proposal is no more, must not save a later one.
    private func offer(_ kind: Proposal, _ id: Int64, _ settings: JSON, _ html: String) async throws {
        let mark = Base64URL.encode(RandomBytes.make(6))
        try await turn.ask(
            BotScreen(
                html,
                buttons: [
                    [
                        .press("💾 \(words("postbacks.bot.save"))", "y:\(id):\(mark)"),
                        .press("✖️ \(words("postbacks.bot.cancel"))", Self.place(kind, id)),
                    ]
                ]), step: "try",
            state: [
                "id": .integer(id), "kind": .string(kind.rawValue), "settings": settings, "mark": .string(mark),
            ])
    }

    func saveProposal(_ mark: String) async throws {
        guard let kind = turn.state["kind"]?.stringValue.flatMap({ Proposal(rawValue: $0) }),
            let id = turn.state["id"]?.intValue, let settings = turn.state["settings"],
            turn.state["mark"]?.stringValue == mark
        else { return try await turn.toast(words("postbacks.bot.proposal_gone"), isAlert: true) }
        try await save(kind, id, settings)
    }

    private func save(_ kind: Proposal, _ id: Int64, _ settings: JSON) async throws {
        switch kind {
        case .route:
            let edited = try await store.edit(route: id, by: editor) { try ProfileInput.apply(settings, to: &$0) }
            guard edited != nil else { return try await gone() }
            try await showRoute(id)
        case .newRoute:
            var route = PostbackRoute.unsaved
            try ProfileInput.apply(settings, to: &route)
            guard let made = try await store.add(route, toProfile: id, by: editor) else { return try await gone() }
            try await showRoute(made)
        case .profile, .mapping, .text:
            let edited = try await store.edit(profile: id, by: editor) { profile in
                try Self.apply(kind, settings, route: id, to: &profile)
            }
            guard edited != nil else { return try await gone() }
            try await showSaved(kind, id, settings)
        }
    }

    private func showSaved(_ kind: Proposal, _ id: Int64, _ settings: JSON = [:]) async throws {
        switch kind {
        case .route: try await showRoute(id)
        case .newRoute: try await showRoutes(id)
        case .profile where settings["chat_id"] != nil: try await showProfile(id)
        case .profile, .mapping, .text: try await showSettings(id)
        }
    }

    private static func place(_ kind: Proposal, _ id: Int64) -> String {
        switch kind {
        case .route: "o:\(id)"
        case .newRoute: "r:\(id)"
        case .profile, .mapping, .text: "x:\(id)"
        }
    }

    private static func apply(
        _ kind: Proposal, _ settings: JSON, route id: Int64, to profile: inout PostbackProfile
    ) throws {
        switch kind {
        case .profile: try ProfileInput.apply(settings, to: &profile)
        case .route: try ProfileInput.apply(settings, toRoute: id, of: &profile)
        case .newRoute: try ProfileInput.apply(settings, toRoute: nil, of: &profile)
        case .mapping:
            var all = JSONObject()
            for (word, status) in profile.statusMappings { all[word] = .string(status.name) }
            all[settings["word"]?.stringValue ?? ""] = settings["status"] ?? ""
            try ProfileInput.apply(["status_mappings": .object(all)], to: &profile)
        case .text:
            var all = JSONObject()
            for (status, text) in profile.templates { all[status] = .string(text) }
            all[settings["status"]?.stringValue ?? ""] = settings["text"] ?? ""
            try ProfileInput.apply(["templates": .object(all)], to: &profile)
        }
    }

    private static func preview(_ settings: JSON, _ language: String) -> String {
        let status = PostbackStatus(name: settings["status"]?.stringValue ?? "")
        let text = settings["text"]?.stringValue ?? ""
        // What can't be a template was refused when the settings were applied.
        let html = try? PostbackMessage.preview(text, of: status, language: language)
        return "👁\n\n" + (html ?? PostbackMessage.html(.sample(status), language: language))
    }
}

extension PostbackProfile {
    /// All chats that it tells.
    fileprivate var chats: Set<Int64> { Set(routes.map(\.chatID) + [chatID].compactMap { $0 }) }
}
