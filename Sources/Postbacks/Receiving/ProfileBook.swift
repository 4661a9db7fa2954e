import Base
import Postgres
import Reactor
import Synchronization

/// All profiles with their routes in memory, found by the keyed hash of their secret. Kept up by NOTIFY, a slow poll, and whoever asks for
/// a secret it doesn't have, once a second at most. Any thread.
package final class ProfileBook: Sendable {
    package enum Finding: Sendable {
        case profile(PostbackProfile)
        /// Switched off.
        case disabled(PostbackProfile)
        /// No profile has it.
        case unknown
        /// None has it here, and the database can't be asked.
        case undecided(any Error)
    }

    /// What is known of profiles at one moment.
    struct Contents: Hashable, Sendable {
        struct Entry: Hashable, Sendable {
            var profileID: Int64
            /// Of a secret before the last rotation.
            var until: Timestamp?
        }
        var profiles: [Int64: PostbackProfile] = [:]
        var secrets: [[UInt8]: Entry] = [:]
    }

    private struct State {
        var contents = Contents()
        var hasRead = false
        var readAt: MonotonicTime?
        /// The read that begins next; those who miss wait for it together.
        var reading: Task<(any Error)?, Never>?
    }

    private static let pause = Duration.seconds(1)
    private static let poll = Duration.seconds(30)
    /// So many may wait for the next read with a secret that is not known. A flood of wrong ones must not take the places of good ones
    /// (`LIMIT_REQUESTS_IN_WORK`); a new profile is known by NOTIFY before it has a URL in Keitaro.
    private static let mostWaiting = 64

    private let store: PostbackStore
    private let vault: PostbackVault
    private let snapshot: ProfileSnapshot?
    private let loop: EventLoop
    private let log: Logger
    private let state = Mutex(State())
    private let waiting = Atomic(0)
    private let tasks = Mutex<[Task<Void, Never>]>([])

    /// - Parameters:
    ///   - directory: `DATA_DIR`, where the last copy serves a start without a database; nil: none is kept.
    ///   - loop: one of the database's.
    package init(
        database: Database, vault: PostbackVault, directory: String?, loop: EventLoop, log: Logger
    ) {
        store = PostbackStore(database: database)
        self.vault = vault
        snapshot = directory.map { ProfileSnapshot(directory: $0) }
        self.loop = loop
        self.log = log
    }

    /// Reads the copy in `DATA_DIR`; from then on the database is read and followed. Once.
    package func start() async {
        await takeSnapshot()
        tasks.withLock { tasks in
            tasks.append(loop.spawn { [self] in await follow() })
            tasks.append(
                loop.spawn { [self] in
                    repeat { _ = await read() } while await loop.sleep(for: Self.poll)
                })
        }
    }

    package func stop() async {
        let running = tasks.withLock { tasks in
            defer { tasks = [] }
            return tasks
        }
        for task in running { task.cancel() }
        for task in running { await task.value }
    }

    /// Whose the secret is. Takes the same time for every secret it knows and every one it doesn't, until it asks the database.
    package func find(_ secret: Secret) async -> Finding {
        guard !secret.reveal().isEmpty else { return .unknown }
        let lookup = vault.lookup(secret)
        let found = known(lookup)
        // One that is switched off may have been switched on a moment ago.
        if case .profile = found { return found ?? .unknown }
        let place = waiting.add(1, ordering: .relaxed).newValue
        defer { waiting.subtract(1, ordering: .relaxed) }
        if place > Self.mostWaiting, state.withLock({ $0.hasRead }) { return found ?? .unknown }
        let failure = await read()
        if let found = known(lookup) { return found }
        return failure.map { .undecided($0) } ?? .unknown
    }

    /// Whether an earlier run left its copy there.
    package static func hasCopy(in directory: String) -> Bool {
        FileSystem.kind(of: ProfileSnapshot(directory: directory).path) != nil
    }

    /// By id; nil: there is none, as far as is known.
    package func profile(_ id: Int64) -> PostbackProfile? { state.withLock { $0.contents.profiles[id] } }

    private func known(_ lookup: [UInt8]) -> Finding? {
        state.withLock { state in
            guard let entry = state.contents.secrets[lookup], let profile = state.contents.profiles[entry.profileID],
                entry.until.map({ $0 > .now() }) ?? true
            else { return nil }
            return profile.isEnabled ? .profile(profile) : .disabled(profile)
        }
    }

    // MARK: Reading

    /// Reads the database, with all who ask for it meanwhile, at most once in `pause`.
    /// - Returns: why it could not be read.
    package func read() async -> (any Error)? {
        let (task, isNew) = state.withLock { current in
            if let reading = current.reading { return (reading, false) }
            let wait = current.readAt.map { $0 + Self.pause - .now() } ?? .zero
            let task = Task(executorPreference: loop) { [self] in
                if wait > .zero { await loop.sleep(for: wait) }
                // Who comes from now on may want what is written after this read.
                state.withLock { state in
                    state.reading = nil
                    state.readAt = .now()
                }
                return await readNow()
            }
            current.reading = task
            return (task, true)
        }
        let failure = await task.value
        if isNew, let failure { log.warning("profiles can't be read", ["error": "\(failure)"]) }
        return failure
    }

    private func readNow() async -> (any Error)? {
        let read: Contents
        do {
            read = try await store.profiles()
        } catch {
            return error
        }
        let isNews = state.withLock { state in
            let isNews = !state.hasRead || state.contents != read
            state.contents = read
            state.hasRead = true
            return isNews
        }
        if isNews, let snapshot {
            if let failure = await HelperThread.shared.run({ snapshot.write(read) }) {
                log.warning("the copy of profiles can't be written", ["error": "\(failure)"])
            }
        }
        return nil
    }

    private func takeSnapshot() async {
        guard let snapshot, let kept = await HelperThread.shared.run({ snapshot.read() }) else { return }
        state.withLock { if !$0.hasRead { $0.contents = kept } }
    }

    private func follow() async {
        guard let notices = try? store.database.notifications(on: PostbackChannel.profiles) else { return }
        while await notices.next() != nil { _ = await read() }
    }
}
