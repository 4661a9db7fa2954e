import Base

/// Keeps the secrets of postback URLs: a keyed hash to find a profile by one, AES-256-GCM to show its URL again (DESIGN, "Trust").
package struct PostbackVault: Sendable {
    private let lookupKey: SymmetricKey
    private let cipherKey: SymmetricKey
    private let place = Array("keitaro_profiles.secret_cipher".utf8)

    package init(_ secretKey: SecretKey) {
        lookupKey = secretKey.key(for: .postbackSecretLookup)
        cipherKey = secretKey.key(for: .postbackSecretCipher)
    }

    /// A new one: 24 random bytes in letters that need no escaping in a URL.
    package static func makeSecret() -> Secret { Secret(RandomBytes.token(bytes: 24)) }

    /// What `secret_lookup` holds. Two secrets are compared by it, so no time tells how alike they are.
    package func lookup(_ secret: Secret) -> [UInt8] {
        HMAC.sha256(key: lookupKey, secret.reveal())
    }

    package func seal(_ secret: Secret) throws -> [UInt8] {
        try AES256GCM.seal(Array(secret.reveal().utf8), key: cipherKey, associatedData: place)
    }

    /// - Throws: `CryptographyError` when the row was tampered with or SECRET_KEY is another one.
    package func open(_ sealed: [UInt8]) throws -> Secret {
        Secret(String(decoding: try AES256GCM.open(sealed, key: cipherKey, associatedData: place), as: UTF8.self))
    }
}
