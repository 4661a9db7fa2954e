import Base
import Testing
import Views

@testable import Postbacks

struct PostbackMessageTests {
    private static func postback(_ status: PostbackStatus) -> Postback {
        var postback = Postback()
        postback.status = status
        postback.campaignName = "Campaign Name"
        return postback
    }

    @Test func `a registration reads as in the seed`() {
        var postback = Self.postback(.registration)
        postback.offerName = "Offer Name"
        postback.country = "US"
        postback.subID1 = "utm_source"
        postback.transactionID = "abc123def456"
        #expect(
            PostbackMessage.parts(postback, language: "ru") == [
                """
                📝 Регистрация
                Кампания: Campaign Name
                Оффер: Offer Name
                ГЕО: US
                Sub1: utm_source
                TX: abc123def456
                """
            ])
        #expect(
            PostbackMessage.parts(postback, language: "uk") == [
                """
                📝 Реєстрація
                Кампанія: Campaign Name
                Офер: Offer Name
                ГЕО: US
                Sub1: utm_source
                TX: abc123def456
                """
            ])
        #expect(
            PostbackMessage.parts(postback, language: "en") == [
                """
                📝 Registration
                Campaign: Campaign Name
                Offer: Offer Name
                GEO: US
                Sub1: utm_source
                TX: abc123def456
                """
            ])
    }

    @Test func `a deposit reads as in the seed`() {
        var postback = Self.postback(.deposit)
        postback.creativeID = "cr_123"
        postback.landingName = "Landing Page"
        postback.revenue = Amount(canonical: "100")
        postback.currency = "USD"
        postback.subID1 = "google"
        postback.country = "UK"
        postback.transactionID = "xyz789ghi012"
        postback.offerName = "Not shown"
        #expect(
            PostbackMessage.parts(postback, language: "ru") == [
                """
                💰 Депозит
                Кампания: Campaign Name
                Креатив: cr_123
                Лендинг: Landing Page
                Доход: 100 USD
                Sub1: google | GEO: UK
                TX: xyz789ghi012
                """
            ])
        #expect(
            PostbackMessage.parts(postback, language: "uk") == [
                """
                💰 Депозит
                Кампанія: Campaign Name
                Креатив: cr_123
                Лендинг: Landing Page
                Дохід: 100 USD
                Sub1: google | GEO: UK
                TX: xyz789ghi012
                """
            ])
        postback.status = .rebill
        #expect(
            PostbackMessage.parts(postback, language: "en") == [
                """
                🔁 Rebill
                Campaign: Campaign Name
                Creative: cr_123
                Landing: Landing Page
                Revenue: 100 USD
                Sub1: google | GEO: UK
                TX: xyz789ghi012
                """
            ])
    }

    @Test func `a rejection reads as in the seed`() {
        var postback = Self.postback(.rejected)
        postback.reason = "invalid_geo"
        postback.transactionID = "qwe456rty789"
        #expect(
            PostbackMessage.parts(postback, language: "ru") == [
                """
                ⛔️ Отказ
                Кампания: Campaign Name
                Причина: invalid_geo
                TX: qwe456rty789
                """
            ])
        #expect(
            PostbackMessage.parts(postback, language: "uk") == [
                """
                ⛔️ Відмова
                Кампанія: Campaign Name
                Причина: invalid_geo
                TX: qwe456rty789
                """
            ])
    }

    @Test func `what nobody taught us is announced as itself`() {
        var postback = Self.postback(.other("quali<fied>"))
        postback.offerName = "A & B"
        postback.revenue = Amount(canonical: "1234.5")
        #expect(
            PostbackMessage.parts(postback, language: "ru") == [
                """
                🔔 quali&lt;fied&gt;
                Кампания: Campaign Name
                Оффер: A &amp; B
                Доход: 1\u{A0}234,50
                """
            ])
        postback.status = PostbackReading.statusless
        #expect(PostbackMessage.html(postback, language: "en").hasPrefix("🔔 No status\n"))
    }

    @Test func `unknown fields are absent, and so is half a line`() {
        var postback = Self.postback(.deposit)
        #expect(PostbackMessage.html(postback, language: "ru") == "💰 Депозит\nКампания: Campaign Name")
        postback.country = "KZ"
        #expect(PostbackMessage.html(postback, language: "ru") == "💰 Депозит\nКампания: Campaign Name\nGEO: KZ")
        postback.campaignName = ""
        postback.campaignID = "4127"
        postback.currency = "USD"
        #expect(PostbackMessage.html(postback, language: "ru") == "💰 Депозит\nКампания: #4127\nGEO: KZ")
        #expect(PostbackMessage.html(Postback(), language: "ru") == "🔔 ")
    }

    @Test(
        arguments: [
            ("100", "100", "100"), ("0", "0", "0"), ("12.5", "12.50", "12,50"),
            ("1234.56", "1,234.56", "1\u{A0}234,56"),
            ("0.0042", "0.0042", "0,0042"), ("12.500", "12.50", "12,50"), ("7.00", "7", "7"),
            ("-5", "\u{2212}5", "\u{2212}5"), ("1234567", "1,234,567", "1\u{A0}234\u{A0}567"),
        ])
    func `an amount has no decimals or at least two`(text: String, english: String, russian: String) {
        #expect(Amount(canonical: text).shown(in: .en) == english)
        #expect(Amount(canonical: text).shown(in: .ru) == russian)
        #expect(Amount(canonical: text).shown(in: .uk) == russian)
    }

    @Test func `nothing that was sent becomes a tag`() {
        var postback = Self.postback(.deposit)
        postback.campaignName = "<b>x</b> & \"y\" {tid}"
        #expect(
            PostbackMessage.html(postback, language: "en")
                == "💰 Deposit\nCampaign: &lt;b&gt;x&lt;/b&gt; &amp; &quot;y&quot; {tid}")
    }

    @Test func `a profile's own text takes the usual one's place, unless it is broken or has nothing to say`() {
        let postback = Self.postback(.deposit)
        func html(_ template: String) -> String {
            PostbackMessage.html(postback, language: "en", templates: ["deposit": template, "rejected": "no"])
        }
        #expect(html("<b>{campaign_name}</b>!") == "<b>Campaign Name</b>!")
        #expect(html("{nonsense}") == "💰 Deposit\nCampaign: Campaign Name")
        #expect(html("{tid}") == "💰 Deposit")
    }

    @Test func `a test and a recovered one say so`() {
        let postback = Self.postback(.deposit)
        #expect(
            PostbackMessage.html(postback, language: "ru", note: .test)
                == "🧪 Тест: ничего не произошло\n💰 Депозит\nКампания: Campaign Name")
        #expect(
            PostbackMessage.html(postback, language: "uk", note: .recovered)
                == "💰 Депозит\nКампанія: Campaign Name\n↩️ Відновлено з журналу Keitaro")
    }

    @Test func `too long a message becomes several`() {
        var postback = Self.postback(.rejected)
        postback.reason = String(repeating: "&", count: 2_000)
        let parts = PostbackMessage.parts(postback, language: "en")
        #expect(parts.count == 3)
        #expect(parts.allSatisfy { $0.utf16.count <= 4_096 })
        #expect(parts.joined().contains("&amp;&amp;") && !parts.contains { $0.hasPrefix("amp;") })
    }
}
