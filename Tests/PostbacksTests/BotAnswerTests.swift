import Base
import Testing

@testable import Postbacks

/// What people type to the bot.
struct BotAnswerTests {
    @Test(
        arguments: [
            ("4127", ["match": "campaign_id", "match_value": "4127"]),
            (" tiktok ", ["match": "source", "match_value": "tiktok"]),
            ("-", ["match": "any", "match_value": ""]), ("12a", ["match": "source", "match_value": "12a"]),
        ] as [(String, JSON)])
    func `a number is a campaign, a word a source, a dash any`(text: String, expected: JSON) {
        #expect(BotVisit.match(text) == expected)
    }

    @Test(
        arguments: [
            ("23:00-08:00", QuietHours(from: 1_380, until: 480, zone: "UTC", mode: .silent)),
            ("23:00–08:30 Europe/Kyiv digest", QuietHours(from: 1_380, until: 510, zone: "Europe/Kyiv", mode: .digest)),
            ("0:05-8:00 digest", QuietHours(from: 5, until: 480, zone: "UTC", mode: .digest)), ("-", nil), ("", nil),
        ] as [(String, QuietHours?)])
    func `quiet hours are typed in one line`(text: String, expected: QuietHours?) throws {
        var route = PostbackRoute(
            id: 1, match: .any, chatID: 5, quiet: text.isEmpty || text == "-" ? expected : nil)
        try ProfileInput.apply(BotVisit.quiet(text), to: &route)
        #expect(route.quiet == expected)
    }

    @Test(arguments: ["23:00", "8-9", "23:00-25:00", "23:00-08:00 Moon"])
    func `what are no quiet hours is refused`(text: String) {
        var route = PostbackRoute(id: 1, match: .any, chatID: 5)
        #expect(throws: (any Error).self) { try ProfileInput.apply(BotVisit.quiet(text), to: &route) }
    }
}
