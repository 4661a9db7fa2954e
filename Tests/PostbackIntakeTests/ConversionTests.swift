import Base
import Postgres
import Testing
import TestDesk

@testable import Postbacks

/// What postbacks make of conversions: one after another, each a statement of its own.
@Suite(.timeLimit(.minutes(10))) struct ConversionTests {
    struct Story: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var policies: [String: ConversionPolicy] = [:]
        /// Query strings, and seconds after noon.
        let postbacks: [(words: String, at: Int64)]
        /// `external id | transaction | status | revenue state | revenue | events | repeated`, by external id; `*` for an id that is
        /// random.
        let conversions: [String]
        /// `before > after`, with `!` for what was not applied, in their order.
        let steps: [String]
        var outcomes: [PostbackOutcome]? = nil
    }

    static let stories: [Story] = [
        Story(
            testDescription: "a lead becomes a sale under the transaction that joins it",
            postbacks: [("status=lead&subid=c&revenue=5", 0), ("status=sale&subid=c&tid=t&revenue=70", 60)],
            conversions: ["1:c:|t|deposit|confirmed|70|2"], steps: ["- > registration", "registration > deposit"]),
        Story(
            testDescription: "a further transaction is a further conversion",
            postbacks: [
                ("status=lead&subid=c", 0), ("status=sale&subid=c&tid=t&revenue=70", 60),
                ("status=sale&subid=c&tid=u&revenue=30", 120), ("status=rejected&subid=c&tid=t", 180),
            ],
            conversions: ["1:c:u|u|deposit|confirmed|30|1", "1:c:|t|rejected|rejected|70|3"],
            steps: ["- > registration", "registration > deposit", "- > deposit", "deposit > rejected"]),
        Story(
            testDescription: "a lead without the transaction that a journal brings after its sale joins it",
            postbacks: [("status=sale&subid=c&tid=t&revenue=70", 60), ("status=lead&subid=c&revenue=5", 0)],
            conversions: ["1:c:t|t|deposit|confirmed|70|2"], steps: ["- > deposit", "deposit > registration !"]),
        Story(
            testDescription: "further conversions of one transaction are that one",
            policies: ["deposit": .new],
            postbacks: [
                ("status=sale&subid=c&tid=t&revenue=7", 0), ("status=sale&subid=c&tid=t&revenue=8", 3600),
                ("status=lead&subid=c", 7200),
            ],
            conversions: ["1:c:t:*|t|deposit|confirmed|8|1", "1:c:t|t|deposit|confirmed|7|2"],
            steps: ["- > deposit", "- > deposit", "deposit > registration !"]),
        Story(
            testDescription: "of two transactions a lead without one belongs to neither",
            postbacks: [
                ("status=sale&subid=c&tid=t&revenue=7", 0), ("status=sale&subid=c&tid=t!&revenue=8", 0),
                ("status=lead&subid=c", 60), ("status=lead&subid=cc", 60),
            ],
            conversions: [
                "1:c:t|t|deposit|confirmed|7|1", "1:c:t!|t!|deposit|confirmed|8|1", "1:c:||registration|hold|0|1",
                "1:cc:||registration|hold|0|1",
            ],
            steps: ["- > deposit", "- > deposit", "- > registration", "- > registration"]),
        Story(
            testDescription: "a lead that comes after its sale changes nothing",
            postbacks: [("status=sale&subid=c&tid=t&revenue=70", 0), ("status=lead&subid=c&tid=t&revenue=1", 60)],
            conversions: ["1:c:t|t|deposit|confirmed|70|2"], steps: ["- > deposit", "deposit > registration !"]),
        Story(
            testDescription: "what a journal brings late does not undo what came since",
            postbacks: [
                ("status=lead&subid=c&tid=t", 0), ("status=rejected&subid=c&tid=t", 600),
                ("status=sale&subid=c&tid=t&revenue=70", 300),
            ],
            conversions: ["1:c:t|t|rejected|rejected|0|3"],
            steps: ["- > registration", "registration > rejected", "rejected > deposit !"]),
        Story(
            testDescription: "a sale that was made before its lead arrived counts from then on",
            postbacks: [("status=lead&subid=c&tid=t", 600), ("status=sale&subid=c&tid=t&revenue=70", 300)],
            conversions: ["1:c:t|t|deposit|confirmed|70|2"], steps: ["- > registration", "registration > deposit"]),
        Story(
            testDescription: "a rebill adds to its conversion",
            postbacks: [
                ("status=sale&subid=c&tid=t&revenue=70&currency=USD", 0),
                ("status=rebill&subid=c&tid=t&revenue=9.5&currency=USD", 60),
            ],
            conversions: ["1:c:t|t|deposit|confirmed|79.5|2"], steps: ["- > deposit", "deposit > rebill"]),
        Story(
            testDescription: "a rebill under a transaction of its own is a conversion of its own",
            postbacks: [
                ("status=sale&subid=c&tid=t&revenue=70", 0), ("status=rebill&subid=c&tid=u&revenue=9", 60),
                ("status=rebill&subid=c&tid=u&revenue=8", 7200), ("status=rejected&subid=c&tid=u", 7260),
            ],
            conversions: ["1:c:u|u|rejected|rejected|17|3", "1:c:t|t|deposit|confirmed|70|1"],
            steps: ["- > deposit", "- > rebill", "rebill > rebill", "rebill > rejected"]),
        Story(
            testDescription: "a rebill of a lead confirms it: what was on hold is not added to what is certain",
            postbacks: [
                ("status=lead&subid=c&tid=t&revenue=5", 0), ("status=rebill&subid=c&tid=t&revenue=9", 60),
                ("status=lead&subid=c&tid=t&revenue=5", 7200), ("status=rebill&subid=c&tid=t&revenue=4", 7260),
            ],
            conversions: ["1:c:t|t|rebill|confirmed|13|4"],
            steps: ["- > registration", "registration > rebill", "rebill > registration !", "rebill > rebill"]),
        Story(
            testDescription: "a rebill after a rejection counts, one before it does not",
            postbacks: [
                ("status=sale&subid=c&tid=t&revenue=70", 0), ("status=rejected&subid=c&tid=t", 600),
                ("status=rebill&subid=c&tid=t&revenue=9", 300), ("status=rebill&subid=c&tid=t&revenue=8", 7200),
            ],
            conversions: ["1:c:t|t|rebill|confirmed|8|4"],
            steps: ["- > deposit", "deposit > rejected", "rejected > rebill !", "rejected > rebill"]),
        Story(
            testDescription: "a rejection takes the rebills away too",
            postbacks: [
                ("status=sale&subid=c&tid=t&revenue=70", 0), ("status=rebill&subid=c&tid=t&revenue=9", 60),
                ("status=rejected&subid=c&tid=t", 120),
            ],
            conversions: ["1:c:t|t|rejected|rejected|79|3"],
            steps: ["- > deposit", "deposit > rebill", "deposit > rejected"]),
        Story(
            testDescription: "a rebill in another currency is a conversion of its own",
            postbacks: [
                ("status=sale&subid=c&tid=t&revenue=70&currency=USD", 0),
                ("status=rebill&subid=c&tid=t&revenue=9&currency=EUR", 60),
            ],
            conversions: ["1:c:t:*|t|rebill|confirmed|9|1", "1:c:t|t|deposit|confirmed|70|1"],
            steps: ["- > deposit", "- > rebill"]),
        Story(
            testDescription: "a rejection keeps the amount that it takes away",
            postbacks: [("status=sale&subid=c&tid=t&revenue=70", 0), ("status=trash&subid=c&tid=t", 60)],
            conversions: ["1:c:t|t|rejected|rejected|70|2"], steps: ["- > deposit", "deposit > rejected"]),
        Story(
            testDescription: "an unknown status never takes a confirmed one away",
            postbacks: [("status=sale&subid=c&revenue=70", 0), ("status=kyc&subid=c", 60)],
            conversions: ["1:c:||deposit|confirmed|70|2"], steps: ["- > deposit", "deposit > kyc !"],
            outcomes: [.accepted, .unmapped]),
        Story(
            testDescription: "without a click the transaction is enough, without both there is no conversion",
            postbacks: [
                ("status=sale&tid=t&revenue=7", 0), ("status=sale&revenue=7", 1), ("status=sale&revenue=7", 2),
            ],
            conversions: ["1::t|t|deposit|confirmed|7|1"], steps: ["- > deposit"],
            outcomes: [.accepted, .accepted, .accepted]),
        Story(
            testDescription: "a colon in a click is no border",
            postbacks: [("status=sale&subid=a:b&tid=c", 0), ("status=sale&subid=a&tid=b:c", 1)],
            conversions: ["1:a%3Ab:c|c|deposit|confirmed|0|1", "1:a:b%3Ac|b:c|deposit|confirmed|0|1"],
            steps: ["- > deposit", "- > deposit"]),
        Story(
            testDescription: "policy new: a further conversion",
            policies: ["deposit": .new],
            postbacks: [("status=sale&subid=c&tid=t&revenue=7", 0), ("status=sale&subid=c&tid=t&revenue=8", 3600)],
            conversions: ["1:c:t:*|t|deposit|confirmed|8|1", "1:c:t|t|deposit|confirmed|7|1"],
            steps: ["- > deposit", "- > deposit"]),
        Story(
            testDescription: "policy new_repeated: a further conversion, marked",
            policies: ["deposit": .newRepeated],
            postbacks: [
                ("status=lead&subid=c&tid=t&revenue=5", 0), ("status=sale&subid=c&tid=t&revenue=7", 60),
                ("status=sale&subid=d&tid=t&revenue=8", 3600),
            ],
            conversions: [
                "1:c:t:*|t|deposit|confirmed|7|1|repeated", "1:c:t|t|registration|hold|5|1",
                "1:d:t|t|deposit|confirmed|8|1",
            ],
            steps: ["- > registration", "- > deposit", "- > deposit"]),
        Story(
            testDescription: "policy update: a rebill too becomes what there is",
            policies: ["rebill": .update],
            postbacks: [
                ("status=sale&subid=c&tid=t&revenue=70", 0), ("status=rebill&subid=c&tid=t&revenue=79", 3600),
                ("status=sale&subid=c&tid=t&revenue=71", 7200),
            ],
            conversions: ["1:c:t|t|deposit|confirmed|71|3"],
            steps: ["- > deposit", "deposit > rebill", "rebill > deposit"]),
        Story(
            testDescription: "policy increment: a rejection is not added to what it takes away",
            policies: ["rejected": .increment],
            postbacks: [("status=sale&subid=c&tid=t&revenue=7", 0), ("status=trash&subid=c&tid=t&revenue=7", 3600)],
            conversions: ["1:c:t|t|rejected|rejected|7|2"], steps: ["- > deposit", "deposit > rejected"]),
        Story(
            testDescription: "policy ignore: kept, and not told",
            policies: ["deposit": .ignore],
            postbacks: [("status=sale&subid=c&tid=t&revenue=7", 0), ("status=sale&subid=c&tid=t&revenue=8", 3600)],
            conversions: ["1:c:t|t|deposit|confirmed|7|2"], steps: ["- > deposit", "deposit > deposit !"],
            outcomes: [.accepted, .ignored]),
        Story(
            testDescription: "policy increment: what is already there grows",
            policies: ["deposit": .increment],
            postbacks: [("status=sale&subid=c&tid=t&revenue=7", 0), ("status=sale&subid=c&tid=t&revenue=8", 3600)],
            conversions: ["1:c:t|t|deposit|confirmed|15|2"], steps: ["- > deposit", "deposit > deposit"]),
        Story(
            testDescription: "policy ignore_same_event: the same event counts once, another one is an update",
            policies: ["deposit": .ignoreSameEvent],
            postbacks: [
                ("status=sale&subid=c&tid=t&revenue=7&event_id=e", 0),
                ("status=sale&subid=c&tid=t&revenue=8&event_id=e", 3600),
                ("status=sale&subid=c&tid=t&revenue=9&event_id=f", 7200),
            ],
            conversions: ["1:c:t|t|deposit|confirmed|9|3"],
            steps: ["- > deposit", "deposit > deposit !", "deposit > deposit"],
            outcomes: [.accepted, .ignored, .accepted]),
    ]

    @Test(arguments: stories) func `conversions follow their postbacks`(story: Story) async throws {
        try await withTestDatabase { database, _ in
            let profile = Scene.profile(policies: story.policies)
            var outcomes: [PostbackOutcome] = []
            var ids: [String] = []
            for (words, at) in story.postbacks {
                let row = Scene.row(words, profile, at: at)
                let first = try await Scene.store([row], in: database)
                // Sent again, it changes nothing.
                try await Scene.store([row], in: database)
                outcomes += first
                ids.append(row.id)
            }
            #expect(outcomes == story.outcomes ?? outcomes.map { _ in .accepted })
            let conversions = try await database.query(
                """
                SELECT concat_ws('|', regexp_replace(external_id, '[0-9a-f]{8}-[0-9a-f-]{27}', '*'), transaction_id, status,
                    revenue_state, revenue::text, events, CASE WHEN is_repeated THEN 'repeated' END) AS text FROM conversions ORDER BY external_id COLLATE "C" DESC
                """
            ).map { try $0.get("text", String.self) }
            #expect(conversions.sorted() == story.conversions.sorted())
            let steps = try await database.query(
                """
                SELECT coalesce(status_before, '-') || ' > ' || status_after || CASE WHEN applied THEN '' ELSE ' !' END AS text
                FROM conversion_transitions JOIN postback_events ON id = event_id
                ORDER BY array_position(\(ids)::uuid[], id)
                """
            ).map { try $0.get("text", String.self) }
            #expect(steps == story.steps)
            #expect(try await Scene.disagreement(database) == nil)
        }
    }

    @Test func `names that were not sent are the tracker's`() async throws {
        try await withTestDatabase { database, _ in
            let tracker: Int64 = try await database.one(
                "INSERT INTO keitaro_trackers (name, url) VALUES ('t', 'http://t.example') RETURNING id"
            ).get("id")
            try await database.execute(
                """
                INSERT INTO keitaro_campaigns (tracker_id, keitaro_id, name, state, search_text, synced_at)
                VALUES (\(tracker), 7, 'Суглоби UA', 'active', '', now())
                """)
            try await database.execute(
                """
                INSERT INTO keitaro_offers (tracker_id, keitaro_id, name, state, search_text, synced_at)
                VALUES (\(tracker), 8, 'Крем', 'active', '', now())
                """)
            try await database.execute(
                "INSERT INTO keitaro_landings (tracker_id, keitaro_id, name) VALUES (\(tracker), 9, 'Квіз')")
            let profile = Scene.profile(tracker: tracker)
            try await Scene.store(
                [
                    Scene.row(
                        "subid=a&status=lead&campaign_id=7&offer_id=8&offer_name={offer_name}&landing_id=9", profile),
                    Scene.row(
                        "subid=b&status=lead&campaign_id=7&campaign_name=Own&offer_id=x8&landing_id=9&landing_name=Mine",
                        profile),
                    Scene.row("subid=c&status=lead&campaign_id=9", profile),
                ], in: database)
            let names = try await database.query(
                "SELECT concat_ws('|', campaign_name, offer_name, landing_name) AS text FROM postback_events ORDER BY click_id"
            ).map { try $0.get("text", String.self) }
            #expect(names == ["Суглоби UA|Крем|Квіз", "Own||Mine", "||"])
        }
    }

    @Test func `a test is told and is nothing else`() async throws {
        try await withTestDatabase { database, _ in
            let row = Scene.row("subid=c&tid=t&status=sale&revenue=5", origin: .test)
            #expect(try await Scene.store([row], in: database) == [.accepted])
            #expect(try await Scene.store([Scene.row("subid=c&tid=t&status=sale")], in: database) == [.accepted])
            let counts = try await database.one(
                """
                SELECT (SELECT count(*) FROM telegram_messages) AS messages, (SELECT count(*) FROM conversions) AS conversions,
                    (SELECT count(*) FROM postback_events WHERE origin = 'test' AND conversion_id IS NULL) AS tests
                """)
            #expect(try counts.get("messages", Int.self) == 2)
            #expect(try counts.get("conversions", Int.self) == 1)
            #expect(try counts.get("tests", Int.self) == 1)
        }
    }
}
