import Accounts
import Audit
import Base
import Outbox
import Postgres
import Reactor
import TestDesk
import Testing

@testable import DataKeeping

/// Rows go when their rule says so, and no sooner.
@Suite(.timeLimit(.minutes(5))) struct RetentionTests {
    /// One person with one key; a flow with three settled pushes of a hundred days ago and one of today.
    private static func fill(_ database: Database) async throws {
        let vault = KeyVault(SecretKey(Secret("a secret of the tests alone")))
        let store = AccountStore(database: database, vault: vault)
        let tracker = try await store.moveTracker(name: "trk", to: "http://trk.example")
        try await store.seedUser(name: "Olena", role: .buyer, key: Secret("key-of-olena"), tracker: tracker)
        try await database.execute(
            """
            INSERT INTO keitaro_campaigns (tracker_id, keitaro_id, name, state, search_text, synced_at)
            SELECT id, 1, 'c', 'active', 'c', now() FROM keitaro_trackers
            """)
        try await database.execute(
            """
            INSERT INTO keitaro_flows (campaign_id, keitaro_id, name, type, schema, state, position, fetched_at, draft_user_id)
            SELECT id, 1, 'f', 'regular', 'landings', 'active', 1, now(), (SELECT id FROM users) FROM keitaro_campaigns
            """)
        try await database.execute(
            """
            INSERT INTO keitaro_pushes
                (flow_id, user_id, request_id, revision, state, before, after, created_at, settled_at)
            SELECT keitaro_flows.id, users.id, 'r', n, 'pushed', '[]', '[]', now() - days, now() - days
            FROM keitaro_flows, users, (VALUES (1, interval '100 days'), (2, interval '100 days'),
                (3, interval '100 days'), (4, interval '0')) AS made (n, days)
            ORDER BY n
            """)
        try await database.execute(
            """
            INSERT INTO sessions (token_hash, user_id, key_id, csrf_token, expires_at)
            SELECT decode(lpad(to_hex(n), 8, '0'), 'hex'), user_id, id, 'forgery', now() - (n - 1) * interval '10 hours'
            FROM keitaro_keys, generate_series(1, 4) n
            """)
        try await database.execute(
            """
            INSERT INTO keitaro_reports (key_id, question, rows, fetched_at)
            SELECT id, n::text, '[]', now() - (CASE WHEN n <= 2500 THEN 91 ELSE 89 END) * interval '1 day'
            FROM keitaro_keys, generate_series(1, 2600) n
            """)
        try await database.execute(
            """
            INSERT INTO login_failures (address, window_start, failures)
            VALUES ('192.0.2.1', now() - interval '25 hours', 3), ('192.0.2.2', now() - interval '23 hours', 3)
            """)
        try await database.execute(
            """
            INSERT INTO user_invitations (token_hash, user_id, expires_at)
            SELECT decode(lpad(to_hex(n), 8, '0'), 'hex'), id, now() - n * interval '20 days' FROM users, generate_series(1, 2) n
            """)
        try await database.execute(
            """
            INSERT INTO audit_log (at, user_id, person, action, address)
            SELECT now() - n * interval '500 days', id, name, 'users.settings', '192.0.2.1' FROM users, generate_series(0, 2) n
            """)
        try await database.execute(
            """
            INSERT INTO outbox (kind, payload, state, settled_at)
            SELECT 'push', '{}', 'done', now() - n * interval '5 days' FROM generate_series(1, 2) n
            """)
    }

    private static func count(_ sql: SQL, _ database: Database) async throws -> Int64 {
        try await database.one(sql).get("n")
    }

    @Test func `each table loses what is older than its rule, and pushes are kept until somebody says otherwise`()
        async throws
    {
        try await withTestDatabase { database, _ in
            try await Self.fill(database)
            let retention = Retention(database: database)
            let removed = Dictionary(
                uniqueKeysWithValues: try await retention.prune().filter { $0.rows > 0 }.map { ($0.name, $0.rows) })
            #expect(
                removed == [
                    "sessions": 1, "login_failures": 1, "keitaro_reports": 2500, "user_invitations": 1, "audit_log": 1,
                    "outbox": 1,
                ])
            #expect(try await Self.count("SELECT count(*) AS n FROM keitaro_reports", database) == 100)
            #expect(try await retention.prune().allSatisfy { $0.rows == 0 })

            #expect(try await retention.set("keitaro_pushes", keepDays: 99, by: .commandLine))
            #expect(try await retention.prune().first { $0.name == "keitaro_pushes" }?.rows == 3)
            try await database.execute("UPDATE keitaro_pushes SET settled_at = settled_at - interval '1 year'")
            // The last one of its flow.
            #expect(try await retention.prune().allSatisfy { $0.rows == 0 })
            #expect(try await retention.rules().first { $0.name == "keitaro_pushes" }?.prunedRows == 3)
            #expect(try await retention.set("users", keepDays: 1, by: .commandLine) == false)
        }
    }

    @Test func `every rule of the database is one that the program knows`() async throws {
        try await withTestDatabase { database, _ in
            try await database.execute("UPDATE retention_rules SET keep_days = 1")
            let names = try await Retention(database: database).rules().map(\.name)
            #expect(
                names == [
                    "audit_log", "keitaro_differences", "keitaro_pushes", "keitaro_reports", "login_failures", "outbox",
                    "postback_dedup", "postback_events", "postback_refusals", "sessions", "telegram_dialogs",
                    "telegram_messages", "telegram_updates", "user_invitations",
                ])
            try await Self.fill(database)
            // A feature says how its own go.
            let features = names.filter {
                $0.hasPrefix("postback_") || $0.hasPrefix("telegram_") || $0 == "keitaro_differences"
            }
            var removals: [String: @Sendable (Int) async throws -> Int] = [:]
            for name in features { removals[name] = { days in days } }
            let removed = try await Retention(database: database, removals: removals).prune()
            #expect(removed.map(\.name) == names && removed.allSatisfy { $0.rows > 0 })
        }
    }

    @Test func `the outbox has it done by itself`() async throws {
        try await withTestDatabase { database, loop in
            try await Self.fill(database)
            let worker = OutboxWorker(
                database: database, handlers: [Retention(database: database).handler(log: .silent)],
                schedules: [Retention.schedule], loop: loop, log: .silent)
            worker.start()
            #expect(
                try await eventually(loop) {
                    try await database.first("SELECT 1 FROM outbox WHERE kind = 'retention' AND state = 'done'") != nil
                })
            await worker.stop(within: .zero)
            #expect(try await Self.count("SELECT count(*) AS n FROM keitaro_reports", database) == 100)
        }
    }

    @Test func `a person's data is handed out whole and without secrets, then erased`() async throws {
        try await withTestDatabase { database, _ in
            try await Self.fill(database)
            let people = PersonalData(database: database)
            let id = try await people.find("Olena")
            #expect(try await people.find("\(id)") == id)
            let data = try await people.export(id: id, by: .commandLine)
            #expect(data["users"]?["name"] == "Olena")
            #expect(data["keitaro_keys.user_id"]?.arrayValue?.count == 1)
            #expect(data["sessions.user_id"]?.arrayValue?.count == 4)
            #expect(data["keitaro_pushes.user_id"]?.arrayValue?.count == 4)
            #expect(data["keitaro_flows.draft_user_id"]?.arrayValue?.count == 1)
            for word in ["key_cipher", "key_lookup", "token_hash", "forgery"] {
                #expect(!data.text.contains(word), "\(word)")
            }

            try await database.execute(
                "UPDATE keitaro_pushes SET state = 'waiting', settled_at = NULL WHERE revision = 4")
            await #expect(throws: PersonalData.Refusal.pushWaiting) { try await people.erase(id: id, by: .commandLine) }
            try await database.execute(
                "UPDATE keitaro_pushes SET state = 'pushed', settled_at = now() WHERE revision = 4")
            try await people.erase(id: id, by: .commandLine)
            for table in ["keitaro_keys", "sessions", "users"] as [StaticString] {
                let statement = "SELECT count(*) AS n FROM " + SQL.identifier(table)
                #expect(try await Self.count(statement, database) == 0, "\(table)")
            }
            let log = "SELECT count(*) AS n FROM audit_log WHERE " as SQL
            #expect(try await Self.count(log + "person = \("person \(id)")", database) == 3)
            #expect(try await Self.count(log + "person = 'Olena' OR address <> ''", database) == 0)
            #expect(try await Self.count(log + "action = 'person.erase' AND person = 'command line'", database) == 1)
            let left = "SELECT count(*) AS n FROM keitaro_pushes WHERE user_id IS NULL AND key_id IS NULL" as SQL
            #expect(try await Self.count(left, database) == 4)
            await #expect(throws: PersonalData.Refusal.nobody("Olena")) { try await people.find("Olena") }
        }
    }

    @Test func `of two people with one name the number decides`() async throws {
        try await withTestDatabase { database, _ in
            try await database.execute("INSERT INTO users (name) VALUES ('Ivan'), ('Ivan'), ('1')")
            let people = PersonalData(database: database)
            let ids = try await database.query("SELECT id FROM users ORDER BY id").map { try $0.get("id", Int64.self) }
            await #expect(throws: PersonalData.Refusal.several("Ivan", Array(ids.prefix(2)))) {
                try await people.find("Ivan")
            }
            #expect(try await people.find("\(ids[1])") == ids[1])
            await #expect(throws: PersonalData.Refusal.nobody("Petro")) { try await people.find("Petro") }
        }
    }
}
