import Views

/// The usual texts. The Russian ones are the seed's to the letter; the others say the same.
package struct MessageWords: Sendable {
    package let language: Language

    package init(_ language: Language) { self.language = language }

    /// A status nobody taught us is its own title.
    package func title(of status: PostbackStatus) -> String {
        switch status {
        case .registration: pick("Registration", "Реєстрація", "Регистрация")
        case .deposit: pick("Deposit", "Депозит", "Депозит")
        case .rejected: pick("Rejected", "Відмова", "Отказ")
        case .rebill: pick("Rebill", "Ребіл", "Ребилл")
        case PostbackReading.statusless: pick("No status", "Без статусу", "Без статуса")
        case .other(let word): word
        }
    }

    package static func emoji(of status: PostbackStatus) -> String {
        switch status {
        case .registration: "📝"
        case .deposit: "💰"
        case .rejected: "⛔️"
        case .rebill: "🔁"
        case .other: "🔔"
        }
    }

    /// The usual template of a status, to start one's own from.
    package func template(for status: PostbackStatus) -> String {
        let campaign = pick("Campaign", "Кампанія", "Кампания") + ": {campaign_name}"
        let offer = pick("Offer", "Офер", "Оффер") + ": {offer_name}"
        let revenue = pick("Revenue", "Дохід", "Доход") + ": {conversion_revenue}"
        let place = "Sub1: {sub_id_1} | GEO: {country}"
        let transaction = "TX: {transaction_id}"
        let lines =
            switch status {
            case .registration:
                [campaign, offer, pick("GEO", "ГЕО", "ГЕО") + ": {country}", "Sub1: {sub_id_1}", transaction]
            case .deposit, .rebill:
                [
                    campaign, pick("Creative", "Креатив", "Креатив") + ": {creative_id}",
                    pick("Landing", "Лендинг", "Лендинг") + ": {landing_name}", revenue, place, transaction,
                ]
            case .rejected: [campaign, pick("Reason", "Причина", "Причина") + ": {reason}", transaction]
            case .other: [campaign, offer, revenue, place, transaction]
            }
        return (["{emoji} {status_name}"] + lines).joined(separator: "\n")
    }

    /// Why a message is not what it seems.
    func note(_ note: PostbackMessage.Note) -> String {
        switch note {
        case .test: pick("🧪 Test: nothing happened", "🧪 Тест: нічого не сталося", "🧪 Тест: ничего не произошло")
        case .recovered:
            pick(
                "↩️ Recovered from Keitaro’s log", "↩️ Відновлено з журналу Keitaro", "↩️ Восстановлено из журнала Keitaro"
            )
        }
    }

    func digestTitle(_ count: Int) -> String {
        let number = NumberFormat(language).number(count)
        let noun =
            switch PluralRule.category(of: Int64(count), in: language) {
            case .one: pick("event", "подія", "событие")
            case .few: pick("events", "події", "события")
            case .many, .other: pick("events", "подій", "событий")
            }
        return "📦 " + pick("Digest", "Зведення", "Сводка") + ": \(number) \(noun)"
    }

    func occasion(_ occasion: DigestText.Occasion) -> String {
        switch occasion {
        case .queue:
            pick(
                "More came than Telegram lets into one chat, so they are told together.",
                "Прийшло більше, ніж Telegram пропускає в один чат, тому розповідаємо про все разом.",
                "Пришло больше, чем Telegram пропускает в один чат, поэтому рассказываем обо всём вместе.")
        case .quietHours:
            pick("Held during quiet hours.", "Зібрано за тихі години.", "Собрано за тихие часы.")
        }
    }

    var withoutCampaign: String { pick("Without a campaign", "Без кампанії", "Без кампании") }

    func otherCampaigns(_ count: Int) -> String {
        pick("Other campaigns", "Інші кампанії", "Другие кампании") + " (\(count))"
    }

    var allEvents: String { pick("All of them", "Усі події", "Все события") }

    private func pick(_ english: String, _ ukrainian: String, _ russian: String) -> String {
        switch language {
        case .en: english
        case .uk: ukrainian
        case .ru: russian
        }
    }
}
