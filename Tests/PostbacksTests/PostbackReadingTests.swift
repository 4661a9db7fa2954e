import Base
import Testing

@testable import Postbacks

struct PostbackReadingTests {
    private static let profile = PostbackProfile(
        id: 1, name: "p", statusMappings: ["qualified": .registration, "lead": .other("hot"), "підтверджено": .deposit])

    private static func read(_ query: String, profile: PostbackProfile = PostbackProfile(id: 1, name: "p")) -> Postback
    {
        PostbackReading.read(PostbackFields(query: query.utf8), for: profile)
    }

    @Test(
        arguments: [
            ("registration", .registration), ("reg", .registration), ("lead", .registration), ("LEAD", .registration),
            ("Registered", .registration), ("deposit", .deposit), ("dep", .deposit), ("ftd", .deposit),
            ("sale", .deposit),
            ("FirstDeposit", .deposit), ("first_deposit", .deposit), ("rejected", .rejected), ("reject", .rejected),
            ("trash", .rejected), ("cancel", .rejected), ("Cancelled", .rejected), ("rebill", .rebill),
            ("rebill+", .rebill),
        ] as [(String, PostbackStatus)])
    func `known words are known in any writing`(word: String, status: PostbackStatus) {
        let postback = Self.read("status=\(word)")
        #expect(postback.status == status)
        #expect(postback.isMapped)
    }

    @Test(
        arguments: [
            ("qualified", "qualified"), ("Hold", "hold"), ("%D0%A5%D0%BE%D0%BB%D0%B4", "холд"), ("", "unknown"),
            ("{status}", "unknown"), ("sale2", "sale2"),
        ])
    func `an unknown word stays itself`(word: String, name: String) {
        let postback = Self.read("status=\(word)")
        #expect(postback.status.name == name)
        #expect(!postback.isMapped)
    }

    @Test func `a profile's mapping counts before the usual words`() {
        #expect(Self.read("status=Qualified", profile: Self.profile).status == .registration)
        #expect(Self.read("status=lead", profile: Self.profile).status == .other("hot"))
        #expect(Self.read("status=lead", profile: Self.profile).isMapped)
        #expect(
            Self.read(
                "status=%D0%9F%D1%96%D0%B4%D1%82%D0%B2%D0%B5%D1%80%D0%B4%D0%B6%D0%B5%D0%BD%D0%BE", profile: Self.profile
            ).status == .deposit)
        #expect(Self.read("status=sale", profile: Self.profile).status == .deposit)
    }

    @Test(
        arguments: [
            ("status=rejected&reason=bad", "bad"), ("status=reject&reject_reason=bad", "bad"),
            ("status=trash&comment=bad", "bad"), ("status=rejected&original_status=bad", "bad"),
            ("status=rejected&reason={reason}&comment=&original_status=bad", "bad"),
            ("status=rejected&reason=bad&comment=other", "bad"), ("status=rejected&original_status=Rejected", ""),
            ("status=rejected", ""), ("status=sale&comment=thanks", ""), ("original_status=trash", ""),
        ])
    func `why it was rejected`(query: String, reason: String) {
        #expect(Self.read(query).reason == reason)
    }

    @Test(
        arguments: [
            ("conversion_revenue=100&currency=USD", "100", nil, "USD"), ("revenue=%2412.5", "12.5", nil, "USD"),
            ("payout=7,50+%E2%82%AC", "7.5", "7.5", "EUR"), ("revenue=10&payout=8&currency=usd", "10", "8", "USD"),
            ("revenue=%2410&currency=EUR", "10", nil, "EUR"), ("revenue=free&payout=3", "3", "3", ""),
            ("revenue=0", "0", nil, ""), ("", nil, nil, ""), ("currency={currency}&revenue=5", "5", nil, ""),
            ("currency=%E2%82%B4&revenue=5", "5", nil, "UAH"),
        ] as [(String, String?, String?, String)])
    func `money, and its currency`(query: String, revenue: String?, payout: String?, currency: String) {
        let postback = Self.read(query)
        #expect(postback.revenue?.text == revenue)
        #expect(postback.payout?.text == payout)
        #expect(postback.currency == currency)
    }

    @Test func `the seed's curl, field by field`() {
        let postback = Self.read(
            "secret=YOUR_SECRET&status=deposit&transaction_id=xyz789&click_id=c1&campaign_id=7&campaign_name=Test"
                + "&offer_name=Offer&conversion_revenue=100&payout=90&currency=USD&country=us&source=google"
                + "&creative_id=cr_123&landing_name=Landing+Page&sub_id_1=s1&sub_id_2=s2&extra=kept")
        #expect(postback.status == .deposit)
        #expect(postback.originalStatus == "deposit")
        #expect(postback.transactionID == "xyz789")
        #expect(postback.clickID == "c1")
        #expect(postback.campaignID == "7")
        #expect(postback.campaignName == "Test")
        #expect(postback.offerName == "Offer")
        #expect(postback.country == "US")
        #expect(postback.source == "google")
        #expect(postback.creativeID == "cr_123")
        #expect(postback.landingName == "Landing Page")
        #expect(postback.subID1 == "s1")
        #expect(postback.subID2 == "s2")
        #expect(postback.fields.contains { $0.name == "extra" && $0.value == "kept" })
        #expect(!postback.fields.contains { $0.name == "secret" })
    }
}
