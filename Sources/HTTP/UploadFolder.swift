import Base
import Glibc

/// Where forms' files lie until they are claimed. Processes may share it.
package struct UploadFolder: Sendable {
    private static let prefix = ".upload-"

    package let path: String

    /// Makes the folder, for this user alone, and removes what processes that died have left in it. Blocks on the disk.
    package init(_ path: String) throws(SystemError) {
        try FileSystem.makeDirectories(path, mode: 0o700)
        self.path = path
        for name in try FileSystem.list(path) where name.hasPrefix(Self.prefix) { removeIfLeft("\(path)/\(name)") }
    }

    /// A file in the making is locked by its process, and the system drops the lock with the process.
    private func removeIfLeft(_ file: String) {
        let descriptor = open(file, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { unlink(file) }
    }

    /// A new, empty file under a random name, open for writing and locked.
    func makeFile() throws(SystemError) -> (path: String, descriptor: Int32) {
        while true {
            let file = "\(path)/\(Self.prefix)\(Hex.encode(RandomBytes.make(12)))"
            let descriptor = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { throw SystemError(call: "open \(file)") }
            var information = stat()
            // Between its making and its lock another process may have taken it for a leftover.
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0, fstat(descriptor, &information) == 0,
                information.st_nlink == 1
            {
                return (file, descriptor)
            }
            close(descriptor)
        }
    }
}
