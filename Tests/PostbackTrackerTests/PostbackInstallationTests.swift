import Base
import Keitaro
import Testing

@testable import Postbacks

@Suite struct PostbackInstallationTests {
    private let url = "https://desk.example/integrations/keitaro/postback?secret=new&click_id={subid}"
    private let other = KeitaroPostback(method: "GET", statuses: ["sale"], url: "https://ads.example/?c={subid}")

    private func plan(
        _ place: PostbackInstallation.Place, method: String = "GET", statuses: [String] = ["lead", "sale"]
    ) -> PostbackInstallation {
        PostbackInstallation(at: place, url: url, method: method, statuses: statuses) {
            $0.contains("secret=new") || $0.contains("secret=old")
        }
    }

    @Test func `is added beside all that is there`() {
        let plan = plan(.campaign([other]))
        #expect(plan.deed == .add)
        #expect(plan.postbacks.map(\.url) == [other.url, url])
        #expect(plan.lines.map(\.fate) == [.kept, .added])
        #expect(plan.lines.map(\.isOurs) == [false, true])
    }

    @Test func `is left alone where it stands already`() {
        let own = KeitaroPostback(method: "GET", statuses: ["sale", "lead"], url: url)
        let plan = plan(.campaign([own, other]))
        #expect(plan.deed == .nothing)
        #expect(plan.postbacks == [own, other])
    }

    @Test(arguments: [
        (
            KeitaroPostback(method: "GET", statuses: ["lead", "sale"], url: "https://desk.example/?secret=old"),
            "secret"
        ),
        (
            KeitaroPostback(
                method: "GET", statuses: ["sale"],
                url: "https://desk.example/integrations/keitaro/postback?secret=new&click_id={subid}"), "statuses"
        ),
        (
            KeitaroPostback(
                method: "POST", statuses: ["lead", "sale"],
                url: "https://desk.example/integrations/keitaro/postback?secret=new&click_id={subid}"), "method"
        ),
    ])
    func `is brought up to date in its place`(former: KeitaroPostback, what: String) {
        let plan = plan(.campaign([former, other]))
        #expect(plan.deed == .replace, "\(what)")
        #expect(plan.postbacks.map(\.url) == [url, other.url])
        #expect(plan.postbacks.first?.statuses == ["lead", "sale"])
        #expect(plan.lines.map(\.fate) == [.changed, .kept])
    }

    @Test func `stands there once`() {
        let own = KeitaroPostback(method: "GET", statuses: ["lead", "sale"], url: url)
        let former = KeitaroPostback(method: "GET", statuses: ["lead"], url: "https://desk.example/?secret=old")
        let plan = plan(.campaign([own, former, other]))
        #expect(plan.deed == .replace)
        #expect(plan.postbacks.map(\.url) == [url, other.url])
        #expect(plan.lines.map(\.fate) == [.kept, .removed, .kept])
    }

    @Test func `never takes a source's only place from somebody else`() {
        let plan = plan(.source(url: other.url, statuses: ["sale"]))
        #expect(plan.deed == .taken)
        #expect(plan.postbacks.map(\.url) == [other.url])
        #expect(self.plan(.source(url: "", statuses: [])).deed == .add)
        #expect(self.plan(.source(url: "https://x.example/?secret=old", statuses: ["lead"])).deed == .replace)
        #expect(self.plan(.source(url: url, statuses: ["sale", "lead"]), method: "POST").deed == .nothing)
    }

    @Test func `names another revision for every difference`() {
        let base = plan(.campaign([other]))
        #expect(plan(.campaign([other])).revision == base.revision)
        let others = [
            plan(.campaign([])), plan(.campaign([other, other])), plan(.campaign([other]), method: "POST"),
            plan(.campaign([other]), statuses: ["sale"]),
        ]
        #expect(Set(others.map(\.revision) + [base.revision]).count == 5)
    }

