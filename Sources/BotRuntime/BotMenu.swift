import Base

/// What a feature adds to the bot: an entry of its main menu, and the dialog behind it.
///
/// A press of a button and a line of text each make one ``BotTurn``. Rights are looked at in each of them: a keyboard lives as long as
/// its message, and people do not.
package protocol BotMenu: Sendable {
    /// 1–8 of `[a-z0-9]`, for ever: it begins the callback data of its buttons.
    var name: String { get }

    /// The button on the main menu; nil: not for this person.
    func title(for turn: BotTurn) -> String?

    /// Chosen on the main menu, or by a command.
    func open(_ turn: BotTurn) async throws

    /// A button of a screen of this menu: what ``BotButton/press(_:_:)`` was given.
    func pressed(_ button: String, _ turn: BotTurn) async throws

    /// Came by a link to the bot (``BotTurn/privateLink(to:)``). Anybody can write such a link, so it must change nothing.
    func arrived(at place: String, _ turn: BotTurn) async throws

    /// A line of text after ``BotTurn/ask(_:step:state:)``.
    func said(_ text: String, step: String, _ turn: BotTurn) async throws
}

extension BotMenu {
    package func arrived(at place: String, _ turn: BotTurn) async throws { try await open(turn) }

    package func said(_ text: String, step: String, _ turn: BotTurn) async throws { try await turn.finish() }
}
