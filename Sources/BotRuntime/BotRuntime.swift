import Base
import Postgres
import Reactor
import Telegram
import Views

/// Reads a bot's updates and answers them. Of several processes one polls: it holds an advisory lock on a session of its own, and when
/// it dies another takes over.
///
/// Touched only on its loop's thread (`@unchecked Sendable` on that ground).
package final class BotRuntime: @unchecked Sendable {
    private let database: Database
    private let sessions: Database
    private let client: TelegramClient
    private let desk: BotDesk
    private let loop: EventLoop
    private let log: Logger
    private var isStopping = false
    /// By chat: the update that is being answered, and those behind it.
    private var waiting: [Int64: [TelegramUpdate]] = [:]
    private var answering: [Int64: Task<Void, Never>] = [:]
    private var main: Task<Void, Never>?
    private var poll: Task<Result<[TelegramUpdate], TelegramFailure>, Never>?

    /// - Parameters:
    ///   - sessions: a database value of its own: each poller keeps a connection of it for as long as it lives.
    ///   - isSending: whether this bot is the one that tells postbacks.
    ///   - people: whose accounts there are.
    ///   - words: of a language.
    ///   - queue: follows groups that became supergroups.
    ///   - mended: rung when a chat can be written to again.
    package init(
        database: Database, sessions: Database, client: TelegramClient, isSending: Bool = true, people: BotPeople,
        menus: [any BotMenu], words: @escaping @Sendable (Language) -> Words, queue: TelegramQueue,
        mended: @escaping @Sendable () -> Void, loop: EventLoop, log: Logger
    ) {
        self.database = database
        self.sessions = sessions
        self.client = client
        self.loop = loop
        self.log = log
        desk = BotDesk(
            chat: BotChat(
                bot: client.botID,
                replies: TelegramReplies(database: database, client: client, pace: queue.pace, loop: loop),
                dialogs: DialogStore(database: database), address: BotAddress(client)),
            isSending: isSending, chats: ChatBook(database: database), people: people, menus: menus, words: words,
            queue: queue, mended: mended, log: log)
    }

    package func start() {
        loop.execute { [self] in
            main = loop.spawn { await self.run() }
        }
    }

    /// Nothing new is taken; what is being answered is finished until `deadline`, and cut off then.
    package func stop(within deadline: Duration = .seconds(2)) async {
        await loop.spawn { [self] in
            isStopping = true
            poll?.cancel()
            main?.cancel()
            await main?.value
            let end = MonotonicTime.now() + deadline
            while !answering.isEmpty, MonotonicTime.now() < end { await loop.sleep(for: .milliseconds(20)) }
            let late = Array(answering.values)
            waiting = [:]
            for task in late { task.cancel() }
            for task in late { await task.value }
        }.value
    }

    private func run() async {
        while !isStopping {
            do {
                _ = try await sessions.ifAdvisoryLockIsFree("telegram updates \(client.botID)") { session in
                    try await read(holding: session)
                }
            } catch {
                if !isStopping { log.warning("updates can't be taken", ["error": String(describing: error)]) }
            }
            await loop.sleep(for: .seconds(2))
        }
    }

    private static let longPoll = Duration.seconds(25)

    private func read(holding session: LockedSession) async throws {
        try await introduce()
        var offset = min(try await lastUpdate(), TelegramUpdate.largestID) + 1
        var failures = 0
        while !isStopping {
            // Whoever has lost the lock has lost the right to ask.
            try await session.execute("SELECT 1")
            let client = client
            let asked = offset
            let began = MonotonicTime.now()
            let poll = Task(executorPreference: loop) {
                await Self.result { () async throws(TelegramFailure) in
                    try await client.getUpdates(from: asked, wait: Self.longPoll)
                }
            }
            self.poll = poll
            switch await poll.value {
            case .success(let updates):
                failures = 0
                for update in updates where try await take(update) { answer(update) }
                // Also a lower one: numbers begin anew, at random, after a week of silence.
                if let last = updates.last { offset = last.id + 1 }
                // A server that doesn't wait by itself.
                if updates.isEmpty, MonotonicTime.now() - began < .seconds(1) { await loop.sleep(for: .seconds(1)) }
                await waitForRoom()
            case .failure(let failure):
                guard !isStopping else { return }
                failures += 1
                log.warning("updates can't be read", ["reason": failure.description])
                await loop.sleep(for: Self.pause(after: failure, failures))
            }
        }
    }

    private static func result<Value: Sendable>(
        _ body: () async throws(TelegramFailure) -> Value
    ) async -> Result<Value, TelegramFailure> {
        do throws(TelegramFailure) { return .success(try await body()) } catch { return .failure(error) }
    }

    private static func pause(after failure: TelegramFailure, _ count: Int) -> Duration {
        switch failure {
        case .tooMany(let seconds): .seconds(seconds)
        case .token: .seconds(60)
        case .conflict: .seconds(5)
        default: min(.seconds(1 << min(count - 1, 5)), .seconds(30))
        }
    }

    /// Ends a webhook, under which updates can't be read, and says which commands there are. A failure is the first poll's to tell.
    private func introduce() async throws {
        do throws(TelegramFailure) {
            try await client.deleteWebhook()
            for language in Language.allCases {
                try await client.setMyCommands(
                    desk.commandList(language), language: language == .en ? nil : language.rawValue)
            }
        } catch {
            log.warning("the bot can't be introduced", ["reason": error.description])
        }
    }

    /// Numbers begin anew after a week of silence, so old ones say nothing.
    private func lastUpdate() async throws -> Int64 {
        try await database.one(
            """
            SELECT coalesce(max(update_id), -1)::bigint AS last FROM telegram_updates
            WHERE bot = \(client.botID) AND at > now() - interval '3 days'
            """
        ).get("last")
    }

    // MARK: Answering

    /// Of one chat; what comes on top is dropped, but for what the bot has to know.
    private static let mostInChat = 20
    private static let mostWaiting = 2_000

    /// What one chat does is answered in order; different chats don't wait for each other, and reading goes on meanwhile.
    private func answer(_ update: TelegramUpdate) {
        let chat = update.chatID ?? 0
        guard let before = waiting[chat] else {
            waiting[chat] = [update]
            answering[chat] = loop.spawn { [self] in
                while let next = waiting[chat]?.first {
                    await desk.answer(next)
                    waiting[chat]?.removeFirst()
                }
                waiting[chat] = nil
                answering[chat] = nil
            }
            return
        }
        if before.count < Self.mostInChat || !update.isPersons { waiting[chat]?.append(update) }
    }

    /// Nothing more is read while so much waits.
    private func waitForRoom() async {
        while !isStopping, waiting.values.reduce(0, { $0 + $1.count }) >= Self.mostWaiting {
            await loop.sleep(for: .milliseconds(200))
        }
    }

    /// False: it was taken before, here or elsewhere.
    private func take(_ update: TelegramUpdate) async throws -> Bool {
        try await database.execute(
            """
            INSERT INTO telegram_updates AS known (bot, update_id) VALUES (\(client.botID), \(update.id))
            ON CONFLICT (bot, update_id) DO UPDATE SET at = now() WHERE known.at < now() - interval '6 days'
            """) > 0
    }
}

extension TelegramUpdate {
    /// What a person asks, and may ask again.
    fileprivate var isPersons: Bool {
        switch content {
        case .message(let message): message.migratedTo == nil
        case .press: true
        case .membership, .other: false
        }
    }

    fileprivate var chatID: Int64? {
        switch content {
        case .message(let message): message.chat.id
        case .press(let press): press.message?.chat.id ?? press.from.id
        case .membership(let membership): membership.chat.id
        case .other: nil
        }
    }
}
