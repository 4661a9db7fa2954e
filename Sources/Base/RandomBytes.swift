import Glibc

/// Bytes from the kernel's generator, fit for keys and tokens. Any thread.
package enum RandomBytes {
    /// `count` bytes; none for a negative count. Blocks only in the first moments after the machine has booted.
    package static func make(_ count: Int) -> [UInt8] {
        guard count > 0 else { return [] }
        return [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            // The kernel gives at most 256 at a time without a chance of interruption.
            for start in stride(from: 0, to: count, by: 256) {
                let piece = UnsafeMutableBufferPointer(rebasing: buffer[start..<min(start + 256, count)])
                // Fails only on a kernel without getrandom (before 3.17), where no secret could be made at all.
                precondition(getentropy(piece.baseAddress, piece.count) == 0, "the kernel gave no random bytes")
            }
            initialized = count
        }
    }

    /// A token for a URL or a cookie: `bytes` random bytes as base64url, without padding.
    package static func token(bytes: Int = 32) -> String {
        Base64URL.encode(make(bytes))
    }
}
