/// Who writes to the bot, as Telegram names them, and whose account it is.
package struct BotPerson: Hashable, Sendable {
    package let telegramID: Int64
    /// Nil: nobody we know; ADMIN_IDS are administrators without an account.
    package var userID: Int64?
    package var isAdministrator: Bool
    package var name: String
    package var username: String
    /// Of their Telegram: en, uk, ru; en for all others.
    package var language: String

    package init(
        telegramID: Int64, userID: Int64? = nil, isAdministrator: Bool = false, name: String = "",
        username: String = "",
        language: String = "en"
    ) {
        self.telegramID = telegramID
        self.userID = userID
        self.isAdministrator = isAdministrator
        self.name = name
        self.username = username
        self.language = language
    }
}
