import Base
import Glibc

/// A folder of its own below `/tmp`, removed with all that is in it.
package struct TemporaryFolder: Sendable {
    package let path: String

    /// Passable for the private cluster's own user when the tests run as root.
    package init(_ name: String) throws {
        var template = Array("/tmp/sluice-\(name)-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw TestFailure("no temporary folder can be made") }
        path = String(cString: made)
        chmod(path, 0o711)
    }

    package func remove() {
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

/// Runs `body` with the path of a folder that goes afterwards.
package func withTemporaryFolder<Value>(
    _ name: String, _ body: (String) async throws -> Value
) async throws -> Value {
    let folder = try TemporaryFolder(name)
    defer { folder.remove() }
    return try await body(folder.path)
}
