import Base
import Keitaro
import Postgres
import Sandbox
import TestDesk
import Testing

@testable import Postbacks

@Suite struct ReconciliationRunTests {
    /// What differs, as it is stored: kind, click, transaction.
    private struct Named: Hashable, CustomStringConvertible {
        let kind: ConversionDifference.Kind
        let click: String
        let transaction: String

        var description: String { "\(kind.rawValue) \(click) \(transaction)" }
    }

    /// What differs by the tracker's own account of what it sent and did not send.
    private func expected(_ scene: TrackerScene, _ postings: [KeitaroPosting], campaigns: Set<Int64>) -> Set<Named> {
        let start = Timestamp(CivilDate(daysSince1970: scene.now.date.daysSince1970 - 2))
        let sent = Dictionary(grouping: postings, by: \.conversion)
        let young = scene.now.adding(.seconds(-900))
        var named: Set<Named> = []
        let stories = scene.keitaro.world.stories(from: start, until: scene.now)
        for story in stories where campaigns.contains(story.campaignID) {
            let arrived = sent[story.conversion] ?? []
            func name(_ kind: ConversionDifference.Kind, _ click: String) {
                named.insert(Named(kind: kind, click: click, transaction: story.transactionID))
            }
            if story.fate == .otherClick, let last = arrived.last {
                if story.at < young { name(.neverArrived, story.clickID) }
                named.insert(
                    Named(
                        kind: .unknownClick, click: story.sentClickID,
                        transaction: last.url.split(separator: "&").first { $0.hasPrefix("transaction_id=") }
                            .map { String($0.dropFirst(15)) } ?? ""))
            } else if let last = arrived.last {
                if last.status != story.status {
                    if story.at < young { name(.statusLag, story.clickID) }
                } else if story.fate == .otherAmount, story.status != "rejected" {
                    name(.amount, story.clickID)
                }
            } else if story.at < young {
                name(.neverArrived, story.clickID)
            }
        }
        return named
    }

    private func stored(_ scene: TrackerScene, _ condition: SQL = "true") async throws -> Set<Named> {
        let rows = try await scene.database.query(
            "SELECT kind, click_id, transaction_id FROM keitaro_differences WHERE \(condition)")
        return Set(
            try rows.map { row in
                let kind: String = try row.get("kind")
                return Named(
                    kind: try #require(ConversionDifference.Kind(rawValue: kind)), click: try row.get("click_id"),
                    transaction: try row.get("transaction_id"))
            })
    }

    /// Of today: an afternoon, and both sides of midnight.
    private static let moments = [52_360, 400, 86_390].map { second in
        Timestamp(seconds: Timestamp.now().seconds / 86_400 * 86_400 + second)
    }

    /// At each moment by the log of the newer columns, and once by the older.
    private static let readings = moments.map { (now: $0, dialect: "dimensions") } + [(moments[0], "grouping")]

