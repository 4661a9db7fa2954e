import Base
import Postgres
import Reactor
import Rollups
import TestDesk
import Testing

@testable import Postbacks

/// What counts once, whoever brings it how often.
@Suite(.timeLimit(.minutes(10))) struct DedupTests {
    @Test func `the same within the time is a duplicate, before and after it is not`() async throws {
        try await withTestDatabase { database, _ in
            let table: [(words: String, at: Int64, outcome: PostbackOutcome)] = [
                ("subid=c&tid=t&status=lead", 0, .accepted),
                ("subid=c&tid=t&status=LEAD", 3599, .duplicate),
                ("subid=c&tid=t&status=sale", 3599, .accepted),
                ("subid=c&tid=u&status=lead", 3599, .accepted),
                ("subid=c&tid=t&status=lead", 3600, .accepted),
                // Its hour began anew with the one before.
                ("subid=c&tid=t&status=lead", 7199, .duplicate),
                // From a journal: an hour before the last that counted, and within it.
                ("subid=c&tid=t&status=lead", 0, .accepted),
                ("subid=c&tid=t&status=lead", 1, .duplicate),
                // Blanks and placeholders are equal.
                ("subid=d&status=lead", 0, .accepted),
                ("subid=d&tid=&status=lead", 10, .duplicate),
                ("subid=d&tid={tid}&status=lead", 20, .duplicate),
                ("tid=v&status=lead", 0, .accepted),
                ("subid={subid}&tid=v&status=lead", 10, .duplicate),
                // Nothing to know them by.
                ("status=lead", 0, .accepted),
                ("status=lead", 0, .accepted),
            ]
            for (index, line) in table.enumerated() {
                let outcome = try await Scene.store([Scene.row(line.words, at: line.at)], in: database)
                #expect(outcome == [line.outcome], "line \(index): \(line.words)")
            }
            #expect(try await Scene.disagreement(database) == nil)
            let told = try await database.one("SELECT count(*) FROM telegram_messages").get(0, Int.self)
            #expect(told == table.count { $0.outcome == .accepted })
        }
    }

    @Test func `with no time at all nothing is a duplicate`() async throws {
        try await withTestDatabase { database, _ in
            let profile = Scene.profile(dedup: 0)
            for _ in 0..<3 {
                let row = Scene.row("subid=c&status=lead", profile)
                let outcomes = try await Scene.store([row], in: database)
                #expect(outcomes == [.accepted])
            }
        }
    }

    @Test func `two processes that get the same at one moment count it once`() async throws {
        try await withTestDatabaseURL { url in
            try await onLoop { loop in
                let databases = try (0..<2).map { _ in try Database(url: url, loops: [loop], log: .silent) }
                let committers = databases.map { GroupCommitter<PostbackRow>($0) }
                let keys = 40
                let outcomes = try await withThrowingTaskGroup(of: (Int, PostbackOutcome).self) { group in
                    for key in 0..<keys {
                        for copy in 0..<8 {
                            group.addTask(executorPreference: loop) {
                                let row = Scene.row(
                                    "subid=c\(key / 4)&tid=t\(key)&status=sale&revenue=1", at: Int64(copy))
                                return (key, try await committers[copy % 2].submit(row).answer.outcome)
                            }
                        }
                    }
                    return try await group.reduce(into: [(Int, PostbackOutcome)]()) { $0.append($1) }
                }
                for key in 0..<keys {
                    let ends = outcomes.filter { $0.0 == key }.map(\.1)
                    #expect(ends.count { $0 == .accepted } == 1 && ends.count { $0 == .duplicate } == 7)
                }
                #expect(try await Scene.disagreement(databases[0]) == nil)
                let kept = try await databases[0].one("SELECT count(*) FROM postback_events").get(0, Int.self)
                #expect(kept == keys * 8)
                for database in databases { await database.close() }
            }
        }
    }

    @Test func `whatever comes in whatever order to two processes, the sums are those of the conversions`() async throws
    {
        try await withTestDatabaseURL { url in
            try await onLoop { loop in
                let databases = try (0..<2).map { _ in try Database(url: url, loops: [loop], log: .silent) }
                let committers = databases.map { GroupCommitter<PostbackRow>($0) }
                let statuses = ["lead", "sale", "rejected", "rebill", "hold"]
                let policies = ["rebill": ConversionPolicy.newRepeated, "rejected": .ignoreSameEvent]
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for sender in 0..<16 {
                        group.addTask(executorPreference: loop) {
                            for _ in 0..<40 {
                                let click = Int.random(in: 0..<12)
                                let tid = ["", "&tid=a", "&tid=b"].randomElement() ?? ""
                                let words =
                                    "subid=c\(click)\(tid)&status=\(statuses.randomElement() ?? "")&revenue=\(Int.random(in: 0...50))"
                                    + "&currency=\(Bool.random() ? "USD" : "EUR")&campaign_id=\(click % 3)&event_id=\(Int.random(in: 0...3))"
                                let profile = Scene.profile(Int64(click % 2 + 1), dedup: 60, policies: policies)
                                let row = Scene.row(words, profile, at: .random(in: -90_000...90_000))
                                _ = try await committers[sender % 2].submit(row)
                            }
                        }
                    }
                    // Both processes add up meanwhile, and reports are right at every moment.
                    for database in databases {
                        group.addTask(executorPreference: loop) {
                            repeat {
                                try await ConversionSums.addUp(database)
                                #expect(try await Scene.disagreement(database) == nil)
                            } while committers.reduce(0) { $0 + $1.figures.rows } < 640 && !Task.isCancelled
                        }
                    }
                    try await group.waitForAll()
                }
                #expect(try await Scene.disagreement(databases[0]) == nil)
                let moved = try await ConversionSums.addUp(databases[0])
                let left = try await databases[0].one("SELECT count(*) FROM conversion_moves").get(0, Int.self)
                #expect(moved >= 0 && left == 0)
                #expect(try await Scene.disagreement(databases[0]) == nil)
                let kept = try await databases[0].one("SELECT count(*) FROM postback_events").get(0, Int.self)
                #expect(kept == 640)
                let figures = committers.map(\.figures)
                #expect(figures.reduce(0) { $0 + $1.rows } == 640)
                for database in databases { await database.close() }
            }
        }
    }

    @Test func `each loop commits its rows and has its answers, and one click on several loops counts once`()
        async throws
    {
        try await withTestDatabaseURL { url in
            let loops = try (0..<3).map { try EventLoop(name: "lane-\($0)") }
            for loop in loops { loop.start() }
            let database = try Database(url: url, loops: loops, log: .silent)
            let committer = GroupCommitter<PostbackRow>(database)
            let outcomes = try await withThrowingTaskGroup(of: PostbackOutcome.self) { group in
                for number in 0..<90 {
                    group.addTask(executorPreference: loops[number % 3]) {
                        let row = Scene.row("subid=c\(number / 3)&status=lead")
                        let outcome = try await committer.submit(row).answer.outcome
                        loops[number % 3].assertCurrent()
                        return outcome
                    }
                }
                return try await group.reduce(into: [PostbackOutcome]()) { $0.append($1) }
            }
            #expect(outcomes.count { $0 == .accepted } == 30 && outcomes.count { $0 == .duplicate } == 60)
            let loop = loops[0]
            let disagreement = try await Task(executorPreference: loop) { try await Scene.disagreement(database) }.value
            #expect(disagreement == nil)
            await database.close()
            for loop in loops { loop.stop() }
        }
    }
}
