import Audit
import Base
import BotRuntime
import Telegram
import Views

/// One turn of somebody who may be here: the screens they see.
struct BotVisit: Sendable {
    let store: PostbackDeskStore
    let base: String?
    let turn: BotTurn
    let member: BotMember

    var words: Words { turn.words }
    var mayWrite: Bool { member.mayWrite }

    var editor: PostbackDeskStore.Editor {
        PostbackDeskStore.Editor(
            userID: member.userID, reader: member.reader,
            actor: .later(
                userID: member.userID, person: member.name, action: "bot.postbacks",
                requestID: "telegram \(turn.person.telegramID)"))
    }

    func text(_ word: String, _ values: ViewObject = [:]) -> String { TelegramHTML.escape(words(word, values)) }

    /// - Returns: false when the button is no screen.
    func show(_ button: String, _ id: Int64, _ choice: String) async throws -> Bool {
        switch button {
        case "l": try await turn.show(try await list(page: id))
        case "p": try await showProfile(id)
        case "u": try await showURL(id)
        case "c": try await showChats(id)
        case "r": try await showRoutes(id, page: Int64(choice) ?? 0)
        case "o": try await showRoute(id)
        default: return false
        }
        return true
    }

    // MARK: Profiles

    func list(page number: Int64 = 0) async throws -> BotScreen {
        let profiles = try await store.profiles(for: member.reader)
        var html = "<b>\(text("postbacks.bot.menu"))</b>\n"
        html += profiles.isEmpty ? text("postbacks.bot.none") : text("postbacks.bot.choose")
        let page = BotPage(profiles, number) { "l:\($0)" }
        var buttons = page.items.map { listed in
            [
                BotButton.press(
                    "\(listed.profile.isEnabled ? "🟢" : "⏸") \(listed.profile.name.shortForBot)",
                    "p:\(listed.profile.id)")
            ]
        }
        if !page.turns.isEmpty { buttons.append(page.turns) }
        if mayWrite { buttons.append([.press("➕ \(words("postbacks.profiles.new"))", "n")]) }
        buttons.append([.main("⬅️ \(words("postbacks.bot.back"))")])
        return BotScreen(html, buttons: buttons)
    }

    func showProfile(_ id: Int64) async throws {
        guard let listed = try await store.profile(id, for: member.reader) else { return try await gone() }
        let profile = listed.profile
        let chats = try await store.chats(for: member.reader)
        let state = words(profile.isEnabled ? "postbacks.profiles.enabled" : "postbacks.profiles.paused")
        var lines = [
            "💚 <b>\(TelegramHTML.escape(profile.name))</b>",
            "\(text("postbacks.profiles.state")): \(TelegramHTML.escape(state))",
            "\(text("postbacks.profiles.chat")): \(TelegramHTML.escape(chatName(profile.chatID, chats)))",
            "\(text("postbacks.profiles.routes")): \(profile.routes.count)",
            "\(text("postbacks.profiles.today")): \(listed.conversionsToday)",
        ]
        if let problem = PostbackPages.problem(chats.first(where: { $0.id == profile.chatID })?.problem, words) {
            lines.append("⚠️ " + TelegramHTML.escape(problem))
        }
        var buttons: [[BotButton]] = []
        if mayWrite {
            buttons = [
                [.press("🔗 Postback URL", "u:\(id)"), .press("🧪 \(words("postbacks.bot.test"))", "t:\(id)")],
                [
                    .press("💬 \(words("postbacks.profiles.chat"))", "c:\(id)"),
                    .press("🔀 \(words("postbacks.profiles.routes"))", "r:\(id)"),
                ],
                [
                    profile.isEnabled
                        ? .press("⏸ \(words("postbacks.profile.pause"))", "e:\(id):0")
                        : .press("▶️ \(words("postbacks.profile.resume"))", "e:\(id):1"),
                    .press("🔑 \(words("postbacks.profile.rotate"))", "s:\(id)"),
                ],
                [
                    .press("⚙️ \(words("postbacks.profile.settings"))", "x:\(id)"),
                    .press("🌐 \(profile.language.uppercased())", "g:\(id)"),
                    .press("🗑 \(words("postbacks.profile.remove"))", "d:\(id)"),
                ],
            ]
        } else {
            buttons = [[.press("🔀 \(words("postbacks.profiles.routes"))", "r:\(id)")]]
        }
        buttons.append([.press("⬅️ \(words("postbacks.bot.back"))", "l")])
        try await turn.show(BotScreen(lines.joined(separator: "\n"), buttons: buttons))
    }

