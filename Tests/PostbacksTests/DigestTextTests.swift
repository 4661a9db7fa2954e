import Base
import Testing

@testable import Postbacks

struct DigestTextTests {
    private static func postback(
        _ status: PostbackStatus, _ campaign: String, _ revenue: String? = nil, _ currency: String = "USD"
    ) -> Postback {
        var postback = Postback()
        postback.status = status
        postback.campaignName = campaign
        postback.revenue = revenue.map { Amount(canonical: $0) }
        postback.currency = currency
        return postback
    }

    @Test func `it counts by campaign and status, most first, and never adds two currencies`() {
        let postbacks = [
            Self.postback(.registration, "A"), Self.postback(.deposit, "B & <C>", "100.5"),
            Self.postback(.deposit, "B & <C>", "0.25"), Self.postback(.deposit, "B & <C>", "7", "EUR"),
            Self.postback(.rejected, "B & <C>", "0"), Self.postback(.other("hold"), "", "5", ""),
        ]
        #expect(
            DigestText.parts(postbacks, language: "ru", occasion: .queue, link: "https://x.test/?a=1&b=2") == [
                """
                <b>📦 Сводка: 6 событий</b>
                Пришло больше, чем Telegram пропускает в один чат, поэтому рассказываем обо всём вместе.

                <b>B &amp; &lt;C&gt;</b>
                💰 Депозит: 3 · 7 EUR + 100,75 USD
                ⛔️ Отказ: 1

                <b>A</b>
                📝 Регистрация: 1

                <b>Без кампании</b>
                🔔 hold: 1 · 5

                <a href="https://x.test/?a=1&amp;b=2">Все события</a>
                """
            ])
    }

    @Test(arguments: [
        ("en", 1, "1 event<"), ("en", 2, "2 events<"), ("uk", 2, "2 події<"), ("uk", 5, "5 подій<"),
        ("ru", 21, "21 событие<"),
    ])
    func `the count speaks its language`(language: String, count: Int, title: String) {
        let postbacks = Array(repeating: Self.postback(.deposit, "A"), count: count)
        let text = DigestText.parts(postbacks, language: language, occasion: .quietHours).joined()
        #expect(text.contains(title))
        #expect(!text.contains("href"))
    }

    @Test func `beyond thirty campaigns the rest is counted together`() {
        let many = (0..<100).map { Self.postback(.deposit, "Campaign \($0)", "1") }
        let text = DigestText.parts(many, language: "en", occasion: .queue).joined(separator: "\n")
        #expect(text.contains("<b>Other campaigns (70)</b>\n💰 Deposit: 70 · 70 USD"))
        #expect(
            DigestText.parts(Array(many.prefix(31)), language: "en", occasion: .queue).joined().contains("Other")
                == false)
        #expect(DigestText.parts([], language: "en", occasion: .queue).isEmpty)
    }

    @Test func `even campaigns with the longest names fit`() {
        let many = (0..<40).map { Self.postback(.deposit, "\($0)" + String(repeating: "<", count: 900), "1") }
        let parts = DigestText.parts(many, language: "en", occasion: .queue)
        #expect(parts.count > 10)
        #expect(parts.allSatisfy { $0.utf16.count <= 4_096 })
    }

    @Test(
        arguments: [
            ("0.1", "0.2", "0.3"), ("1", "-1", "0"), ("-0.5", "0.25", "-0.25"),
            ("999999999999999999.99999999", "0.00000001", "1000000000000000000"),
            ("12.50", "0", "12.5"), ("-1.5", "-1.5", "-3"), ("0.00000001", "0", "0.00000001"),
        ])
    func `sums are exact`(left: String, right: String, sum: String) {
        #expect(Amount.sum(Amount(canonical: left), Amount(canonical: right))?.text == sum)
        #expect(Amount.sum(Amount(canonical: right), Amount(canonical: left))?.text == sum)
    }

    @Test(arguments: [("1", "1.5", "0.5", -1), ("-1", "1", "2", -1), ("2.00", "2", "0", 0), ("0.1", "0.01", "0.09", 1)])
    func `amounts are compared as numbers`(left: String, right: String, distance: String, order: Int) {
        #expect(Amount.distance(Amount(canonical: left), Amount(canonical: right))?.text == distance)
        #expect(Amount.compare(Amount(canonical: left), Amount(canonical: right)) == order)
    }

    @Test(arguments: ["NaN", "", "1e5", String(repeating: "9", count: 40), "1.2.3"])
    func `what is no number is not added`(text: String) {
        #expect(Amount.sum(Amount(canonical: text), .zero) == nil)
    }
}
