import Base
import Glibc

/// An advisory lock on a file (`flock`), held until the value is gone or the process ends, however it ends. Not handed on to
/// programs that we start.
final class FileLock: Sendable {
    enum Kind { case shared, exclusive }

    private let descriptor: Int32
    let path: String

    /// Opens the file; nothing is locked yet.
    init(_ path: String) throws(ClusterError) {
        self.path = path
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .system(SystemError(call: "open \(path)")) }
    }

    deinit { close(descriptor) }

    /// Takes the lock, or changes the one already held; false when another stands in the way. A change that fails may lose the lock.
    func take(_ kind: Kind) -> Bool {
        flock(descriptor, (kind == .shared ? LOCK_SH : LOCK_EX) | LOCK_NB) == 0
    }

    /// Waits for the lock, in steps. Blocks: helper thread.
    func wait(_ kind: Kind, seconds: Int) throws(ClusterError) {
        for _ in 0..<(seconds * 20) {
            if take(kind) { return }
            guard errno == EWOULDBLOCK || errno == EINTR else { throw .system(SystemError(call: "flock \(path)")) }
            usleep(50_000)
        }
        throw .busy(lock: path)
    }
}
