/// Gzip (RFC 1952) made by hand, with one stored deflate block (RFC 1951 §3.2.4).
enum GzipSample {
    /// At most 65,535 bytes.
    static func stored(_ text: String) -> [UInt8] {
        let data = Array(text.utf8)
        let length = UInt16(data.count)
        let head: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255, 1]
        return head + little(length) + little(~length) + data + little(crc(data)) + little(UInt32(data.count))
    }

    private static func little<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }

    private static func crc(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(~0) { crc, byte in
            (0..<8).reduce(crc ^ UInt32(byte)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
        }
    }
}
