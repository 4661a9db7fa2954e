import Base
import Glibc
import Postgres

/// Runs `body` with a directory that a private cluster's user may pass through, and removes it.
func withTemporaryPlace<Value>(_ body: (String) async throws -> Value) async throws -> Value {
    var template = Array("/tmp/sluice-place-XXXXXX".utf8CString)
    guard let made = mkdtemp(&template).map({ String(cString: $0) }) else {
        throw ServingProcess.Failure(description: "no temporary directory")
    }
    chmod(made, 0o711)
    defer { _ = try? ChildProcess.run(["/bin/rm", "-rf", made], timeout: .seconds(30)) }
    return try await body(made)
}

extension ServingProcess {
    /// Lets a command run to its end.
    static func status(_ arguments: [String], _ settings: [String: String]) throws -> Int32? {
        try ServingProcess(arguments, settings).end(0)
    }
}
