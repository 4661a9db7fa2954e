/// gzip of content that is whole in memory (RFC 1952).
enum Gzip {
    /// About ten nanoseconds a byte at level 6, two at level 1. Nil: zlib had no memory; the plain bytes are still there.
    ///
    /// - Parameters:
    ///   - level: 1 (quick) to 9 (small).
    ///   - padding: letters put where a file name may stand, which readers skip. A random number of them hides the exact length,
    ///     from which a page's secrets can be guessed when it repeats what the asker sent (the BREACH attack).
    static func compress(_ bytes: [UInt8], level: Int32, padding: Int = 0) -> [UInt8]? {
        // A window larger than the content would only be memory to clear.
        guard var stream = GzipStream(level: level, windowBits: windowBits(for: bytes.count), padding: padding) else {
            return nil
        }
        return stream.add(bytes, isLast: true)
    }

    private static func windowBits(for count: Int) -> Int32 {
        var bits: Int32 = 9
        while bits < 15, 1 << Int(bits) < count { bits += 1 }
        return bits
    }
}
