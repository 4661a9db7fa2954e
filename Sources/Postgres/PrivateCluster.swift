import Base
import Glibc
import Reactor
import Synchronization

/// A PostgreSQL of Sluice's own under `DATA_DIR/postgres`, reached through a unix socket alone.
///
/// Several processes may share it: whoever comes first makes and starts it, the others find it running, and the last to release it
/// stops it. A process that dies without a word leaves the server running for the next.
package final class PrivateCluster: Sendable {
    private static let thread = HelperThread(name: "cluster")

    private let server: ClusterServer
    private let log: Logger
    /// Nil after `release`.
    private let use: Mutex<FileLock?>

    private init(server: ClusterServer, use: FileLock, log: Logger) {
        self.server = server
        self.use = Mutex(use)
        self.log = log
    }

    /// Returns when the server accepts connections and the database `sluice` exists. The first time takes some seconds.
    /// - Parameter directory: `DATA_DIR`; made if it is missing.
    package static func start(directory: String, log: Logger) async throws(ClusterError) -> PrivateCluster {
        try await thread.run {
            Result { () throws(ClusterError) in try startBlocking(directory: directory, log: log) }
        }.get()
    }

    private static func startBlocking(directory: String, log: Logger) throws(ClusterError) -> PrivateCluster {
        do throws(SystemError) {
            // The server's user, who is not ours when we are root, passes through what is made here and can list none of it.
            try FileSystem.makeDirectories(directory, mode: 0o711)
        } catch {
            throw .system(error)
        }
        guard let resolved = realpath(directory, nil) else { throw .system(SystemError(call: "realpath \(directory)")) }
        defer { free(resolved) }
        let files = ClusterFiles(root: String(cString: resolved))
        let server = ClusterServer(files: files, log: log)
        let use = try FileLock(files.usersLock)
        let isStarted = try changing(files) { () throws(ClusterError) in
            // None but the one who stops it takes this lock alone, and that one has let go of the change lock.
            try use.wait(.shared, seconds: 30)
            return try server.bringUp()
        }
        log.info("private database ready", ["socket": files.sockets, "started": isStarted ? "now" : "before"])
        return PrivateCluster(server: server, use: use, log: log)
    }

    /// For ``Database``. No password is in it; the socket's directory is the key.
    package var databaseURL: Secret { Secret(server.files.url(database: "sluice")) }

    /// Starts the server again if it has died.
    /// - Returns: whether it had.
    @discardableResult
    package func ensureRunning() async throws(ClusterError) -> Bool {
        let server = server
        let isStarted = try await Self.thread.run {
            Result { () throws(ClusterError) in
                // The usual case asks nothing of the server, which might hang.
                if server.process != nil { return false }
                return try Self.changing(server.files) { () throws(ClusterError) in try server.bringUp() }
            }
        }.get()
        if isStarted { log.warning("the private database had died and was started again") }
        return isStarted
    }

    /// Ends this process's use; the last one out stops the server, which may take about `limit`. Close the ``Database`` before. May be
    /// called twice.
    package func release(within limit: Duration = .seconds(60)) async {
        guard
            let use = use.withLock({ use in
                defer { use = nil }
                return use
            })
        else { return }
        let server = server
        let log = log
        await Self.thread.run {
            do throws(ClusterError) {
                try Self.changing(server.files) { () throws(ClusterError) in
                    guard use.take(.exclusive) else { return }
                    try server.stop(within: limit)
                    log.info("private database stopped")
                }
            } catch {
                log.error("the private database was not stopped", ["error": "\(error)"])
            }
        }
    }

    /// Runs `body` while no other process starts or stops the server.
    private static func changing<Value>(
        _ files: ClusterFiles, _ body: () throws(ClusterError) -> Value
    ) throws(ClusterError) -> Value {
        let lock = try FileLock(files.changeLock)
        try lock.wait(.exclusive, seconds: 300)
        return try body()
    }

    /// The server's process, for tests that kill it.
    var serverProcess: pid_t? { server.process }
}
