import Base
import HTTP

/// Protects the login form, which has no session yet: a random cookie, and in the form its keyed hash.
struct LoginForm: Sendable {
    static let cookie = "sluice_login"
    private let key: SymmetricKey

    init(_ secretKey: SecretKey) {
        key = secretKey.key(for: .csrf)
    }

    func token(for nonce: String) -> String {
        Base64URL.encode(HMAC.sha256(key: key, nonce))
    }

    func isGenuine(_ token: String, nonce: String?) -> Bool {
        guard let nonce, nonce.utf8.count <= 128 else { return false }
        return ConstantTime.equal(token, self.token(for: nonce))
    }

    /// Where to go after login: only a path of our own, so that a link can't lead away.
    static func next(_ wanted: String?) -> String {
        guard let wanted, wanted.hasPrefix("/"), !wanted.hasPrefix("//"), !wanted.hasPrefix("/\\"),
            !wanted.hasPrefix("/users/log"), !wanted.hasPrefix("/users/invitation"), wanted.utf8.count <= 500,
            wanted.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else { return "/campaigns/" }
        return wanted
    }

    /// What a key may look like; anything else is not worth a request to Keitaro.
    static func isPlausibleKey(_ key: String) -> Bool {
        (1...200).contains(key.utf8.count) && key.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }
}
