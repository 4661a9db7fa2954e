import Base
import Reactor
import Synchronization

/// A password as the database keeps it.
struct PasswordHash: Sendable {
    let salt: [UInt8]
    let hash: [UInt8]
    let parameters: Scrypt.Parameters

    func isOf(_ password: Secret) -> Bool {
        guard let derived = Scrypt.derive(password, salt: salt, parameters, count: max(hash.count, 1)) else {
            return false
        }
        return ConstantTime.equal(derived, hash)
    }

    /// What a name without a password is compared with, so that its answer takes as long as any other.
    static let nobodys = PasswordHash(
        salt: [UInt8](repeating: 0, count: 16), hash: [UInt8](repeating: 0, count: 32), parameters: .standard)
}

/// What a password may be. Length is what counts (NIST SP 800-63B §5.1.1), so nothing else is asked.
enum PasswordRule {
    static let minimum = 10
    static let maximum = 200

    static func allows(_ password: String) -> Bool {
        (minimum...maximum).contains(password.unicodeScalars.count) && password.utf8.count <= 4 * maximum
            && password.utf8.allSatisfy { $0 != 0 }
    }
}

/// Computes password hashes one after another on a thread of their own: they take a fifth of a second and 32 MiB each, and name
/// lookups must not wait behind them.
final class PasswordHashing: Sendable {
    /// More than these in line are refused: the last would wait longer than anybody looks at a page.
    static let longestLine = 32
    static let shared = PasswordHashing()

    private let thread = HelperThread(name: "passwords")
    private let waiting = Atomic<Int>(0)

    /// Nil when too many wait.
    func make(_ password: Secret) async -> PasswordHash? {
        await inLine {
            let salt = RandomBytes.make(16)
            guard let hash = Scrypt.derive(password, salt: salt, .standard) else { return nil }
            return PasswordHash(salt: salt, hash: hash, parameters: .standard)
        }
    }

    /// Nil when too many wait.
    func isRight(_ password: Secret, _ known: PasswordHash) async -> Bool? {
        await inLine { known.isOf(password) }
    }

    private func inLine<Value: Sendable>(_ work: @escaping @Sendable () -> Value?) async -> Value? {
        defer { waiting.subtract(1, ordering: .relaxed) }
        guard waiting.add(1, ordering: .relaxed).newValue <= Self.longestLine else { return nil }
        return await thread.run(work)
    }
}