    @Test(.timeLimit(.minutes(10)), arguments: readings)
    func `names exactly what the tracker dropped, delayed and changed, and fills in what is missing`(
        now: Timestamp, dialect: String
    ) async throws {
        try await withScene(at: now) { scene in
            try await scene.keitaro.set(["dialect": .string(dialect)])
            try await scene.install(intoCampaigns: 40)
            let places = try await InstallationStore(database: scene.database, vault: scene.vault)
                .places(ofProfile: scene.profileID)
            let campaigns = Set(places.map(\.id))
            let start = Timestamp(CivilDate(daysSince1970: scene.now.date.daysSince1970 - 3))
            let postings = scene.postings(from: start, until: scene.now)
            try await scene.receive(postings)
            try await scene.run.run(profile: scene.profileID)

            let expected = expected(scene, postings, campaigns: campaigns)
            let found = try await stored(scene)
            #expect(found.subtracting(expected).map(\.description).sorted() == [])
            #expect(expected.subtracting(found).map(\.description).sorted() == [])
            for kind in ConversionDifference.Kind.allCases { #expect(expected.contains { $0.kind == kind }, "\(kind)") }

            // What is missing for more than an hour is there now, marked, at the tracker's time.
            let open = try await scene.count(
                """
                SELECT count(*) FROM keitaro_differences WHERE kind = 'never_arrived' AND recovered_at IS NULL
                    AND (theirs->>'at')::timestamptz < \(scene.now.adding(.seconds(-3600)))
                """)
            #expect(open == 0)
            let recovered = try await scene.count("SELECT count(*) FROM postback_events WHERE origin = 'recovered'")
            #expect(recovered > 20)
            let atTheirTime = try await scene.count(
                """
                SELECT count(*) FROM keitaro_differences d JOIN postback_events e ON e.id = d.event_id
                JOIN conversions c ON c.id = e.conversion_id
                WHERE e.origin = 'recovered' AND e.outcome = 'accepted' AND c.converted_at = (d.theirs->>'at')::timestamptz
                """)
            #expect(atTheirTime == recovered)

            // A warning for each day that has enough to tell, once.
            let gapDays = try await scene.count("SELECT count(*) FROM keitaro_reconciliations WHERE passed > 0")
            #expect(gapDays >= 2)
            #expect(try await scene.count("SELECT count(*) FROM keitaro_reconciliations WHERE warned <> passed") == 0)
            let warnings = try await scene.database.query(
                "SELECT payload->>'text' AS text FROM telegram_messages WHERE kind = 'written'"
            ).map { try $0.get("text", String.self) }
            #expect(warnings.count == gapDays)
            #expect(
                warnings.allSatisfy {
                    ($0.hasPrefix("⚠️ <b>Main &lt;1&gt;</b>\n") || $0.hasPrefix("🚨 <b>Main &lt;1&gt;</b>\n"))
                        && $0.hasSuffix("https://desk.example/postbacks/reconciliation/?profile=\(scene.profileID)")
                })

            // Again: nothing is filled in twice or said twice, and the gap stays what it was.
            let gaps = try await days(scene)
            try await scene.run.run(profile: scene.profileID)
            #expect(
                try await scene.count("SELECT count(*) FROM postback_events WHERE origin = 'recovered'") == recovered)
            #expect(try await scene.count("SELECT count(*) FROM telegram_messages WHERE kind = 'written'") == gapDays)
            let settled = try await stored(
                scene, "kind = 'never_arrived' AND recovered_at IS NOT NULL AND settled_at IS NULL")
            #expect(settled.isEmpty)
            #expect(try await days(scene) == gaps)
        }
    }

    private func days(_ scene: TrackerScene) async throws -> [String] {
        try await ReconciliationStore(database: scene.database).days(for: .everything, profileID: nil).map { day in
            "\(day.day) \(day.theirs) \(day.matching) \(day.recovered) \(day.gapPercent.map { Int($0 * 10) } ?? -1)"
        }
    }

    @Test(.timeLimit(.minutes(10)))
    func `a run that dies between filling in and saying so is made whole by the next`() async throws {
        try await withScene { scene in
            try await scene.install(intoCampaigns: 3)
            // Paused: nothing is filled in yet.
            try await scene.database.execute("UPDATE keitaro_profiles SET enabled = false")
            try await scene.run.run(profile: scene.profileID)
            let store = ReconciliationStore(database: scene.database)
            let missing = try await store.missing(profileID: scene.profileID, at: scene.now)
            let first = try #require(missing.first)
            // It died before the postback was added…
            let claimed = TimeOrderedID.make(at: scene.now)
            #expect(try await store.claim(first.id, eventID: claimed) == claimed)
            #expect(try await store.claim(first.id, eventID: TimeOrderedID.make()) == claimed)
            try await scene.database.execute("UPDATE keitaro_profiles SET enabled = true")
            try await scene.run.run(profile: scene.profileID)
            #expect(
                try await scene.count("SELECT count(*) FROM postback_events WHERE id = \(claimed)::text::uuid") == 1)
            let recovered: SQL = "SELECT count(*) FROM keitaro_differences WHERE recovered_at IS NOT NULL"
            let events: SQL = "SELECT count(*) FROM postback_events WHERE origin = 'recovered'"
            #expect(try await scene.count(recovered) == missing.count)
            #expect(try await scene.count(events) == missing.count)
            try await scene.run.run(profile: scene.profileID)
            let whole = try await days(scene)
            // …and after it.
            try await scene.database.execute(
                "UPDATE keitaro_differences SET recovered_at = NULL, settled_at = NULL WHERE recovered_at IS NOT NULL")
            try await scene.run.run(profile: scene.profileID)
            #expect(try await scene.count(recovered) == missing.count)
            #expect(try await scene.count(events) == missing.count)
            #expect(try await days(scene) == whole)
        }
    }

    @Test(arguments: TrackerScene.hearings)
    func `whoever can hear of a gap is told, and otherwise the page says that nobody was`(
        hearing: TrackerScene.Hearing
    ) async throws {
        try await withScene { scene in
            for setting in hearing.settings { try await scene.database.execute(setting) }
            try await scene.install(intoCampaigns: 3)
            try await scene.run.run(profile: scene.profileID)
            #expect(Set(try await scene.alarmed()) == Set(hearing.told))
            let store = ReconciliationStore(database: scene.database)
            let unheard = try await store.days(for: .everything, profileID: nil).map(\.unheard)
            #expect(unheard.contains(5) == hearing.told.isEmpty && unheard.count == 3)
            guard hearing.told.isEmpty else { return }
            try await scene.database.execute("UPDATE keitaro_profiles SET chat_id = 400")
            try await scene.run.run(profile: scene.profileID)
            #expect(Set(try await scene.alarmed()) == ["400"])
            #expect(try await store.days(for: .everything, profileID: nil).allSatisfy { $0.unheard == 0 })
        }
    }

    @Test func `a gap of days with a pause alarms nobody`() async throws {
        try await withScene { scene in
            try await scene.install(intoCampaigns: 3)
            for setting: SQL in ["enabled = false", "enabled = true, resumed_at = \(scene.now)"] {
                try await scene.database.execute("UPDATE keitaro_profiles SET \(setting)")
                try await scene.run.run(profile: scene.profileID)
                #expect(try await scene.alarmed() == [])
                #expect(try await scene.count("SELECT count(*) FROM keitaro_differences") > 0)
            }
        }
    }

    @Test func `a rebill that was added to its deposit is the rebill of the log`() async throws {
        try await withScene { scene in
            let profile = try #require(scene.intake.book.profile(scene.profileID))
            for (query, at) in [
                ("status=sale&subid=c&tid=t&revenue=70", 0), ("status=rebill&subid=c&tid=t&revenue=9", 60),
            ] {
                let postback = PostbackReading.read(PostbackFields(query: query.utf8), for: profile)
                try await scene.intake.add(
                    PostbackRow(postback, of: profile, origin: .keitaro, at: scene.now.adding(.seconds(at))))
            }
            let known = try await ReconciliationStore(database: scene.database).known(
                profileID: scene.profileID, clicks: ["c"], in: scene.now..<scene.now.adding(.seconds(10)))
            #expect(known.map(\.conversion.status) == [.rebill])
            #expect(known.map(\.conversion.revenue.text) == ["79"])
        }
    }

    /// A late status as it was found: Keitaro's row beside what came here.
    struct Lag: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var policies = "{}"
        let postbacks: [String]
        /// Keitaro's status and revenue.
        let theirs: (status: String, revenue: String)
        /// `status | revenue`, and whether it counts as filled in.
        let after: [String]
        let isRecovered: Bool
    }

    static let lags = [
        Lag(
            testDescription: "a sale that was rejected since", postbacks: ["status=sale&revenue=50"],
            theirs: ("rejected", "50"), after: ["rejected|50"], isRecovered: true),
        Lag(
            testDescription: "a lead that was sold since", postbacks: ["status=lead&revenue=5"], theirs: ("sale", "50"),
            after: ["deposit|50"], isRecovered: true),
        Lag(
            testDescription: "a rebill, of which Keitaro has the whole amount", postbacks: ["status=sale&revenue=70"],
            theirs: ("rebill", "79"), after: ["deposit|79"], isRecovered: true),
        Lag(
            testDescription: "a rebill of a lead", postbacks: ["status=lead&revenue=5"], theirs: ("rebill", "14"),
            after: ["rebill|14"], isRecovered: true),
        Lag(
            testDescription: "a policy that would make a further conversion of it", policies: #"{"rebill": "new"}"#,
            postbacks: ["status=sale&revenue=70"], theirs: ("rebill", "79"), after: ["deposit|70"], isRecovered: false),
        Lag(
            testDescription: "a lead again, which never takes a sale back", postbacks: ["status=sale&revenue=50"],
            theirs: ("lead", "5"), after: ["deposit|50"], isRecovered: false),
    ]

    @Test(arguments: lags) func `a late status is filled in, or is said to be open still`(lag: Lag) async throws {
        try await withScene { scene in
            try await scene.database.execute("UPDATE keitaro_profiles SET policies = \(lag.policies)::jsonb")
            _ = await scene.intake.book.read()
            let profile = try #require(scene.intake.book.profile(scene.profileID))
            let twoDaysAgo = scene.now.adding(.seconds(-2 * 86_400))
            for query in lag.postbacks {
                let postback = PostbackReading.read(
                    PostbackFields(query: "subid=c&tid=t&\(query)".utf8), for: profile)
                try await scene.intake.add(
                    PostbackRow(postback, of: profile, origin: .keitaro, at: twoDaysAgo.adding(.seconds(2))))
            }
            let ours = try await scene.database.one("SELECT status, revenue::text AS revenue FROM conversions")
            let (status, revenue): (String, String) = (try ours.get("status"), try ours.get("revenue"))
            let known = RecoveredPostback.json(
                KnownConversion(
                    clickID: "c", transactionID: "t", status: PostbackStatus(name: status),
                    revenue: Amount(canonical: revenue), at: twoDaysAgo))
            let theirs: JSON = [
                "at": .string(twoDaysAgo.iso8601), "status": .string(lag.theirs.status),
                "revenue": .string(lag.theirs.revenue),
            ]
            try await scene.database.execute(
                """
                INSERT INTO keitaro_differences (profile_id, day, kind, click_id, transaction_id, theirs, ours, found_at)
                VALUES (\(scene.profileID), \(ReconciliationStore.text(twoDaysAgo.date))::date, 'status_lag', 'c', 't',
                    \(theirs), \(known), \(scene.now.adding(.seconds(-90_000))))
                """)
            try await scene.run.fillIn(profile)
            let after = try await scene.database.query("SELECT status || '|' || revenue::text AS text FROM conversions")
                .map { try $0.get("text", String.self) }
            #expect(after == lag.after)
            let recovered = try await scene.count(
                "SELECT count(*) FROM keitaro_differences WHERE recovered_at IS NOT NULL")
            #expect(recovered == (lag.isRecovered ? 1 : 0))
            #expect(
                try await scene.count(
                    "SELECT count(*) FROM telegram_messages WHERE event_id IN (SELECT id FROM postback_events WHERE origin = 'recovered')"
                ) == 0)
        }
    }

    @Test func `two conversions of one click and transaction are one difference`() async throws {
        try await withScene { scene in
            try await scene.install(intoCampaigns: 3)
            try await scene.database.execute(
                #"UPDATE keitaro_profiles SET policies = '{"deposit": "new"}', dedup_ttl_sec = 0"#)
            _ = await scene.intake.book.read()
            let profile = try #require(scene.intake.book.profile(scene.profileID))
            for seconds: Int64 in [7_200, 7_100] {
                let postback = PostbackReading.read(
                    PostbackFields(query: "status=sale&subid=nobodys&tid=t&revenue=5".utf8), for: profile)
                try await scene.intake.add(
                    PostbackRow(postback, of: profile, origin: .keitaro, at: scene.now.adding(.seconds(-seconds))))
            }
            #expect(try await scene.count("SELECT count(*) FROM conversions WHERE click_id = 'nobodys'") == 2)
            try await scene.run.run(profile: scene.profileID)
            let found = try await scene.count(
                "SELECT count(*) FROM keitaro_differences WHERE kind = 'unknown_click' AND click_id = 'nobodys'")
            #expect(found == 1)
        }
    }

    @Test func `nothing was expected of a status before it was installed, nor of a campaign while the URL was gone`()
        async throws
    {
        try await withScene { scene in
            let store = InstallationStore(database: scene.database, vault: scene.vault)
            func place(_ statuses: Set<String>, _ since: Timestamp) -> InstalledPostbacks.Place {
                InstalledPostbacks.Place(kind: .campaign, id: 7, name: "A", statuses: statuses, since: since)
            }
            func since() async throws -> Timestamp {
                try #require(try await store.places(ofProfile: scene.profileID).first).since
            }
            let monthAgo = scene.now.adding(.seconds(-30 * 86_400))
            try await store.note([place(["sale"], monthAgo)], ofProfile: scene.profileID, isComplete: true)
            try await store.note([place(["sale"], scene.now)], ofProfile: scene.profileID, isComplete: true)
            #expect(try await since() == monthAgo)
            try await store.note([place(["sale", "lead"], scene.now)], ofProfile: scene.profileID, isComplete: true)
            #expect(try await since() == scene.now)
            let later = scene.now.adding(.seconds(60))
            try await store.note([place(["sale"], later)], ofProfile: scene.profileID, isComplete: true)
            #expect(try await since() == scene.now)
            // All statuses, and then a part of them.
            try await store.note([place([], later)], ofProfile: scene.profileID, isComplete: true)
            #expect(try await since() == later)
            try await store.note([place(["sale"], scene.now)], ofProfile: scene.profileID, isComplete: true)
            #expect(try await since() == later)
            // Away, and there again: not before it was away, whatever came before.
            let profile = try #require(scene.intake.book.profile(scene.profileID))
            let postback = PostbackReading.read(
                PostbackFields(query: "status=sale&subid=c&campaign_id=7".utf8), for: profile)
            try await scene.intake.add(
                PostbackRow(postback, of: profile, origin: .keitaro, at: Timestamp.now().adding(.seconds(-86_400))))
            try await store.note([], ofProfile: scene.profileID, isComplete: true)
            let gone = try #require(try await store.places(ofProfile: scene.profileID).first?.goneAt)
            try await store.note([place(["sale"], .now())], ofProfile: scene.profileID, isComplete: true)
            #expect(try await since() >= gone)
        }
    }

    @Test func `expects nothing of campaigns that do not post here, nor before they did`() async throws {
        try await withScene { scene in
            try await scene.run.run(profile: scene.profileID)
            #expect(try await scene.count("SELECT count(*) FROM keitaro_differences") == 0)
            #expect(try await scene.count("SELECT coalesce(sum(theirs), 0)::int FROM keitaro_reconciliations") == 0)
            // Found for the first time: what was before is nobody's loss.
            let campaign = try #require(try await scene.client.campaigns(scene.key).first { $0.state == .active })
            _ = try await scene.client.putPostbacks(
                ofCampaign: campaign.id,
                [KeitaroPostback(method: "GET", statuses: ["sale"], url: scene.url)], scene.key)
            try await scene.run.run(profile: scene.profileID)
            #expect(try await scene.count("SELECT count(*) FROM keitaro_installations WHERE gone_at IS NULL") == 1)
            #expect(try await scene.count("SELECT count(*) FROM keitaro_differences") == 0)
            _ = try await scene.client.putPostbacks(ofCampaign: campaign.id, [], scene.key)
            try await scene.run.run(profile: scene.profileID)
            #expect(try await scene.count("SELECT count(*) FROM keitaro_installations WHERE gone_at IS NULL") == 0)
        }
    }

    @Test(arguments: [
        ("firewall", #"{"kind":"cloudflare","times":99}"#), ("error 500", #"{"kind":"status","times":99}"#),
    ])
    func `says why it could not read the log, and keeps the counts`(said: String, fault: String) async throws {
        try await withScene { scene in
            try await scene.install(intoCampaigns: 2)
            try await scene.run.run(profile: scene.profileID)
            let before = try await days(scene)
            try await scene.keitaro.fail(JSON(parsing: fault))
            await #expect(throws: KeitaroFailure.self) { try await scene.run.run(profile: scene.profileID) }
            let error: String? = try await scene.database.one(
                "SELECT error FROM keitaro_reconciliations WHERE error IS NOT NULL"
            ).get("error")
            #expect(error?.lowercased().contains(said == "firewall" ? "cloudflare" : said) == true)
            #expect(try await days(scene) == before)
        }
    }

    @Test func `a profile without a key, or of a key that is gone, is not compared`() async throws {
        try await withScene { scene in
            try await scene.database.execute("UPDATE keitaro_profiles SET key_id = NULL")
            try await scene.run.run(profile: scene.profileID)
            #expect(try await scene.count("SELECT count(*) FROM keitaro_reconciliations") == 0)
            try await scene.run.run(profile: 999)
        }
    }

    @Test func `what was found long ago goes, with the days it belongs to`() async throws {
        try await withScene { scene in
            for age in [0, 50] {
                let at = Timestamp.now().adding(.seconds(-Int64(age) * 86_400))
                let day = ReconciliationStore.text(at.date)
                try await scene.database.execute(
                    """
                    INSERT INTO keitaro_differences (profile_id, day, kind, click_id, theirs, found_at)
                    VALUES (\(scene.profileID), \(day)::date, 'amount', 'c', '{}', \(at))
                    """)
                try await scene.database.execute(
                    """
                    INSERT INTO keitaro_reconciliations (profile_id, day, theirs, ours, matching, checked_at)
                    VALUES (\(scene.profileID), \(day)::date, 1, 1, 1, \(at))
                    """)
            }
            let store = ReconciliationStore(database: scene.database)
            let removed = [try await store.remove(olderThan: 40), try await store.remove(olderThan: 40)]
            #expect(removed == [2, 0])
        }
    }
}
