import Telegram

/// A text with buttons: what the bot shows.
package struct BotScreen: Hashable, Sendable {
    /// Telegram's HTML: escape what people wrote with `TelegramHTML.escape`.
    package var html: String
    /// From the top.
    package var buttons: [[BotButton]]

    package init(_ html: String, buttons: [[BotButton]] = []) {
        self.html = html
        self.buttons = buttons
    }
}

package struct BotButton: Hashable, Sendable {
    enum Action: Hashable, Sendable {
        case press(String)
        case open(menu: String)
        case main
        case url(String)
    }

    let text: String
    let action: Action

    /// Comes back to the same menu's ``BotMenu/pressed(_:_:)``. With the menu's name and a colon at most 64 bytes; what doesn't fit
    /// belongs into the dialog's state.
    package static func press(_ text: String, _ button: String) -> BotButton {
        BotButton(text: text, action: .press(button))
    }

    /// Opens another menu.
    package static func menu(_ text: String, _ name: String) -> BotButton {
        BotButton(text: text, action: .open(menu: name))
    }

    /// Back to the main menu.
    package static func main(_ text: String) -> BotButton { BotButton(text: text, action: .main) }

    package static func url(_ text: String, _ url: String) -> BotButton { BotButton(text: text, action: .url(url)) }

    /// What Telegram gives back when it is pressed.
    func callback(menu: String) -> String? {
        switch action {
        case .press(let button): "\(menu):\(button)"
        case .open(let name): "\(name):"
        case .main: ":"
        case .url: nil
        }
    }
}
