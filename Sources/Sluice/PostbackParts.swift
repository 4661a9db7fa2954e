import Base
import Postbacks
import Postgres
import Reactor
import Rollups
import Synchronization

/// What receives postbacks, put together.
struct PostbackParts {
    let book: ProfileBook
    let bell: EventBell
    let sums: SumKeeper
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
        let sums = SumKeeper(database: storage.database, loop: loop, log: log)
        let changed: @Sendable () -> Void = { [messages] in
            bell.ring()
            messages.ring()
            sums.ring()
        }
        self.bell = bell
        self.book = book
        self.sums = sums
        intake = PostbackIntake(
            book: book,
            rows: rows.accept(replayed: changed),
            refusals: Refusals(database: storage.database, loop: loop, log: log), proxies: configuration.trustedProxies,
            committed: changed)
    }

    func start() async {
        await book.start()
        sums.start()
    }

    func stop() async {
        await book.stop()
        await sums.stop()
    }
}

/// A bell whose hearer is there later than those who ring it; until then nothing is lost, for who hears it also looks by itself.
final class LateBell: Sendable {
    private let hearer = Mutex<(@Sendable () -> Void)?>(nil)

    func connect(_ hearer: @escaping @Sendable () -> Void) { self.hearer.withLock { $0 = hearer } }

    func ring() { hearer.withLock { $0 }?() }
}
