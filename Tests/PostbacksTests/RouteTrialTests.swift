import Base
import Testing

@testable import Postbacks

struct RouteTrialTests {
    private static let midnight = Timestamp(seconds: 1_795_219_200)

    private static func stored(_ query: String, at minute: Int) -> RouteTrial.Stored {
        RouteTrial.Stored(
            at: midnight.adding(.seconds(minute * 60)), fields: PostbackFields(query: query.utf8),
            campaignName: "From the Mirror")
    }

    private static func profile(
        _ routes: [PostbackRoute] = [], dedup: Int = 3_600, mappings: [String: PostbackStatus] = [:]
    ) -> PostbackProfile {
        PostbackProfile(
            id: 1, name: "p", chatID: 1, dedupSeconds: dedup, statusMappings: mappings, routes: routes)
    }

    private static func result(
        _ before: PostbackProfile, _ after: PostbackProfile, _ stored: [RouteTrial.Stored], zone: String = "UTC"
    ) throws -> RouteTrial.Result {
        var trial = RouteTrial(before: before, after: after)
        for one in stored { trial.add(one) }
        return trial.result(in: try #require(ZoneClock.named(zone)))
    }

    @Test func `a route takes its messages from the profile's chat`() throws {
        let route = PostbackRoute(id: 9, match: .any, statuses: ["deposit"], chatID: 5, language: "uk")
        let stored = (0..<100).map { number in
            Self.stored("click_id=c\(number)&status=\(number % 4 == 0 ? "sale" : "lead")", at: number * 30)
        }
        let result = try Self.result(Self.profile(), Self.profile([route]), stored)
        #expect(result.read == 100)
        #expect(result.messages.before == 100 && result.messages.after == 100)
        #expect(result.moved == 25)
        let chats = result.chats.map { [$0.chat.chatID, Int64($0.messages.before), Int64($0.messages.after)] }
        #expect(chats == [[1, 100, 75], [5, 0, 25]])
        let taken = try #require(result.chats.last)
        #expect(
            taken.days.map { [$0.day.day, $0.messages.before, $0.messages.after] } == [
                [21, 0, 12], [22, 0, 12], [23, 0, 1],
            ])
        #expect(taken.busiestBefore == nil)
        #expect(taken.busiestAfter == RouteTrial.Minute(at: Self.midnight, messages: 1))
        #expect(result.firstMoved.count == RouteTrial.movedLimit)
        let first = try #require(result.firstMoved.first)
        #expect(first.at == Self.midnight)
        #expect(first.before.map(\.chatID) == [1] && first.after.map(\.chatID) == [5])
        #expect(first.message == "💰 Депозит\nКампанія: From the Mirror")
    }

    @Test func `a paused profile tells nobody, and one that is paused already is tried as if it were not`() throws {
        let stored = [Self.stored("click_id=a&status=sale", at: 0)]
        var paused = Self.profile()
        paused.isEnabled = false
        let pausing = try Self.result(Self.profile(), paused, stored)
        #expect(pausing.messages.before == 1 && pausing.messages.after == 0 && pausing.moved == 1)
        let still = try Self.result(paused, paused, stored)
        #expect(still.messages.before == 1 && still.messages.after == 1 && still.moved == 0)
    }

    @Test func `a mapping is tried on the words that came`() throws {
        let route = PostbackRoute(id: 9, match: .any, statuses: ["registration"], chatID: 5)
        let stored = (0..<10).map { Self.stored("click_id=c\($0)&status=qualified", at: $0) }
        let result = try Self.result(
            Self.profile([route]), Self.profile([route], mappings: ["qualified": .registration]), stored)
        #expect(result.unmapped.before == 10 && result.unmapped.after == 0)
        #expect(result.moved == 10)
        #expect(result.chats.map(\.chat.chatID) == [5, 1])
        // To the same chat in other words is a move too.
        let renamed = try Self.result(Self.profile(), Self.profile(mappings: ["qualified": .deposit]), stored)
        #expect(renamed.moved == 10)
        #expect(renamed.messages.before == renamed.messages.after)
    }

