import Base

/// Names and values of a query or a urlencoded form from a sender who may encode badly: `100%` stays as it is, bytes that are
/// no UTF-8 are read as Windows-1251, which is what old networks of this trade send.
enum LenientForm {
    /// As they are meant, in UTF-8. Parts beyond `limit` are not read.
    static func pairs(of bytes: ArraySlice<UInt8>, limit: Int) -> [PostbackFields.Part] {
        var pairs: [PostbackFields.Part] = []
        var start = bytes.startIndex
        while start < bytes.endIndex, pairs.count < limit {
            let end = bytes.place(of: UInt8(ascii: "&"), from: start)
            if end > start { pairs.append(pair(of: bytes[start..<end])) }
            start = end + 1
        }
        return pairs
    }

    /// One part of a form, as it is meant, in UTF-8. Without `=` it is a name.
    static func pair(of part: ArraySlice<UInt8>) -> (name: ArraySlice<UInt8>, value: ArraySlice<UInt8>) {
        let equals = part.place(of: UInt8(ascii: "="), from: part.startIndex)
        if equals == part.endIndex { return (plain(part), []) }
        return (plain(part[..<equals]), plain(part[(equals + 1)...]))
    }

    /// The piece itself where nothing in it is encoded.
    static func plain(_ encoded: ArraySlice<UInt8>, plusIsSpace: Bool = true) -> ArraySlice<UInt8> {
        let isAsItIs = encoded.withUnsafeBufferPointer { bytes in
            bytes.allSatisfy { $0 < 0x80 && $0 != UInt8(ascii: "%") && $0 != UInt8(ascii: "+") }
        }
        if isAsItIs { return encoded }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(encoded.count)
        var index = encoded.startIndex
        while index != encoded.endIndex {
            let byte = encoded[index]
            index += 1
            if byte == UInt8(ascii: "%"), let value = escape(encoded[index...].prefix(2)) {
                bytes.append(value)
                index += 2
            } else {
                bytes.append(plusIsSpace && byte == UInt8(ascii: "+") ? 0x20 : byte)
            }
        }
        return Array(decoded(bytes).utf8)[...]
    }

    /// Bytes as they are.
    static func decoded(_ bytes: [UInt8]) -> String {
        String(validating: bytes, as: UTF8.self) ?? windows1251(bytes)
    }

    /// Nil for what is no two digits.
    private static func escape(_ digits: ArraySlice<UInt8>) -> UInt8? {
        guard digits.count == 2, let high = digits.first.flatMap(hex), let low = digits.last.flatMap(hex) else {
            return nil
        }
        return high << 4 | low
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
