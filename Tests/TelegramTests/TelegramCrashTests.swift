import Base
import Fetch
import Glibc
import Postgres
import Reactor
import Sandbox
import TestDesk
import Testing

@testable import Telegram

/// A sender that dies between sending and settling.
@Suite(.timeLimit(.minutes(10))) struct TelegramCrashTests {
    private static let program =
        ProgramProcess.sluice.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" } + "/TelegramProcess"

    @Test func `after a crash at most the one message in flight of a chat comes again, and order holds`() async throws {
        try await withTestDatabaseURL { url in
            try await onLoop { loop in
                let database = try Database(url: url, loops: [loop], log: .silent)
                let scene = try TelegramScene(database, loop, hasLimits: false)
                func texts(_ numbers: ClosedRange<Int>) -> [String] { numbers.map { "message \($0)" } }
                func start() throws -> ProgramProcess {
                    try ProgramProcess([Self.program, url.reveal(), scene.url, TelegramScene.token])
                }
                try await scene.put(texts(1...3), to: 11)
                try await scene.put(texts(1...3), to: 12)
                let first = try start()
                let isBegun = try await eventually(loop, within: .seconds(60)) {
                    try await scene.states().allSatisfy { $0 == "sent" }
                }
                #expect(isBegun)
                // Telegram takes the next message to the first chat, and its answer never comes.
                await scene.sandbox.play(
                    TelegramFault(.latency, method: "sendMessage", chatID: 11, milliseconds: 100_000, isAfter: true))
                try await scene.put(texts(4...12), to: 11)
                try await scene.put(texts(4...12), to: 12)
                let isInFlight = try await eventually(loop, within: .seconds(60)) {
                    await scene.texts(in: 11).count == 4
                }
                #expect(isInFlight)
                first.end(SIGKILL)
                let second = try start()
                let isDone = try await eventually(loop, within: .seconds(60)) {
                    try await scene.states().allSatisfy { $0 == "sent" }
                }
                second.end(SIGKILL)
                #expect(isDone)
                let repeated = await scene.texts(in: 11)
                #expect(repeated == texts(1...4) + texts(4...12))
                // The other chat may have had one in flight as well.
                let other = await scene.texts(in: 12)
                let once = other.enumerated().filter { $0.offset == 0 || other[$0.offset - 1] != $0.element }
                    .map(\.element)
                #expect(once == texts(1...12) && other.count <= 13)
                await scene.fetch.close()
                await scene.sandbox.stop()
                await database.close()
            }
        }
    }

    @Test func `a sender that is stopped leaves nothing in flight and gives its chats back`() async throws {
        try await withTelegram { scene in
            try await scene.put((1...200).map(String.init), to: 11)
            let sender = scene.sender()
            sender.start()
            let isBegun = try await eventually(scene.loop) { await scene.texts(in: 11).count > 2 }
            await sender.stop()
            let row = try await scene.database.one(
                """
                SELECT count(*) FILTER (WHERE state = 'sending') AS flying, count(*) FILTER (WHERE state = 'sent') AS sent,
                    (SELECT count(*) FROM telegram_chats WHERE lease_until IS NOT NULL) AS held FROM telegram_messages
                """)
            let flying: Int = try row.get("flying")
            let sent: Int = try row.get("sent")
            let held: Int = try row.get("held")
            let arrived = await scene.texts(in: 11).count
            #expect(isBegun && flying == 0 && held == 0 && sent == arrived)
        }
    }
}
