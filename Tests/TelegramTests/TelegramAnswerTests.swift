import Base
import Testing

@testable import Sandbox
@testable import Telegram

@Suite struct TelegramAnswerTests {
    private static func body(_ code: Int, _ description: String, _ parameters: String = "") -> String {
        #"{"ok":false,"error_code":\#(code),"description":"\#(description)"\#(parameters)}"#
    }

    @Test(arguments: [
        (
            429, body(429, "Too Many Requests: retry after 17", #","parameters":{"retry_after":17}"#),
            TelegramFailure.tooMany(retryAfterSeconds: 17)
        ),
        (429, "<html>", .tooMany(retryAfterSeconds: 9)),
        (
            400,
            body(
                400, "Bad Request: group chat was upgraded to a supergroup chat",
                #","parameters":{"migrate_to_chat_id":-1001}"#),
            .migrated(to: -1001)
        ),
        (401, body(401, "Unauthorized"), .token), (404, body(404, "Not Found"), .token),
        (409, body(409, "Conflict: terminated"), .conflict(description: "Conflict: terminated")),
        (502, body(502, "Bad Gateway"), .unavailable(description: "Bad Gateway")),
        (200, "<!doctype html>", .unavailable(description: "no JSON came, but status 200")),
        (200, "[]", .unavailable(description: "no JSON came, but status 200")),
        (400, body(400, "Bad Request: message is too long"), .message(description: "Bad Request: message is too long")),
        (400, body(400, #"a\u0000b"#), .message(description: "a\u{FFFD}b")),
        (403, body(403, "Forbidden: something new"), .chat(.refused, description: "Forbidden: something new")),
        (200, #"{"ok":true}"#, .unavailable(description: "an answer without a result, status 200")),
    ])
    func `answers are sorted by what to do`(status: Int, body: String, expected: TelegramFailure) {
        #expect(throws: expected) {
            _ = try TelegramAnswer.result(status: status, retryAfter: "9", body: Array(body.utf8))
        }
    }

    @Test(arguments: [
        ("Forbidden: bot was blocked by the user", TelegramFailure.ChatProblem.blocked),
        ("Forbidden: user is deactivated", .deactivated),
        ("Forbidden: bot was kicked from the supergroup chat", .botRemoved),
        ("Forbidden: bot is not a member of the channel chat", .botRemoved),
        ("Forbidden: the group chat was deleted", .deleted), ("Bad Request: chat not found", .notFound),
        ("Forbidden: bot can't initiate conversation with a user", .notStarted),
        ("Bad Request: message thread not found", .topicGone), ("Bad Request: TOPIC_CLOSED", .topicGone),
        ("Bad Request: not enough rights to send text messages to the chat", .noRights),
        ("Bad Request: have no rights to send a message", .noRights),
    ])
    func `what is wrong with a chat has a name and a sentence`(
        description: String, problem: TelegramFailure.ChatProblem
    ) {
        #expect(throws: TelegramFailure.chat(problem, description: description)) {
            _ = try TelegramAnswer.result(status: 400, body: Array(Self.body(400, description).utf8))
        }
        #expect(problem.sentence.hasSuffix("."))
    }

    @Test func `a refusal that we don't know quotes Telegram`() {
        let failure = TelegramFailure.chat(.refused, description: "Forbidden: something new")
        #expect(failure.description.hasSuffix(" says: Forbidden: something new"))
        #expect(TelegramReason(stored: failure.description)?.said == "Forbidden: something new")
        #expect(TelegramFailure.chat(.blocked, description: "Forbidden: x").description.hasSuffix("in Telegram."))
    }

    @Test(arguments: [Int64.max, .min, -1, 9_007_199_254_740_993] as [Int64])
    func `an update whose number can't be Telegram's is none`(number: Int64) {
        #expect(TelegramUpdate(["update_id": .integer(number)]) == nil)
        #expect(TelegramUpdate(["update_id": .integer(1 << 53)])?.id == 1 << 53)
    }

    @Test func `a group takes 20 a minute, and what is older doesn't count`() {
        let pace = TelegramPace()
        let now = Timestamp(seconds: 1_000_000)
        var sends: [Timestamp] = []
        for second in 0..<20 { sends = pace.recent(sends, with: now.adding(.seconds(second))) }
        let next = now.adding(.seconds(20))
        #expect(pace.earliest(chat: -5, nextAt: next, recent: sends) == now.adding(pace.groupWindow))
        #expect(pace.earliest(chat: 5, nextAt: next, recent: sends) == next)
        #expect(pace.earliest(chat: 5, nextAt: now, recent: sends) == next)
        #expect(pace.recent(sends, with: now.adding(.seconds(300))).count == 1)
        #expect(pace.earliest(chat: -5, nextAt: next, recent: Array(sends.dropLast())) == next)
    }

    @Test func `a profile catches up on a little of its rate, and on no more`() {
        let pace = TelegramPace()
        let place = Timestamp(seconds: 1_000)
        func next(takenAfter milliseconds: Int64) -> Timestamp {
            pace.nextOfProfile(after: place, takenAt: place.adding(.milliseconds(milliseconds)), perSecond: 10)
        }
        #expect(next(takenAfter: 0) == place.adding(.milliseconds(100)))
        // A little late: the next is where it would have been. Long after: from now on, but for that little.
        #expect(next(takenAfter: 60) == place.adding(.milliseconds(100)))
        #expect(next(takenAfter: 5_000) == place.adding(.milliseconds(5_000)))
    }

    @Test func `the simulated limits are Telegram's`() {
        var flood = TelegramFlood()
        for chat in Int64(1)...30 { #expect(flood.retryAfter(chat: chat, now: 0) == nil) }
        #expect(flood.retryAfter(chat: 31, now: 10) == 1)
        #expect(flood.retryAfter(chat: 31, now: 1000) == nil)
        var one = TelegramFlood()
        for second in Int64(0)..<60 { #expect(one.retryAfter(chat: 7, now: second * 1000) == nil) }
        for _ in 0..<3 { #expect(one.retryAfter(chat: 7, now: 60_000) == nil) }
        #expect(one.retryAfter(chat: 7, now: 60_000) != nil)
        var group = TelegramFlood()
        for second in Int64(0)..<20 { #expect(group.retryAfter(chat: -7, now: second * 2000) == nil) }
        #expect(group.retryAfter(chat: -7, now: 40_000) == 20)
        #expect(group.retryAfter(chat: -7, now: 60_000) == nil)
    }

    @Test(arguments: [
        ("<b>a</b> &lt; <i>&amp;</i>", "a < &"), ("1 & 2", "1 & 2"), ("&#1071;", "Я"),
        ("<a href=\"x\">y</a>", "y"),
    ])
    func `Telegram's HTML is read`(html: String, plain: String) throws {
        let text = try TelegramText(html, isHTML: true)
        #expect(text.plain == plain)
    }

    @Test(arguments: ["<h1>a</h1>", "<b>a", "</b>", "<b><i>a</b></i>", "a < b", " "])
    func `HTML that Telegram refuses is refused`(html: String) {
        #expect(throws: TelegramText.Refusal.self) { _ = try TelegramText(html, isHTML: true) }
    }

    @Test(arguments: [
        ("<b>a</b> &lt; <i>&amp;</i>", "a < &"), ("a < b", "a < b"), ("1 > 0 &quot;x&quot;", "1 > 0 \"x\""),
        ("&#1071;&#x42F; &#xD800;&#0x1;", "ЯЯ &#xD800;&#0x1;"), ("&copy; & <h1>t</h1>", "&copy; & t"),
        ("<\u{301}&lt;\u{301}", "<\u{301}<\u{301}"), ("<a href=\"https://x\">y</a>", "y"),
    ])
    func `text is what is left of HTML when its tags are taken away`(html: String, plain: String) {
        #expect(TelegramHTML.plain(html) == plain)
    }

    @Test(
        arguments: [
            (#"{"status":"member"}"#, nil), (#"{"status":"left"}"#, .botRemoved),
            (#"{"status":"restricted","is_member":true,"can_send_messages":true}"#, nil),
            (#"{"status":"restricted","is_member":true,"can_send_messages":false}"#, .noRights),
            (#"{"status":"restricted","is_member":false,"can_send_messages":true}"#, .botRemoved),
            (#"{"status":"administrator","can_post_messages":false}"#, .noRights),
        ] as [(String, TelegramFailure.ChatProblem?)])
    func `the bot can write where it is and may`(member: String, problem: TelegramFailure.ChatProblem?) throws {
        let chat = #"{"chat":{"id":-1,"type":"supergroup","title":"G"},"new_chat_member":\#(member)}"#
        let membership = try #require(TelegramMembership(try JSON(parsing: Array(chat.utf8))))
        #expect(membership.problem == problem)
    }

    @Test func `an update of each kind is read, and no update is dropped`() throws {
        let updates =
            try JSON(
                parsing: Array(
                    #"""
                    [{"update_id":1,"message":{"message_id":5,"chat":{"id":-1,"type":"group","title":"G"},"from":{"id":9,"is_bot":false,"first_name":"A","language_code":"uk"},"text":"/start x","date":1}},
                     {"update_id":2,"callback_query":{"id":"q","from":{"id":9,"is_bot":false,"first_name":"A"},"data":"m:x","chat_instance":"1"}},
                     {"update_id":3,"my_chat_member":{"chat":{"id":-1,"type":"group","title":"G"},"from":{"id":9,"is_bot":false,"first_name":"A"},"date":1,"old_chat_member":{"status":"member"},"new_chat_member":{"status":"kicked"}}},
                     {"update_id":4,"poll":{}}]
                    """#.utf8)
            ).arrayValue ?? []
        let read = updates.compactMap { TelegramUpdate($0) }
        #expect(read.map(\.id) == [1, 2, 3, 4])
        guard case .message(let message) = read[0].content, case .press(let press) = read[1].content,
            case .membership(let membership) = read[2].content
        else {
            Issue.record("\(read)")
            return
        }
        #expect(message.text == "/start x" && message.from?.languageCode == "uk" && press.data == "m:x")
        #expect(membership.problem == .botRemoved && read[3].content == .other)
    }
}
