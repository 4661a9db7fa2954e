import Base
import Testing

@testable import Sandbox

struct KeitaroPostingTests {
    private let yesterday = Timestamp(CivilDate(daysSince1970: keitaroMoment.date.daysSince1970 - 1))
    private var today: Timestamp { Timestamp(keitaroMoment.date) }

    private func install(_ world: KeitaroWorld, statuses: [JSON] = ["lead", "sale", "rejected", "rebill"]) {
        for campaign in world.campaigns where campaign.state == .active {
            let answer = world.putCampaign(
                campaign.id,
                body: [
                    "postbacks": [
                        [
                            "method": "GET", "statuses": .array(statuses),
                            "url":
                                "http://127.0.0.1/p?id={subid}&tid={tid}&s={status}&r={conversion_revenue}&o={offer_name}",
                        ]
                    ]
                ], key: adminKey)
            #expect(answer.status == 200)
        }
    }

    private func ours(_ postings: [KeitaroPosting]) -> [KeitaroPosting] {
        postings.filter { $0.url.hasPrefix("http://127.0.0.1/") }
    }

    private func field(_ name: String, _ posting: KeitaroPosting) -> String {
        let start = "\(name)="
        return posting.url.split(separator: "?").last?.split(separator: "&").first { $0.hasPrefix(start) }
            .map { String($0.dropFirst(start.count)) } ?? ""
    }

    @Test func `a day's conversions are many, of all kinds, and always the same`() {
        let world = makeKeitaroWorld()
        let stories = world.stories(from: yesterday, until: today)
        #expect(stories.count > 6_000)
        #expect(Set(stories.map(\.clickID)).count > stories.count * 9 / 10)
        let again = makeKeitaroWorld()
        // In other pieces, and after another question.
        _ = again.stories(from: yesterday.adding(.seconds(7_000)), until: today)
        let noon = yesterday.adding(.seconds(43_200))
        #expect(again.stories(from: yesterday, until: noon) + again.stories(from: noon, until: today) == stories)
        #expect(Set(stories.map(\.status)) == ["lead", "sale", "rejected", "rebill"])
    }

    @Test func `three of a hundred are never sent, five late, one changed`() {
        let stories = makeKeitaroWorld().stories(from: yesterday, until: today)
        func percent(_ fates: KeitaroPostingFate...) -> Double {
            Double(stories.count { fates.contains($0.fate) }) * 100 / Double(stories.count)
        }
        #expect(2.5...3.5 ~= percent(.dropped))
        #expect(4.2...5.8 ~= percent(.delayed))
        #expect(0.6...1.4 ~= percent(.otherAmount, .otherClick))
    }

    @Test func `what is sent follows from what happened and its fate`() {
        let world = makeKeitaroWorld()
        install(world)
        let postings = Dictionary(
            grouping: ours(world.postings(from: yesterday, until: keitaroMoment)), by: \.conversion)
        var checked = 0
        for story in world.stories(from: yesterday, until: today.adding(.seconds(-30_000))) {
            guard world.campaignsByID[story.campaignID]?.state == .active,
                story.lastChangeAt < keitaroMoment.adding(.seconds(-7 * 3600))
            else { continue }
            checked += 1
            let sent = postings[story.conversion] ?? []
            let statuses = Set(sent.map(\.status))
            switch story.fate {
            case .dropped: #expect(sent.isEmpty)
            case .none, .delayed: #expect(statuses == Set(story.statusesSoFar))
            case .otherAmount: #expect(!sent.isEmpty)
            case .otherClick: #expect(sent.allSatisfy { field("id", $0) != story.clickID })
            }
            if story.fate == .delayed, let last = sent.last(where: { $0.status == story.status }) {
                #expect(last.at.since(story.lastChangeAt) > .seconds(6 * 3600))
            }
            #expect(sent.allSatisfy { field("o", $0) == "{offer_name}" })
        }
        #expect(checked > 2_000)
    }

    @Test func `some are sent twice, all of them only for the statuses asked for`() {
        let world = makeKeitaroWorld()
        install(world, statuses: ["sale"])
        let postings = ours(world.postings(from: yesterday, until: today))
        #expect(Set(postings.map(\.status)) == ["sale"])
        let pairs = Dictionary(grouping: postings, by: \.url).values.map(\.count)
        #expect(pairs.contains(2))
        #expect(pairs.count { $0 == 2 } < pairs.count / 10)
    }

