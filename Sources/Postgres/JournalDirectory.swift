import Base
import Glibc

/// Where journals are: `DATA_DIR/journal/<name>/`, each with a lock that its process holds as long as it lives, and
/// `DATA_DIR/journal/parked` for rows that no replay could take.
struct JournalDirectory: Sendable {
    let root: String

    init(dataDirectory: String) { root = "\(dataDirectory)/journal" }

    static let lockName = "lock"
    /// Added to a file's number, for the rows of it that nobody knew.
    static let leftFrom = 1_000_000_000
    var parked: String { "\(root)/parked" }
    func path(_ name: String) -> String { "\(root)/\(name)" }

    /// A new journal with its lock held. It appears under its name when it is locked, so that nobody takes it for a dead one.
    func make() throws(JournalError) -> (name: String, lock: FileLock) {
        do {
            try FileSystem.makeDirectories(root, mode: 0o700)
            let time = String(Timestamp.now().microseconds, radix: 16)
            let name =
                "\(String(repeating: "0", count: max(0, 16 - time.count)))\(time)-\(Hex.encode(RandomBytes.make(4)))"
            let hidden = path(".\(name)")
            try FileSystem.makeDirectories(hidden, mode: 0o700)
            let lock = try FileLock("\(hidden)/\(Self.lockName)")
            guard lock.take(.exclusive) else { throw JournalError.closed }
            guard rename(hidden, path(name)) == 0 else { throw SystemError(call: "rename \(hidden)") }
            try JournalDisk.synchronizeDirectory(root)
            return (name, lock)
        } catch let error as JournalError {
            throw error
        } catch let error as SystemError {
            throw error.number == ENOSPC || error.number == EDQUOT ? .full : .system(error)
        } catch ClusterError.system(let error) {
            throw .system(error)
        } catch {
            throw .closed
        }
    }

    /// Journals by age, ours among them.
    func names() -> [String] {
        ((try? FileSystem.list(root)) ?? []).filter { $0 != "parked" && !$0.hasPrefix(".") }
    }

    /// The files of a journal in the order they were written.
    func segments(of name: String) -> [(number: Int, path: String)] {
        ((try? FileSystem.list(path(name))) ?? []).compactMap { file in
            guard file.hasSuffix(".segment"), let number = Int(file.dropLast(8)) else { return nil }
            return (number, "\(path(name))/\(file)")
        }.sorted { $0.number < $1.number }
    }

    /// The lock of a journal whose process is dead; nil when it lives.
    func take(_ name: String) -> FileLock? {
        // Opening would make the file; a journal without one is being removed by another.
        guard FileSystem.kind(of: "\(path(name))/\(Self.lockName)") == .file else { return nil }
        guard let lock = try? FileLock("\(path(name))/\(Self.lockName)"), lock.take(.exclusive) else { return nil }
        return lock
    }

    /// What is left of a journal without rows. The caller holds its lock.
    func remove(_ name: String) {
        for file in [JournalProgress.fileName, Self.lockName] { unlink("\(path(name))/\(file)") }
        rmdir(path(name))
    }
}
