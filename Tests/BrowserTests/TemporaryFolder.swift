import Base
import Glibc

/// A folder of its own below `/tmp`, removed with all that is in it.
struct TemporaryFolder: Sendable {
    let path: String

    /// Passable for the private cluster's own user when the tests run as root.
    init(_ name: String) throws {
        var template = Array("/tmp/sluice-\(name)-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw TestFailure("no temporary folder can be made") }
        path = template.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
        chmod(path, 0o711)
    }

    func remove() {
        guard path.hasPrefix("/tmp/sluice-") else { return }
        Self.remove(path)
    }

    /// A link is removed, not followed.
    private static func remove(_ path: String) {
        if unlink(path) == 0 { return }
        for name in (try? FileSystem.list(path)) ?? [] { remove("\(path)/\(name)") }
        rmdir(path)
    }
}
