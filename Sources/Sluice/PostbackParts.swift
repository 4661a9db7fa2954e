import Base
import Postbacks
import Postgres
import Reactor
import Synchronization

/// What receives postbacks, put together.
struct PostbackParts {
    let book: ProfileBook
    let bell: EventBell
    let intake: PostbackIntake

    /// Rings whoever sends to Telegram, once there is somebody.
    let messages = LateBell()

    /// Names its kind of row to `rows`, which must not have begun to replay.
    init(configuration: Configuration, storage: Storage, rows: RowIntake, loop: EventLoop, log: Logger) {
        let log = log.component("postbacks")
        let bell = EventBell(database: storage.database, loop: loop, log: log)
        let book = ProfileBook(
            database: storage.database, vault: PostbackVault(storage.secretKey), directory: configuration.dataDirectory,
            loop: loop, log: log)
        self.bell = bell
        self.book = book
        intake = PostbackIntake(
            book: book,
            rows: rows.accept(settings: PostbackIntake.settings) { [messages] in
                bell.ring()
                messages.ring()
            },
            refusals: Refusals(database: storage.database, loop: loop, log: log), proxies: configuration.trustedProxies,
            committed: { [messages] in
                bell.ring()
                messages.ring()
            })
    }
}

/// A bell whose hearer is there later than those who ring it; until then nothing is lost, for who hears it also looks by itself.
final class LateBell: Sendable {
    private let hearer = Mutex<(@Sendable () -> Void)?>(nil)

    func connect(_ hearer: @escaping @Sendable () -> Void) { self.hearer.withLock { $0 = hearer } }

    func ring() { hearer.withLock { $0 }?() }
}
