import COpenSSL

/// Authenticated encryption (AES-256-GCM, NIST SP 800-38D): for what must be kept and read again.
///
/// A sealed message is nonce (12 bytes) + ciphertext (as long as the plaintext) + tag (16 bytes). The nonce is random,
/// so one key should seal at most 2^32 messages. `associatedData` is not stored; name in it the place the message
/// belongs to (table, column, row), so that it cannot be moved to another.
package enum AES256GCM {
    static let nonceCount = 12
    static let tagCount = 16
    private static let limit = 1 << 30

    package static func seal(
        _ plaintext: [UInt8], key: SymmetricKey, associatedData: [UInt8]
    ) throws(CryptographyError) -> [UInt8] {
        try seal(plaintext, key: key, associatedData: associatedData, nonce: RandomBytes.make(nonceCount))
    }

    /// Only the known answers of tests may choose a nonce: one used twice gives the key away.
    static func seal(
        _ plaintext: [UInt8], key: SymmetricKey, associatedData: [UInt8], nonce: [UInt8]
    ) throws(CryptographyError) -> [UInt8] {
        guard plaintext.count <= limit, associatedData.count <= limit else { throw .tooLarge }
        var context = CipherContext(key: key, nonce: nonce, direction: .seal)
        context.authenticate(associatedData)
        let ciphertext = context.update(plaintext[...])
        guard context.finish() else { throw .malformed }
        return nonce + ciphertext + context.tag()
    }

    package static func open(
        _ sealed: [UInt8], key: SymmetricKey, associatedData: [UInt8]
    ) throws(CryptographyError) -> [UInt8] {
        guard sealed.count >= nonceCount + tagCount else { throw .malformed }
        guard sealed.count <= limit + nonceCount + tagCount, associatedData.count <= limit else { throw .tooLarge }
        let tagStart = sealed.count - tagCount
        var context = CipherContext(key: key, nonce: Array(sealed[..<nonceCount]), direction: .open)
        context.authenticate(associatedData)
        let plaintext = context.update(sealed[nonceCount..<tagStart])
        context.expect(tag: Array(sealed[tagStart...]))
        // Until this has answered yes, the plaintext is a stranger's and must not leave.
        guard context.finish() else { throw .notAuthentic }
        return plaintext
    }
}

/// OpenSSL's cipher state for one message.
private struct CipherContext: ~Copyable {
    enum Direction: Int32 {
        case open = 0
        case seal = 1
    }

    private let context: OpaquePointer

    init(key: SymmetricKey, nonce: [UInt8], direction: Direction) {
        guard let context = EVP_CIPHER_CTX_new(),
            EVP_CipherInit_ex(context, EVP_aes_256_gcm(), nil, nil, nil, direction.rawValue) == 1,
            sluice_gcm_set_nonce_length(context, Int32(clamping: nonce.count)) == 1,
            EVP_CipherInit_ex(context, nil, nil, key.bytes, nonce, direction.rawValue) == 1
        else { fatalError("no memory for an AES-256-GCM context") }
        self.context = context
    }

    deinit { EVP_CIPHER_CTX_free(context) }

    mutating func authenticate(_ data: [UInt8]) {
        guard !data.isEmpty else { return }
        var count: Int32 = 0
        EVP_CipherUpdate(context, nil, &count, data, Int32(clamping: data.count))
    }

    /// GCM is a stream: as many bytes leave as come in.
    mutating func update(_ input: ArraySlice<UInt8>) -> [UInt8] {
        guard !input.isEmpty else { return [] }
        return [UInt8](unsafeUninitializedCapacity: input.count) { buffer, initialized in
            var count: Int32 = 0
            let done = input.withUnsafeBufferPointer { bytes in
                EVP_CipherUpdate(context, buffer.baseAddress, &count, bytes.baseAddress, Int32(clamping: bytes.count))
            }
            initialized = done == 1 ? Int(count) : 0
        }
    }

    mutating func expect(tag: [UInt8]) {
        _ = sluice_gcm_set_tag(context, tag, Int32(clamping: tag.count))
    }

    /// False when the tag does not fit the message.
    mutating func finish() -> Bool {
        // GCM writes nothing here, and still asks for a place.
        var rest = (UInt64(0), UInt64(0))
        var count: Int32 = 0
        return withUnsafeMutableBytes(of: &rest) { bytes in
            EVP_CipherFinal_ex(context, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), &count)
        } == 1
    }

    func tag() -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: AES256GCM.tagCount) { buffer, initialized in
            let done = sluice_gcm_get_tag(context, buffer.baseAddress, Int32(AES256GCM.tagCount))
            initialized = done == 1 ? AES256GCM.tagCount : 0
        }
    }
}
