import Base
import Postgres
import Sandbox
import Synchronization
import TestDesk
import Testing

@testable import Telegram

/// Many messages told in one.
@Suite(.timeLimit(.minutes(10))) struct TelegramDigestTests {
    private static let kind = TelegramKind(
        name: "sale",
        digest: { messages, occasion in
            RenderedMessage(
                "\(occasion.rawValue): \(messages.map { $0.payload?["n"]?.text ?? "?" }.joined(separator: ","))")
        },
        render: { messages in
            Dictionary(
                uniqueKeysWithValues: messages.map { ($0.id, RenderedMessage("sale \($0.payload?["n"]?.text ?? "?")")) }
            )
        })

    private func put(
        _ numbers: ClosedRange<Int64>, to chat: Int64 = 11, topic: Int64? = nil, heldUntil: Timestamp? = nil,
        in scene: TelegramScene
    ) async throws {
        try await TelegramMessages.put(
            numbers.map {
                TelegramMessage(
                    chatID: chat, topicID: topic, kind: "sale", payload: ["n": .integer($0)], heldUntil: heldUntil)
            }, in: scene.database)
    }

    private func age(_ scene: TelegramScene, _ interval: SQL) async throws {
        try await scene.database.execute(
            "UPDATE telegram_messages SET created_at = now() - \(interval), run_at = now() - \(interval)")
    }

    @Test func `a queue older than a minute is told in one message`() async throws {
        try await withTelegram { scene in
            try await put(1...5, in: scene)
            try await put(6...7, to: 12, in: scene)
            try await age(scene, "interval '61 seconds'")
            try await put(8...8, in: scene)
            try await scene.send(scene.sender(kinds: [Self.kind]))
            let first = await scene.texts(in: 11)
            let second = await scene.texts(in: 12)
            #expect(first == ["queueTooLong: 1,2,3,4,5,8"])
            #expect(second == ["queueTooLong: 6,7"])
            let row = try await scene.database.one(
                """
                SELECT count(*) FILTER (WHERE state = 'digested') AS told,
                    count(*) FILTER (WHERE state = 'digested' AND digest_id IS NULL) AS lost,
                    count(*) FILTER (WHERE state = 'sent') AS sent FROM telegram_messages
                """)
            let told: Int = try row.get("told")
            let lost: Int = try row.get("lost")
            let sent: Int = try row.get("sent")
            #expect(told == 8 && lost == 0 && sent == 2)
        }
    }

    @Test func `one late message is no digest, nor is a young queue`() async throws {
        try await withTelegram { scene in
            try await put(1...1, in: scene)
            try await age(scene, "interval '5 minutes'")
            try await put(2...3, to: 12, in: scene)
            try await scene.send(scene.sender(kinds: [Self.kind]))
            let first = await scene.texts(in: 11)
            let second = await scene.texts(in: 12)
            #expect(first == ["sale 1"] && second == ["sale 2", "sale 3"])
        }
    }

    @Test func `topics are told apart`() async throws {
        try await withTelegram { scene in
            try await put(1...2, to: -1_000_031, topic: 5, in: scene)
            try await put(3...4, to: -1_000_031, topic: 6, in: scene)
            try await age(scene, "interval '2 minutes'")
            try await scene.send(scene.sender(kinds: [Self.kind]))
            let texts = await scene.texts(in: -1_000_031)
            #expect(texts == ["queueTooLong: 1,2", "queueTooLong: 3,4"])
        }
    }

    @Test func `held messages wait for the end of the quiet hours and are told together`() async throws {
        try await withTelegram { scene in
            let later = Timestamp.now().adding(.seconds(3600))
            try await put(1...3, heldUntil: later, in: scene)
            try await put(4...4, in: scene)
            let sender = scene.sender(kinds: [Self.kind])
            sender.start()
            let isFirst = try await eventually(scene.loop) { await scene.texts(in: 11) == ["sale 4"] }
            #expect(isFirst)
            try await scene.database.execute("UPDATE telegram_messages SET run_at = now() WHERE is_held")
            sender.poke()
            let isTold = try await eventually(scene.loop) {
                await scene.texts(in: 11) == ["sale 4", "quietHoursOver: 1,2,3"]
            }
            await sender.stop()
            #expect(isTold)
        }
    }

    @Test func `a digest that fails is tried again as the same digest`() async throws {
        try await withTelegram { scene in
            await scene.sandbox.play(TelegramFault(.status, method: "sendMessage", times: 2))
            try await put(1...3, in: scene)
            try await age(scene, "interval '2 minutes'")
            let sender = scene.sender(kinds: [Self.kind])
            sender.start()
            let isTried = try await eventually(scene.loop) {
                try await scene.database.first("SELECT FROM telegram_messages WHERE digest_of IS NOT NULL") != nil
            }
            try await put(4...4, in: scene)
            let isDone = try await eventually(scene.loop) { await scene.texts(in: 11).count == 2 }
            await sender.stop()
            let texts = await scene.texts(in: 11)
            #expect(isTried && isDone && texts == ["queueTooLong: 1,2,3", "sale 4"])
        }
    }
}