    @Test func `is fulfilled by what was meant and nothing else`() {
        let plan = plan(.campaign([other]))
        let own = KeitaroPostback(method: "GET", statuses: ["sale", "lead"], url: url)
        #expect(plan.isFulfilled(by: [own, other]))
        #expect(!plan.isFulfilled(by: [own]))
        #expect(!plan.isFulfilled(by: [own, other, other]))
        #expect(!plan.isFulfilled(by: [own, own]))
        #expect(!plan.isFulfilled(by: []))
    }

    @Test(arguments: [
        ("https://ads.example/s2s?cid={id}&key=s3cret&x=", "https://ads.example/s2s?cid={id}&key=…&x="),
        (
            "https://api.telegram.org/bot123:ABCdef/sendMessage?chat_id=5&text={status}",
            "https://api.telegram.org/bot…/sendMessage?chat_id=…&text={status}"
        ),
        ("https://crm.example/hook/8b1d0c77a2f94e6d", "https://crm.example/hook/8b1…"),
        ("https://user:password@x.example/a", "https://x.example/a"), ("https://x.example", "https://x.example"),
        ("https://x.example/?token-without-name-123", "https://x.example/?tok…"), ("nonsense", "…"),
    ])
    func `shows where an address leads and none of its secrets`(address: String, shown: String) {
        #expect(ShownAddress.text(address) == shown)
    }

    // MARK: Where it stands

    private func place(
        _ kind: InstalledPostbacks.Kind, _ id: Int64, since: Int64 = 0, gone: Int64? = nil, _ statuses: Set<String> = []
    ) -> InstalledPostbacks.Place {
        InstalledPostbacks.Place(
            kind: kind, id: id, name: "", statuses: statuses, since: Timestamp(seconds: since),
            goneAt: gone.map { Timestamp(seconds: $0) })
    }

    @Test func `a conversion is expected where and while the URL stands`() {
        let installed = InstalledPostbacks(
            [place(.campaign, 1, since: 100, gone: 200, ["sale"]), place(.source, 9, since: 150)],
            sourceOfCampaign: [2: 9, 3: 8])
        func tells(_ campaign: Int64, _ status: String, _ second: Int64) -> Bool {
            installed.tells(campaignID: campaign, status: status, at: Timestamp(seconds: second))
        }
        #expect(tells(1, "sale", 100) && tells(1, "sale", 199))
        #expect(!tells(1, "sale", 99) && !tells(1, "sale", 200))
        #expect(!tells(1, "lead", 150))
        #expect(tells(2, "anything", 150) && !tells(2, "anything", 149))
        #expect(!tells(3, "sale", 150) && !tells(4, "sale", 150))
    }

    @Test func `it is found by its secret in campaigns and sources`() throws {
        let campaigns = try [
            #"{"id":1,"name":"A","postbacks":[{"url":"https://d/?secret=new","statuses":["sale"]},{"url":"https://o/"}]}"#,
            #"{"id":2,"name":"B","postbacks":[{"url":"https://o/?secret=else"}]}"#, #"{"id":3,"name":"C"}"#,
        ].map { try KeitaroCampaign(JSON(parsing: $0)) }
        let sources = try [
            #"{"id":7,"name":"S","postback_url":"https://d/?secret=old","postback_statuses":["lead"]}"#,
            #"{"id":8,"name":"T","postback_url":""}"#,
        ].map { try KeitaroTrafficSource(JSON(parsing: $0)) }
        let found = InstalledPostbacks.found(campaigns: campaigns, sources: sources, now: Timestamp(seconds: 5)) {
            $0.contains("secret=new") || $0.contains("secret=old")
        }
        #expect(
            found == [
                named(place(.campaign, 1, since: 5, ["sale"]), "A"), named(place(.source, 7, since: 5, ["lead"]), "S"),
            ])
    }

    private func named(_ place: InstalledPostbacks.Place, _ name: String) -> InstalledPostbacks.Place {
        var place = place
        place.name = name
        return place
    }
}
