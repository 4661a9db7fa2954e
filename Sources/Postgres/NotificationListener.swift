import Base
import Reactor

/// The process's one connection that listens (LISTEN wants quiet: the server sends notices between statements only). Made when the
/// first reader comes, kept up with back-off, and every reader is told when something may have been missed.
///
/// Touched on its loop's thread only, but for `subscribe` (`@unchecked Sendable` on that ground).
final class NotificationListener: @unchecked Sendable {
    private struct Reader {
        weak var notifications: Notifications?
    }

    private let target: ConnectionTarget
    private let loop: EventLoop
    private let settings: Database.Settings
    private let log: Logger
    private var readers: [String: [Reader]] = [:]
    private var connection: Connection?
    private var backoff = Backoff()
    private var isOpening = false
    private var isClosed = false

    init(target: ConnectionTarget, loop: EventLoop, settings: Database.Settings, log: Logger) {
        self.target = target
        self.loop = loop
        self.settings = settings
        self.log = log
    }

    /// Any loop's thread; the reader stays on that loop.
    func subscribe(to channel: StaticString, on readerLoop: EventLoop) -> Notifications {
        let notifications = Notifications(channel: channel.description, loop: readerLoop)
        loop.execute { [self] in
            guard !isClosed else { return notifications.end() }
            readers[notifications.channel, default: []].append(Reader(notifications: notifications))
            if connection == nil {
                open()
            } else {
                loop.spawn { [self] in await listen([notifications.channel]) }
            }
        }
        return notifications
    }

    private func open() {
        guard !isOpening, !isClosed, connection == nil else { return }
        isOpening = true
        loop.spawn { [self] in
            if let pause = backoff.remaining(now: .now()) { await loop.sleep(for: pause) }
            if !isClosed { await connect() }
            isOpening = false
            if connection == nil { open() }
        }
    }

    private func connect() async {
        do throws(PostgresError) {
            let opened = try await Connection.open(target, on: loop, settings: settings)
            guard !isClosed else { return opened.close() }
            backoff.succeeded()
            connection = opened
            opened.onNotification = { [weak self] channel, payload in self?.pass(.said(payload), on: channel) }
            opened.onClose = { [weak self] in self?.lost() }
            await listen(Array(readers.keys))
        } catch {
            backoff.failed(now: .now(), chance: .random(in: 0..<1))
            log.warning("the listening connection can't be made", ["error": "\(error)"])
        }
    }

    /// Every reader of the channels is told to read anew: what was said before this moment nobody heard.
    private func listen(_ channels: [String]) async {
        guard let connection else { return }
        do throws(PostgresError) {
            for channel in channels {
                let name = channel.replacing("\"", with: "\"\"")
                try await connection.script("LISTEN \"\(name)\"", within: settings.statementDeadline)
            }
            for channel in channels { pass(.mayHaveMissed, on: channel) }
        } catch {
            log.warning("a channel can't be listened to", ["error": "\(error)"])
            connection.close()
        }
    }

    private func lost() {
        connection = nil
        guard !isClosed else { return }
        log.info("the listening connection was lost")
        // Also when attempts succeed and break at once, there is a pause.
        backoff.failed(now: .now(), chance: .random(in: 0..<1))
        open()
    }

    private func pass(_ notice: Notice, on channel: String) {
        readers[channel]?.removeAll { $0.notifications == nil }
        for reader in readers[channel] ?? [] { reader.notifications?.deliver(notice) }
    }

    /// Any thread.
    func close() async {
        await loop.spawn { [self] in
            isClosed = true
            connection?.close()
            for reader in readers.values.joined() { reader.notifications?.end() }
            readers = [:]
        }.value
    }
}
