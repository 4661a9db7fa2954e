import Glibc

/// The secret as a file in the data directory, and the one that is to follow it while the keys are sealed anew.
///
/// The next secret is on the disk before the first row is sealed with it and takes the old one's place after the last: at no
/// moment is a row sealed with a secret that no file holds. All calls block.
package struct SecretKeyFile: Sendable {
    package let path: String
    package let nextPath: String

    package init(dataDirectory: String) {
        path = dataDirectory + "/secret_key"
        nextPath = path + ".next"
    }

    /// Nil when there is none. `EINVAL` for a file that holds no proper secret.
    package func current() throws(SystemError) -> Secret? { try Self.read(path) }

    /// Nil: no change of the secret is under way.
    package func next() throws(SystemError) -> Secret? { try Self.read(nextPath) }

    /// The next secret, made unless a change is under way already.
    package func prepareNext() throws(SystemError) -> Secret {
        let made = Hex.encode(RandomBytes.make(32))
        if try FileSystem.writeIfAbsent(Array("\(made)\n".utf8), to: nextPath, mode: 0o600) { return Secret(made) }
        return try next() ?? Secret(made)
    }

    /// Makes the next secret the current one. Repeating it after an interruption is safe.
    package func adoptNext() throws(SystemError) {
        guard let secret = try next() else { return }
        try write(secret)
        try FileSystem.remove(nextPath)
    }

    /// Replaces the current secret.
    package func write(_ secret: Secret) throws(SystemError) {
        try Self.write(secret, to: path)
    }

    /// A file of the same form elsewhere, beside a backup.
    package static func write(_ secret: Secret, to path: String) throws(SystemError) {
        try FileSystem.write(Array("\(secret.reveal())\n".utf8), to: path, mode: 0o600)
    }

    /// As `write`, for a path that nothing has. `EEXIST` when something has, which stays as it is.
    package static func writeNew(_ secret: Secret, to path: String) throws(SystemError) {
        guard try FileSystem.writeIfAbsent(Array("\(secret.reveal())\n".utf8), to: path, mode: 0o600) else {
            throw SystemError(call: "write \(path)", number: EEXIST)
        }
    }

    package static func read(_ path: String) throws(SystemError) -> Secret? {
        guard FileSystem.kind(of: path) != nil else { return nil }
        let text = String(decoding: try FileSystem.read(path, limit: 4_096), as: UTF8.self).trimmingSpaces()
        guard text.count >= SecretKey.minimumLength else {
            throw SystemError(call: "use the secret in \(path)", number: 22)
        }
        return Secret(String(text))
    }
}
