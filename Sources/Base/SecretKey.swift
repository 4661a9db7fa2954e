import Glibc

/// The installation's one secret, from which every key is derived, each for one purpose.
package struct SecretKey: Sendable {
    /// What a derived key is for. A label is for ever: under a changed one nothing sealed before can be read.
    package enum Purpose: String, CaseIterable, Sendable {
        case keitaroKeyLookup = "keitaro key lookup"
        case keitaroKeyCipher = "keitaro key cipher"
        case postbackSecretLookup = "postback secret lookup"
        case postbackSecretCipher = "postback secret cipher"
        case csrf = "csrf"
    }

    /// In characters; a shorter secret is refused, from the environment as from the file.
    package static let minimumLength = 16

    private let root: SymmetricKey

    package init(_ secret: Secret) {
        // Hashed first, so a secret of any length is used whole.
        root = SymmetricKey(hashing: secret)
    }

    package func key(for purpose: Purpose) -> SymmetricKey {
        root.derived(label: purpose.rawValue)
    }

    /// `SECRET_KEY` when it is set; otherwise what the file `secret_key` in the data directory holds, which is made
    /// once, 0600. Processes that start at the same moment all get the same. Blocks: call it at start.
    /// - Throws: `SystemError`; `EINVAL` for a file that holds no proper secret, which is never replaced, for what was
    ///   sealed with it would be lost.
    package static func load(configured: Secret?, dataDirectory: String) throws(SystemError) -> SecretKey {
        if let configured { return SecretKey(configured) }
        let path = dataDirectory + "/secret_key"
        if FileSystem.kind(of: path) == nil {
            try FileSystem.makeDirectories(dataDirectory, mode: 0o700)
            let made = Hex.encode(RandomBytes.make(32)) + "\n"
            _ = try FileSystem.writeIfAbsent(Array(made.utf8), to: path, mode: 0o600)
        }
        // Always read back: another process may have been first.
        let text = String(decoding: try FileSystem.read(path, limit: 4_096), as: UTF8.self).trimmingSpaces()
        guard text.count >= minimumLength else { throw SystemError(call: "use the secret in \(path)", number: EINVAL) }
        return SecretKey(Secret(String(text)))
    }
}
