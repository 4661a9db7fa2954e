import COpenSSL

/// SHA-256 (FIPS 180-4), in one go or piece by piece. 32 bytes.
package struct SHA256: ~Copyable {
    private let context: OpaquePointer

    package init() {
        // Both fail only without memory, when nothing else would work either.
        guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
            fatalError("no memory for a SHA-256 context")
        }
        self.context = context
    }

    deinit { EVP_MD_CTX_free(context) }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
    }

    package mutating func update(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { update($0) }
    }

    package consuming func finish() -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 32) { buffer, initialized in
            buffer.initialize(repeating: 0)
            EVP_DigestFinal_ex(context, buffer.baseAddress, nil)
            initialized = 32
        }
    }

    package static func hash(_ bytes: [UInt8]) -> [UInt8] {
        var hash = SHA256()
        hash.update(bytes)
        return hash.finish()
    }

    package static func hash(_ text: String) -> [UInt8] { hash(Array(text.utf8)) }
}
