/// A corner of the market: one group of campaigns in the tracker, with the offers that fit it. All names are invented.
struct KeitaroNiche {
    enum Week {
        /// Fewer people borrow on Saturday and Sunday.
        case working
        case level
        /// Matches are played at weekends.
        case weekend
    }

    let group: String
    let vertical: String
    /// ISO 3166
    let country: String
    /// Offset of its people from UTC, in hours, for the daily curve.
    let utcOffset: Int
    let topics: [String]
    let brands: [String]
    let offerTails: [String]
    let payouts: ClosedRange<Double>
    let currency: String
    let week: Week
}

enum KeitaroNames {
    static let niches: [KeitaroNiche] = [
        KeitaroNiche(
            group: "Кредит UA", vertical: "Фінанси", country: "UA", utcOffset: 2,
            topics: ["Картка з лімітом", "Позика без дзвінків", "Гроші до авансу", "Кредит онлайн"],
            brands: [
                "Гривень", "КредоЛіс", "Швидкогрош", "Monelka", "Позикар", "Калитка", "Zhyto Finance", "ГрошДзвін",
                "Копійчук", "BorgOff", "Ведмежа позика", "Аванс+",
            ],
            offerTails: [
                "позика 0 %", "картка до 50 000 ₴", "перший кредит", "без дзвінків", "повторні", "(cap 50)",
                "анкета на 1 екран",
                "до зарплати",
            ],
            payouts: 5...16, currency: "USD", week: .working),
        KeitaroNiche(
            group: "МФО KZ", vertical: "Фінанси", country: "KZ", utcOffset: 5,
            topics: ["Микрокредит", "Деньги до зарплаты", "Рефинансирование", "Займ на карту"],
            brands: [
                "Тенгелик", "AltynBar", "QadamPay", "Жебе Кредит", "Saqina", "НурФинанс", "Dala Money", "Алтай Займ",
                "TezKel",
                "Барыс Деньги", "Ordabas", "СтепьКредит",
            ],
            offerTails: [
                "до 150 000 ₸", "займ 0 %", "первый займ", "на карту за 5 минут", "CPL", "анкета на 1 экран",
                "повторные",
                "(cap 80)",
            ],
            payouts: 4...14, currency: "USD", week: .working),
        KeitaroNiche(
            group: "Finance MX", vertical: "Фінанси", country: "MX", utcOffset: -6,
            topics: ["Préstamo exprés", "Crédito sin buró", "Dinero hoy", "Tarjeta joven"],
            brands: [
                "Platapronto", "Nopalia", "CrediColibrí", "Lanita", "PesoVivo", "Jaguar Dinero", "Quetzi", "MiAdelanto",
                "Tunal",
                "Cacao Crédito", "Prestazul", "Solmex",
            ],
            offerTails: [
                "préstamo 0 %", "hasta 20 000", "primer crédito", "CPL", "sin buró", "APP", "recurrente", "(cap 100)",
            ],
            payouts: 6...22, currency: "USD", week: .working),
        KeitaroNiche(
            group: "Pożyczki PL", vertical: "Фінанси", country: "PL", utcOffset: 1,
            topics: ["Chwilówka", "Pożyczka na dowód", "Konsolidacja", "Karta bez BIK"],
            brands: [
                "Grosik24", "Złotówkowo", "Kasa Bobra", "Pożyczajka", "Portfelik", "Żubr Finanse", "Ratunek+",
                "Monetia",
                "Szybkasa", "Kredens", "Wpłatka", "Bociek Pożyczki",
            ],
            offerTails: [
                "pierwsza 0 %", "do 5000 zł", "na dowód", "CPL", "raty", "bez BIK", "powracający", "(cap 60)",
            ],
            payouts: 10...38, currency: "EUR", week: .working),
        KeitaroNiche(
            group: "Нутра UA", vertical: "Нутра", country: "UA", utcOffset: 2,
            topics: ["Суглоби", "Зір", "Тиск", "Схуднення", "Печінка"],
            brands: [
                "Сустанорм", "Яснозір", "Артродол", "Легкостан", "Печін-Чай", "Кардіолист", "ГнучКрем", "Зорелін",
                "Тискостоп",
                "Стрункан", "Вербена Плюс", "Карпатський збір",
            ],
            offerTails: [
                "краплі", "крем 1+1", "капсули", "low price", "повна ціна", "блог лікаря", "(cap 30)", "гель",
            ],
            payouts: 6...13, currency: "USD", week: .level),
        KeitaroNiche(
            group: "Nutra RO", vertical: "Нутра", country: "RO", utcOffset: 2,
            topics: ["Articulații", "Slăbire rapidă", "Vedere", "Tensiune"],
            brands: [
                "Flexoria", "Artromin", "Vedosan", "Slimarea", "Cardioplai", "Ficatin", "Dorulex", "Mușețel Forte",
                "Genunchix",
                "Ocuviva", "Tensolin", "Carpatin",
            ],
            offerTails: ["capsule", "gel", "picături", "low price", "preț întreg", "1+1", "blog", "(cap 40)"],
            payouts: 10...21, currency: "EUR", week: .level),
        KeitaroNiche(
            group: "Nutra PL", vertical: "Нутра", country: "PL", utcOffset: 1,
            topics: ["Odchudzanie", "Stawy", "Żylaki", "Ciśnienie"],
            brands: [
                "Szczuplina", "Stawolek", "Żyłonorm", "Lekkość+", "Kolanex", "Wzroczek", "Ciśnisan", "Wątrolin",
                "Flebomaść",
                "Zielnik Babci", "Figura24", "Ruchowit",
            ],
            offerTails: ["kapsułki", "żel", "krople", "low price", "pełna cena", "2+1", "blog", "(cap 35)"],
            payouts: 14...29, currency: "EUR", week: .level),
        KeitaroNiche(
            group: "Ставки UA", vertical: "Ставки", country: "UA", utcOffset: 2,
            topics: ["Прогноз дня", "Перший бонус", "Єврокубки", "Кіберспорт"],
            brands: [
                "ГолМайстер", "Stavok", "Козацький Бет", "Фаворитка", "BetKolo", "ОдинНульХ", "Тризуб Спорт",
                "Ліга Шансу",
                "Парі-Бар", "Матчбокс", "Kubok365", "Форвард+",
            ],
            offerTails: [
                "реєстрація", "перший депозит", "бонус 100 %", "фрибет", "APP", "CPA", "(cap 25)", "промокод",
            ],
            payouts: 18...70, currency: "USD", week: .weekend),
        KeitaroNiche(
            group: "Casino BR", vertical: "Казино", country: "BR", utcOffset: -3,
            topics: ["Slots do dia", "Jogo do foguete", "Bônus de boas-vindas", "Roleta ao vivo"],
            brands: [
                "Arara Slots", "Jogatina", "SorteVerde", "Tucano Bet", "Oncinha", "Caju Cassino", "Foguetão", "Pixgol",
                "Samba777",
                "Ipê Club", "Boto Bônus", "CoroaMax",
            ],
            offerTails: ["FTD", "registro", "bônus 200 %", "APP", "rodadas grátis", "CPA 20+", "(cap 40)", "PWA"],
            payouts: 12...55, currency: "USD", week: .weekend),
        KeitaroNiche(
            group: "Sweeps DE", vertical: "Свіпи", country: "DE", utcOffset: 1,
            topics: ["Gewinnspiel Handy", "Gutschein Supermarkt", "Umfrage Drogerie", "Testpaket"],
            brands: [
                "Glückstag", "Prämienhaus", "Gewinnbär", "Losfreund", "Paketpost", "Sparfuchs", "Umfragia",
                "Preisregen",
                "Gutscheinwelt", "Kleeblatt", "Testlinge", "Dankeschön24",
            ],
            offerTails: ["DOI", "SOI", "CC submit", "Handy", "500 € Karte", "CPL", "(cap 200)", "PIN"],
            payouts: 1.2...9, currency: "EUR", week: .level),
        KeitaroNiche(
            group: "Dating FR", vertical: "Дейтинг", country: "FR", utcOffset: 1,
            topics: ["Rencontre 40+", "Chat ce soir", "Célibataires près de toi", "Rencontre sérieuse"],
            brands: [
                "CœurCafé", "Tandemia", "Voisinou", "BelleRive", "Rendezvia", "Douceur", "Parisette", "Flirtin",
                "Mirabelle",
                "LuneBleue", "Compliche", "Bonsoir+",
            ],
            offerTails: ["SOI", "DOI", "mobile", "desktop", "40+", "CPL", "PPS", "(cap 70)"],
            payouts: 1.5...6, currency: "EUR", week: .weekend),
        KeitaroNiche(
            group: "Товарка UA", vertical: "Товарка", country: "UA", utcOffset: 2,
            topics: ["Ліхтар", "Термобілизна", "Мультипіч", "Масажер", "Зарядна станція"],
            brands: [
                "Світлячок", "ТеплоХата", "Печінька", "М'якорук", "Струмок", "ДомоДар", "Зарядько", "Хутірок",
                "Рушничок",
                "Майстерня 5", "Левада", "Ковзанка",
            ],
            offerTails: [
                "COD", "знижка 50 %", "1+1", "розпродаж", "новий лендинг", "(cap 100)", "Нова доставка", "опт",
            ],
            payouts: 3...9, currency: "UAH", week: .level),
    ]

    static let sources = [
        "TikTok Spark", "TikTok bio", "FB аукціон", "Google UAC", "Telegram Ads", "Push", "Native", "Reels, посіви",
    ]
    static let buyers = ["Богдан", "Ірина М.", "Лада", "Oleksii V.", "Marta", "Руслан", "Katya P.", "Денис", "Соломія"]
    static let landings = ["квіз", "історія", "стаття"]

    static let networks = [
        "LeadHarbor", "CPA Двір", "Northlead", "Адсфера", "Klikonia", "TopFunnel", "Mriya CPA", "Ferryman", "Власні",
    ]

    /// Tracker currency per unit; the sandbox's tracker counts in dollars.
    static func dollars(per currency: String) -> Double {
        switch currency {
        case "EUR": 1.16
        case "UAH": 0.024
        default: 1
        }
    }
}