    @Test(
        arguments: [
            (3_600, 3), (3_601, 2), (1_800, 5), (1_801, 3), (0, 5), (86_400, 1),
        ])
    func `dedup is tried as it works: from the last that counted`(seconds: Int, messages: Int) throws {
        // At 0, 30, 60, 90 and 120 minutes.
        let stored = (0..<5).map { Self.stored("click_id=a&tid=1&status=sale", at: $0 * 30) }
        let result = try Self.result(Self.profile(), Self.profile(dedup: seconds), stored)
        #expect(result.messages.before == 3)
        #expect(result.messages.after == messages)
        #expect(result.duplicates.after == 5 - messages)
    }

    @Test func `what a policy ignores is not told, and what came before decides it too`() throws {
        func profile(_ policies: [String: ConversionPolicy]) -> PostbackProfile {
            PostbackProfile(id: 1, name: "p", chatID: 1, dedupSeconds: 0, policies: policies)
        }
        let stored = [
            "click_id=a&status=lead", "click_id=a&tid=1&status=lead", "click_id=a&tid=2&status=lead",
            "click_id=b&status=sale&event_id=e", "click_id=b&status=sale&event_id=e",
            "click_id=b&status=sale&event_id=f", "click_id=old&status=lead", "status=lead", "status=lead",
        ].enumerated().map { Self.stored($1, at: 10 + $0) }
        var trial = RouteTrial(
            before: profile([:]), after: profile(["registration": .ignore, "deposit": .ignoreSameEvent]))
        #expect(trial.reach == nil)
        trial.learn(Self.stored("click_id=old&status=sale", at: 0))
        for one in stored { trial.add(one) }
        let result = trial.result(in: try #require(ZoneClock.named("UTC")))
        #expect(result.read == 9 && result.messages.before == 9)
        #expect(result.ignored.before == 0 && result.ignored.after == 3)
        #expect(result.messages.after == 6)
        #expect(RouteTrial(before: profile([:]), after: profile([:])).reach == .zero)
    }

    @Test func `another status, click or transaction is no repetition, and without both ids nothing is`() throws {
        let stored = [
            "click_id=a&status=sale", "click_id=a&status=lead", "click_id=a&tid=1&status=sale", "tid=1&status=sale",
            "click_id=b&status=sale", "status=sale", "status=sale", "click_id={subid}&tid=&status=sale",
        ].enumerated().map { Self.stored($1, at: $0) }
        let result = try Self.result(Self.profile(), Self.profile(), stored)
        #expect(result.duplicates.before == 0)
        #expect(result.messages.after == 8)
        #expect(result.moved == 0)
        #expect(result.firstMoved.isEmpty)
    }

    @Test func `a digest is one message, at the end of the quiet hours`() throws {
        let quiet = QuietHours(from: 0, until: 480, zone: "UTC", mode: .digest)
        let route = PostbackRoute(id: 9, match: .any, chatID: 5, quiet: quiet)
        // Twelve in the night, two in the minute the digest comes, one later.
        let minutes = (0..<12).map { $0 * 40 } + [480, 480, 500]
        let stored = minutes.enumerated().map { Self.stored("click_id=c\($0)&status=sale", at: $1) }
        let chat = try #require(
            try Self.result(Self.profile(), Self.profile([route]), stored).chats.first { $0.chat.chatID == 5 })
        #expect(chat.postbacks.after == 15)
        #expect(chat.held.after == 12)
        #expect(chat.messages.after == 4)
        #expect(chat.busiestAfter == RouteTrial.Minute(at: Self.midnight.adding(.seconds(28_800)), messages: 3))
    }

    @Test func `days are those of the zone, the empty ones too`() throws {
        let stored = [
            Self.stored("click_id=a&status=sale", at: 0), Self.stored("click_id=b&status=sale", at: 3 * 1_440),
        ]
        let kyiv = try Self.result(Self.profile(), Self.profile(), stored, zone: "America/New_York")
        #expect(
            kyiv.chats.first?.days.map { [$0.day.day, $0.messages.after] } == [[20, 1], [21, 0], [22, 0], [23, 1]])
        let empty = try Self.result(Self.profile(), Self.profile(), [])
        #expect(empty.read == 0 && empty.chats.isEmpty && empty.messages.after == 0)
    }

    @Test func `what is remembered for dedup stays as small as its time allows`() {
        var window = DedupWindow(seconds: 60)
        var postback = Postback()
        postback.status = .deposit
        for number in 0..<30_000 {
            postback.clickID = "c\(number)"
            let isRepetition = window.holds(postback, at: Self.midnight.adding(.seconds(number)))
            #expect(!isRepetition)
        }
        #expect(window.count <= 10_001)
    }
}
