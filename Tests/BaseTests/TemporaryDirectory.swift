import Base
import Glibc

/// A directory of one test, removed with all in it when the value goes.
final class TemporaryDirectory {
    let path: String

    init() throws {
        var template = Array("/tmp/sluice-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemError(call: "mkdtemp") }
        path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    }

    deinit { Self.remove(path) }

    func create(_ name: String) throws -> Int32 {
        let fd = open("\(path)/\(name)", O_WRONLY | O_CREAT | O_APPEND, 0o600)
        guard fd >= 0 else { throw SystemError(call: "open") }
        return fd
    }

    func close(_ fd: Int32) { Glibc.close(fd) }

    func mode(_ name: String) -> mode_t {
        var information = stat()
        return stat("\(path)/\(name)", &information) == 0 ? information.st_mode & 0o7777 : 0
    }

    private static func remove(_ path: String) {
        for name in (try? FileSystem.list(path)) ?? [] {
            let inner = "\(path)/\(name)"
            if FileSystem.kind(of: inner) == .directory { remove(inner) } else { unlink(inner) }
        }
        rmdir(path)
    }
}
