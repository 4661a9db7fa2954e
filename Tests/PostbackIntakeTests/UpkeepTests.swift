import Base
import Postgres
import Rollups
import TestDesk
import Testing

@testable import Postbacks

/// Days are summed up, weeks come and go, secrets follow their key.
@Suite(.timeLimit(.minutes(10))) struct UpkeepTests {
    /// Conversions and revenue of a range as a report would read them, and as they are.
    private static func sums(_ database: Database, _ from: Timestamp, _ until: Timestamp) async throws -> [String] {
        let told = try await database.one(
            """
            SELECT coalesce(sum(conversions), 0) || ' ' || coalesce(sum(revenue_confirmed), 0)::float AS text,
                count(DISTINCT (bucket, status)) FILTER (WHERE minutes = 1440) AS days
            FROM conversion_sums WHERE dimension = 'all' AND \(ConversionSums.rows(from: from, until: until))
            """)
        let real = try await database.one(
            """
            SELECT count(*) || ' ' || coalesce(sum(revenue) FILTER (WHERE revenue_state = 'confirmed'), 0)::float AS text
            FROM conversions WHERE converted_at >= \(from) AND converted_at < \(until)
            """)
        #expect(try told.get("text", String.self) == real.get("text", String.self))
        return [try told.get("text"), "\(try told.get("days", Int64.self))"]
    }

    @Test func `a day that is over is summed up once, and what changes in it later changes its sum`() async throws {
        try await withTestDatabase { database, _ in
            let now = Timestamp.now()
            let today = Timestamp(now.date)
            func stored(_ words: String, daysAgo: Int64, hour: Int64) async throws {
                let postback = PostbackReading.read(PostbackFields(query: words.utf8), for: Scene.profile())
                let at = today.adding(.seconds(-daysAgo * 86_400 + hour * 3600))
                try await Scene.store(
                    [PostbackRow(postback, of: Scene.profile(), origin: .recovered, at: now, happenedAt: at)],
                    in: database)
            }
            for day in Int64(0)...3 {
                for hour in Int64(0)..<3 {
                    try await stored(
                        "subid=\(day)-\(hour)&status=sale&revenue=\(hour + 1)", daysAgo: day, hour: hour * 8)
                }
            }
            let range = (today.adding(.seconds(-3 * 86_400)), today.adding(.seconds(86_400)))
            #expect(try await Self.sums(database, range.0, range.1) == ["12 24", "0"])
            #expect(try await ConversionDays(database: database).sumUp() == 3)
            #expect(try await ConversionDays(database: database).sumUp() == 0)
            #expect(try await Self.sums(database, range.0, range.1) == ["12 24", "3"])
            // Cut in another zone: the first and the last day are read by quarters.
            let zone = Duration.seconds(5 * 3600 + 1800)
            _ = try await Self.sums(database, range.0.adding(zone), range.1.adding(zone))
            _ = try await Self.sums(database, range.0.adding(zone), range.0.adding(.seconds(40 * 3600)))
            try await stored("subid=2-1&status=rejected", daysAgo: 1, hour: 1)
            try await stored("subid=late&status=sale&revenue=10", daysAgo: 2, hour: 1)
            #expect(try await Self.sums(database, range.0, range.1) == ["13 32", "4"])
            #expect(try await ConversionSums.addUp(database) == 3)
            #expect(try await Self.sums(database, range.0, range.1) == ["13 32", "4"])
            #expect(try await Scene.disagreement(database) == nil)
        }
    }

    @Test func `weeks are made ahead and dropped when they are old, and no row falls beside them`() async throws {
        try await withTestDatabase { database, _ in
            #expect(try await EventPartitions(database: database).make() == 0)
            try await database.execute(
                "SELECT make_postback_week(date_trunc('week', now())::date - 7 * n) FROM generate_series(30, 32) n")
            let old = Timestamp.now().adding(.seconds(-31 * 7 * 86_400))
            let profile = Scene.profile()
            let row = PostbackRow(
                PostbackReading.read(PostbackFields(query: "subid=c&status=lead".utf8), for: profile), of: profile,
                origin: .keitaro, at: old)
            try await Scene.store([row, Scene.row("subid=d&status=lead")], in: database)
            let rest = try await database.one("SELECT count(*) FROM postback_events_rest").get(0, Int.self)
            #expect(rest == 1)
            // The other stands in the year 2030: when its week is made, it moves there.
            try await database.execute(
                "SELECT make_postback_week(date_trunc('week', \(Scene.noon)::timestamptz)::date)")
            #expect(try await database.one("SELECT count(*) FROM postback_events_rest").get(0, Int.self) == 0)
            #expect(try await EventPartitions(database: database).drop(olderThan: 180) == 1)
            let weeks = try await database.one(
                "SELECT count(*) FROM pg_inherits WHERE inhparent = 'postback_events'::regclass"
            ).get(0, Int.self)
            #expect(weeks == 12)
            // What comes when its week is gone goes with the next look.
            let late = PostbackRow(
                row.postback, of: profile, origin: .keitaro, at: old.adding(.seconds(-40 * 7 * 86_400)))
            try await Scene.store([late], in: database)
            #expect(try await EventPartitions(database: database).drop(olderThan: 180) == 1)
            #expect(try await EventPartitions(database: database).drop(olderThan: 180) == 0)
        }
    }

    @Test func `each rule of a feature's table is known, and removes what it no longer keeps`() async throws {
        try await withTestDatabase { database, _ in
            let removals = PostbackUpkeep(database: database).removals
            let rules = try await database.query(
                "SELECT name FROM retention_rules WHERE name ~ '^postback_|^keitaro_differences$'")
            #expect(try Set(rules.map { try $0.get("name", String.self) }) == Set(removals.keys))
            for age in [0, 50] {
                let at = Timestamp.now().adding(.seconds(-age * 86_400))
                try await database.execute(
                    """
                    INSERT INTO postback_dedup (profile_id, click_id, transaction_id, status, event_id, seen_at, ttl)
                    VALUES (1, \("\(age)"), '', '', gen_random_uuid(), \(at), '1 hour')
                    """)
                try await database.execute(
                    "INSERT INTO postback_refusals (at, outcome, address, raw) VALUES (\(at), 'bad_secret', '', '{}')")
            }
            for (name, removal) in removals where !["postback_events", "keitaro_differences"].contains(name) {
                let removed = [try await removal(40), try await removal(40)]
                #expect(removed == [1, 0], "\(name)")
            }
        }
    }

    @Test func `the seed's queries run as they are written`() async throws {
        try await withTestDatabase { database, _ in
            let profile = Scene.profile()
            let row = PostbackRow(
                PostbackReading.read(PostbackFields(query: "subid=c&status=lead".utf8), for: profile), of: profile,
                origin: .keitaro)
            try await Scene.store([row], in: database)
            let counts = try await database.query(
                """
                SELECT profile_id, COUNT(*) as events_count
                FROM keitaro_events
                WHERE created_at > NOW() - INTERVAL '1 day'
                GROUP BY profile_id
                """)
            #expect(try counts.map { try $0.get("events_count", Int.self) } == [1])
            try await database.execute(
                "UPDATE telegram_messages SET state = 'failed', error = 'bot was kicked', settled_at = now()")
            let failed = try await database.query(
                """
                SELECT * FROM keitaro_events
                WHERE processed = false AND error IS NOT NULL
                ORDER BY created_at DESC LIMIT 10
                """)
            #expect(try failed.map { try $0.get("error", String.self) } == ["bot was kicked"])
        }
    }

    @Test func `secrets are sealed anew with a new key, former ones too`() async throws {
        try await withTestDatabase { database, _ in
            let (old, new) = (
                PostbackVault(SecretKey(Secret("a secret of the tests, one"))),
                PostbackVault(SecretKey(Secret("a secret of the tests, two")))
            )
            let (secret, former) = (Secret("first-secret"), Secret("former-secret"))
            let lookups = (old.lookup(secret), old.lookup(former))
            let ciphers = (try old.seal(secret), try old.seal(former))
            try await database.execute(
                """
                INSERT INTO keitaro_profiles (name, secret_lookup, secret_cipher, old_secret_lookup, old_secret_cipher, old_secret_until)
                VALUES ('p', \(lookups.0), \(ciphers.0), \(lookups.1), \(ciphers.1), now() + interval '1 day'),
                    ('lost', 'x', 'y', NULL, NULL, NULL)
                """)
            let first = try await PostbackVault.reseal(in: database, from: old, to: new)
            #expect(first.count == 1 && first.unreadable == 1)
            let row = try await database.one("SELECT * FROM keitaro_profiles WHERE name = 'p'")
            #expect(try row.get("secret_lookup", [UInt8].self) == new.lookup(secret))
            #expect(try row.get("old_secret_lookup", [UInt8].self) == new.lookup(former))
            #expect(try new.open(row.get("secret_cipher")).reveal() == "first-secret")
            let again = try await PostbackVault.reseal(in: database, from: old, to: new)
            #expect(again.count == 0 && again.unreadable == 1)
        }
    }
}
