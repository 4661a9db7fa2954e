import COpenSSL

/// Keyed hashes (RFC 2104). Compare them with `ConstantTime`.
package enum HMAC {
    /// HMAC-SHA256 of the message; 32 bytes. A key of any length, 32 bytes being plenty.
    package static func sha256(key: [UInt8], _ message: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 32) { buffer, initialized in
            var length: UInt32 = 0
            let done = COpenSSL.HMAC(
                EVP_sha256(), key, Int32(clamping: key.count), message, message.count, buffer.baseAddress, &length)
            precondition(done != nil && length == 32, "no memory for HMAC-SHA256")
            initialized = 32
        }
    }

    package static func sha256(key: SymmetricKey, _ message: [UInt8]) -> [UInt8] {
        sha256(key: key.bytes, message)
    }

    package static func sha256(key: SymmetricKey, _ message: String) -> [UInt8] {
        sha256(key: key.bytes, Array(message.utf8))
    }
}
