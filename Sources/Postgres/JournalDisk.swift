import Base
import Glibc

/// The system calls of the journal's writer. Tests make them fail as disks do.
struct JournalDisk: Sendable {
    /// A new file for appending.
    var create: @Sendable (_ path: String) throws(SystemError) -> Int32
    /// All of the bytes.
    var write: @Sendable (Int32, [UInt8]) throws(SystemError) -> Void
    var synchronize: @Sendable (Int32) throws(SystemError) -> Void
    var truncate: @Sendable (Int32, _ size: Int) throws(SystemError) -> Void

    static let real = JournalDisk(
        create: { path throws(SystemError) in
            let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { throw SystemError(call: "open \(path)") }
            return descriptor
        },
        write: { descriptor, bytes throws(SystemError) in
            var written = 0
            while written < bytes.count {
                let count = bytes[written...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
                if count < 0 {
                    if errno == EINTR { continue }
                    throw SystemError(call: "write to the journal")
                }
                written += count
            }
        },
        synchronize: { descriptor throws(SystemError) in
            guard fdatasync(descriptor) == 0 else { throw SystemError(call: "fdatasync of the journal") }
        },
        truncate: { descriptor, size throws(SystemError) in
            guard ftruncate(descriptor, size) == 0 else { throw SystemError(call: "ftruncate of the journal") }
        })

    /// A new name lasts only once its directory is on the disk.
    static func synchronizeDirectory(_ path: String) throws(SystemError) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError(call: "open \(path)") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw SystemError(call: "fsync \(path)") }
    }
}
