import CZlib

/// One gzip member made piece by piece (RFC 1952). Owns zlib's state: about 268 KB for `.content`, 28 KB for `.events`.
struct GzipStream: ~Copyable {
    /// What is compressed decides how much memory its compression is worth.
    enum Kind {
        /// Repetitions are found over 32 KB.
        case content
        /// Small pieces over a long time, many at once.
        case events

        /// In bytes.
        var memory: Int { self == .content ? 268_000 : 28_000 }
    }

    private let stream: UnsafeMutablePointer<z_stream>
    /// Kept for as long as zlib may read it: the head is written with the first piece.
    private let name: UnsafeMutableBufferPointer<UInt8>
    private let head: UnsafeMutablePointer<gz_header>

    /// - Parameters:
    ///   - level: 1 (quick) to 9 (small).
    ///   - padding: see `Gzip.compress`.
    /// - Returns: nil when zlib has no memory.
    init?(level: Int32, windowBits: Int32 = 15, memoryLevel: Int32 = 8, padding: Int) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        name = .allocate(capacity: padding + 1)
        name.initialize(repeating: UInt8(ascii: "-"))
        name[padding] = 0
        head = .allocate(capacity: 1)
        head.initialize(to: gz_header())
        head.pointee.os = 255
        if padding > 0 { head.pointee.name = name.baseAddress }
        // 16 asks for the gzip wrapping.
        guard sluice_deflate_init(stream, level, windowBits + 16, memoryLevel) == Z_OK else { return nil }
        guard deflateSetHeader(stream, head) == Z_OK else { return nil }
    }

    init?(_ kind: Kind) {
        let padding = Int.random(in: 1...64)
        switch kind {
        // Quick enough for a loop: a piece of 64 KB takes a third of a millisecond.
        case .content: self.init(level: 3, padding: padding)
        case .events: self.init(level: 3, windowBits: 12, memoryLevel: 4, padding: padding)
        }
    }

    deinit {
        // Harmless after a failed initialisation.
        deflateEnd(stream)
        stream.deallocate()
        head.deallocate()
        name.deallocate()
    }

    /// The piece compressed, so that the reader can have all of it now; with `isLast` the end of the member too. Nil: zlib failed, and
    /// what was made so far has no end.
    mutating func add<Bytes: Collection<UInt8>>(_ bytes: Bytes, isLast: Bool = false) -> [UInt8]? {
        let made = bytes.withContiguousStorageIfAvailable { deflate($0, isLast ? Z_FINISH : Z_SYNC_FLUSH) }
        return made ?? Array(bytes).withUnsafeBufferPointer { deflate($0, isLast ? Z_FINISH : Z_SYNC_FLUSH) }
    }

    private mutating func deflate(_ bytes: UnsafeBufferPointer<UInt8>, _ flush: Int32) -> [UInt8]? {
        guard let count = UInt32(exactly: bytes.count) else { return nil }
        stream.pointee.next_in = UnsafeMutablePointer(mutating: bytes.baseAddress)
        stream.pointee.avail_in = count
        // The bound is for one call that ends the member; a flush may take a few bytes more, which then make a second round.
        let bound = Int(deflateBound(stream, UInt(bytes.count)))
        var output: [UInt8] = []
        while true {
            var result = Z_OK
            var isFull = false
            let piece = [UInt8](unsafeUninitializedCapacity: bound) { room, made in
                let size = UInt32(clamping: room.count)
                stream.pointee.next_out = room.baseAddress
                stream.pointee.avail_out = size
                result = CZlib.deflate(stream, flush)
                isFull = stream.pointee.avail_out == 0
                made = Int(size - stream.pointee.avail_out)
            }
            output = output.isEmpty ? piece : output + piece
            // Z_BUF_ERROR: the round before has done everything already.
            guard result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR else { return nil }
            if flush == Z_FINISH ? result == Z_STREAM_END : !isFull { return output }
            guard result == Z_OK else { return nil }
        }
    }
}
