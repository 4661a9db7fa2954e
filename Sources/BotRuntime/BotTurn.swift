import Base
import Telegram
import Views

/// One thing a person did in a chat with the bot, and what can be answered.
package struct BotTurn: Sendable {
    package let person: BotPerson
    package let chatID: Int64
    package let topicID: Int64?
    /// A chat with the person alone.
    package let isPrivate: Bool
    /// In the person's language.
    package let words: Words
    /// What ``ask(_:step:state:)`` kept; null outside of a dialog.
    package let state: JSON
    let menu: String
    let pressed: PressedButton?
    let chat: BotChat

    /// The message whose button was pressed, and Telegram's name for the press.
    struct PressedButton: Sendable {
        let messageID: Int64?
        let queryID: String
        let answer = PressAnswer()
    }

    /// Shows the screen in place of the one whose button was pressed; else as a new message. Ends a dialog of this person here.
    package func show(_ screen: BotScreen) async throws {
        try await chat.end(chatID: chatID, person: person.telegramID)
        try await put(screen)
    }

    /// Sends the screen as a new message and leaves what is there.
    package func say(_ screen: BotScreen) async throws {
        try await chat.send(screen, menu: menu, to: chatID, topic: topicID)
    }

    /// Sends the screen to the person alone, whatever chat this is.
    /// - Returns: false when Telegram does not let the bot: they have not begun a chat with it, or have blocked it.
    package func sayPrivately(_ screen: BotScreen) async throws -> Bool {
        do {
            try await chat.send(screen, menu: menu, to: person.telegramID, topic: nil)
            return true
        } catch TelegramFailure.chat {
            return false
        }
    }

    /// Opens the person's own chat with the bot and, after Start, ``BotMenu/arrived(at:_:)``. Nil while the bot's name isn't known.
    /// - Parameter place: of `[A-Za-z0-9_]`, with the menu's name at most 63.
    package func privateLink(to place: String) async -> String? {
        await chat.address.username().map { "https://t.me/\($0)?start=\(menu)-\(place)" }
    }

    /// Shows the screen and gives the person's next text here to ``BotMenu/said(_:step:_:)`` with `step`.
    /// - Parameter state: an object, given back in ``state``.
    package func ask(_ screen: BotScreen, step: String, state: JSON = [:]) async throws {
        try await chat.begin(menu: menu, step: step, state: state, chatID: chatID, person: person.telegramID)
        try await put(screen)
    }

    /// A short line over the chat (at most 200 characters), or a box that must be closed. Only for a press; else it is sent as text.
    package func toast(_ text: String, isAlert: Bool = false) async throws {
        guard let pressed else { return try await say(BotScreen(TelegramHTML.escape(text))) }
        guard pressed.answer.take() else { return }
        try await chat.replies.answer(press: pressed.queryID, String(text.prefix(200)), isAlert: isAlert)
    }

    /// Ends the dialog: the next text is no answer any more.
    package func finish() async throws {
        try await chat.end(chatID: chatID, person: person.telegramID)
    }

    private func put(_ screen: BotScreen) async throws {
        if let message = pressed?.messageID {
            try await chat.edit(screen, menu: menu, message: message, in: chatID, topic: topicID)
        } else {
            try await say(screen)
        }
    }
}
