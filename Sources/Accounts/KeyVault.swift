import Base
import HTTP

/// Keeps Keitaro keys: a keyed hash to find one, AES-256-GCM to read it again (DESIGN, "Trust").
package struct KeyVault: Sendable {
    private let lookupKey: SymmetricKey
    private let cipherKey: SymmetricKey
    private let place = Array("keitaro_keys.key_cipher".utf8)

    package init(_ secretKey: SecretKey) {
        lookupKey = secretKey.key(for: .keitaroKeyLookup)
        cipherKey = secretKey.key(for: .keitaroKeyCipher)
    }

    func lookup(_ key: Secret) -> [UInt8] {
        HMAC.sha256(key: lookupKey, key.reveal())
    }

    func seal(_ key: Secret) throws -> [UInt8] {
        try AES256GCM.seal(Array(key.reveal().utf8), key: cipherKey, associatedData: place)
    }

    /// - Throws: `CryptographyError` when the row was tampered with or SECRET_KEY is another one.
    func open(_ sealed: [UInt8]) throws -> Secret {
        Secret(String(decoding: try AES256GCM.open(sealed, key: cipherKey, associatedData: place), as: UTF8.self))
    }
}

/// Tokens of sessions and of the API: 32 random bytes, of which the database keeps the SHA-256.
package enum BearerToken {
    /// Starts every API token, so that one found in a file says what it is.
    static let prefix = "sluice_"

    static func make() -> String { RandomBytes.token() }

    /// What stands behind the scheme in `Authorization`, whose name has no case (RFC 9110 §11.1); nil for another scheme or none.
    static func presented(in request: Request) -> Substring? {
        guard let parts = request.header("authorization")?.split(separator: " ", maxSplits: 1), parts.count == 2,
            parts[0].lowercased() == "bearer"
        else { return nil }
        return parts[1].drop { $0 == " " }
    }

    /// Nil when the text can't be one of ours, which spares the database a look.
    static func hash(_ token: some StringProtocol) -> [UInt8]? {
        guard (32...128).contains(token.utf8.count) else { return nil }
        return SHA256.hash(String(token))
    }
}