    /// The URL carries the profile's secret: it is shown to the person alone, whatever chat the button was pressed in.
    func showURL(_ id: Int64) async throws {
        guard mayWrite, try await store.profile(id, for: member.reader) != nil else { return try await gone() }
        let back: [BotButton] = [.press("⬅️ \(words("postbacks.bot.back"))", "p:\(id)")]
        guard let base else {
            return try await turn.show(BotScreen("⚠️ " + text("postbacks.bot.no_public_url"), buttons: [back]))
        }
        let secret: Secret
        do {
            guard let own = try await store.secret(ofProfile: id, for: member.reader) else { return try await gone() }
            secret = own
        } catch is CryptographyError {
            return try await turn.show(BotScreen("⚠️ " + text("postbacks.profile.url_unreadable"), buttons: [back]))
        }
        let screen = BotScreen(urlText(PostbackURL.make(base: base, secret: secret.reveal())), buttons: [back])
        guard !turn.isPrivate else { return try await turn.show(screen) }
        let isSent = try await turn.sayPrivately(screen)
        let link = await turn.privateLink(to: "u\(id)").map { url in
            [BotButton.url("🔗 \(words("postbacks.bot.open_private"))", url)]
        }
        try await turn.show(
            BotScreen(
                "🔑 " + text(isSent ? "postbacks.bot.url_sent" : "postbacks.bot.url_private"),
                buttons: [link, back].compactMap { $0 }))
    }

    private func urlText(_ url: String) -> String {
        "🔗 <b>Postback URL</b>\n<code>\(TelegramHTML.escape(url))</code>\n\n"
            + text("postbacks.profile.url_text") + "\n\n"
            + "<b>\(text("postbacks.profile.fields"))</b>\n<pre>\(TelegramHTML.escape(PostbackPages.fieldList))</pre>"
    }

    func showChats(_ id: Int64) async throws {
        guard let listed = try await store.profile(id, for: member.reader) else { return try await gone() }
        try await turn.show(
            try await chatScreen("c", id, chosen: listed.profile.chatID, mayBeNone: true, back: "p:\(id)"))
    }

    /// Buttons `PREFIXs:ID:CHAT` for each chat, and for this one, and for a number that is typed. A group is not told which other
    /// chats a person has.
    func chatScreen(
        _ prefix: String, _ id: Int64, chosen: Int64?, mayBeNone: Bool, back: String
    ) async throws -> BotScreen {
        let chats = try await store.chats(for: member.reader).filter { chat in
            turn.isPrivate || chat.id == turn.chatID || chat.id == chosen
        }
        var buttons: [[BotButton]] = [[.press("📍 \(words("postbacks.bot.this_chat"))", "\(prefix)s:\(id):here")]]
        buttons += chats.prefix(30).map { chat in
            [.press((chat.id == chosen ? "✅ " : "") + PostbackPages.title(chat), "\(prefix)s:\(id):\(chat.id)")]
        }
        buttons.append([.press("✏️ \(words("postbacks.profiles.other_chat"))", "\(prefix)s:\(id):ask")])
        if mayBeNone { buttons.append([.press(words("postbacks.profiles.no_chat"), "\(prefix)s:\(id):none")]) }
        buttons.append([.press("⬅️ \(words("postbacks.bot.back"))", back)])
        return BotScreen(
            "💬 \(text("postbacks.bot.which_chat"))" + "\n" + text("postbacks.profiles.chat_hint"), buttons: buttons)
    }

    // MARK: Routes

    func showRoutes(_ id: Int64, page number: Int64 = 0) async throws {
        guard let listed = try await store.profile(id, for: member.reader) else { return try await gone() }
        let chats = try await store.chats(for: member.reader)
        let page = BotPage(listed.profile.routes, number) { "r:\(id):\($0)" }
        var html = "🔀 <b>\(TelegramHTML.escape(listed.profile.name))</b>\n" + text("postbacks.routes.note") + "\n"
        for route in page.items {
            let when = PostbackPages.when(route, words).shortForBot
            html += "\n\(route.isEnabled ? "" : "⏸ ")\(route.priority). \(TelegramHTML.escape(when))"
            html += " → \(TelegramHTML.escape(chatName(route.chatID, chats).shortForBot))"
        }
        html +=
            "\n" + text("postbacks.routes.rest") + " → " + TelegramHTML.escape(chatName(listed.profile.chatID, chats))
        var buttons = page.items.map { route in
            [
                BotButton.press(
                    "\(route.priority). \(PostbackPages.title(of: route, words).shortForBot)", "o:\(route.id)")
            ]
        }
        if !page.turns.isEmpty { buttons.append(page.turns) }
        if mayWrite { buttons.append([.press("➕ \(words("postbacks.routes.new"))", "a:\(id)")]) }
        buttons.append([.press("⬅️ \(words("postbacks.bot.back"))", "p:\(id)")])
        try await turn.show(BotScreen(html, buttons: buttons))
    }

