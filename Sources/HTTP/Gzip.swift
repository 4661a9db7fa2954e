import CZlib

/// gzip of content that is whole in memory (RFC 1952).
enum Gzip {
    /// About ten nanoseconds a byte at level 6, two at level 1. Nil: zlib had no memory; the plain bytes are still there.
    ///
    /// - Parameters:
    ///   - level: 1 (quick) to 9 (small).
    ///   - padding: letters put where a file name may stand, which readers skip. A random number of them hides the exact length,
    ///     from which a page's secrets can be guessed when it repeats what the asker sent (the BREACH attack).
    static func compress(_ bytes: [UInt8], level: Int32, padding: Int = 0) -> [UInt8]? {
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        stream.initialize(to: z_stream())
        defer { stream.deallocate() }
        // A window larger than the content would only be memory to clear. 16 asks for the gzip wrapping.
        guard sluice_deflate_init(stream, level, windowBits(for: bytes.count) + 16) == Z_OK else { return nil }
        defer { deflateEnd(stream) }
        var name = [UInt8](repeating: UInt8(ascii: "-"), count: padding) + [0]
        return name.withUnsafeMutableBufferPointer { name in
            var header = gz_header()
            header.os = 255
            if padding > 0 { header.name = name.baseAddress }
            return withUnsafeMutablePointer(to: &header) { header in
                guard deflateSetHeader(stream, header) == Z_OK else { return nil }
                return deflate(bytes, with: stream)
            }
        }
    }

    private static func deflate(_ bytes: [UInt8], with stream: UnsafeMutablePointer<z_stream>) -> [UInt8]? {
        guard let inputCount = UInt32(exactly: bytes.count) else { return nil }
        let bound = Int(deflateBound(stream, UInt(bytes.count)))
        guard let outputCount = UInt32(exactly: bound) else { return nil }
        var isWhole = false
        let output = [UInt8](unsafeUninitializedCapacity: bound) { output, count in
            bytes.withUnsafeBufferPointer { input in
                stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
                stream.pointee.avail_in = inputCount
                stream.pointee.next_out = output.baseAddress
                stream.pointee.avail_out = outputCount
                isWhole = CZlib.deflate(stream, Z_FINISH) == Z_STREAM_END
            }
            count = isWhole ? Int(stream.pointee.total_out) : 0
        }
        return isWhole ? output : nil
    }

    private static func windowBits(for count: Int) -> Int32 {
        var bits: Int32 = 9
        while bits < 15, 1 << Int(bits) < count { bits += 1 }
        return bits
    }
}
