import Base
import Postgres
import Telegram
import Views

/// Answers one update: finds who it is from, whose menu it belongs to, and what was asked before.
struct BotDesk: Sendable {
    let chat: BotChat
    /// Whether this bot also tells postbacks: chats are where that one is.
    let isSending: Bool
    let chats: ChatBook
    let people: BotPeople
    let menus: [any BotMenu]
    let words: @Sendable (Language) -> Words
    let queue: TelegramQueue
    let mended: @Sendable () -> Void
    let log: Logger

    /// Never throws: what fails is logged, and the person is told.
    func answer(_ update: TelegramUpdate) async {
        do {
            switch update.content {
            case .message(let message): try await answer(message)
            case .press(let press): try await answer(press)
            case .membership(let membership):
                guard isSending else { return }
                try await chats.note(membership.chat, problem: membership.problem)
                if membership.problem == nil {
                    if let from = membership.from { try await chats.note(membership.chat, person: from.id) }
                    mended()
                }
            case .other: break
            }
        } catch {
            log.warning("an update can't be answered", ["update": String(update.id), "error": "\(error)"])
        }
    }

    // MARK: Text

    private func answer(_ message: TelegramIncoming) async throws {
        if let group = message.migratedTo { return try await queue.followMigration(from: message.chat.id, to: group) }
        if isSending { try await chats.note(message.chat) } else { try await chats.rename(message.chat) }
        guard let from = message.from, !from.isBot, !message.text.isEmpty else { return }
        let person = try await people.find(from)
        func turn(_ menu: String, _ state: JSON = .null) -> BotTurn {
            BotTurn(
                person: person, chatID: message.chat.id, topicID: message.topicID, isPrivate: message.chat.isPrivate,
                words: words(Language(tag: person.language) ?? .en), state: state, menu: menu, pressed: nil, chat: chat)
        }
        try await telling(turn("")) {
            if let (name, argument) = Self.command(message.text) {
                if person.userID != nil { try await chats.note(message.chat, person: person.telegramID) }
                return try await perform(name, argument, from, turn(""))
            }
            let dialog = try await chat.dialogs.find(
                bot: chat.bot, chatID: message.chat.id, person: person.telegramID)
            if let dialog, let menu = menu(dialog.menu), menu.title(for: turn(dialog.menu)) != nil {
                return try await menu.said(message.text, step: dialog.step, turn(dialog.menu, dialog.state))
            }
            if message.chat.isPrivate { try await showMain(turn("")) }
        }
    }

    /// The name without its slash and `@bot`, and the rest.
    static func command(_ text: String) -> (name: String, argument: String)? {
        guard text.hasPrefix("/") else { return nil }
        let parts = text.dropFirst().split(separator: " ", maxSplits: 1)
        guard let name = parts.first?.split(separator: "@").first else { return nil }
        return (name.lowercased(), parts.count > 1 ? String(parts[1]) : "")
    }

    private func perform(_ name: String, _ argument: String, _ from: TelegramUser, _ turn: BotTurn) async throws {
        switch name {
        case "start" where BotPeople.isCode(argument):
            guard try await people.link(from, code: argument) else {
                return try await turn.say(BotScreen(TelegramHTML.escape(turn.words("bot.link_bad"))))
            }
            try await turn.say(BotScreen(TelegramHTML.escape(turn.words("bot.linked"))))
            let person = try await people.find(from)
            try await showMain(self.turn(turn, by: person))
        case "start", "menu", "help":
            try await turn.finish()
            let place = argument.split(separator: "-", maxSplits: 1).map(String.init)
            if place.count == 2, let menu = menu(place[0]), turn.isPrivate, menu.title(for: turn) != nil {
                return try await menu.arrived(at: place[1], self.turn(turn, in: menu.name))
            }
            try await showMain(turn)
        case "cancel":
            try await turn.finish()
            try await turn.say(BotScreen(TelegramHTML.escape(turn.words("bot.cancelled"))))
        default:
            if let menu = menu(name), menu.title(for: turn) != nil {
                try await menu.open(self.turn(turn, in: menu.name))
            } else if turn.isPrivate {
                try await showMain(turn)
            }
        }
    }

    private func turn(_ turn: BotTurn, by person: BotPerson? = nil, in menu: String? = nil) -> BotTurn {
        BotTurn(
            person: person ?? turn.person, chatID: turn.chatID, topicID: turn.topicID, isPrivate: turn.isPrivate,
            words: words(Language(tag: (person ?? turn.person).language) ?? .en), state: turn.state,
            menu: menu ?? turn.menu, pressed: turn.pressed, chat: turn.chat)
    }

    // MARK: Buttons

    private func answer(_ press: TelegramPress) async throws {
        let person = try await people.find(press.from)
        let parts = press.data.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let name = parts.first ?? ""
        let button = parts.count > 1 ? parts[1] : ""
        let chatID = press.message?.chat.id ?? press.from.id
        if person.userID != nil, let pressedIn = press.message?.chat {
            try await chats.note(pressedIn, person: person.telegramID)
        }
        let dialog = try await chat.dialogs.find(bot: chat.bot, chatID: chatID, person: person.telegramID)
        let pressed = BotTurn.PressedButton(messageID: press.message?.id, queryID: press.id)
        let turn = BotTurn(
            person: person, chatID: chatID, topicID: press.message?.topicID,
            isPrivate: press.message?.chat.isPrivate ?? true, words: words(Language(tag: person.language) ?? .en),
            state: dialog?.menu == name ? dialog?.state ?? .null : .null, menu: name, pressed: pressed, chat: chat)
        try await telling(turn) {
            if name.isEmpty { return try await showMain(turn) }
            // Rights may have changed since the button was shown.
            guard let menu = menu(name), menu.title(for: turn) != nil else {
                return try await turn.toast(turn.words("bot.not_allowed"), isAlert: true)
            }
            if button.isEmpty { try await menu.open(turn) } else { try await menu.pressed(button, turn) }
        }
        // The button spins until it is answered.
        if pressed.answer.take() { try await chat.replies.answer(press: press.id) }
    }

    private func telling(_ turn: BotTurn, _ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch {
            log.warning("a turn with the bot failed", ["menu": turn.menu, "error": "\(error)"])
            if error is TelegramFailure { return }
            try? await turn.toast(turn.words("bot.failed"), isAlert: true)
        }
    }

    // MARK: The main menu

    private func menu(_ name: String) -> (any BotMenu)? { menus.first { $0.name == name } }

    private func showMain(_ turn: BotTurn) async throws {
        let rows = menus.compactMap { menu in menu.title(for: turn).map { [BotButton.menu($0, menu.name)] } }
        let text =
            if !rows.isEmpty {
                turn.words("bot.choose")
            } else if turn.person.userID != nil || turn.person.isAdministrator {
                turn.words("bot.no_menu")
            } else {
                turn.words("bot.unknown_person", ["id": .string(String(turn.person.telegramID))])
            }
        try await turn.show(BotScreen(TelegramHTML.escape(text), buttons: rows))
    }

    func commandList(_ language: Language) -> [(name: String, description: String)] {
        let words = words(language)
        return [("menu", words("bot.command_menu")), ("cancel", words("bot.command_cancel"))]
    }
}
