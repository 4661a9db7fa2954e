import Base
import Frame
import HTTP
import Views

/// Login by name and password, and the one-time links by which passwords are chosen.
struct PasswordLogin: Sendable {
    enum Outcome: Sendable {
        case admitted(userID: Int64, role: Role)
        case refused(Status, Word)
    }

    let store: AccountStore
    let log: Logger

    /// A try counts before it is made, for its address and for its name, so that tries at one moment can't all pass. A name that
    /// nobody has is answered as slowly, and with the same words, as a wrong password.
    func attempt(name: String, password: String, address: String) async throws -> Outcome {
        let name = String(name.trimmingSpaces())
        guard !name.isEmpty, !password.isEmpty else { return .refused(.unprocessable, Word("login.error.no_name")) }
        guard name.unicodeScalars.count <= 80, password.utf8.count <= 4 * PasswordRule.maximum,
            password.utf8.allSatisfy({ $0 != 0 }), name.utf8.allSatisfy({ $0 != 0 })
        else { return .refused(.forbidden, Word("login.error.wrong_password")) }
        let counters = [address, AccountStore.counter(ofName: name)]
        if let seconds = try await store.beginTries(counters) {
            return .refused(.tooManyRequests, Word("login.error.too_many", ["count": .integer(seconds)]))
        }
        let known = try await store.password(ofLogin: name)
        guard let isRight = await PasswordHashing.shared.isRight(Secret(password), known?.hash ?? .nobodys) else {
            return .refused(.serviceUnavailable, Word("login.error.busy_here"))
        }
        guard let known, isRight else {
            log.warning("a password was refused", ["address": address])
            return .refused(.forbidden, Word("login.error.wrong_password"))
        }
        guard !known.isClosed else { return .refused(.forbidden, Word("login.error.disabled")) }
        for counter in counters { try await store.takeBackTry(address: counter) }
        if known.hash.parameters != .standard, let dearer = await PasswordHashing.shared.make(Secret(password)) {
            try await store.strengthen(dearer, userID: known.userID)
        }
        return .admitted(userID: known.userID, role: known.role)
    }
}
