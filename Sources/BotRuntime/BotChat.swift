import Base
import Postgres
import Synchronization
import Telegram

/// What a turn does to its chat and its dialog.
struct BotChat: Sendable {
    let bot: String
    let replies: TelegramReplies
    let dialogs: DialogStore
    let address: BotAddress

    func send(_ screen: BotScreen, menu: String, to chatID: Int64, topic: Int64?) async throws {
        try await replies.send(
            screen.html, to: chatID, topic: topic, keyboard: try Self.keyboard(screen, menu: menu))
    }

    /// A message that can't be edited any more, such as one that was deleted, is sent anew.
    func edit(_ screen: BotScreen, menu: String, message: Int64, in chatID: Int64, topic: Int64?) async throws {
        let keyboard = try Self.keyboard(screen, menu: menu)
        do {
            try await replies.edit(screen.html, message: message, in: chatID, keyboard: keyboard)
        } catch let failure as TelegramFailure {
            guard case .message(let description) = failure,
                ["can't be edited", "message to edit not found"].contains(where: { description.contains($0) })
            else { throw failure }
            try await replies.send(screen.html, to: chatID, topic: topic, keyboard: keyboard)
        }
    }

    static func keyboard(_ screen: BotScreen, menu: String) throws(BotFault) -> InlineKeyboard? {
        guard !screen.buttons.isEmpty else { return nil }
        var rows: [[InlineButton]] = []
        for row in screen.buttons {
            var buttons: [InlineButton] = []
            for button in row {
                if case .url(let url) = button.action {
                    buttons.append(InlineButton(button.text, .url(url)))
                } else if let data = button.callback(menu: menu) {
                    guard data.utf8.count <= InlineButton.longestCallback else { throw .callbackTooLong(data) }
                    buttons.append(InlineButton(button.text, .callback(data)))
                }
            }
            rows.append(buttons)
        }
        return InlineKeyboard(rows)
    }

    func begin(menu: String, step: String, state: JSON, chatID: Int64, person: Int64) async throws {
        try await dialogs.keep(
            Dialog(menu: menu, step: step, state: state), bot: bot, chatID: chatID, person: person)
    }

    func end(chatID: Int64, person: Int64) async throws {
        try await dialogs.forget(bot: bot, chatID: chatID, person: person)
    }
}

/// A mistake of ours in a menu; logged, and the person is told that something went wrong.
enum BotFault: Error, Hashable {
    case callbackTooLong(String)
}

/// Whether a press was answered: Telegram takes one answer.
final class PressAnswer: Sendable {
    private let isTaken = Atomic<Bool>(false)

    /// True once.
    func take() -> Bool { !isTaken.exchange(true, ordering: .relaxed) }
}
