import Base
import Postgres
import Sandbox
import Synchronization
import TestDesk
import Testing

@testable import Telegram

/// The queue on a real database against the simulated Telegram.
@Suite(.timeLimit(.minutes(10))) struct TelegramSenderTests {
    @Test func `each chat gets its messages once and in their order, whoever sends`() async throws {
        try await withTelegram { scene in
            let expected = (1...40).map { "message \($0)" }
            for text in expected {
                for chat: Int64 in [11, 12, -1_000_031] { try await scene.put([text], to: chat) }
            }
            var settings = TelegramScene.quick
            settings.pace.groupMessages = 100
            let other = scene.sender(settings: settings)
            other.start()
            try await scene.send(scene.sender(settings: settings))
            await other.stop()
            for chat: Int64 in [11, 12] {
                let texts = await scene.texts(in: chat)
                #expect(texts == expected)
            }
        }
    }

    @Test func `what an outage kept back is told before what came after it`() async throws {
        try await withTelegram { scene in
            try await scene.put(["after it"], to: 11)
            let outage = Outage()
            let sender = scene.sender {
                outage.looks.add(1, ordering: .relaxed)
                return !outage.isOver.load(ordering: .relaxed)
            }
            sender.start()
            #expect(try await eventually(scene.loop) { outage.looks.load(ordering: .relaxed) > 2 })
            let ids = try await scene.put(["during it"], to: 11)
            try await scene.database.execute(
                "UPDATE telegram_messages SET ordered_at = ordered_at - interval '1 minute' WHERE id = ANY (\(ids))")
            outage.isOver.store(true, ordering: .relaxed)
            #expect(try await eventually(scene.loop) { try await scene.states().allSatisfy { $0 == "sent" } })
            await sender.stop()
            let texts = await scene.texts(in: 11)
            #expect(texts == ["during it", "after it"])
        }
    }

    @Test func `a chat that waits for its second lets others go before it`() async throws {
        try await withTelegram { scene in
            let many = try await scene.put(["1", "2", "3"], to: 11)
            let one = try await scene.put(["one"], to: 12)
            var settings = TelegramScene.quick
            settings.concurrency = 1
            settings.pace.chatInterval = .seconds(1)
            try await scene.send(scene.sender(settings: settings))
            let order = try await scene.database.query("SELECT id FROM telegram_messages ORDER BY settled_at")
                .map { try $0.get("id", Int64.self) }
            #expect(order == [many[0], one[0], many[1], many[2]])
        }
    }

    @Test func `a profile that has used up its rate leaves the places to others`() async throws {
        try await withTelegram { scene in
            func put(_ profile: Int64, _ chat: Int64) async throws -> Int64 {
                var message = TelegramMessage(chatID: chat, kind: "told")
                message.profileID = profile
                return try await TelegramMessages.put([message], in: scene.database)[0]
            }
            var slow: [Int64] = []
            for chat: Int64 in [11, -21, -1_000_031] { slow.append(try await put(1, chat)) }
            let quick = try await put(2, 12)
            var settings = TelegramScene.quick
            settings.concurrency = 2
            let kind = TelegramKind(name: "told", perSecond: { $0 == 1 ? 1 : 1_000 }) { messages in
                Dictionary(uniqueKeysWithValues: messages.map { ($0.id, RenderedMessage("told")) })
            }
            try await scene.send(scene.sender(kinds: [kind], settings: settings))
            let order = try await scene.database.query("SELECT id FROM telegram_messages ORDER BY settled_at")
                .map { try $0.get("id", Int64.self) }
            #expect(Set(order) == Set(slow + [quick]) && order.prefix(2).contains(quick), "\(order)")
        }
    }

    /// Looks of a sender while older messages are still on their way, and the end of that.
    private final class Outage: Sendable {
        let looks = Atomic(0)
        let isOver = Atomic(false)
    }

    @Test func `two senders together keep the bot's 30 a second and a chat's one`() async throws {
        try await withTelegram(limits: true) { scene in
            for chat in Int64(100)..<140 {
                await scene.sandbox.add(SimulatedChat(chat, "Chat \(chat)", kind: "private"))
                try await scene.put(["one"], to: chat)
            }
            try await scene.put(["1", "2", "3", "4"], to: 11)
            let settings = TelegramSender.Settings()
            let other = scene.sender(settings: settings)
            other.start()
            try await scene.send(scene.sender(settings: settings))
            await other.stop()
            // The places they took, by the database's clock; how late a busy machine then sends is another matter.
            let starts = try await scene.database.query(
                "SELECT unnest(recent) AS at FROM telegram_sends ORDER BY 1"
            ).map { try $0.get("at", Timestamp.self) }
            for (index, start) in starts.enumerated().dropFirst(30) {
                #expect(start.since(starts[index - 30]) >= .seconds(1))
            }
            let own = try await scene.database.one(
                "SELECT recent AS sends FROM telegram_sends WHERE chat_id = 11"
            ).get("sends", [Timestamp].self)
            #expect(zip(own, own.dropFirst()).allSatisfy { $1.since($0) >= .seconds(1) })
            let texts = await scene.texts(in: 11)
            #expect(texts == ["1", "2", "3", "4"] && starts.count > 30)
        }
    }

    // A place each 50 ms, so that a busy machine's delays don't make 30 a second of it; two that don't share would send 40.
    @Test func `Telegram never has to refuse what two senders send together`() async throws {
        try await withTelegram(limits: true) { scene in
            for chat in Int64(100)..<180 {
                await scene.sandbox.add(SimulatedChat(chat, "Chat \(chat)", kind: "private"))
                try await scene.put(["one"], to: chat)
            }
            try await scene.put((1...6).map(String.init), to: 11)
            // A group in which 19 came within the minute, the first of them 55 s ago.
            let ago = (0..<19).map { Duration.seconds(55 - 2 * $0) }
            await scene.sandbox.noteSends(to: -21, ago: ago)
            let times = ago.map { Timestamp.now().adding(.zero - $0) }
            try await scene.database.execute(
                """
                INSERT INTO telegram_sends (bot, chat_id, recent)
                VALUES (\(scene.client.botID), -21, \(times)::timestamptz[])
                """)
            try await scene.put(["20th", "21st"], to: -21)
            var settings = TelegramSender.Settings()
            settings.pace.botInterval = .milliseconds(50)
            settings.pace.chatInterval = .milliseconds(1_200)
            settings.pace.groupWindow = .milliseconds(62_000)
            let other = scene.sender(settings: settings)
            other.start()
            try await scene.send(scene.sender(settings: settings))
            await other.stop()
            let floods = await scene.sandbox.floods()
            let calls = await scene.sandbox.called().count { $0 == "sendMessage" }
            #expect(floods == 0 && calls == 88)
            let group = try await scene.database.one(
                "SELECT recent FROM telegram_sends WHERE chat_id = -21"
            ).get("recent", [Timestamp].self)
            // Waiting for the group's minute, nobody took the chat again and again.
            let leases: Int64 = try await scene.database.one(
                "SELECT lease_token FROM telegram_chats WHERE chat_id = -21"
            ).get("lease_token")
            #expect(leases < 20)
            #expect(group.last.map { $0.since(times[0]) >= .seconds(62) } == true)
        }
    }

    @Test(arguments: [
        TelegramFault(.status, times: 2), TelegramFault(.html), TelegramFault(.reset),
        TelegramFault(.rateLimit, retryAfter: 1), TelegramFault(.status, times: 1, status: 500),
    ])
    func `a failure of Telegram's costs time and nothing else`(fault: TelegramFault) async throws {
        try await withTelegram { scene in
            await scene.sandbox.play(fault)
            try await scene.put(["first", "second"], to: 11)
            try await scene.send(scene.sender())
            let texts = await scene.texts(in: 11)
            #expect(texts == ["first", "second"])
        }
    }

    @Test func `a wait that Telegram asks for is no attempt`() async throws {
        try await withTelegram { scene in
            await scene.sandbox.play(TelegramFault(.rateLimit, retryAfter: 1))
            try await scene.put(["first"], to: 11)
            try await scene.send(scene.sender())
            let row = try await scene.database.one("SELECT attempts, error FROM telegram_messages")
            let attempts: Int = try row.get("attempts")
            let error: String? = try row.get("error")
            #expect(attempts == 1 && error == nil)
        }
    }

    @Test(arguments: [
        (SimulatedChat.State.kicked, "bot_removed", Int64(-21)), (.notMember, "bot_removed", -21),
        (.blocked, "blocked", 11), (.deactivated, "deactivated", 11), (.noRights, "no_rights", -21),
        (.deleted, "deleted", -21),
    ])
    func `a chat that can't be written to says why, and gets everything when it can`(
        state: SimulatedChat.State, problem: String, chat: Int64
    ) async throws {
        try await withTelegram { scene in
            await scene.sandbox.setState(state, of: chat)
            try await scene.put(["a", "b"], to: chat)
            let sender = scene.sender()
            sender.start()
            let isMarked = try await eventually(scene.loop) {
                try await scene.database.first(
                    """
                    SELECT FROM telegram_chats WHERE problem = \(problem) AND problem_text <> '' AND next_at > now()
                    """) != nil
            }
            #expect(isMarked)
            let errors = try await scene.database.query("SELECT DISTINCT error FROM telegram_messages").map {
                try $0.get("error", String?.self)
            }
            let sentence = try #require(TelegramFailure.ChatProblem(rawValue: problem)).sentence
            #expect(errors == [sentence])
            let states = try await scene.states()
            #expect(states == ["waiting", "waiting"])
            await scene.sandbox.setState(.open, of: chat)
            try await scene.database.execute("UPDATE telegram_chats SET next_at = now()")
            sender.poke()
            let isSent = try await eventually(scene.loop) { try await scene.states() == ["sent", "sent"] }
            await sender.stop()
            let texts = await scene.texts(in: chat)
            #expect(isSent && texts == ["a", "b"])
            let left = try await scene.database.first("SELECT FROM telegram_chats WHERE problem IS NOT NULL")
            #expect(left == nil)
        }
    }

    @Test func `what could not be delivered for a day is given up with its reason`() async throws {
        try await withTelegram { scene in
            await scene.sandbox.setState(.kicked, of: -21)
            try await scene.put(["old"], to: -21)
            try await scene.database.execute(
                "UPDATE telegram_messages SET created_at = now() - interval '25 hours', run_at = created_at")
            try await scene.database.execute("UPDATE telegram_messages SET run_at = created_at")
            try await scene.send(scene.sender())
            let row = try await scene.database.one("SELECT state, error FROM telegram_messages")
            let state: String = try row.get("state")
            let error: String = try row.get("error")
            #expect(state == "failed" && error == TelegramFailure.ChatProblem.botRemoved.sentence)
        }
    }

    @Test func `a closed topic fails its own messages and holds nobody else's`() async throws {
        try await withTelegram { scene in
            await scene.sandbox.setTopic(5, of: -1_000_031, isOpen: false)
            try await scene.put(["to the closed"], to: -1_000_031, topic: 5)
            try await scene.put(["to the open"], to: -1_000_031, topic: 6)
            try await scene.send(scene.sender())
            let states = try await scene.states()
            let texts = await scene.texts(in: -1_000_031)
            #expect(states == ["failed", "sent"] && texts == ["to the open"])
        }
    }

    @Test func `HTML that Telegram can't read arrives as text`() async throws {
        try await withTelegram { scene in
            try await scene.put(["<h1>1 &lt; 2</h1>"], to: 11)
            try await scene.send(scene.sender())
            let texts = await scene.texts(in: 11)
            #expect(texts == ["1 < 2"])
        }
    }

    @Test func `a message that is refused fails, and the next one goes`() async throws {
        try await withTelegram { scene in
            try await scene.put([String(repeating: "x", count: 5000), "short"], to: 11)
            try await scene.send(scene.sender())
            let states = try await scene.states()
            let texts = await scene.texts(in: 11)
            #expect(states == ["failed", "sent"] && texts == ["short"])
        }
    }

    @Test func `a chat whose message can't be written down is left to the next one who takes it`() async throws {
        try await withTelegram { scene in
            try await scene.database.execute(
                "ALTER TABLE telegram_messages ADD CONSTRAINT never CHECK (state <> 'failed')")
            try await scene.put([String(repeating: "x", count: 5000)], to: 11)
            var settings = TelegramScene.quick
            settings.lease = .milliseconds(200)
            let sender = scene.sender(settings: settings)
            sender.start()
            let isAgain = try await eventually(scene.loop, within: .seconds(60)) {
                await scene.sandbox.called().count { $0 == "sendMessage" } >= 2
            }
            await sender.stop()
            #expect(isAgain)
        }
    }

    @Test func `an unknown kind fails, and says so`() async throws {
        try await withTelegram { scene in
            try await TelegramMessages.put([TelegramMessage(chatID: 11, kind: "strange")], in: scene.database)
            try await scene.send(scene.sender())
            let states = try await scene.states()
            #expect(states == ["failed"])
        }
    }

    @Test func `a group that became a supergroup is followed by the queue and by everybody who keeps it`() async throws
    {
        try await withTelegram { scene in
            let group = try #require(await scene.sandbox.migrate(-21))
            try await scene.put(["a", "b"], to: -21)
            let followed = Mutex<[Int64]>([])
            try await scene.send(
                scene.sender(migrations: [{ old, new, _ in followed.withLock { $0 += [old, new] } }]))
            let texts = await scene.texts(in: group)
            #expect(texts == ["a", "b"])
            #expect(followed.withLock { $0 } == [-21, group])
            // Who still writes the old number, say from a snapshot, reaches the new chat.
            try await scene.put(["c"], to: -21)
            try await scene.send(scene.sender())
            let more = await scene.texts(in: group)
            #expect(more == ["a", "b", "c"])
        }
    }

    @Test(arguments: [[Int64(-50), -50], [-51, -52, -51], [-51, -52, -53, -51]])
    func `a group that is said to become itself holds its messages, and is left in peace`(path: [Int64]) async throws {
        try await withTelegram { scene in
            for (old, new) in zip(path, path.dropFirst()) {
                var chat = SimulatedChat(old, "Chat \(old)", kind: "group")
                chat.migratedTo = new
                await scene.sandbox.add(chat)
            }
            try await scene.put(["a", "b"], to: path[0])
            let sender = scene.sender()
            sender.start()
            let isHeld = try await eventually(scene.loop, within: .seconds(60)) {
                try await scene.database.first(
                    """
                    SELECT FROM telegram_messages m JOIN telegram_chats c USING (chat_id)
                    WHERE m.error IS NOT NULL AND m.state = 'waiting' AND c.next_at > now() + interval '30 seconds'
                        AND c.lease_until IS NULL
                    """) != nil
            }
            await sender.stop()
            let calls = await scene.sandbox.called().count { $0 == "sendMessage" }
            #expect(isHeld && calls == path.count - 1)
            let states = try await scene.states()
            #expect(states == ["waiting", "waiting"])
            let circles = try await scene.database.first("SELECT FROM telegram_chats WHERE migrated_to = chat_id")
            #expect(circles == nil)
        }
    }

    @Test func `what is in flight under a group's former number comes first, and once`() async throws {
        try await withTelegram { scene in
            let sender = scene.sender()
            await scene.sandbox.add(SimulatedChat(-61, "New", kind: "supergroup"))
            await scene.sandbox.play(
                TelegramFault(.latency, method: "sendMessage", chatID: -21, milliseconds: 400, isAfter: true))
            try await scene.put(["1", "2", "3"], to: -21)
            sender.start()
            let isInFlight = try await eventually(scene.loop) { await scene.texts(in: -21).count == 1 }
            // Somebody else hears of it first.
            let queue = TelegramQueue(database: scene.database, bot: scene.client.botID, migrations: [])
            try await queue.followMigration(from: -21, to: -61)
            let isDone = try await eventually(scene.loop, within: .seconds(60)) {
                try await scene.states().allSatisfy { $0 == "sent" }
            }
            await sender.stop()
            let old = await scene.texts(in: -21)
            let new = await scene.texts(in: -61)
            #expect(isInFlight && isDone && old == ["1"] && new == ["2", "3"])
        }
    }

    @Test func `parts of a long message arrive once each, also over a failure between them`() async throws {
        try await withTelegram { scene in
            try await TelegramMessages.put(
                [
                    TelegramMessage(
                        chatID: 11, kind: "written",
                        payload: [
                            "texts": ["part 1", "part 2", "part 3"],
                            "keyboard": ["inline_keyboard": [[["text": "Open", "url": "https://desk.example"]]]],
                        ])
                ], in: scene.database)
            let sender = scene.sender()
            sender.start()
            let isBegun = try await eventually(scene.loop) { await scene.texts(in: 11).count >= 1 }
            await scene.sandbox.play(TelegramFault(.status))
            let isDone = try await eventually(scene.loop) { try await scene.states() == ["sent"] }
            await sender.stop()
            let chat = try #require(await scene.sandbox.chat(11))
            #expect(isBegun && isDone && chat.messages.map(\.text.plain) == ["part 1", "part 2", "part 3"])
            #expect(chat.messages.map { $0.keyboard != nil } == [false, false, true])
        }
    }

    @Test func `every chat that can't be written to is counted, and the first of them are named`() async throws {
        try await withTelegram { scene in
            for chat in Int64(200)..<225 { try await scene.put(["x"], to: chat) }
            try await scene.database.execute(
                """
                INSERT INTO telegram_chats (chat_id, problem) SELECT DISTINCT chat_id, 'blocked' FROM telegram_messages
                """)
            let health = try await TelegramHealth.read(scene.database)
            #expect(health.troubledChats == 25 && health.problems.count == 20)
        }
    }

    @Test func `nothing is lost while the token is wrong`() async throws {
        try await withTelegram { scene in
            try await scene.put(["a"], to: 11)
            let sender = scene.sender(token: "5001:wrong")
            sender.start()
            let isNoted = try await eventually(scene.loop) {
                try await scene.database.first(
                    "SELECT FROM telegram_messages WHERE state = 'waiting' AND error LIKE '%TELEGRAM_BOT_TOKEN%'")
                    != nil
            }
            await sender.stop()
            #expect(isNoted)
            try await scene.database.execute("UPDATE telegram_limits SET next_at = now()")
            try await scene.send(scene.sender())
            let texts = await scene.texts(in: 11)
            #expect(texts == ["a"])
        }
    }
}
