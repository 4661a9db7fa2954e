import Base
import Testing

@testable import Sandbox

struct KeitaroReportTests {
    private static let counts = [
        "clicks", "campaign_unique_clicks", "conversions", "leads", "sales", "rejected", "cost", "revenue",
        "sale_revenue", "lead_revenue",
    ]

    private func query(
        _ dimensions: [String], _ measures: [String] = counts, from: String = "2026-11-15", to: String = "2026-11-21",
        zone: String = "Europe/Kyiv", filters: JSON = [], sort: JSON = []
    ) -> JSON {
        [
            "range": ["from": .string(from), "to": .string(to), "timezone": .string(zone)],
            "dimensions": .array(dimensions.map { .string($0) }), "measures": .array(measures.map { .string($0) }),
            "filters": filters, "sort": sort,
        ]
    }

    private func sums(_ rows: [JSON], _ names: [String] = counts) -> [Int64] {
        // In 1/10,000, so that equal means equal.
        names.map { name in rows.reduce(0) { $0 + Int64((($1[name]?.lenientDouble ?? 0) * 10_000).rounded()) } }
    }

    @Test func `every grouping adds up to the same`() {
        let world = makeKeitaroWorld()
        let expected = sums(world.report(query([], from: "2026-11-20"), key: adminKey).rows)
        for grouping in [
            ["campaign_id"], ["campaign_id", "stream_id"], ["stream_id"], ["day"], ["hour"], ["day", "hour"], ["month"],
            ["campaign_group"], ["ts_id"], ["country_code"], ["campaign", "day"],
        ] {
            #expect(
                sums(world.report(query(grouping, from: "2026-11-20"), key: adminKey).rows) == expected, "\(grouping)")
        }
        let offers = sums(world.report(query(["offer_id"], from: "2026-11-20"), key: adminKey).rows)
        #expect(
            sums(world.report(query(["stream_id", "offer_id", "day"], from: "2026-11-20"), key: adminKey).rows)
                == offers)
        #expect(offers[0] < expected[0] && offers[2] == expected[2])
    }

    @Test(arguments: ["Europe/Kyiv", "Asia/Kathmandu", "America/Los_Angeles"])
    func `parts of a range add up to the range`(zone: String) {
        let world = makeKeitaroWorld()
        let whole = sums(world.report(query([], from: "2026-11-18", zone: zone), key: adminKey).rows)
        let cuts = [
            ("2026-11-18", "2026-11-19 09:29:59"), ("2026-11-19 09:30:00", "2026-11-20"), ("2026-11-21", "2026-11-21"),
        ]
        let parts = cuts.map { sums(world.report(query([], from: $0.0, to: $0.1, zone: zone), key: adminKey).rows) }
        #expect(whole.indices.map { index in parts.reduce(0) { $0 + $1[index] } } == whole)
        #expect(
            sums(world.report(query(["day", "hour"], from: "2026-11-18", zone: zone), key: adminKey).rows) == whole)
    }

    @Test func `numbers look like a team's week`() throws {
        let row = try #require(
            makeKeitaroWorld().report(query([], KeitaroMetric.allCases.map(\.rawValue)), key: adminKey).rows.first)
        let value = { (name: String) in row[name]?.doubleValue ?? 0 }
        #expect(500_000...4_000_000 ~= value("clicks"))
        #expect(1...6 ~= value("cr"))
        #expect(0.08...0.5 ~= value("epc"))
        #expect(0...60 ~= value("roi"))
        #expect(value("sales") > max(value("leads"), value("rejected")) && min(value("leads"), value("rejected")) > 0)
        #expect(value("campaign_unique_clicks") < value("clicks"))
        #expect(abs(value("revenue") - value("sale_revenue") - value("lead_revenue")) < 0.001)
        #expect(abs(value("profit") - value("revenue") + value("cost")) < 0.001)
    }

    @Test func `offers of one stream differ and some are too young to tell`() {
        let rows = makeKeitaroWorld().report(query(["stream_id", "offer_id"]), key: adminKey).rows
        let clicks = rows.compactMap { $0["clicks"]?.intValue }
        #expect(clicks.count { $0 < 300 } > 100)
        #expect(clicks.count { $0 > 1_000 } > 100)
        let earnings = rows.filter { $0["clicks"]?.intValue ?? 0 > 1_000 }.map {
            ($0["revenue"]?.doubleValue ?? 0) / Double($0["clicks"]?.intValue ?? 1)
        }.sorted()
        #expect(earnings[earnings.count / 10] * 2 < earnings[earnings.count * 9 / 10])
    }

    @Test func `no window has more conversions than clicks`() {
        for row in makeKeitaroWorld().report(
            query(["stream_id", "offer_id", "day", "hour"], from: "2026-11-21"), key: adminKey
        )
        .rows {
            let value = { (name: String) in row[name]?.intValue ?? -1 }
            #expect(value("clicks") > 0 && value("clicks") >= value("conversions"))
            #expect(value("clicks") >= value("campaign_unique_clicks"))
            #expect(value("leads") >= 0 && value("sales") >= 0 && value("rejected") >= 0)
        }
    }

    @Test func `people sleep at night and the future is empty`() {
        let world = makeKeitaroWorld()
        let filter: JSON = [["name": "country_code", "operator": "EQUALS", "expression": "UA"]]
        let rows = world.report(query(["hour"], from: "2026-11-14", to: "2026-11-20", filters: filter), key: adminKey)
            .rows
        let clicks = Dictionary(
            uniqueKeysWithValues: rows.map { ($0["hour"]?.stringValue ?? "", $0["clicks"]?.intValue ?? 0) })
        #expect(clicks.count == 24)
        #expect((clicks["04"] ?? 0) * 3 < clicks["20"] ?? 0)
        #expect(world.report(query(["day"], from: "2026-11-22", to: "2026-11-30"), key: adminKey).rows.isEmpty)
        let today = world.report(query(["hour"], from: "2026-11-21"), key: adminKey).rows
        #expect(today.compactMap { $0["hour"]?.stringValue }.max() == "14")
    }

    @Test func `traffic follows shares from the moment they change and the past stays`() throws {
        let world = makeKeitaroWorld()
        let stream = try #require(
            world.streams.first { stream in
                stream.state == "active" && stream.offers.count == 2
                    && stream.offers.allSatisfy { $0.isActive && $0.share > 0 }
                    && stream.offers.allSatisfy { $0.createdAt < keitaroMoment.adding(.seconds(-20 * 86_400)) }
                    && world.campaignsByID[stream.campaignID].map { $0.state == .active && $0.clicksPerDay > 1_000 }
                        ?? false
            })
        let ids = stream.offers.map(\.offerID)
        let filter: JSON = [["name": "stream_id", "operator": "EQUALS", "expression": .integer(stream.id)]]
        func clicks(_ from: String, _ to: String) -> [Int64] {
            let rows = world.report(query(["offer_id"], from: from, to: to, filters: filter), key: adminKey).rows
            return ids.map { id in rows.first { $0["offer_id"]?.intValue == id }?["clicks"]?.intValue ?? 0 }
        }
        let before = clicks("2026-11-15", "2026-11-20")
        let offers: JSON = [["offer_id": .integer(ids[0]), "share": 90], ["offer_id": .integer(ids[1]), "share": 10]]
        #expect(world.putStream(stream.id, body: ["offers": offers], key: adminKey).status == 200)
        world.now = { keitaroMoment.adding(.seconds(9 * 86_400)) }
        #expect(clicks("2026-11-15", "2026-11-20") == before)
        let after = clicks("2026-11-22", "2026-11-29")
        #expect(after[0] > after[1] * 6 && after[1] > 0)
        _ = world.putStream(stream.id, body: ["offers": [["offer_id": .integer(ids[1]), "share": 100]]], key: adminKey)
        world.now = { keitaroMoment.adding(.seconds(12 * 86_400)) }
        #expect(clicks("2026-12-01", "2026-12-02")[0] == 0)
        #expect(clicks("2026-11-22", "2026-11-29") == after)
    }

    @Test func `each dialect refuses the other's names`() {
        let world = makeKeitaroWorld()
        let modern = query(["campaign_id"], ["clicks"])
        var old = modern
        old["grouping"] = modern["dimensions"]
        old["metrics"] = modern["measures"]
        let mixed = old
        old["dimensions"] = nil
        old["measures"] = nil
        let answer = world.report(modern, key: adminKey)
        #expect(answer.status == 200)
        #expect(world.report(old, key: adminKey).status == 400)
        #expect(world.report(mixed, key: adminKey).json?["error"]?.stringValue != nil)
        world.dialect = .grouping
        #expect(world.report(old, key: adminKey) == answer)
        #expect(world.report(modern, key: adminKey).status == 400)
    }

    @Test func `some trackers send numbers as strings`() throws {
        let world = makeKeitaroWorld(sendsNumbersAsStrings: true)
        let row = try #require(
            world.report(query(["campaign_id"], ["clicks", "revenue", "cr"]), key: adminKey).rows.first)
        #expect(row["clicks"]?.intValue != nil)
        #expect(row["revenue"]?.stringValue != nil && row["cr"]?.stringValue != nil)
        let plain = makeKeitaroWorld().report(query(["campaign_id"], ["clicks", "revenue", "cr"]), key: adminKey).rows
            .first
        #expect(row["revenue"]?.lenientDouble == plain?["revenue"]?.doubleValue)
    }

    @Test func `filters, order and pages work together`() throws {
        let world = makeKeitaroWorld()
        let all = world.report(
            query(["campaign_id"], ["clicks"], sort: [["name": "clicks", "order": "DESC"]]), key: adminKey)
        let clicks = all.rows.compactMap { $0["clicks"]?.intValue }
        #expect(clicks == clicks.sorted(by: >) && clicks.last ?? 0 > 0)
        let ids = all.rows.prefix(3).compactMap { $0["campaign_id"] }
        let list: JSON = [["name": "campaign_id", "operator": "IN_LIST", "expression": .array(ids)]]
        #expect(
            Set(
                world.report(query(["campaign_id"], filters: list), key: adminKey).rows.compactMap { $0["campaign_id"] }
            )
                == Set(ids))
        var page = query(["campaign_id"], ["clicks"], sort: [["name": "campaign_id", "order": "ASC"]])
        page["limit"] = 5
        page["offset"] = 2
        let answer = world.report(page, key: adminKey)
        #expect(answer.rows.count == 5)
        #expect(answer.json?["total"]?.intValue == Int64(all.rows.count))
        let numbers = answer.rows.compactMap { $0["campaign_id"]?.intValue }
        #expect(numbers == numbers.sorted())
        let text: JSON = [["name": "campaign_id", "operator": "EQUALS", "expression": .string(numbers[0].description)]]
        #expect(world.report(query(["campaign_id"], filters: text), key: adminKey).rows.count == 1)
    }

    @Test func `a restricted key counts its own campaigns only`() {
        let world = makeKeitaroWorld()
        let own = Set(world.campaigns.filter { [1, 2, 5, 8].contains($0.groupID) }.map(\.id))
        let rows = world.report(query(["campaign_id"]), key: buyerKey).rows
        #expect(!rows.isEmpty)
        #expect(rows.allSatisfy { own.contains($0["campaign_id"]?.intValue ?? 0) })
    }

    @Test(arguments: [
        ("today", "2026-11-21", "2026-11-21"), ("yesterday", "2026-11-20", "2026-11-20"),
        ("7_days_ago", "2026-11-15", "2026-11-21"), ("first_day_of_this_week", "2026-11-16", "2026-11-21"),
        ("first_day_of_this_month", "2026-11-01", "2026-11-21"), ("1_month_ago", "2026-10-23", "2026-11-21"),
        ("first_day_of_this_year", "2026-01-01", "2026-11-21"), ("all_time", "2000-01-01", "2026-11-21"),
    ])
    func `intervals have their days`(interval: String, from: String, to: String) {
        let world = makeKeitaroWorld()
        let one: JSON = [["name": "campaign_group", "operator": "EQUALS", "expression": "Dating FR"]]
        var named = query(["campaign_id"], filters: one)
        named["range"] = ["interval": .string(interval), "timezone": "Europe/Kyiv"]
        #expect(
            world.report(named, key: adminKey)
                == world.report(query(["campaign_id"], from: from, to: to, filters: one), key: adminKey))
    }

    @Test(arguments: [
        #"[]"#, #"{"measures":["clicks"]}"#, #"{"range":{"interval":"today"}}"#,
        #"{"range":{"interval":"never"},"measures":["clicks"]}"#,
        #"{"range":{"interval":"today","timezone":"Mars/Base"},"measures":["clicks"]}"#,
        #"{"range":{"from":"2026-13-01"},"measures":["clicks"]}"#,
        #"{"range":{"from":"2026-11-01","to":"x"},"measures":["clicks"]}"#,
        #"{"range":{"interval":"today"},"measures":["klicks"]}"#,
        #"{"range":{"interval":"today"},"measures":"clicks"}"#,
        #"{"range":{"interval":"today"},"measures":["clicks"],"dimensions":["moon"]}"#,
        #"{"range":{"interval":"today"},"measures":["clicks"],"filters":[{"name":"campaign_id","operator":"NEAR"}]}"#,
        #"{"range":{"interval":"today"},"measures":["clicks"],"filters":[{"name":"moon","operator":"EQUALS"}]}"#,
        #"{"range":{"interval":"today"},"measures":["clicks"],"sort":[{"name":"cost"}]}"#,
    ])
    func `a report that makes no sense is refused`(body: String) throws {
        let answer = makeKeitaroWorld().report(try JSON(parsing: body.utf8), key: adminKey)
        #expect(answer.status == 400)
        #expect(answer.json?["error"]?.stringValue != nil)
    }

    @Test(arguments: ["-290000-01-01", "0001-01-01", "9999-12-31 23:59:59", "+292000-01-01"])
    func `dates at the ends of time do no harm`(date: String) {
        let world = makeKeitaroWorld()
        let one: JSON = [["name": "campaign_group", "operator": "EQUALS", "expression": "Dating FR"]]
        #expect(world.report(query([], from: date, to: "2026-11-21", filters: one), key: adminKey).status == 200)
        #expect(
            world.report(query(["day", "hour"], from: "2026-11-20", to: date, filters: one), key: adminKey).status
                == 200)
    }
}