    func showRoute(_ id: Int64) async throws {
        guard let owned = try await store.route(id, for: member.reader) else { return try await gone() }
        let route = owned.route
        let chats = try await store.chats(for: member.reader)
        let all = words("postbacks.routes.all")
        let statuses = route.statuses.sorted().map { PostbackPages.statusWord($0, words) }.joined(separator: ", ")
        let quiet = PostbackPages.quiet(route, words)
        let lines = [
            "🔀 <b>\(TelegramHTML.escape(PostbackPages.title(of: route, words)))</b>",
            "\(text("postbacks.routes.priority")) \(route.priority)",
            "\(text("postbacks.routes.when")): \(TelegramHTML.escape(PostbackPages.when(route, words)))",
            "\(text("postbacks.routes.statuses")): \(TelegramHTML.escape(statuses.isEmpty ? all : statuses))",
            "\(text("postbacks.routes.countries")): "
                + TelegramHTML.escape(route.countries.isEmpty ? all : route.countries.sorted().joined(separator: ", ")),
            "\(text("postbacks.routes.send_to")): \(TelegramHTML.escape(chatName(route.chatID, chats)))",
            "\(text("postbacks.profiles.topic")): \(route.topicID.map { String($0) } ?? NumberFormat.missing)",
            "\(text("postbacks.routes.quiet_hours")): \(TelegramHTML.escape(quiet ?? NumberFormat.missing))",
            "\(text("postbacks.routes.language")): \((route.language ?? "").uppercased())",
        ]
        var buttons: [[BotButton]] = []
        if mayWrite {
            buttons += [
                [
                    .press("🏷 \(words("postbacks.routes.statuses"))", "os:\(id)"),
                    .press("✏️ \(words("postbacks.profiles.name"))", "or:\(id)"),
                    .press("🧵 \(words("postbacks.profiles.topic"))", "oh:\(id)"),
                ],
                [
                    .press("🎯 \(words("postbacks.routes.when"))", "om:\(id)"),
                    .press("🌍 \(words("postbacks.routes.countries"))", "og:\(id)"),
                ],
                [
                    .press("💬 \(words("postbacks.routes.send_to"))", "oc:\(id)"),
                    .press("🔢 \(words("postbacks.routes.priority"))", "op:\(id)"),
                ],
                [
                    .press("🌙 \(words("postbacks.routes.quiet_hours"))", "oq:\(id)"),
                    .press("🌐 \(words("postbacks.routes.language"))", "ol:\(id)"),
                ],
                [
                    .press(
                        (route.continues ? "✅ " : "") + words("postbacks.routes.continues_short"),
                        "on:\(id):\(route.continues ? 0 : 1)"),
                    route.isEnabled
                        ? .press("⏸ \(words("postbacks.profile.pause"))", "oe:\(id):0")
                        : .press("▶️ \(words("postbacks.profile.resume"))", "oe:\(id):1"),
                    .press("🗑 \(words("postbacks.profile.remove"))", "od:\(id)"),
                ],
            ]
        }
        buttons.append([.press("⬅️ \(words("postbacks.bot.back"))", "r:\(owned.profileID)")])
        try await turn.show(BotScreen(lines.joined(separator: "\n"), buttons: buttons))
    }

    // MARK: Pieces

    func chatName(_ id: Int64?, _ chats: [PostbackDeskStore.KnownChat]) -> String {
        PostbackPages.title(ofChat: id, chats) ?? words("postbacks.profiles.no_chat")
    }

    func gone() async throws {
        try await turn.show(
            BotScreen(text("postbacks.bot.gone"), buttons: [[.press("⬅️ \(words("postbacks.bot.back"))", "l")]]))
    }

    /// Two buttons: what is asked, and back.
    func confirm(_ html: String, yes: String, _ action: String, back: String) async throws {
        try await turn.show(
            BotScreen(
                html,
                buttons: [[.press(yes, action)], [.press("⬅️ \(words("postbacks.bot.back"))", back)]]))
    }
}
