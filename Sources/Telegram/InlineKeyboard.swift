import Base

/// A button under a message. Telegram takes 1–64 bytes of callback data (reference, telegram.md §1.4).
package struct InlineButton: Hashable, Sendable {
    package enum Action: Hashable, Sendable {
        /// Comes back to the bot as it is here.
        case callback(String)
        /// `http`, `https` or `tg` address that is opened.
        case url(String)
    }

    package var text: String
    package var action: Action

    package init(_ text: String, _ action: Action) {
        self.text = text
        self.action = action
    }

    package static let longestCallback = 64

    package var json: JSON {
        switch action {
        case .callback(let data): ["text": .string(text), "callback_data": .string(data)]
        case .url(let url): ["text": .string(text), "url": .string(url)]
        }
    }

    /// Nil for what is no button of these two kinds.
    package init?(_ json: JSON) {
        guard let text = json["text"]?.stringValue else { return nil }
        if let data = json["callback_data"]?.stringValue {
            self.init(text, .callback(data))
        } else if let url = json["url"]?.stringValue {
            self.init(text, .url(url))
        } else {
            return nil
        }
    }
}

/// Rows of buttons, from the top.
package struct InlineKeyboard: Hashable, Sendable, ExpressibleByArrayLiteral {
    package var rows: [[InlineButton]]

    package init(_ rows: [[InlineButton]]) { self.rows = rows }
    package init(arrayLiteral rows: [InlineButton]...) { self.rows = rows }

    /// As Telegram's `reply_markup`.
    package var json: JSON {
        ["inline_keyboard": .array(rows.map { .array($0.map(\.json)) })]
    }

    package init?(_ json: JSON) {
        guard let rows = json["inline_keyboard"]?.arrayValue else { return nil }
        self.rows = rows.map { ($0.arrayValue ?? []).compactMap { InlineButton($0) } }
    }
}
