import Base
import Postgres
import Reactor
import TestDesk
import TestGround
import Testing

@testable import Postbacks

/// What is read again counts once, whatever it counted as before.
@Suite(.timeLimit(.minutes(10))) struct ReplayCountingTests {
    struct Story: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var policies = "{}"
        /// Ours for the tracker's words when they come.
        var mappingsBefore = "{}"
        /// Query strings, and seconds after the first.
        let postbacks: [(words: String, at: Int64)]
        var origin = PostbackOrigin.keitaro
        /// Ours for the tracker's words, before everything is read again.
        let mappings: String
        /// Whether what knows duplicates has forgotten them by then.
        var hasForgotten = false
        /// Read again; nil: all.
        var only: [Int]? = nil
        /// Whether the first event is no longer stored, and its conversion neither.
        var isFirstGone = false
        /// `external id | status | revenue state | revenue`, before and after.
        let before: [String]
        let after: [String]
        let result: Replay.Result
    }

    static let stories: [Story] = [
        Story(
            testDescription: "an unknown status that began the conversion becomes a rebill, and its amount stays",
            postbacks: [("status=renewal&subid=c&tid=t&revenue=10&currency=USD", 0)],
            mappings: #"{"renewal": "rebill"}"#, before: ["1:c:t|renewal|hold|10"],
            after: ["1:c:t|rebill|confirmed|10"], result: Replay.Result(replayed: 1, outcomes: [.accepted: 1])),
        Story(
            testDescription: "the same with the policy of a further conversion",
            policies: #"{"rebill": "new_repeated"}"#,
            postbacks: [("status=renewal&subid=c&tid=t&revenue=10", 0)],
            mappings: #"{"renewal": "rebill"}"#, before: ["1:c:t|renewal|hold|10"],
            after: ["1:c:t|rebill|confirmed|10"],
            result: Replay.Result(replayed: 1, outcomes: [.accepted: 1])),
        Story(
            testDescription: "what came too late to count counts now, once",
            postbacks: [
                ("status=sale&subid=c&tid=t&revenue=70", 0), ("status=renewal&subid=c&tid=t&revenue=10", 86_400),
                ("status=renewal&subid=c&tid=t&revenue=20", 2 * 86_400),
            ],
            mappings: #"{"renewal": "rebill"}"#, before: ["1:c:t|deposit|confirmed|70"],
            after: ["1:c:t|deposit|confirmed|100"],
            result: Replay.Result(replayed: 2, unchanged: 1, outcomes: [.accepted: 2])),
        Story(
            testDescription: "what added its amount under another status adds it no more",
            policies: #"{"paid": "increment"}"#,
            postbacks: [
                ("status=sale&subid=c&tid=t&revenue=70", 0), ("status=paid&subid=c&tid=t&revenue=10", 60),
            ],
            mappings: #"{"paid": "rebill"}"#, before: ["1:c:t|deposit|confirmed|80"],
            after: ["1:c:t|rebill|confirmed|80"],
            result: Replay.Result(replayed: 1, unchanged: 1, outcomes: [.accepted: 1])),
        Story(
            testDescription: "a further conversion changes its own status",
            policies: #"{"paid": "new", "deposit": "new"}"#,
            postbacks: [("status=sale&subid=c&tid=t&revenue=5", 0), ("status=paid&subid=c&tid=t&revenue=7", 60)],
            mappings: #"{"paid": "deposit"}"#, before: ["1:c:t:*|paid|hold|7", "1:c:t|deposit|confirmed|5"],
            after: ["1:c:t:*|deposit|confirmed|7", "1:c:t|deposit|confirmed|5"],
            result: Replay.Result(replayed: 1, unchanged: 1, outcomes: [.accepted: 1])),
        Story(
            testDescription: "a duplicate stays one when that is no longer remembered",
            postbacks: [
                ("status=renewal&subid=c&revenue=10", 0), ("status=renewal&subid=c&revenue=10", 60),
                ("status=renewal&tid=t&revenue=3", 0), ("status=renewal&tid=t&revenue=3", 60),
            ],
            mappings: #"{"renewal": "rebill"}"#, hasForgotten: true, only: [1, 3],
            before: ["1::t|renewal|hold|3", "1:c:|renewal|hold|10"],
            after: ["1::t|renewal|hold|3", "1:c:|renewal|hold|10"], result: Replay.Result(unchanged: 2)),
        Story(
            testDescription: "a duplicate of what is stored nowhere counts",
            postbacks: [("status=renewal&subid=c&revenue=10", 0), ("status=renewal&subid=c&revenue=11", 60)],
            mappings: #"{"renewal": "rebill"}"#, hasForgotten: true, only: [1], isFirstGone: true,
            before: [], after: ["1:c:|rebill|confirmed|11"],
            result: Replay.Result(replayed: 1, outcomes: [.accepted: 1])),
        Story(
            testDescription: "what was taken for a deposit is none any more",
            mappingsBefore: #"{"qualified": "deposit"}"#,
            postbacks: [("status=qualified&subid=c&tid=t&revenue=50", 0)],
            mappings: #"{"qualified": "registration"}"#, before: ["1:c:t|deposit|confirmed|50"],
            after: ["1:c:t|registration|hold|50"],
            result: Replay.Result(replayed: 1, outcomes: [.accepted: 1])),
        Story(
            testDescription: "what was taken for a deposit, and became one, stays one",
            mappingsBefore: #"{"qualified": "deposit"}"#,
            postbacks: [
                ("status=qualified&subid=c&tid=t&revenue=50", 0), ("status=ftd&subid=c&tid=t&revenue=60", 7_200),
            ],
            mappings: #"{"qualified": "registration"}"#, before: ["1:c:t|deposit|confirmed|60"],
            after: ["1:c:t|deposit|confirmed|60"],
            result: Replay.Result(replayed: 1, unchanged: 1, outcomes: [.accepted: 1])),
        Story(
            testDescription: "a test is not read again",
            postbacks: [("status=renewal&subid=c&tid=t&revenue=10", 0)], origin: .test,
            mappings: #"{"renewal": "rebill"}"#, before: [], after: [], result: Replay.Result(refused: 1)),
    ]

    @Test(arguments: stories) func `nothing counts twice`(story: Story) async throws {
        try await withTemporaryFolder("replay") { folder in
            try await withTestDatabase { database, loop in
                let vault = PostbackVault(SecretKey(Secret("a secret of the tests alone")))
                try await database.execute(
                    """
                    INSERT INTO keitaro_profiles (name, secret_lookup, secret_cipher, chat_id, policies, status_mappings)
                    VALUES ('Profile', '\\x01', '\\x01', 5, \(story.policies)::jsonb, \(story.mappingsBefore)::jsonb)
                    """)
                let rows = try await RowIntake.open(database, dataDirectory: folder, loop: loop, log: .silent)
                let intake = PostbackIntake(
                    book: ProfileBook(database: database, vault: vault, directory: nil, loop: loop, log: .silent),
                    rows: rows.accept(),
                    refusals: Refusals(database: database, loop: loop, log: .silent), proxies: AddressList([]),
                    committed: {})
                #expect(await intake.book.read() == nil)
                let profile = try #require(intake.book.profile(1))
                var ids: [String] = []
                let first = Timestamp.now().adding(.seconds(-40 * 86_400))
                for (words, at) in story.postbacks {
                    let row = PostbackRow(
                        PostbackReading.read(PostbackFields(query: words.utf8), for: profile), of: profile,
                        origin: story.origin, at: first.adding(.seconds(at)))
                    try await intake.add(row)
                    ids.append(row.id)
                }
                if story.isFirstGone {
                    try await database.execute("DELETE FROM postback_events WHERE id = \(ids[0])::uuid")
                    try await database.execute(
                        "TRUNCATE conversions, conversion_transitions, conversion_rollups, conversion_moves")
                }
                if story.hasForgotten { try await database.execute("TRUNCATE postback_dedup") }
                #expect(try await Self.conversions(database) == story.before.sorted())
                try await database.execute("UPDATE keitaro_profiles SET status_mappings = \(story.mappings)::jsonb")
                let replay = Replay(intake: intake, database: database)
                let chosen = story.only.map { $0.map { ids[$0] } } ?? ids
                #expect(try await replay.run(chosen, isTold: false) == story.result)
                #expect(try await Self.conversions(database) == story.after.sorted())
                // Again, the replays too.
                let all = try await database.query("SELECT id FROM postback_events WHERE replay_of IS NOT NULL")
                let again = try await replay.run(try all.map { try $0.get("id") } + chosen, isTold: false)
                #expect(again.replayed == 0)
                #expect(try await Self.conversions(database) == story.after.sorted())
                await rows.close()
            }
        }
    }

    private static func conversions(_ database: Database) async throws -> [String] {
        try await database.query(
            """
            SELECT concat_ws('|', regexp_replace(external_id, '[0-9a-f]{8}-[0-9a-f-]{27}', '*'), status, revenue_state,
                revenue::text) AS text FROM conversions
            """
        ).map { try $0.get("text", String.self) }.sorted()
    }
}
