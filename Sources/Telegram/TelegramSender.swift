import Base
import Postgres
import Reactor

/// Sends what waits in `telegram_messages`, in each chat one after the other, on one loop. Any number of processes may run one: a
/// chat belongs to the process that holds its lease, and all limits are rows that they share.
///
/// Before a message goes it is marked as in flight, and after it is settled. So what a lost process leaves is at most one message per
/// chat of which nobody knows whether it arrived; it is sent again.
///
/// Touched only on its loop's thread, but for `poke` (`@unchecked Sendable` on that ground).
package final class TelegramSender: @unchecked Sendable {
    package struct Settings: Sendable {
        /// How long a dead process keeps a chat from others; longer than sending and settling takes.
        package var lease = Duration.seconds(60)
        /// How often the table is asked without a poke, for messages of other processes.
        package var poll = Duration.milliseconds(500)
        /// Chats that are worked on at one time: more than the bot's 30 a second, each of which may take a second to its place and
        /// some time at Telegram.
        package var concurrency = 64
        package var pace = TelegramPace()

        package init() {}
    }

    private let queue: TelegramQueue
    private let client: TelegramClient
    private let kinds: [String: TelegramKind]
    private let loop: EventLoop
    private let log: Logger
    private let settings: Settings
    private let bell: Bell
    private let settled: @Sendable () -> Void
    private let isHeldBack: @Sendable () -> Bool
    /// Since when the database answers while messages are held back.
    private var heldSince: MonotonicTime?
    private var working: [Int64: Task<Void, Never>] = [:]
    /// When chats that were given back may be sent to again.
    private var dueTimes: [MonotonicTime] = []
    /// Of each profile whose rate was used up: the turn that was given last to one of its chats.
    private var lastTurns: [Int64: MonotonicTime] = [:]
    private var isStopping = false
    private var main: Task<Void, Never>?
    package let figures = TelegramFigures()

    /// - Parameters:
    ///   - kinds: what messages look like; ``TelegramKind/written`` is always there.
    ///   - isHeldBack: whether older messages are still on their way into the queue, as after an outage of the database: then none is
    ///     begun, or a chat would read the newer first. Believed for half a minute at most. On the loop; must not block.
    ///   - settled: rung after each message that was sent or given up. On the loop; must not block.
    package init(
        database: Database, client: TelegramClient, kinds: [TelegramKind], migrations: [ChatMigration] = [],
        loop: EventLoop, log: Logger, settings: Settings = Settings(),
        isHeldBack: @escaping @Sendable () -> Bool = { false }, settled: @escaping @Sendable () -> Void = {}
    ) {
        queue = TelegramQueue(
            database: database, bot: client.botID, pace: settings.pace, migrations: migrations)
        self.client = client
        self.kinds = Dictionary(([.written] + kinds).map { ($0.name, $0) }, uniquingKeysWith: { _, last in last })
        self.loop = loop
        self.log = log
        self.settings = settings
        self.settled = settled
        self.isHeldBack = isHeldBack
        bell = Bell(loop: loop)
    }

    package func start() {
        loop.execute { [self] in
            main = loop.spawn { await self.run() }
        }
    }

    /// Says that a message was just committed. Any thread.
    package func poke() { bell.ring() }

    /// Takes nothing new, lets what is in flight arrive until `deadline`, gives the chats back.
    package func stop(within deadline: Duration = .seconds(5)) async {
        await loop.spawn { [self] in
            isStopping = true
            bell.ring()
            let end = MonotonicTime.now() + deadline
            while !working.isEmpty, MonotonicTime.now() < end { await loop.sleep(for: .milliseconds(20)) }
            let late = Array(working.values)
            for task in late { task.cancel() }
            for task in late { await task.value }
            await main?.value
        }.value
    }

    private func run() async {
        while !isStopping {
            if await mustWait() {
                await pause(Self.heldPause)
                continue
            }
            var taken = 0
            do {
                let free = settings.concurrency - working.count
                if free > 0 {
                    for lease in try await queue.claim(
                        limit: free, besides: Array(working.keys), lease: settings.lease)
                    {
                        begin(lease)
                        taken += 1
                    }
                }
            } catch {
                log.warning("the queue can't be read", ["error": String(describing: error)])
            }
            if taken == 0 || working.count >= settings.concurrency { await bell.wait(atMost: untilSomethingIsDue()) }
        }
    }

    private func untilSomethingIsDue() -> Duration {
        let now = MonotonicTime.now()
        dueTimes.removeAll { $0 <= now }
        return dueTimes.min().map { min($0 - now, settings.poll) } ?? settings.poll
    }

    private static let heldPause = Duration.milliseconds(200)
    /// What never gets into the queue must not silence chats.
    private static let longestHold = Duration.seconds(30)

    private func mustWait() async -> Bool {
        guard isHeldBack() else {
            heldSince = nil
            return false
        }
        if heldSince == nil {
            guard await queue.isReady() else { return true }
            heldSince = .now()
        }
        return heldSince.map { MonotonicTime.now() - $0 < Self.longestHold } ?? true
    }

    private func begin(_ lease: ChatLease) {
        working[lease.chatID] = loop.spawn { [self] in
            await work(in: lease)
            working[lease.chatID] = nil
            bell.ring()
        }
    }

    // MARK: One chat

    /// Through longer waits a chat doesn't keep its place here: others have messages too.
    private static let shortWait = Duration.milliseconds(100)

    private func work(in lease: ChatLease) async {
        while !isStopping {
            if await mustWait() { break }
            do {
                // After the half of the lease nothing is begun: somebody else may have the chat when it arrives.
                let latest = MonotonicTime.now() + settings.lease / 2
                switch try await queue.next(in: lease, kinds: kinds, lasting: settings.lease) {
                case .lost, .idle: return
                case .wait(let time) where time > Self.shortWait:
                    try await queue.release(lease)
                    return dueTimes.append(.now() + time)
                case .wait(let time): await pause(time)
                // A bot that is held longer gets no chats at all, until it may go on.
                case .botIsFull(let time): return try await giveBack(lease, until: .now() + min(time, .seconds(1)))
                case .profileIsFull(let profile, let time, let interval):
                    return try await giveBack(lease, until: turn(of: profile, after: time, interval))
                case .send(let flight):
                    await loop.sleep(for: flight.pause)
                    guard let outcome = await outcome(of: flight, before: latest) else { continue }
                    guard await settle(flight, in: lease, outcome) else { return }
                }
            } catch {
                log.warning("a chat's queue can't be read", ["error": String(describing: error)])
                await pause(.seconds(1))
            }
        }
        try? await queue.release(lease)
    }

    private func giveBack(_ lease: ChatLease, until due: MonotonicTime) async throws {
        try await queue.postpone(lease, by: due - .now())
        dueTimes.append(due)
    }

    /// A turn for each chat of the profile, or all would ask for the same place again and again.
    private func turn(of profile: Int64, after time: Duration, _ interval: Duration) -> MonotonicTime {
        let now = MonotonicTime.now()
        let turn = max(now + time, lastTurns[profile].map { $0 + interval } ?? now)
        // Also when the rate is made higher meanwhile.
        lastTurns[profile] = min(turn, now + Self.longestTurn)
        return min(turn, now + Self.longestTurn)
    }

    private static let longestTurn = Duration.seconds(30)

    /// Ends early when the sender stops.
    private func pause(_ time: Duration) async {
        let end = MonotonicTime.now() + time
        while !isStopping, !Task.isCancelled, MonotonicTime.now() < end {
            await loop.sleep(for: min(end - .now(), .milliseconds(250)))
        }
    }

    /// Tried until it is written, however long the database is away, or another process has the chat: then that one repeats the
    /// message. What the database refuses for a lease's time is left to whoever takes the chat next.
    private func settle(_ flight: MessageInFlight, in lease: ChatLease, _ outcome: TelegramOutcome) async -> Bool {
        let end = MonotonicTime.now() + settings.lease
        var pause = Duration.milliseconds(500)
        while true {
            do {
                let isOurs = try await queue.settle(flight, in: lease, outcome)
                figures.count(outcome)
                if isOurs { settled() }
                return isOurs
            } catch {
                log.error(
                    "a message can't be settled",
                    ["id": String(flight.message.id), "error": String(describing: error)])
                let isAway = (error as? PostgresError)?.isUnavailability ?? false
                guard isAway || MonotonicTime.now() < end, await loop.sleep(for: pause) else { return false }
                pause = min(pause * 2, .seconds(8))
            }
        }
    }

    // MARK: One message

    /// Nil: it was too late to begin.
    private func outcome(of flight: MessageInFlight, before latest: MonotonicTime) async -> TelegramOutcome? {
        let rendered: RenderedMessage
        do {
            guard let kind = kinds[flight.message.kind] else {
                return .failed(reason: "No part of Sluice knows messages of the kind \(flight.message.kind).")
            }
            if let occasion = flight.digestOf, let digest = kind.digest {
                let members = try await queue.members(of: flight.message.id)
                guard !members.isEmpty else { return .failed(reason: TelegramReason.nothingLeft) }
                rendered = try await digest(members, occasion)
            } else if let one = try await kind.render([flight.message])[flight.message.id], !one.parts.isEmpty {
                rendered = one
            } else {
                return .failed(reason: TelegramReason.nothingLeft)
            }
        } catch {
            log.warning(
                "a message can't be written", ["id": String(flight.message.id), "error": String(describing: error)])
            return again(flight, TelegramReason.unwritten)
        }
        // Fewer parts than were sent: what it tells was changed meanwhile, and the rest is there.
        guard let part = rendered.parts.indices.contains(flight.partsSent) ? flight.partsSent : nil else {
            return .sent(messageID: 0)
        }
        guard MonotonicTime.now() < latest else { return nil }
        do throws(TelegramFailure) {
            let isLast = part == rendered.parts.count - 1
            let id = try await send(
                rendered.parts[part], to: flight.message, keyboard: isLast ? rendered.keyboard : nil)
            return isLast ? .sent(messageID: id) : .partSent
        } catch {
            return outcome(of: error, flight)
        }
    }

    /// HTML that Telegram can't read, say of somebody's own template, is sent as plain text.
    private func send(
        _ html: String, to message: QueuedMessage, keyboard: InlineKeyboard?
    ) async throws(TelegramFailure) -> Int64 {
        do throws(TelegramFailure) {
            return try await client.sendMessage(
                html, to: message.chatID, topic: message.topicID, isSilent: message.isSilent, keyboard: keyboard)
        } catch {
            guard case .message(let description) = error, description.contains("can't parse entities") else {
                throw error
            }
            return try await client.sendMessage(
                TelegramHTML.plain(html), to: message.chatID, topic: message.topicID, isHTML: false,
                isSilent: message.isSilent, keyboard: keyboard)
        }
    }

    private func outcome(of failure: TelegramFailure, _ flight: MessageInFlight) -> TelegramOutcome {
        log.info(
            "a message was not sent",
            [
                "id": String(flight.message.id), "chat": String(flight.message.chatID),
                "attempt": String(flight.attempt), "reason": failure.description,
            ])
        let pace = settings.pace
        switch failure {
        case .tooMany(let seconds): return .flood(retryAfter: .milliseconds(Int64(seconds) * 1000 + 250))
        case .migrated(let group): return .migrated(to: group)
        case .chat(.topicGone, _): return .failed(reason: failure.description)
        case .chat(let problem, let description):
            if flight.age > pace.giveUpAfter { return .failed(reason: failure.description) }
            return .chatProblem(
                problem, description: description, after: pace.pauseOfProblem(afterAttempt: flight.attempt))
        case .message: return .failed(reason: failure.description)
        case .token:
            log.error("Telegram does not know the bot's token", ["bot": client.botID])
            return .botRefused(after: .seconds(60))
        case .conflict, .unavailable: return again(flight, failure.description)
        }
    }

    private func again(_ flight: MessageInFlight, _ reason: String) -> TelegramOutcome {
        if flight.age > settings.pace.giveUpAfter { return .failed(reason: reason) }
        return .again(
            after: settings.pace.pause(afterAttempt: flight.attempt), reason: reason, counts: true)
    }
}
