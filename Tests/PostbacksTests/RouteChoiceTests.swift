import Base
import Testing

@testable import Postbacks

struct RouteChoiceTests {
    private static let noon = Timestamp(seconds: 1_795_262_400)

    private static func postback(
        _ status: PostbackStatus = .deposit, campaign: String = "7", source: String = "tiktok", country: String = "KZ"
    ) -> Postback {
        var postback = Postback()
        postback.status = status
        postback.campaignID = campaign
        postback.source = source
        postback.country = country
        return postback
    }

    private static func chats(_ routes: [PostbackRoute], _ postback: Postback, chat: Int64? = 1) -> [Int64] {
        let profile = PostbackProfile(id: 1, name: "p", chatID: chat, routes: routes)
        return RouteChoice.destinations(postback, profile, at: noon).map(\.chatID)
    }

    @Test(
        arguments: [
            (.any, [], [], true), (.campaign("7"), [], [], true), (.campaign("8"), [], [], false),
            (.campaign(""), [], [], false), (.source("TikTok"), [], [], true), (.source("google"), [], [], false),
            (.any, ["deposit"], [], true), (.any, ["registration", "deposit"], [], true),
            (.any, ["rejected"], [], false),
            (.any, [], ["KZ"], true), (.any, [], ["kz", "UA"], true), (.any, [], ["UA"], false),
            (.campaign("7"), ["deposit"], ["KZ"], true), (.campaign("7"), ["deposit"], ["UA"], false),
        ] as [(PostbackRoute.Match, Set<String>, Set<String>, Bool)])
    func `a route takes what passes its match and both filters`(
        match: PostbackRoute.Match, statuses: Set<String>, countries: Set<String>, takes: Bool
    ) {
        let route = PostbackRoute(id: 1, match: match, statuses: statuses, countries: countries, chatID: 5)
        #expect(RouteChoice.takes(route, Self.postback()) == takes)
        #expect(Self.chats([route], Self.postback()) == (takes ? [5] : [1]))
    }

    @Test func `what was not sent passes no filter for it`() {
        let blank = Self.postback(campaign: "", source: "", country: "")
        #expect(!RouteChoice.takes(PostbackRoute(id: 1, match: .source(""), chatID: 5), blank))
        #expect(!RouteChoice.takes(PostbackRoute(id: 1, match: .any, countries: ["KZ"], chatID: 5), blank))
        #expect(RouteChoice.takes(PostbackRoute(id: 1, match: .any, chatID: 5), blank))
    }

    @Test func `a source is the site or the traffic source, whichever was named`() {
        let words = "status=sale&source=site.example&traffic_source_name=TikTok+Ads&sub_id_1=google"
        let postback = PostbackReading.read(
            PostbackFields(query: words.utf8), for: PostbackProfile(id: 1, name: "p"))
        for (name, takes) in [("Site.example", true), ("tiktok ads", true), ("google", false), ("sale", false)] {
            #expect(RouteChoice.takes(PostbackRoute(id: 1, match: .source(name), chatID: 5), postback) == takes)
        }
    }

    @Test func `a status of nobody's can be filtered, and UK is GB`() {
        let route = PostbackRoute(id: 1, match: .any, statuses: ["qualified"], countries: ["GB"], chatID: 5)
        #expect(RouteChoice.takes(route, Self.postback(.other("qualified"), country: "UK")))
        #expect(!RouteChoice.takes(route, Self.postback(.other("hold"), country: "UK")))
    }

    @Test func `the first that takes it ends the search, unless it says to go on`() {
        let first = PostbackRoute(id: 1, match: .any, chatID: 5)
        let second = PostbackRoute(id: 2, match: .any, chatID: 6)
        var further = first
        further.continues = true
        var silenced = first
        silenced.isEnabled = false
        #expect(Self.chats([first, second], Self.postback()) == [5])
        #expect(Self.chats([further, second], Self.postback()) == [5, 6])
        #expect(Self.chats([silenced, second], Self.postback()) == [6])
        #expect(Self.chats([further], Self.postback()) == [5])
        #expect(Self.chats([silenced], Self.postback()) == [1])
        #expect(Self.chats([], Self.postback()) == [1])
        #expect(Self.chats([], Self.postback(), chat: nil) == [])
    }

    @Test func `a chat is told once, its topics are chats of their own`() {
        let first = PostbackRoute(id: 1, match: .any, chatID: 5, continues: true)
        var same = first
        same.id = 2
        var topic = first
        topic.topicID = 9
        #expect(Self.chats([first, same, topic], Self.postback()) == [5, 5])
    }

    @Test func `a destination says chat, topic and language, the route's before the profile's`() {
        let route = PostbackRoute(id: 3, match: .campaign("7"), chatID: 5, topicID: 9, language: "uk")
        let profile = PostbackProfile(id: 1, name: "p", chatID: 1, topicID: 2, language: "en", routes: [route])
        #expect(
            RouteChoice.destinations(Self.postback(), profile, at: Self.noon)
                == [Destination(routeID: 3, chatID: 5, topicID: 9, language: "uk")])
        #expect(
            RouteChoice.destinations(Self.postback(campaign: "8"), profile, at: Self.noon)
                == [Destination(routeID: nil, chatID: 1, topicID: 2, language: "en")])
    }

    @Test func `in quiet hours it is silent, or held until they end`() throws {
        let night = try #require(Timestamp(iso8601: "2026-11-21T19:30:00Z"))
        let morning = try #require(Timestamp(iso8601: "2026-11-22T03:00:00Z"))
        var route = PostbackRoute(
            id: 3, match: .any, chatID: 5, quiet: QuietHours(from: 0, until: 480, zone: "Asia/Almaty", mode: .digest))
        func told(_ moment: Timestamp) -> Destination? {
            RouteChoice.destinations(Self.postback(), PostbackProfile(id: 1, name: "p", routes: [route]), at: moment)
                .first
        }
        #expect(told(night)?.heldUntil == morning)
        #expect(told(night)?.isSilent == false)
        #expect(told(morning)?.heldUntil == nil)
        route.quiet?.mode = .silent
        #expect(told(night)?.heldUntil == nil)
        #expect(told(night)?.isSilent == true)
        #expect(told(morning)?.isSilent == false)
    }
}
