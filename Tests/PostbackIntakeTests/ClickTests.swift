import Base
import Postgres
import Reactor
import TestDesk
import TestGround
import Testing

@testable import Postbacks

/// One click, whoever brings which of its postbacks in which moment.
@Suite(.timeLimit(.minutes(10))) struct ClickTests {
    @Test func `a lead without the transaction and its sale in two processes at one moment are one conversion`()
        async throws
    {
        try await withTestDatabaseURL { url in
            try await onLoop { loop in
                let databases = try (0..<2).map { _ in try Database(url: url, loops: [loop], log: .silent) }
                let committers = databases.map { GroupCommitter<PostbackRow>($0) }
                let clicks = 60
                for round in 0..<4 {
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        for click in 0..<clicks {
                            for (index, words) in ["status=lead&revenue=1", "status=sale&tid=t&revenue=70"].enumerated()
                            {
                                let row = Scene.row("subid=c\(round)-\(click)&\(words)", at: Int64(index))
                                // Neither process has the leads alone.
                                let place = (index + click / 30) % 2
                                group.addTask(executorPreference: loop) { _ = try await committers[place].submit(row) }
                            }
                        }
                        try await group.waitForAll()
                    }
                }
                let row = try await databases[0].one(
                    """
                    SELECT count(*) AS all, count(DISTINCT click_id) AS clicks, sum(revenue)::bigint AS revenue,
                        count(*) FILTER (WHERE status = 'deposit' AND events = 2) AS whole FROM conversions
                    """)
                #expect(try row.get("clicks", Int.self) == 4 * clicks)
                #expect(try row.get("all", Int.self) == 4 * clicks)
                #expect(try row.get("whole", Int.self) == 4 * clicks)
                #expect(try row.get("revenue", Int.self) == 4 * clicks * 70)
                #expect(try await Scene.disagreement(databases[0]) == nil)
                for database in databases { await database.close() }
            }
        }
    }

    @Test func `ids of nothing but colons and percents are stored, each a conversion of its own`() async throws {
        try await withTestDatabase { database, _ in
            let colons = String(repeating: "%3A", count: 511)
            let percents = String(repeating: "%25", count: 512)
            let rows = ["a", "b"].map { Scene.row("subid=\(colons)\($0)&tid=\(percents)&status=sale&revenue=1") }
            #expect(try await Scene.store(rows, in: database) == [.accepted, .accepted])
            #expect(
                try await Scene.store([Scene.row("subid=\(colons)a&status=lead", at: 60)], in: database) == [.accepted])
            let row = try await database.one(
                "SELECT count(*) AS all, max(octet_length(external_id)) AS longest, sum(events) AS events FROM conversions"
            )
            #expect(try row.get("all", Int.self) == 2)
            #expect(try row.get("events", Int.self) == 3)
            // Room for a further one's own part within an entry of an index.
            #expect(try row.get("longest", Int.self) < 2_600)
            #expect(try await Scene.disagreement(database) == nil)
        }
    }
}
