import Glibc

/// An open descriptor that closes itself. Close on exec.
struct OpenFile: ~Copyable {
    let descriptor: Int32

    init(_ path: String, _ flags: Int32, mode: mode_t = 0) throws(SystemError) {
        var result: Int32
        repeat {
            result = open(path, flags | O_CLOEXEC, mode)
        } while result < 0 && errno == EINTR
        guard result >= 0 else { throw SystemError(call: "open \(path)") }
        descriptor = result
    }

    deinit { close(descriptor) }

    func requireRegular(_ path: String) throws(SystemError) {
        var information = stat()
        guard fstat(descriptor, &information) == 0 else { throw SystemError(call: "stat \(path)") }
        switch information.st_mode & S_IFMT {
        case S_IFREG: return
        case S_IFDIR: throw SystemError(call: "read \(path)", number: EISDIR)
        default: throw SystemError(call: "read \(path)", number: EINVAL)
        }
    }

    /// All of the content, and onto the disk.
    func write(_ content: [UInt8], path: String) throws(SystemError) {
        var written = 0
        while written < content.count {
            let count = content[written...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                throw SystemError(call: "write \(path)")
            }
            written += count
        }
        guard fsync(descriptor) == 0 else { throw SystemError(call: "fsync \(path)") }
    }
}
