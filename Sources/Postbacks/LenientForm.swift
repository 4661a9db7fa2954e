/// Names and values of a query or a urlencoded form from a sender who may encode badly: `100%` stays as it is, bytes that are
/// no UTF-8 are read as Windows-1251, which is what old networks of this trade send.
enum LenientForm {
    static func pairs(of bytes: some Collection<UInt8>, limit: Int) -> [(name: String, value: String)] {
        var pairs: [(name: String, value: String)] = []
        for part in bytes.split(separator: UInt8(ascii: "&"), maxSplits: 4_000).prefix(4_000) {
            guard pairs.count < limit else { break }
            let equals = part.firstIndex(of: UInt8(ascii: "="))
            let value = equals.map { text(part[part.index(after: $0)...]) } ?? ""
            pairs.append((text(part[..<(equals ?? part.endIndex)]), value))
        }
        return pairs
    }

    private static func text(_ encoded: some Collection<UInt8>) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(encoded.count)
        var index = encoded.startIndex
        while index != encoded.endIndex {
            let byte = encoded[index]
            encoded.formIndex(after: &index)
            if byte == UInt8(ascii: "%"), let (value, next) = escape(in: encoded, at: index) {
                bytes.append(value)
                index = next
            } else {
                bytes.append(byte == UInt8(ascii: "+") ? 0x20 : byte)
            }
        }
        return decoded(bytes)
    }

    /// Bytes as they are.
    static func decoded(_ bytes: [UInt8]) -> String {
        String(validating: bytes, as: UTF8.self) ?? windows1251(bytes)
    }

    private static func escape<Bytes: Collection<UInt8>>(
        in bytes: Bytes, at start: Bytes.Index
    ) -> (value: UInt8, next: Bytes.Index)? {
        var index = start
        var value: UInt8 = 0
        for _ in 0..<2 {
            guard index != bytes.endIndex, let digit = hex(bytes[index]) else { return nil }
            value = value << 4 | digit
            bytes.formIndex(after: &index)
        }
        return (value, index)
    }

    private static func hex(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }

    /// 0x80...0xBF of the code page; from 0xC0 on it is the Russian alphabet in order.
    private static let upperHalf: [Unicode.Scalar] = Array(
        ("ЂЃ‚ѓ„…†‡€‰Љ‹ЊЌЋЏђ‘’“”•–—\u{FFFD}™љ›њќћџ\u{A0}ЎўЈ¤Ґ¦§Ё©Є«¬\u{AD}®Ї°±Ііґµ¶·ё№є»јЅѕї").unicodeScalars)

    private static func windows1251(_ bytes: [UInt8]) -> String {
        var text = String.UnicodeScalarView()
        for byte in bytes {
            switch byte {
            case ..<0x80: text.append(Unicode.Scalar(byte))
            case 0xC0...: text.append(Unicode.Scalar(0x0410 + UInt32(byte - 0xC0)) ?? "\u{FFFD}")
            default:
                let place = Int(byte) - 0x80
                text.append(upperHalf.indices.contains(place) ? upperHalf[place] : "\u{FFFD}")
            }
        }
        return String(text)
    }
}
