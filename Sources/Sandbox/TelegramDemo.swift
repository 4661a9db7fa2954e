/// What the demo's Telegram holds: one bot, one person with a phone, their chats.
package enum TelegramDemo {
    package static let token = "7000001:the-token-of-the-demo"
    package static let bot = "sluice_demo_bot"
    /// Whose phone it is: their Telegram id is also their chat with the bot.
    package static let owner: Int64 = 700_100
    package static let deposits: Int64 = -4_000_001
    package static let registrations: Int64 = -4_000_002
    package static let teams: Int64 = -1_002_000_000_003
    /// Topics of ``teams``.
    package static let nutraTopic: Int64 = 2
    package static let gamblingTopic: Int64 = 3

    package static var chats: [SimulatedChat] {
        [
            SimulatedChat(owner, "Олена", kind: "private"), SimulatedChat(deposits, "💰 Депозити", kind: "group"),
            SimulatedChat(registrations, "📝 Реєстрації", kind: "group"),
            SimulatedChat(
                teams, "Команди", kind: "supergroup",
                topics: [.init(nutraTopic, "Nutra"), .init(gamblingTopic, "Gambling")]),
        ]
    }
}
