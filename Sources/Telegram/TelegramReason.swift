/// Why a message is not told, or not yet: what its row keeps is a sentence in English, some of them with the words of Telegram or of the
/// network at the end. Pages say the same in the reader's language: the word `telegram.problem.NAME`.
package struct TelegramReason: Hashable, Sendable {
    package let name: String
    /// As Telegram or the network put it; empty where our sentence says all.
    package let said: String

    /// Nil: not a sentence of ours.
    package init?(stored: String) {
        if let known = Self.whole[stored] {
            self.init(name: known, said: "")
        } else if let known = Self.quoting.first(where: { stored.hasPrefix($0.beginning) }) {
            self.init(name: known.name, said: String(stored.dropFirst(known.beginning.count)))
        } else {
            return nil
        }
    }

    private init(name: String, said: String) {
        self.name = name
        self.said = said
    }

    static let unknownToken =
        "Telegram does not know the bot's token. Check TELEGRAM_BOT_TOKEN, or without one ADMIN_BOT_TOKEN."
    static let unwritten = "The message can't be written now. It is tried again."
    static let nothingLeft = "There is nothing to tell any more."
    private static let refusesMessage = "Telegram refuses the message and says: "
    private static let refusesChat = "Telegram does not let the bot write in the chat and says: "
    private static let noWay = "Telegram can't be reached: "

    static func refusedMessage(_ said: String) -> String { refusesMessage + clipped(said) }
    static func refusedChat(_ said: String) -> String { refusesChat + clipped(said) }
    static func unreachable(_ said: String) -> String { noWay + clipped(said) }

    /// By sentence.
    private static let whole: [String: String] = {
        var names = [unknownToken: "token", unwritten: "unwritten", nothingLeft: "nothing_left"]
        for problem in TelegramFailure.ChatProblem.allCases { names[problem.sentence] = problem.rawValue }
        return names
    }()

    private static let quoting = [
        (name: "refused_message", beginning: refusesMessage), (name: "refused_chat", beginning: refusesChat),
        (name: "unreachable", beginning: noWay),
    ]

    /// All names, for whoever has to have words for them.
    package static let names = Set(whole.values).union(quoting.map(\.name))

    private static func clipped(_ said: String) -> String { said.count > 300 ? said.prefix(300) + "…" : said }
}
