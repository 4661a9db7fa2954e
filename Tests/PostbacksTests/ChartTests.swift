import Accounts
import Base
import Postgres
import TestDesk
import Testing

/// Conversions by time, and by what they are of.
@Suite(.timeLimit(.minutes(10))) struct ChartTests {
    private static func scene(_ desk: TestDesk) async throws -> (admin: Visitor, profile: Int64) {
        let admin = try await desk.program(.admin, name: "admin")
        let profile = try await PostbackScene.profile(admin, "A")
        return (admin, profile["id"]?.intValue ?? 0)
    }

    @Test func `charts cut days in the asked zone`() async throws {
        try await withDesk { desk in
            let (admin, profile) = try await Self.scene(desk)
            try await desk.database.execute(
                """
                INSERT INTO conversion_rollups (bucket, minutes, profile_id, dimension, value, currency, status, conversions,
                    revenue_hold, revenue_confirmed)
                SELECT bucket, 15, \(profile), 'all', '', 'USD', status, 2, 0, 10.25
                FROM (VALUES (date_trunc('day', now(), 'Asia/Kathmandu') - interval '15 minutes', 'deposit'),
                    (date_trunc('day', now(), 'Asia/Kathmandu'), 'deposit'),
                    (date_trunc('day', now(), 'Asia/Kathmandu'), 'registration')) AS made (bucket, status)
                """)
            let answer = try await admin.get("/postbacks/charts/?days=7&by=status&timezone=Asia/Kathmandu")
            #expect(answer.json["slots"]?.arrayValue?.count == 7)
            let series = answer.json["series"]?.arrayValue ?? []
            #expect(series.map { $0["label"] } == ["deposit", "registration"])
            #expect(series[0]["conversions"] == [0, 0, 0, 0, 0, 2, 2])
            #expect(series[0]["revenue_confirmed"] == "20.5")
            let profiles = try await admin.get("/postbacks/charts/?days=30&by=profile&timezone=UTC")
            #expect(profiles.json["series"]?[0]?["name"] == "A")
            #expect(profiles.json["series"]?[0]?["total"] == 6)
            for (dimension, value) in [
                ("campaign", "4127"), ("offer", "9"), ("country", "KZ"), ("source", "tiktok"),
            ] {
                try await desk.database.execute(
                    """
                    INSERT INTO conversion_rollups (bucket, minutes, profile_id, dimension, value, currency, status, conversions,
                        revenue_hold, revenue_confirmed)
                    VALUES (date_trunc('day', now(), 'UTC'), 15, \(profile), \(dimension), \(value), '', 'deposit', 3, 0, 1)
                    """)
                let chart = try await admin.get("/postbacks/charts/?days=7&by=\(dimension)")
                #expect(chart.status == 200)
                #expect(chart.json["series"]?[0]?["label"]?.stringValue == value, "\(dimension)")
                #expect(chart.json["series"]?[0]?["total"] == 3, "\(dimension)")
            }
            #expect(try await admin.get("/postbacks/charts/?days=1").json["slots"]?.arrayValue?.count == 24)
            #expect(try await admin.get("/postbacks/charts/?timezone=Nowhere").fields == ["timezone"])
        }
    }

    private static func campaign(_ database: Database, tracker: Int64, _ name: String) async throws {
        try await database.execute(
            """
            INSERT INTO keitaro_campaigns (tracker_id, keitaro_id, name, state, search_text, synced_at)
            VALUES (\(tracker), 42, \(name), 'active', '', now())
            """)
    }

    private static func names(_ admin: Visitor) async throws -> [String] {
        let chart = try await admin.get("/postbacks/charts/?by=campaign")
        return (chart.json["series"]?.arrayValue ?? []).compactMap { $0["name"]?.stringValue }.sorted()
    }

    @Test func `a campaign has the name of its own tracker's, or none`() async throws {
        try await withDesk { desk in
            let (admin, profile) = try await Self.scene(desk)
            let database = desk.database
            let other = try await PostbackScene.profile(admin, "B")["id"]?.intValue ?? 0
            let own: Int64 = try await database.one("SELECT id FROM keitaro_trackers").get("id")
            let foreign: Int64 = try await database.one(
                "INSERT INTO keitaro_trackers (name, url) VALUES ('B', 'https://b.example') RETURNING id"
            ).get("id")
            try await database.execute(
                """
                INSERT INTO conversion_rollups (bucket, minutes, profile_id, dimension, value, currency, status, conversions,
                    revenue_hold, revenue_confirmed)
                SELECT date_trunc('day', now(), 'UTC'), 15, id, 'campaign', '42', '', 'deposit', 3, 0, 0.1
                FROM unnest(\([profile, other])::bigint[]) AS id
                """)
            try await Self.campaign(database, tracker: foreign, "Theirs")
            #expect(try await Self.names(admin) == ["42"])
            // Two trackers' campaigns of one number are two.
            try await Self.campaign(database, tracker: own, "Ours")
            try await database.execute(
                "UPDATE keitaro_profiles SET tracker_id = \(foreign) WHERE id = \(other)")
            #expect(try await Self.names(admin) == ["Ours", "Theirs"])
            // Without a tracker it is the only one's.
            try await database.execute("UPDATE keitaro_profiles SET tracker_id = NULL")
            #expect(try await Self.names(admin) == ["42"])
            try await database.execute("DELETE FROM keitaro_trackers WHERE id = \(foreign)")
            #expect(try await Self.names(admin) == ["Ours"])
            let chart = try await admin.get("/postbacks/charts/?by=campaign")
            #expect(chart.json["series"]?[0]?["revenue_confirmed"] == "0.2")
        }
    }
}