    @Test func `a campaign that nobody gave an address posts nowhere on this machine`() {
        let postings = makeKeitaroWorld().postings(from: yesterday, until: today)
        #expect(postings.allSatisfy { $0.url.hasPrefix("https://") })
        #expect(!postings.isEmpty)
    }

    @Test(arguments: [
        ("a={subid}&b={tid}", "a=c%201&b="), ("{_subid}", "c 1"), ("{unknown}{", "{unknown}{"),
        ("{status:sale=dep}", "dep"),
        ("{status:lead=reg}", "sale"), ("{date:U}", "1795264320"), ("{date:Y}", "2026-11-21%2012%3A32%3A00"), ("", ""),
        ("{}", "{}"),
    ])
    func `fills macros in`(template: String, expected: String) {
        let values = KeitaroMacros.Values(
            byName: ["subid": "c 1", "tid": "", "status": "sale"], clickedAt: keitaroMoment)
        #expect(KeitaroMacros.fill(template, with: values) == expected)
    }

    @Test func `the list replaces the postbacks, numbers of known ones stay`() throws {
        let world = makeKeitaroWorld()
        let campaign = try #require(
            world.listCampaigns(key: adminKey).list.first { ($0["postbacks"]?.arrayValue ?? []).count == 2 })
        let first = try #require(campaign["postbacks"]?[0])
        let answer = world.putCampaign(
            campaign.id, body: ["postbacks": [first, ["url": "https://x.example/", "statuses": ["sale"]]]],
            key: adminKey)
        let after = try #require(answer.json?["postbacks"]?.arrayValue)
        #expect(after.count == 2)
        #expect(after.first == first)
        #expect(after.last?["id"]?.intValue ?? 0 > 5_000_000)
        let again = makeKeitaroWorld()
        try again.restore(changedStreams: world.changedStreams)
        #expect(again.campaign(campaign.id, key: adminKey).json?["postbacks"] == .array(after))
        #expect(world.putCampaign(campaign.id, body: ["postbacks": [["url": "ftp://x"]]], key: adminKey).status == 422)
        #expect(world.putCampaign(campaign.id, body: ["postbacks": 1], key: adminKey).status == 400)
        #expect(world.putTrafficSource(1, body: [:], key: buyerKey).status == 403)
        #expect(world.trafficSource(99, key: adminKey).status == 404)
    }

    @Test(arguments: [
        (KeitaroDialect.dimensions, ["event_id", "datetime", "sub_id"], 200), (.dimensions, ["conversion_id"], 400),
        (.dimensions, ["payout"], 400), (.grouping, ["event_id", "sub_id"], 200),
    ])
    func `a newer log refuses columns it does not know, an older one leaves them out`(
        dialect: KeitaroDialect, columns: [String], status: Int
    ) {
        let world = makeKeitaroWorld(dialect: dialect)
        let answer = world.conversionLog(
            ["range": ["interval": "yesterday"], "columns": .array(columns.map { .string($0) }), "limit": 1],
            key: adminKey)
        #expect(answer.status == status)
        if status == 200 {
            #expect(answer.rows.first?["event_id"] != nil || dialect == .grouping)
            #expect(answer.rows.first?["sub_id"] != nil)
        }
    }

    @Test func `the log is shorter for a restricted key, and refuses order in the newer dialect`() {
        let world = makeKeitaroWorld()
        let question: JSON = [
            "range": ["interval": "yesterday"], "columns": ["sub_id", "campaign_id"], "limit": 100_000,
        ]
        let all = world.conversionLog(question, key: adminKey)
        let some = world.conversionLog(question, key: buyerKey)
        #expect(some.rows.count < all.rows.count && !some.rows.isEmpty)
        #expect(all.json?["total"]?.intValue == Int64(all.rows.count))
        var ordered = question
        ordered["order"] = [["datetime", "DESC"]]
        #expect(world.conversionLog(ordered, key: adminKey).status == 400)
    }
}
