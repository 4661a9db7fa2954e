import Base
import Postgres
import Telegram
import TestDesk
import Testing

@testable import Postbacks

/// From a stored postback to what a chat reads.
@Suite(.timeLimit(.minutes(10))) struct PostbackKindTests {
    private static func queued(_ database: Database) async throws -> [QueuedMessage] {
        try await database.query("SELECT * FROM telegram_messages ORDER BY ordered_at, id").map { row in
            QueuedMessage(
                id: try row.get("id"), orderedAt: try row.get("ordered_at"), chatID: try row.get("chat_id"),
                topicID: try row.get("topic_id"), kind: try row.get("kind"), profileID: try row.get("profile_id"),
                routeID: try row.get("route_id"), eventID: try row.get("event_id"), language: try row.get("language"))
        }
    }

    @Test func `a stored postback is told in its words, a test and a recovered one with a note`() async throws {
        try await withTestDatabase { database, _ in
            let words =
                "status=sale&subid=c1&tid=t1&campaign_name=A+%26+B&revenue=12,50&currency=USD&sub_id_1=s&country=KZ"
            try await Scene.store(
                [
                    Scene.row(words), Scene.row("status=lead", at: 1, origin: .test),
                    Scene.row("status=trash&subid=c2&reason=geo", at: 2, origin: .recovered),
                ], in: database)
            let messages = try await Self.queued(database)
            let kind = PostbackKind(database: database, base: nil, rate: { $0 == 1 ? 5 : nil }).kind
            #expect(messages.allSatisfy { $0.kind == kind.name })
            let rendered = try await kind.render(messages)
            let texts = messages.map { rendered[$0.id]?.parts ?? [] }
            #expect(
                texts == [
                    ["💰 Депозит\nКампания: A &amp; B\nДоход: 12,50 USD\nSub1: s | GEO: KZ\nTX: t1"],
                    ["🧪 Тест: ничего не произошло\n📝 Регистрация"],
                    ["⛔️ Отказ\nПричина: geo\n↩️ Восстановлено из журнала Keitaro"],
                ])
            #expect(kind.perSecond(1) == 5 && kind.perSecond(2) == nil)
        }
    }

    @Test func `a message held until the profile is gone says what the postback said`() async throws {
        try await withTestDatabase { database, _ in
            var profile = Scene.profile()
            profile.statusMappings = ["declined": .rejected]
            try await Scene.store(
                [Scene.row("status=declined&subid=c&tid=t&comment=bad+geo", profile)], in: database)
            let messages = try await Self.queued(database)
            let rendered = try await PostbackKind(database: database, base: nil).kind.render(messages)
            #expect(messages.compactMap { rendered[$0.id]?.parts } == [["⛔️ Отказ\nПричина: bad geo\nTX: t"]])
        }
    }

    @Test func `what is gone has nothing to tell, and a message sent again finds its postback`() async throws {
        try await withTestDatabase { database, _ in
            try await Scene.store([Scene.row("status=lead&subid=c")], in: database)
            let first = try #require(try await Self.queued(database).first)
            let again = QueuedMessage(
                id: 900, orderedAt: Scene.noon.adding(.seconds(86_400)), chatID: 100, kind: "postback",
                eventID: first.eventID, language: "en")
            let gone = QueuedMessage(
                id: 901, orderedAt: Scene.noon, chatID: 100, kind: "postback", eventID: TimeOrderedID.make())
            let kind = PostbackKind(database: database, base: nil).kind
            let rendered = try await kind.render([again, gone])
            #expect(rendered.mapValues(\.parts) == [900: ["📝 Registration"]])
            let digest = try #require(kind.digest)
            let text = try await digest([gone, gone], .quietHoursOver).parts.joined()
            #expect(text.contains("2 events"))
        }
    }

    @Test func `many are told in one, with a link to all of them`() async throws {
        try await withTestDatabase { database, _ in
            try await Scene.store(
                (0..<30).map {
                    Scene.row("status=sale&subid=c\($0)&campaign_id=7&revenue=2&currency=USD", at: Int64($0))
                }, in: database)
            let messages = try await Self.queued(database)
            let kind = PostbackKind(database: database, base: "https://desk.test").kind
            let digest = try #require(kind.digest)
            let text = try await digest(messages, .queueTooLong).parts.joined()
            #expect(text.contains("📦 Сводка: 30 событий"))
            #expect(text.contains("<b>#7</b>\n💰 Депозит: 30 · 60 USD"))
            #expect(text.contains("<a href=\"https://desk.test/postbacks/?profile=1\">"))
        }
    }

    @Test func `an id knows when it was made`() {
        let moment = Timestamp(microseconds: 1_795_262_400_123_456)
        let id = TimeOrderedID.make(at: moment)
        #expect(TimeOrderedID.moment(of: id) == Timestamp(microseconds: 1_795_262_400_123_000))
        for text in [
            "", "x", "0190a000-0000-4000-8000-000000000000", "0190a000-0000-7000-8000-00000000000",
            "zzzzzzzz-zzzz-7zzz-8000-000000000000",
        ] {
            #expect(TimeOrderedID.moment(of: text) == nil)
        }
    }
}
