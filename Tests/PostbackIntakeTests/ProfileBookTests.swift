import Base
import HTTP
import Postgres
import Reactor
import TestDesk
import Testing

@testable import Postbacks

/// Whose a secret is, and what a request with it is answered.
@Suite(.timeLimit(.minutes(10))) struct ProfileBookTests {
    private static let vault = PostbackVault(SecretKey(Secret("a secret of the tests alone")))

    /// - Returns: the profile's id.
    @discardableResult
    private static func add(
        _ secret: String, to database: Database, enabled: Bool = true, chat: Int64? = 100
    ) async throws -> Int64 {
        let secret = Secret(secret)
        let lookup = vault.lookup(secret)
        let cipher = try vault.seal(secret)
        let row = try await database.one(
            """
            INSERT INTO keitaro_profiles (name, secret_lookup, secret_cipher, chat_id, enabled)
            VALUES ('p', \(lookup), \(cipher), \(chat), \(enabled)) RETURNING id
            """)
        return try row.get("id")
    }

    private static func name(_ finding: ProfileBook.Finding) -> String {
        switch finding {
        case .profile(let profile): "profile \(profile.id)"
        case .disabled(let profile): "disabled \(profile.id)"
        case .unknown: "unknown"
        case .undecided: "undecided"
        }
    }

    @Test func `a secret is found, also a new one, a former one in its time, and none other`() async throws {
        try await withTestDatabase { database, loop in
            let first = try await Self.add("first-secret", to: database)
            let off = try await Self.add("second-secret", to: database, enabled: false)
            let book = ProfileBook(database: database, vault: Self.vault, directory: nil, loop: loop, log: .silent)
            #expect(Self.name(await book.find(Secret("first-secret"))) == "profile \(first)")
            #expect(Self.name(await book.find(Secret("second-secret"))) == "disabled \(off)")
            #expect(Self.name(await book.find(Secret("first-secre"))) == "unknown")
            #expect(Self.name(await book.find(Secret(""))) == "unknown")
            // Whoever misses, or finds it switched off, asks the database, so no notice is needed.
            try await database.execute("UPDATE keitaro_profiles SET enabled = true WHERE id = \(off)")
            #expect(Self.name(await book.find(Secret("second-secret"))) == "profile \(off)")
            let third = try await Self.add("third-secret", to: database)
            #expect(Self.name(await book.find(Secret("third-secret"))) == "profile \(third)")
            let (old, new) = (Self.vault.lookup(Secret("third-secret")), Self.vault.lookup(Secret("fourth-secret")))
            try await database.execute(
                """
                UPDATE keitaro_profiles SET secret_lookup = \(new), old_secret_lookup = \(old),
                    old_secret_until = now() + interval '1 hour' WHERE id = \(third)
                """)
            #expect(await book.read() == nil)
            #expect(Self.name(await book.find(Secret("third-secret"))) == "profile \(third)")
            #expect(Self.name(await book.find(Secret("fourth-secret"))) == "profile \(third)")
            try await database.execute(
                "UPDATE keitaro_profiles SET old_secret_until = now() - interval '1 second' WHERE id = \(third)")
            #expect(await book.read() == nil)
            #expect(Self.name(await book.find(Secret("third-secret"))) == "unknown")
        }
    }

    @Test func `a notice brings routes at once, and the copy on the disk serves without a database`() async throws {
        try await withTemporaryFolder("book") { folder in
            try await withTestDatabase { database, loop in
                let id = try await Self.add("first-secret", to: database)
                let book = ProfileBook(
                    database: database, vault: Self.vault, directory: folder, loop: loop, log: .silent)
                await book.start()
                #expect(try await eventually(loop) { book.profile(id) != nil })
                try await database.execute(
                    """
                    INSERT INTO keitaro_routes (profile_id, name, match_kind, match_value, statuses, countries, chat_id, topic_id,
                        language, quiet_from, quiet_until, quiet_zone, quiet_mode, continues)
                    VALUES (\(id), 'r', 'campaign_id', '7', '{deposit}', '{UA,PL}', 5, 6, 'uk', 60, 120, 'Europe/Kyiv', 'digest', true)
                    """)
                try await database.notify(PostbackChannel.profiles)
                #expect(try await eventually(loop) { book.profile(id)?.routes.count == 1 })
                let known = try #require(book.profile(id))
                await book.stop()
                let away = try Database(
                    url: Secret("postgresql://nobody@127.0.0.1:1/none"), loops: [loop], log: .silent)
                let blind = ProfileBook(database: away, vault: Self.vault, directory: folder, loop: loop, log: .silent)
                await blind.start()
                #expect(try await eventually(loop) { blind.profile(id) != nil })
                #expect(blind.profile(id) == known)
                #expect(Self.name(await blind.find(Secret("first-secret"))) == "profile \(id)")
                #expect(Self.name(await blind.find(Secret("never-seen"))) == "undecided")
                await blind.stop()
                await away.close()
            }
        }
    }

    @Test func `a flood of wrong secrets doesn't wait for the database, and good ones pass`() async throws {
        try await withTestDatabaseURL { url in
            try await onLoop { loop in
                let database = try Database(url: url, loops: [loop], log: .silent)
                let id = try await Self.add("first-secret", to: database)
                let book = ProfileBook(database: database, vault: Self.vault, directory: nil, loop: loop, log: .silent)
                #expect(await book.read() == nil)
                let locker = try Database(url: url, loops: [loop], log: .silent)
                let (locked, isLocked) = AsyncStream.makeStream(of: Void.self)
                let (released, release) = AsyncStream.makeStream(of: Void.self)
                // No read ends before this does.
                let holding = Task(executorPreference: loop) {
                    try await locker.transaction { transaction in
                        try await transaction.execute("LOCK TABLE keitaro_profiles IN ACCESS EXCLUSIVE MODE")
                        isLocked.finish()
                        for await _ in released {}
                    }
                }
                for await _ in locked {}
                await withTaskGroup(of: String.self) { group in
                    for number in 0..<200 {
                        group.addTask(executorPreference: loop) {
                            Self.name(await book.find(Secret("wrong-secret-\(number)")))
                        }
                    }
                    for _ in 0..<136 { #expect(await group.next() == "unknown") }
                    #expect(Self.name(await book.find(Secret("first-secret"))) == "profile \(id)")
                    release.finish()
                    await group.waitForAll()
                }
                try await holding.value
                await locker.close()
                await database.close()
            }
        }
    }

    // MARK: Requests

    private static func withIntake(
        _ body: @escaping @Sendable (PostbackIntake, Database, EventLoop) async throws -> Void
    ) async throws {
        try await withTemporaryFolder("intake") { folder in
            try await withTestDatabase { database, loop in
                let rows = try await RowIntake.open(database, dataDirectory: folder, loop: loop, log: .silent)
                let intake = PostbackIntake(
                    book: ProfileBook(database: database, vault: vault, directory: nil, loop: loop, log: .silent),
                    rows: rows.accept(),
                    refusals: Refusals(database: database, loop: loop, log: .silent), proxies: AddressList([]),
                    committed: {})
                try await body(intake, database, loop)
                await rows.close()
            }
        }
    }

    @Test func `form, JSON and query are one, and what is stored is answered ok`() async throws {
        try await Self.withIntake { intake, database, _ in
            try await Self.add("first-secret", to: database)
            let form = [("Content-Type", "application/x-www-form-urlencoded")]
            let requests = [
                try Request.make(.get, "\(PostbackIntake.path)?secret=first-secret&status=lead&subid=a"),
                try Request.make(
                    .post, "\(PostbackIntake.path)?secret=first-secret", headers: form,
                    body: Array("status=sale&click_id=b&conversion_revenue=1 234,50&currency=usd".utf8)),
                try Request.make(
                    .post, PostbackIntake.path, headers: [("Content-Type", "application/json")],
                    body: Array(
                        #"{"secret": "first-secret", "status": "trash", "subid": "c", "comment": "bad geo"}"#.utf8)),
            ]
            for request in requests {
                let answer = try await intake.receive(request)
                #expect(answer.status == .ok && answer.body == Array("ok".utf8))
            }
            let stored = try await database.query(
                """
                SELECT concat_ws('|', click_id, status, revenue::text, reason) AS text, raw::text AS raw FROM postback_events
                ORDER BY click_id
                """)
            #expect(
                try stored.map { try $0.get("text", String.self) } == [
                    "a|registration|", "b|deposit|1234.5|", "c|rejected|bad geo",
                ])
            #expect(try stored.allSatisfy { try !$0.get("raw", String.self).contains("first-secret") })
            #expect(
                MetricFamily.text(intake.counts.families).contains(#"sluice_postbacks_total{outcome="accepted"} 3"#))
        }
    }

    @Test func `a wrong or disabled secret is forbidden and kept without itself`() async throws {
        try await Self.withIntake { intake, database, loop in
            let off = try await Self.add("second-secret", to: database, enabled: false)
            for secret in ["second-secret", "wrong-secret"] {
                let answer = try await intake.receive(
                    try Request.make(.get, "\(PostbackIntake.path)?secret=\(secret)&status=lead"))
                #expect(answer.status == .forbidden && answer.body == Array("forbidden".utf8))
            }
            #expect(
                try await eventually(loop) {
                    try await database.one("SELECT count(*) FROM postback_refusals").get(0, Int.self) == 2
                })
            let kept = try await database.query(
                "SELECT outcome, profile_id, raw::text AS raw FROM postback_refusals ORDER BY id")
            #expect(try kept.map { try $0.get("outcome", String.self) } == ["disabled", "bad_secret"])
            #expect(try kept[0].get("profile_id", Int64?.self) == off)
            #expect(try kept.allSatisfy { try !$0.get("raw", String.self).contains("-secret") })
            #expect(try await database.one("SELECT count(*) FROM postback_events").get(0, Int.self) == 0)
        }
    }

    @Test(arguments: [
        (#"{"secret":"first-secret","status":"sale",}"#, "application/json"),
        (#"[{"secret":"first-secret"}]"#, "application/json"),
        (#"{"data":{"secret":"first-secret"}}"#, "application/json"),
        (#"{"data":{"\u0073ecret":"first-secret"},}"#, "application/json"),
        ("<postback><Secret>first-secret</Secret></postback>", "text/xml"),
        ("data=%7B%22secret%22%3A%22first-secret%22%7D", "application/x-www-form-urlencoded"),
    ])
    func `a secret that could not be read is not kept either`(body: String, type: String) async throws {
        try await Self.withIntake { intake, database, loop in
            try await Self.add("first-secret", to: database)
            let answer = try await intake.receive(
                try Request.make(
                    .post, "\(PostbackIntake.path)?status=sale", headers: [("Content-Type", type)],
                    body: Array(body.utf8)))
            #expect(answer.status == .forbidden)
            #expect(
                try await eventually(loop) {
                    try await database.one("SELECT count(*) FROM postback_refusals").get(0, Int.self) == 1
                })
            let raw: String = try await database.one("SELECT raw::text AS raw FROM postback_refusals").get("raw")
            #expect(!raw.contains("first-secret") && raw.contains("status=sale"), "\(raw)")
        }
    }

    @Test(arguments: [(rows: 10, bytes: 1_000_000), (rows: 1_000, bytes: 10_700)])
    func `the log of refusals ends after so many, and after so many bytes`(rows: Int, bytes: Int) async throws {
        try await withTestDatabase { database, _ in
            let store = PostbackStore(database: database)
            for batch in 0..<3 {
                let many = (0..<10).map { number in
                    PostbackStore.Refusal(
                        at: .now(), outcome: "bad_secret", profileID: nil, address: "\(batch * 10 + number)",
                        raw: JSON.object(["body": .string(String(repeating: "a", count: 1_000))]).text)
                }
                try await store.add(many, keeping: rows, bytes: bytes)
            }
            let left = try await database.one(
                "SELECT count(*) AS count, min(address::int) AS first FROM postback_refusals")
            #expect(try left.get("count", Int.self) == 10)
            #expect(try left.get("first", Int.self) == 20)
        }
    }

    @Test func `a replay reads with the mapping of now, once`() async throws {
        try await Self.withIntake { intake, database, _ in
            let id = try await Self.add("first-secret", to: database)
            for words in ["status=qualified&subid=a&revenue=3", "status=lead&subid=b"] {
                _ = try await intake.receive(
                    try Request.make(.get, "\(PostbackIntake.path)?secret=first-secret&\(words)"))
            }
            let ids = try await database.query("SELECT id FROM postback_events").map { try $0.get("id", String.self) }
            let replay = Replay(intake: intake, database: database)
            let before = try await replay.run(ids, isTold: false)
            #expect(before.replayed == 0 && before.unchanged == 2)
            try await database.execute(
                "UPDATE keitaro_profiles SET status_mappings = '{\"qualified\": \"deposit\"}' WHERE id = \(id)")
            #expect(await intake.book.read() == nil)
            let after = try await replay.run(ids + [TimeOrderedID.make()], isTold: false)
            #expect(after == Replay.Result(replayed: 1, unchanged: 1, missing: 1, outcomes: [.accepted: 1]))
            let conversion = try await database.one(
                "SELECT status, revenue, converted_at FROM conversions WHERE click_id = 'a'")
            #expect(try conversion.get("status", String.self) == "deposit")
            let event = try await database.one("SELECT replay_of, raw FROM postback_events WHERE origin = 'replay'")
            #expect(ids.contains(try event.get("replay_of", String.self)))
            // Again: it has been read so, and the replay stands for what it read.
            let replayed = try await database.query("SELECT id FROM postback_events").map {
                try $0.get("id", String.self)
            }
            #expect(try await replay.run(replayed, isTold: true) == Replay.Result(unchanged: 2))
            #expect(try await database.one("SELECT count(*) FROM telegram_messages").get(0, Int.self) == 2)
        }
    }
}
