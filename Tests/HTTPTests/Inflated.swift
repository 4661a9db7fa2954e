import CZlib

/// The content of one gzip member that ends with `bytes`; nil when it isn't one.
func inflated(_ bytes: [UInt8], limit: Int = 8 << 20) -> [UInt8]? {
    let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    stream.initialize(to: z_stream())
    defer { stream.deallocate() }
    guard sluice_inflate_init(stream, 15 + 16) == Z_OK else { return nil }
    defer { inflateEnd(stream) }
    var isWhole = false
    let output = [UInt8](unsafeUninitializedCapacity: limit) { output, count in
        bytes.withUnsafeBufferPointer { input in
            stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
            stream.pointee.avail_in = UInt32(input.count)
            stream.pointee.next_out = output.baseAddress
            stream.pointee.avail_out = UInt32(limit)
            isWhole = inflate(stream, Z_FINISH) == Z_STREAM_END && stream.pointee.avail_in == 0
        }
        count = Int(stream.pointee.total_out)
    }
    return isWhole ? output : nil
}

/// Reads a gzip member as it comes.
final class Inflating {
    private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)

    init() throws {
        stream.initialize(to: z_stream())
        guard sluice_inflate_init(stream, 15 + 16) == Z_OK else { throw RawClient.Failure(reason: "inflate") }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    /// All that can be read with these bytes.
    func add(_ bytes: [UInt8], limit: Int = 1 << 20) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: limit) { output, count in
            bytes.withUnsafeBufferPointer { input in
                stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
                stream.pointee.avail_in = UInt32(input.count)
                stream.pointee.next_out = output.baseAddress
                stream.pointee.avail_out = UInt32(limit)
                _ = inflate(stream, Z_SYNC_FLUSH)
            }
            count = limit - Int(stream.pointee.avail_out)
        }
    }
}
