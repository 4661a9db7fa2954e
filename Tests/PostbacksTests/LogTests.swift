import Accounts
import Base
import Fetch
import Postbacks
import Postgres
import Reactor
import Telegram
import TestDesk
import Testing
import Views

/// The log, its live stream, the export and the charts.
@Suite(.timeLimit(.minutes(10))) struct LogTests {
    private static func scene(_ desk: TestDesk) async throws -> (admin: Visitor, profile: Int64) {
        let admin = try await desk.program(.admin, name: "admin")
        let profile = try await PostbackScene.profile(admin, "A")
        return (admin, profile["id"]?.intValue ?? 0)
    }

    private static func ids(_ answer: Visitor.Answer) -> [String] {
        (answer.json["events"]?.arrayValue ?? []).compactMap { $0["click_id"]?.stringValue }
    }

    @Test func `filters find what fits and nothing else`() async throws {
        try await withDesk { desk in
            let (admin, profile) = try await Self.scene(desk)
            let other = try await PostbackScene.profile(admin, "B")["id"]?.intValue ?? 0
            let database = desk.database
            try await PostbackScene.event(
                database, profile: profile, click: "a", campaign: ("4127", "КЗ · Мікропозики"))
            try await PostbackScene.event(database, profile: profile, status: "registration", click: "b", country: "UA")
            try await PostbackScene.event(
                database, profile: profile, outcome: "duplicate", click: "c", transaction: "same")
            try await PostbackScene.event(database, profile: other, status: "vip", outcome: "unmapped", click: "d")
            for (query, expected) in [
                ("", ["d", "c", "b", "a"]), ("?profile=\(other)", ["d"]), ("?status=registration", ["b"]),
                ("?status=other", ["d"]), ("?outcome=duplicate", ["c"]), ("?q=a", ["a"]), ("?q=same", ["c"]),
                ("?q=\(Visitor.encode("мікроп"))", ["a"]), ("?q=ua", ["b"]), ("?q=%25", []), ("?campaign=4127", ["a"]),
                ("?delivery=none", ["d", "c", "b", "a"]), ("?delivery=failed", []), ("?from=2999-01-01", []),
            ] as [(String, [String])] {
                let answer = try await admin.get("/postbacks/\(query)")
                // One letter is also a part of names.
                let found = query == "?q=a" ? Self.ids(answer).filter { $0 == "a" } : Self.ids(answer)
                #expect(found == expected, "\(query)")
            }
            #expect(try await admin.get("/postbacks/?delivery=often").fields == ["delivery"])
            #expect(try await admin.get("/postbacks/?profile=x").fields == ["profile"])
        }
    }

    @Test func `older pages follow each other without a gap or a repetition`() async throws {
        try await withDesk { desk in
            let (admin, profile) = try await Self.scene(desk)
            // Many in one microsecond: the id decides.
            let at = Timestamp.now()
            for number in 0..<250 {
                try await PostbackScene.event(desk.database, profile: profile, at: at, click: "c\(number)")
            }
            var found: [String] = []
            var next: String? = "/postbacks/"
            while let path = next {
                let answer = try await admin.get(path)
                found += Self.ids(answer)
                next = answer.json["older"]?.stringValue
            }
            #expect(found.count == 250)
            #expect(Set(found).count == 250)
            let csv = try await admin.get("/postbacks/export/?q=c24")
            #expect(csv.text.split(separator: "\r\n").count == 1 + 11)
        }
    }

    struct Told: CustomTestStringConvertible, Sendable {
        let states: [String]
        let problem: String?
        let expected: DeliveryState.Kind
        var testDescription: String { "\(states) \(problem ?? "")" }
    }

    @Test(arguments: [
        Told(states: [], problem: nil, expected: .nowhere), Told(states: ["waiting"], problem: nil, expected: .queued),
        Told(states: ["sending"], problem: nil, expected: .sending),
        Told(states: ["sent"], problem: nil, expected: .delivered),
        Told(states: ["digested"], problem: nil, expected: .digested),
        Told(states: ["sent", "waiting"], problem: nil, expected: .queued),
        Told(states: ["sent", "failed"], problem: nil, expected: .failed),
        Told(states: ["waiting", "sent"], problem: "The bot was removed", expected: .blocked),
    ])
    func `a row says what became of its messages`(_ told: Told) async throws {
        try await withDesk { desk in
            let (admin, profile) = try await Self.scene(desk)
            let event = try await PostbackScene.event(desk.database, profile: profile)
            for (number, state) in told.states.enumerated() {
                try await PostbackScene.message(
                    desk.database, event: event, profile: profile, chat: Int64(number) - 100, state: state,
                    error: state == "failed" ? "too long" : nil)
            }
            if let problem = told.problem {
                try await desk.database.execute(
                    "UPDATE telegram_chats SET problem = 'bot_removed', problem_text = \(problem) WHERE chat_id = -100")
            }
            let answer = try await admin.get("/postbacks/events/\(event)/")
            let delivery = answer.json["event"]?["delivery"]
            #expect(delivery?["state"]?.stringValue == told.expected.rawValue)
            #expect(delivery?["problem"]?.stringValue == (told.expected == .failed ? "too long" : told.problem))
            #expect(answer.json["event"]?["messages"]?.arrayValue?.count == told.states.count)
            // The seed's view says the same.
            let view = try await desk.database.one(
                "SELECT processed, error FROM keitaro_events WHERE id = \(event)::uuid")
            #expect(try view.get("processed", Bool.self) == [.delivered, .digested, .nowhere].contains(told.expected))
        }
    }

    @Test func `why a message is not told is said in the reader's language`() async throws {
        try await withDesk { desk in
            let (admin, profile) = try await Self.scene(desk)
            let event = try await PostbackScene.event(desk.database, profile: profile)
            let reason = TelegramFailure.message(description: "Bad Request: BUTTON_DATA_INVALID").description
            try await PostbackScene.message(
                desk.database, event: event, profile: profile, chat: -1, state: "failed", error: reason)
            let path = "/postbacks/events/\(event)/"
            #expect(try await admin.get(path).json["event"]?["delivery"]?["problem"]?.stringValue == reason)
            let browser = try await desk.browser()
            try await desk.database.execute(
                "UPDATE keitaro_profiles SET user_id = (SELECT id FROM users ORDER BY id DESC LIMIT 1)")
            for (language, words) in [
                ("uk", "Telegram не прийняв повідомлення і пояснює: Bad Request: BUTTON_DATA_INVALID"),
                ("ru", "Telegram не принял сообщение и объясняет: Bad Request: BUTTON_DATA_INVALID"),
            ] {
                let page = try await browser.with("Accept-Language", language).get(path)
                #expect(page.text.contains(words), "\(language)")
            }
        }
    }

    @Test func `each reason has words in three languages, and the English ones are what is stored`() throws {
        var sources: [Language: [UInt8]] = [:]
        for language in Language.allCases {
            sources[language] = try FileSystem.read(
                "\(TestPlaces.templates)/words/\(language.rawValue).json", limit: 1 << 20)
        }
        let book = try WordBook(sources: sources)
        #expect(TelegramReason.names.count == TelegramFailure.ChatProblem.allCases.count + 6)
        for name in TelegramReason.names {
            let english = Words(book, .en)("telegram.problem.\(name)", ["said": "X"])
            let reason = TelegramReason(stored: english)
            #expect(reason?.name == name && reason?.said == (english.hasSuffix("X") ? "X" : ""), "\(english)")
            for language in Language.allCases where language != .en {
                #expect(Words(book, language)("telegram.problem.\(name)", ["said": "X"]) != english)
            }
        }
        #expect(TelegramReason(stored: "something else") == nil)
    }

    @Test func `a chat's problem is forgotten by whoever has a profile or a route to it`() async throws {
        try await withDesk { desk in
            let admin = try await desk.program(.admin, name: "admin")
            let buyer = try await desk.program(.buyer, name: "buyer")
            _ = try await PostbackScene.profile(admin, "A", ["chat_id": -7])
            try await desk.database.execute("UPDATE telegram_chats SET problem = 'blocked', problem_text = 'Blocked'")
            #expect(try await buyer.post("/postbacks/chats/check/", ["chat_id": -7]).status == 404)
            #expect(try await admin.get("/postbacks/chats/").json["chats"]?[0]?["problem"] == "Blocked")
            #expect(try await admin.post("/postbacks/chats/check/", ["chat_id": -7]).status == 200)
            #expect(try await admin.get("/postbacks/chats/").json["chats"]?[0]?["problem"] == .null)
        }
    }

    @Test func `the raw log holds what was refused beside what was taken`() async throws {
        try await withDesk { desk in
            let (admin, profile) = try await Self.scene(desk)
            let buyer = try await desk.program(.buyer, name: "buyer")
            try await PostbackScene.event(desk.database, profile: profile)
            try await desk.database.execute(
                """
                INSERT INTO postback_refusals (outcome, address, raw)
                VALUES ('bad_secret', '192.0.2.1', '{"method": "GET", "target": "/x?secret=***"}')
                """)
            let all = try await admin.get("/postbacks/raw/")
            #expect(
                all.json["requests"]?.arrayValue?.compactMap { $0["outcome"]?.stringValue } == [
                    "bad_secret", "accepted",
                ])
            let refused = try await admin.get("/postbacks/raw/?outcome=refused")
            #expect(refused.json["requests"]?.arrayValue?.count == 1)
            #expect(try await admin.get("/postbacks/raw/?q=x%3Fsecret").json["requests"]?.arrayValue?.count == 1)
            // Whose secret it should have been, nobody knows: only who sees all sees it.
            #expect(try await buyer.get("/postbacks/raw/").json["requests"] == [])
        }
    }

    @Test func `a summary counts the last hour`() async throws {
        try await withDesk { desk in
            let (admin, profile) = try await Self.scene(desk)
            let first = try await PostbackScene.event(desk.database, profile: profile)
            try await PostbackScene.event(desk.database, profile: profile, outcome: "duplicate")
            try await PostbackScene.event(
                desk.database, profile: profile, at: Timestamp.now().adding(.seconds(-2 * 3_600)))
            try await PostbackScene.message(desk.database, event: first, profile: profile, chat: -1, state: "sent")
            try await PostbackScene.message(desk.database, event: first, profile: profile, chat: -2)
            try await PostbackScene.message(desk.database, event: first, profile: profile, chat: -3)
            try await desk.database.execute("UPDATE telegram_chats SET problem = 'blocked' WHERE chat_id = -3")
            let summary = try await admin.get("/postbacks/summary/").json
            #expect(summary["received"] == 2)
            #expect(summary["duplicates"] == 1)
            #expect(summary["delivered"] == 1)
            #expect(summary["waiting"] == 1)
            #expect(summary["failed"] == 1)
            #expect(summary["broken_chats"] == 1)
            #expect(summary["minutes"]?.arrayValue?.count == 30)
            #expect(summary["compared"] == .null)
        }
    }

    @Test func `what did not come is what was filled in or is still away`() async throws {
        try await withDesk { desk in
            let (admin, profile) = try await Self.scene(desk)
            try await desk.database.execute(
                """
                INSERT INTO keitaro_reconciliations (profile_id, day, theirs, ours, matching)
                VALUES (\(profile), current_date, 10, 8, 6)
                """)
            // Away, filled in, came by itself; and statuses that were filled in or lag.
            try await desk.database.execute(
                """
                INSERT INTO keitaro_differences (profile_id, day, kind, click_id, theirs, recovered_at, settled_at)
                SELECT \(profile), current_date, kind, click, '{}', recovered, settled FROM (VALUES
                    ('never_arrived', 'a', NULL, NULL), ('never_arrived', 'b', now(), now()),
                    ('never_arrived', 'c', NULL, now()), ('status_lag', 'd', now(), NULL), ('status_lag', 'e', NULL, NULL)
                ) AS found (kind, click, recovered, settled)
                """)
            let summary = try await admin.get("/postbacks/summary/").json
            #expect(summary["missing"] == 2)
            #expect(summary["recovered"] == 1)
        }
    }

    @Test func `raw requests are found by the word that was sent, however it is written`() async throws {
        try await withDesk { desk in
            let (admin, profile) = try await Self.scene(desk)
            try await PostbackScene.event(desk.database, profile: profile)
            for (status, word) in [("qualified", "Qualified"), ("анкета", "Анкета")] {
                let event = try await PostbackScene.event(desk.database, profile: profile, status: status)
                try await desk.database.execute(
                    "UPDATE postback_events SET original_status = \(word) WHERE id = \(event)::uuid")
                let found = try await admin.get("/postbacks/raw/?status=\(Visitor.encode(word))")
                #expect(found.json["requests"]?.arrayValue?.map { $0["status"]?.stringValue } == [word])
            }
            let found = try await admin.get("/postbacks/raw/?status=QUALIFIED")
            #expect(found.json["requests"]?.arrayValue?.count == 1)
        }
    }

    @Test(arguments: [
        "/postbacks/?before=-9223372036854775808_00000000-0000-0000-0000-000000000000",
        "/postbacks/events/-9223372036854775808_00000000-0000-0000-0000-000000000000/",
        "/postbacks/events/9223372036854775807_00000000-0000-0000-0000-000000000000/",
        "/postbacks/?from=-100000-01-01T00:00:00Z", "/postbacks/?to=0000-01-01",
        "/postbacks/reconciliation/?day=0000-01-01",
    ])
    func `a time that nobody can mean is no failure of ours`(path: String) async throws {
        try await withDesk { desk in
            let (admin, profile) = try await Self.scene(desk)
            try await PostbackScene.event(desk.database, profile: profile)
            #expect(try await admin.get(path).status < 500)
        }
    }
}
