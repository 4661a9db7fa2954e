import Audit
import Base
import Frame
import HTTP
import Keitaro
import Views

/// Checks a Keitaro key against its tracker and opens an account for it.
struct Login: Sendable {
    enum Outcome: Sendable {
        case admitted(userID: Int64, keyID: Int64)
        case refused(Status, title: Word?, detail: Word, field: String = "api_key")
    }

    let store: AccountStore
    let trackers: KeitaroTrackers
    let frame: Frame
    let log: Logger

    /// - Parameters:
    ///   - trackerID: nil for the only or first one. An unknown one is refused: a key is shown to nobody but whom it is for.
    ///   - address: whose failures are counted.
    ///   - name: what a new account is called.
    ///   - userID: whose the key becomes when nobody has it yet: a person who is logged in has a new key after a rotation.
    func attempt(
        key text: String, trackerID: Int64?, address: String, name: String, joining userID: Int64? = nil,
        by actor: AuditActor
    ) async throws -> Outcome {
        let key = text.trimmingSpaces()
        guard !key.isEmpty else { return .refused(.unprocessable, title: nil, detail: Word("login.error.empty")) }
        guard LoginForm.isPlausibleKey(String(key)) else {
            return .refused(.unprocessable, title: nil, detail: Word("login.error.format"))
        }
        let known = try await store.trackers()
        guard let first = known.first else {
            return .refused(.serviceUnavailable, title: nil, detail: Word("login.error.no_tracker"))
        }
        guard let tracker = trackerID == nil ? first : known.first(where: { $0.id == trackerID }) else {
            return .refused(
                .unprocessable, title: nil, detail: Word("login.error.unknown_tracker"), field: "tracker")
        }
        if let seconds = try await store.beginTry(address: address) {
            return .refused(
                .tooManyRequests, title: nil, detail: Word("login.error.too_many", ["count": .integer(seconds)]))
        }
        let secret = Secret(String(key))
        do {
            try await trackers.client(at: tracker.url).probe(secret)
        } catch {
            if error.error != .keyRefused {
                try await store.takeBackTry(address: address)
            } else {
                log.warning("a Keitaro key was refused", ["address": address])
            }
            let (title, detail) = frame.loginSentences(error, host: tracker.host)
            let status = frame.problem(error).status
            return .refused(status, title: title, detail: detail)
        }
        try await store.takeBackTry(address: address)
        guard let admitted = try await store.admit(secret, to: tracker, name: name, joining: userID, by: actor) else {
            return .refused(.forbidden, title: nil, detail: Word("login.error.disabled"))
        }
        return .admitted(userID: admitted.userID, keyID: admitted.keyID)
    }
}
